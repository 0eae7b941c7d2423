"""`derivative`, `grad` and `value_and_grad`: one mode, or the one chosen by cost."""

import inspect
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from downslope.calculus.program import (
    Program,
    Wrt,
    bound,
    by_position,
    kind_of,
    listed,
    one_output,
    params_of,
    program,
    several,
)
from downslope.calculus.run import Engine, endless, explained, runnable
from downslope.errors import DownslopeWarning, SourceUnavailable, UsageError
from downslope.ir.nodes import Block, Function
from downslope.modes.dual import dual_derivative
from downslope.modes.forward import forward
from downslope.modes.numeric import numeric_derivative, numeric_two_point, ridders, two_point
from downslope.modes.reverse import reverse
from downslope.passes.simplify import simplified

Mode = Literal["auto", "numeric", "dual", "forward", "reverse"]
MODES: tuple[Mode, ...] = ("numeric", "dual", "forward", "reverse")
FEW = 8
"""Up to so many parameters, tangents that travel with the primal beat a tape (docs/decisions/0002)."""


@dataclass(frozen=True)
class Derivative:
    """A derivative that can be called like the program, and differentiated again."""

    program: Program
    wrt: tuple[str, ...]
    mode: Mode
    several: bool
    engine: Engine = "native"
    delta: float | None = None
    with_value: bool = False
    own: Callable[..., Any] | None = None
    _compiled: dict[Any, Callable[..., Any]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def forward_form(self) -> Function:
        """The IR of value and tangents."""
        names = params_of(self.program.function, self.wrt)
        return forward(self.program.function, names)

    @cached_property
    def function(self) -> Function:
        """The IR that is run: value, then the derivatives."""
        one_output(self.program)
        if self._chosen == "reverse":
            return reverse(self.program.function, params_of(self.program.function, self.wrt))
        return self.forward_form

    @property
    def _chosen(self) -> Mode:
        if self.mode == "auto":
            return "forward" if len(self.wrt) <= FEW else "reverse"
        return self.mode

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.program.source.function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments: a number, or a tuple for several inputs."""
        values = bound(self.program.source, args, kwargs, self.wrt)
        if self._chosen in ("numeric", "dual"):
            value, slopes = self._by_running(values)
        else:
            value, *slopes = self._by_code(values)
        result = tuple(slopes) if self.several else slopes[0]
        return (value, result) if self.with_value else result

    def as_program(self, wrt: Wrt) -> tuple[Program, tuple[str, ...]]:
        """The derivative as a program. Its forward form is tape-free, so any mode can follow."""
        base, form = self.program.function, self.forward_form
        only = Block(form.body.body, form.body.yields[1 : 1 + len(self.wrt)])
        tangent = simplified(Function(f"d_{base.name}", form.params, only, not self.several))
        read = Program(self.program.source, tangent)
        return read, tuple(read.arguments[read.position(n)] for n in listed(wrt, self.wrt[:1]))

    def _by_code(self, values: list[Any]) -> Any:
        kinds = tuple(kind_of(value) for value in values)
        if kinds not in self._compiled:
            self._compiled[kinds] = runnable(self.function, kinds, self.engine)
        try:
            results = self._compiled[kinds](*values)
        except StopIteration as error:  # the user's own function would not end either
            raise endless(self.program.source, values) from error
        except Exception:
            explained(self.program.source, values)
            raise
        if not all(map(math.isfinite, results)):
            explained(self.program.source, values)
        return tuple(float(result) for result in results)

    def _by_running(self, values: list[Any]) -> tuple[float, list[float]]:
        run = self.own or self.program.source.function
        ordered = by_position(self.program.source, run)
        slopes = []
        for name in self.wrt:
            position = self.program.position(name)
            if self._chosen == "dual":
                slopes.append(float(dual_derivative(ordered, values, position)[1]))
                continue

            def along(x: float, position: int = position) -> float:
                return float(ordered(*values[:position], x, *values[position + 1 :]))

            x = float(values[position])
            slopes.append(ridders(along, x).value if self.delta is None else two_point(along, x, self.delta))
        return float(ordered(*values)), slopes


def derivative(
    f: Callable[..., Any] | str,
    wrt: Wrt = None,
    mode: Mode = "auto",
    *,
    delta: float | None = None,
    engine: Engine = "native",
) -> Callable[..., Any]:
    """The derivative of a program, as a function of the same arguments.

    `wrt` names inputs (by name or position) or constants of the program; by default the first input.
    One name gives a number, a sequence gives a tuple. `mode` is `numeric` (Ridders' extrapolated
    differences, or the plain two-point quotient where `delta` is given), `dual`, `forward`, `reverse`
    or `auto`. Raises `UnsupportedError` for source that cannot be differentiated, `UsageError` for
    unknown names. Method: Griewank & Walther, Evaluating Derivatives, 2nd ed., 2008.

    >>> def f(x):
    ...     return 3 * x**2
    >>> derivative(f, mode="forward", engine="python")(4.0)
    24.0
    """
    if mode not in (*MODES, "auto"):
        raise UsageError(
            f"unknown mode {mode!r}", why=f"modes are {', '.join(MODES)}, auto.", fix="choose one of them."
        )
    return _made(f, wrt, mode, engine, delta)


def _made(
    f: Callable[..., Any] | str,
    wrt: Wrt,
    mode: Mode,
    engine: Engine,
    delta: float | None = None,
    with_value: bool = False,
) -> "Derivative | Sourceless":
    try:
        read, names = program(f, wrt)
    except SourceUnavailable as error:
        if isinstance(f, str):
            raise
        return _without_source(f, wrt, mode, error, delta, with_value)
    own = f.__call__ if isinstance(f, Derivative) else None
    return Derivative(read, names, mode, several(wrt), engine, delta, with_value, own)


@dataclass(frozen=True)
class Sourceless:
    """The derivative of a function without source: the function itself is run, on dual numbers or near by."""

    run: Callable[..., Any]
    wrt: tuple[str, ...]
    mode: Mode
    several: bool
    delta: float | None = None
    with_value: bool = False

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.run)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments: a number, or a tuple for several inputs."""
        slopes = tuple(self._slope(name, args, kwargs) for name in self.wrt)
        result = slopes if self.several else slopes[0]
        return (float(self.run(*args, **kwargs)), result) if self.with_value else result

    def _slope(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.mode != "numeric":
            return dual_derivative(self.run, args, name, kwargs)[1]
        if self.delta is None:
            return numeric_derivative(self.run, args, kwargs, name).value
        return numeric_two_point(self.run, args, kwargs, name, delta=self.delta)


def _without_source(
    f: Callable[..., Any],
    wrt: Wrt,
    mode: Mode,
    error: SourceUnavailable,
    delta: float | None,
    with_value: bool,
) -> Sourceless:
    """Dual numbers on the function itself, said once: never a silent change of method."""
    if mode not in ("auto", "numeric", "dual"):
        raise error
    names = list(inspect.signature(f).parameters)
    asked = tuple(names[n] if isinstance(n, int) else n for n in listed(wrt, [0]))
    if mode == "auto":
        warnings.warn(
            f"{error.problem.what}: it is differentiated by dual numbers, which run it in Python and are slower",
            DownslopeWarning,
            stacklevel=4,
        )
    return Sourceless(f, asked, mode, several(wrt), delta, with_value)


def grad(f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native") -> Callable[..., Any]:
    """The gradient of a program: `derivative` with the mode chosen by cost.

    >>> def area(width, height):
    ...     return width * height
    >>> grad(area, ("width", "height"), engine="python")(2.0, 3.0)
    (3.0, 2.0)
    """
    return derivative(f, wrt, engine=engine)


def value_and_grad(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native"
) -> Callable[..., Any]:
    """The value and the gradient in one call: `(value, gradient)`.

    >>> value_and_grad(lambda x: x * x, engine="python")(3.0)
    (9.0, 6.0)
    """
    return _made(f, wrt, "auto", engine, with_value=True)
