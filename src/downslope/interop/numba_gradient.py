"""A program's value and gradient as a function of Numba, for use inside other compiled code."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from downslope.calculus.program import Wrt
from downslope.emit.python import emit
from downslope.interop.export import exported
from downslope.interop.standalone import rewritten
from downslope.native.compiled import njit
from downslope.native.runtime import names_for


def numba_gradient(f: Callable[..., Any] | str, wrt: Wrt = None) -> Any:
    """A Numba dispatcher `(inputs) -> (value, (derivatives,))`, which other `@njit` code can call.

    All inputs are given, by position, lifted constants last; the derivatives are always a tuple. Inside
    compiled code nothing raises for bad numbers: where the program would, there is infinity or NaN, or,
    where a later step hides it, the number that floating point gives. Raises as `grad`.

    >>> import numba
    >>> slope = numba_gradient(lambda x, y: x * x * y, (0, 1))
    >>> @numba.njit
    ... def length(x, y):
    ...     _, (a, b) = slope(x, y)
    ...     return (a * a + b * b) ** 0.5
    >>> length(1.0, 1.5)
    3.1622776601683795
    """
    made = exported(f, wrt, numba=True)
    sweep = emit(made.sweep, made.types, "_sweep")
    scope = {f"_{name}": value for name, value in names_for(sweep).items()} | {"math": math, "np": np}
    slopes = ", ".join(f"_results[{i + 1}]" for i in range(len(made.wrt)))
    head = f"def gradient({', '.join(made.read.arguments)}):\n    _results = _sweep({made.values})\n"
    _define("_sweep", rewritten(sweep, safe=False), scope)
    return _define("gradient", f"{head}    return _results[0], ({slopes},)\n", scope)


def _define(name: str, text: str, scope: dict[str, Any]) -> Any:
    """Compile our own emitted text in a namespace, lazily."""
    exec(compile(text, f"<{name}>", "exec"), scope)
    scope[name] = njit(nogil=True, error_model="numpy")(scope[name])
    return scope[name]
