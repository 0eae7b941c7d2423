"""Arrays of dual numbers: NumPy arrays of objects, and the functions of NumPy that must make or take them."""

import math
import sys
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]
MAKERS = (
    "zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like", "array", "asarray",
    "linspace", "arange", "eye", "identity",
)  # fmt: skip
"""Functions of NumPy whose arrays of floats must be able to hold dual numbers."""


def makers() -> list[Function]:
    """Those functions; none before NumPy, which is slow to load, is loaded."""
    np = sys.modules.get("numpy")
    return [] if np is None else [getattr(np, name) for name in MAKERS]


def as_objects(array: Any) -> Any:
    """An array of floats as one of objects, which can hold dual numbers; any other value as it is.

    >>> import numpy as np
    >>> as_objects(np.ones(1)).dtype
    dtype('O')
    """
    return array.astype(object) if is_any_array(array) and array.dtype.kind == "f" else array


def is_objects(value: Any) -> bool:
    """Whether a value is an array that may hold dual numbers."""
    return is_any_array(value) and value.dtype == object


def is_any_array(value: Any) -> bool:
    """Whether a value is an array, of any number of dimensions."""
    np = sys.modules.get("numpy")
    return np is not None and isinstance(value, np.ndarray)


def maker(original: Function) -> Function:
    """A function that makes arrays, whose floats can be replaced by dual numbers."""

    def make(*args: Any, **options: Any) -> Any:
        if original.__name__ == "linspace":
            return spaced(*args, **options)
        if original.__name__ == "arange" and not all(isinstance(arg, int | float) for arg in args):
            return stepped(*args)
        made = original(*args, **options)
        if is_objects(made) and original.__name__ in ("zeros_like", "ones_like", "empty_like"):
            return as_objects(original(*args, **{**options, "dtype": float}))
        return as_objects(made)

    return make


def spaced(start: Any, stop: Any, num: int = 50) -> Any:
    """`numpy.linspace` of numbers of any kind."""
    import numpy as np  # slow to load, and there are no arrays without it

    step = (stop - start) / max(num - 1, 1)
    found = np.empty(num, object)
    for k in range(num):
        found[k] = k * step + start
    return found


def stepped(start: Any, stop: Any = None, step: Any = 1.0) -> Any:
    """`numpy.arange` of numbers of any kind."""
    import numpy as np  # slow to load, and there are no arrays without it

    first, last = (0.0, start) if stop is None else (start, stop)
    count = max(math.ceil((last - first) / step), 0)
    found = np.empty(count, object)
    for k in range(count):
        found[k] = first + k * step
    return found


def each(function: Function, args: tuple[Any, ...]) -> Any:
    """A function of numbers on arrays, element by element, with broadcasting."""
    import numpy as np  # slow to load, and there are no arrays without it

    return np.frompyfunc(lambda *numbers: function(*numbers), len(args), 1)(*map(_held, args))


def counted(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """`numpy.bincount` of weights of any kind."""
    import numpy as np  # slow to load, and there are no arrays without it

    found = np.zeros(max(int(max(x, default=-1)) + 1, minlength), object)
    for place, weight in zip(x, weights, strict=True):
        found[place] += weight
    return found


def plain_numbers(array: Any, number: Function) -> Any:
    """The array of floats that an array of objects stands for."""
    import numpy as np  # slow to load, and there are no arrays without it

    return np.array([float(number(x)) for x in array.ravel()], float).reshape(array.shape)


def boxed(method: Function) -> Function:
    """A method of a ufunc, `at` or `reduce`, that takes numbers of any kind."""

    def call(array: Any, *args: Any, **options: Any) -> Any:
        held = (args[0], _held(args[1])) if len(args) == 2 else args
        return method(array, *held, **options)

    return call


def _held(value: Any) -> Any:
    """A number in an array of no dimensions, so that NumPy does not ask it how to be a function's argument."""
    if is_any_array(value):
        return value
    import numpy as np  # slow to load, and there are no arrays without it

    box = np.empty((), object)
    box[()] = value
    return box
