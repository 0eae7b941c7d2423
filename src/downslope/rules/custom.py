"""Functions whose derivative is given: a tangent program, a cotangent program, or both.

They are programs, read and compiled like the function itself, so derivatives of every order exist.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from downslope.errors import UsageError

Program = Callable[..., Any]


class CustomDerivative:
    """A function with a derivative of its own; made by `custom_derivative`."""

    def __init__(self, function: Program, jvp: Program | None, vjp: Program | None) -> None:
        functools.update_wrapper(self, function)
        self.function, self.jvp, self.vjp = function, jvp, vjp
        self.read: dict[Any, Any] = {}  # what the reader has made of it, by the types of the arguments

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return tuple(inspect.signature(self.function).parameters)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself; of dual numbers, its derivative is the one that is given."""
        call = inspect.signature(self.function).bind(*args, **kwargs)
        call.apply_defaults()
        for value in call.args:
            elements = value.flat if str(getattr(value, "dtype", "")) == "object" else (value,)
            for element in elements:
                if hasattr(element, "given_derivative"):
                    return element.given_derivative(self, call.args)
        return self.function(*call.args)


def custom_derivative(
    *, jvp: Program | None = None, vjp: Program | None = None
) -> Callable[[Program], CustomDerivative]:
    """A decorator that gives a function the derivative to use in place of that of its body.

    `jvp(*args, *results, *tangents)` returns the tangent of each result, `vjp(*args, *results, *cotangents)` the
    cotangent of each argument, in their shapes (of numbers and of arrays of floats; whole numbers and arrays of
    them have none). One of them is enough where the other follows: forward mode from `vjp` for one number as
    result, reverse mode from `jvp` for numbers in and out; other uses are refused. They are programs, so second
    derivatives are theirs. The function must not store into its arguments. `check` compares the derivative with
    differences of the function. Raises `UsageError` where neither is given.

    >>> import math
    >>> import downslope as ds
    >>> def softplus_vjp(x, y, y_bar):
    ...     return y_bar / (1.0 + math.exp(-x))
    >>> @custom_derivative(vjp=softplus_vjp)
    ... def softplus(x):
    ...     return math.log1p(math.exp(x))
    >>> ds.grad(lambda x: 2.0 * softplus(x), engine="python")(0.0)
    1.0
    """
    if jvp is None and vjp is None:
        raise UsageError(
            "a custom derivative without jvp and vjp",
            why="there is nothing to use in place of the derivative of the body.",
            fix="give one of them: @custom_derivative(vjp=...).",
        )
    return lambda function: CustomDerivative(function, jvp, vjp)


def stop_gradient(x: Any) -> Any:
    """The value itself, whose derivative counts as 0 in every mode but differences, which see the function.

    `x` is a number or an array; a whole number comes out as a float. `check` therefore shows `numeric` disagree
    where a derivative is stopped.

    >>> import downslope as ds
    >>> ds.grad(lambda x: x * ds.stop_gradient(x), engine="python")(3.0)
    3.0
    """
    if str(getattr(x, "dtype", "")) == "object":
        constant = x.copy()
        constant.flat = [stop_gradient(element) for element in x.flat]
        return constant
    return x.constant() if hasattr(x, "constant") else x * 1.0
