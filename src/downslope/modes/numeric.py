"""Numeric differentiation of the user's own function: an oracle that never reads a rule."""

import math
from collections.abc import Callable
from typing import NamedTuple

from downslope.errors import UsageError

Scalar = Callable[[float], float]


class Estimate(NamedTuple):
    """A derivative and how far off it may be, in the same units."""

    value: float
    error: float


def two_point(function: Scalar, x: float, delta: float) -> float:
    """The textbook's definition: (f(x + delta) - f(x)) / delta.

    >>> round(two_point(lambda x: x * x, 3.0, 1e-6), 4)
    6.0
    """
    if not delta:
        raise UsageError(
            "delta is zero", why="the definition divides by it.", fix="use a small number, e.g. 1e-6."
        )
    return (function(x + delta) - function(x)) / delta


def ridders(function: Scalar, x: float) -> Estimate:
    """Central differences extrapolated to step zero, from several starting steps (Ridders 1982).

    The best row is the one whose neighbours agree best (Press et al., Numerical Recipes, 5.7).

    >>> round(ridders(math.exp, 0.0).value, 9)
    1.0
    """
    scale = max(abs(x), 0.1)
    estimates = [_table(function, x, scale * factor) for factor in (0.2, 0.02, 0.002)]
    return min(estimates, key=lambda e: e.error)


def _table(function: Scalar, x: float, step: float, rows: int = 10, shrink: float = 1.6) -> Estimate:
    best = Estimate(math.nan, math.inf)
    previous: list[float] = []
    for _ in range(rows):
        row = [_central(function, x, step)]
        factor = shrink * shrink
        for column, old in enumerate(previous):
            row.append((row[column] * factor - old) / (factor - 1.0))
            factor *= shrink * shrink
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - old))
            if error <= best.error:
                best = Estimate(row[-1], error)
        previous, step = row, step / shrink
    return best


def _central(function: Scalar, x: float, step: float) -> float:
    """The central difference; NaN where the function has no value."""
    high, low = x + step, x - step
    try:
        return float((function(high) - function(low)) / (high - low))
    except (ArithmeticError, ValueError):
        return math.nan
