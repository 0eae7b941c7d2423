"""The table's functions on plain numbers, by `math`, NumPy and SciPy: no IR, no emitted code, no Numba.

Dual numbers and tests compute with these, so a fault in `native/runtime.py` shows as a disagreement.
"""

import builtins
import importlib
import math
from collections.abc import Callable
from functools import cache
from typing import Any

from downslope.errors import UsageError
from downslope.rules import RULES, schedule, template_names

Function = Callable[..., Any]


def _mul0(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _fmax(a: float, b: float) -> float:
    return a if a >= b or b != b else b


def _fmin(a: float, b: float) -> float:
    return a if a <= b or b != b else b


_OWN: dict[str, Function] = {
    "mul0": _mul0,
    "muladd": lambda a, b, c: a * b + c,
    "maximum": _maximum,
    "minimum": _minimum,
    "fmax": _fmax,
    "fmin": _fmin,
    "float_power": math.pow,
    "fmod": math.fmod,
    "ieee_remainder": math.remainder,
    "cbrt": math.cbrt,
    "segment_passes": schedule.segment_passes,
    "snapshot_room": schedule.snapshot_room,
    "snapshot_split": schedule.snapshot_split,
}
_NUMPY = ("floor", "ceil", "trunc", "rint", "sign", "heaviside", "logaddexp", "logaddexp2")


@cache
def _plain(name: str) -> Any:
    """What a name in a template stands for."""
    if name == "math":
        return math
    if name in _OWN:
        return _OWN[name]
    if hasattr(builtins, name):
        return getattr(builtins, name)
    module = importlib.import_module("numpy" if name in _NUMPY else "scipy.special")  # slow to load
    function = getattr(module, name, None)
    if function is None:
        raise UsageError(
            f"there is no function {name} to compute a row with",
            why="neither math, NumPy nor SciPy has one of that name.",
            fix="write the row's template with functions that they have.",
        )
    return _as_float(function)


def _as_float(function: Function) -> Function:
    import numpy as np  # slow to load

    def call(*args: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(*args))

    return call


@cache
def evaluate(op: str) -> Function:
    """A row of the table as a function of plain numbers. Raises `UsageError` for an unknown row.

    It raises what Python raises, as the user's program would (`ZeroDivisionError`, `ValueError` …).

    >>> evaluate("hypot")(3.0, 4.0)
    5.0
    """
    if op not in RULES:
        raise UsageError(
            f"the rule table has no row {op}", why="rows are named as NumPy names them.", fix="see RULES."
        )
    row = RULES[op]
    names = {name: _plain(name) for name in template_names(row)}
    return eval(f"lambda {', '.join(row.args)}: {row.python.format(*row.args)}", names)  # type: ignore[no-any-return]


_IEEE = {
    "divide": "divide",
    "remainder": "remainder",
    "floor_divide": "floor_divide",
    "reciprocal": "reciprocal",
    "power": "float_power",
    "float_power": "float_power",
    "square": "square",
    "exp10": "float_power",
    "lgamma": "gammaln",
    "gamma": "gamma",
}
"""Rows whose NumPy or SciPy name is not their own, or whose Python operator raises."""


def ieee(op: str) -> Function:
    """As `evaluate`, but never raises: infinity or NaN where Python would, as native code does.

    Partials are computed so: an infinite slope is an answer, not a failure of the program.

    >>> ieee("divide")(1.0, 0.0)
    inf
    """
    exact = evaluate(op)

    def call(*args: Any) -> Any:
        try:
            result = exact(*args)
        except (ArithmeticError, ValueError):
            return _by_numpy(op, args)
        return math.nan if isinstance(result, complex) else result

    return call


def _by_numpy(op: str, args: tuple[Any, ...]) -> float:
    """The value by IEEE rules; NaN where NumPy and SciPy have no such function."""
    import numpy as np  # slow to load

    name = _IEEE.get(op, op)
    function = getattr(np, name, None) or getattr(importlib.import_module("scipy.special"), name, None)
    if function is None:
        return math.nan
    full = (10.0, *args) if op == "exp10" else args
    with np.errstate(all="ignore"):
        return float(function(*map(float, full)))
