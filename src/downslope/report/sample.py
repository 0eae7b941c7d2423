"""A quantity along one number: its grid, values and slopes, and a gradient descent on it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from downslope.errors import DataError, ProgramError, UnsupportedError, UsageError
from downslope.fitting.descent import default_step
from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.solution import Solution
from downslope.fitting.solve import solve
from downslope.modes.numeric import NO_VALUE

Quantity = Callable[[float], tuple[float, float]]
"""A number -> the value there, and its slope."""

FIRST = 0.1
"""A descent's first step, as a part of the range, unless a step is given."""


@dataclass(frozen=True)
class Walk:
    """A gradient descent to draw: where it starts, its constant step, and at most how many steps.

    Without `start` it is the number in the source; without `step`, the first step is at most a tenth of the
    range that is drawn, and at most 1 / the curvature times the slope.
    """

    start: float | None = None
    step: float | None = None
    steps: int = 50


@dataclass(frozen=True)
class Path:
    """A descent that was walked: its points, its step, and whether it ended at a minimum."""

    xs: Array
    costs: Array  # mean squared error at each point
    step: float
    converged: bool
    reason: str

    @property
    def count(self) -> str:
        """How many steps it took, in words."""
        steps = len(self.xs) - 1
        return f"{steps} step{'s' * (steps != 1)}"

    def __str__(self) -> str:
        state = "converged" if self.converged else f"did NOT converge: {self.reason}"
        return f"descent: {self.count} of {self.step:.4g} × slope, {self.xs[0]:.6g} to {self.xs[-1]:.6g}; {state}"


def grid_of(span: tuple[float, float], name: str, tangent: float | None, points: int) -> Array:
    """Evenly spaced points. Raises `UsageError` for a range that is none, or a tangent outside it."""
    low, high = span
    if not (np.isfinite([low, high]).all() and low < high):
        raise UsageError(
            f"the range of {name} is {low:g} to {high:g}",
            why="a range goes from a number up to a larger one.",
            fix=f"e.g. --against {name}=10:60 (span=(10, 60)).",
        )
    if tangent is not None and not low <= tangent <= high:
        raise UsageError(
            f"the tangent at {tangent:g} is outside of the range {low:g} to {high:g}",
            why="it could not be seen.", fix="widen the range, or move the tangent.",
        )  # fmt: skip
    return np.linspace(low, high, points)


def sampled(quantity: Quantity, grid: Array, name: str) -> tuple[Array, Array]:
    """Value and slope at each point; NaN where the program raises or overflows.

    Raises `ProgramError` where there is no value at all.
    """
    found = np.full((len(grid), 2), np.nan)
    fault: Exception | None = None
    for i, x in enumerate(grid.tolist()):
        try:
            found[i] = quantity(x)
        except (UsageError, UnsupportedError):
            raise
        except NO_VALUE as error:
            fault = fault or error
    found[~np.isfinite(found[:, 0])] = np.nan
    if np.isnan(found[:, 0]).all():
        raise ProgramError(
            f"there is no value anywhere for {name} from {grid[0]:g} to {grid[-1]:g}",
            why=f"at {grid[0]:g}: {_first_line(fault) if fault else 'the result is not a finite number'}.",
            fix="choose another range.",
        ) from fault
    return found[:, 0], found[:, 1]


def tangent_at(quantity: Quantity, name: str, x: float) -> tuple[float, float, float]:
    """A point of the curve, and the slope there. Raises `DataError` where they are not finite."""
    value, slope = quantity(x)
    if not np.isfinite([value, slope]).all():
        raise DataError(
            f"there is no tangent at {name} = {x:g}",
            why=f"the value is {value:g}, the slope {slope:g}.",
            fix="choose another point.",
        )
    return x, value, slope


def _first_line(fault: Exception) -> str:
    return str(fault).partition("\n")[0] or type(fault).__name__


def walked(objective: Objective, walk: Walk, grid: Array) -> Path:
    """The descent of the mean squared error from the objective's start."""
    start = objective.start
    sums = objective.sums(start)
    if not np.isfinite([sums.cost, sums.gradient[0]]).all():
        raise DataError(
            f"there is no descent from {objective.names[0]} = {start[0]:g}",
            why=f"the cost there is {sums.cost:g}, its slope {sums.gradient[0]:g}.",
            fix="start elsewhere.",
        )
    step = _first_step(sums, grid) if walk.step is None else walk.step
    done: Solution = solve(objective, "descent", step=step, max_iterations=walk.steps)
    if not done.history:
        raise UsageError(
            f"there is no descent from {objective.names[0]} = {start[0]:g}",
            why="; ".join(done.undetermined) or done.reason,
            fix="start elsewhere, or choose another constant.",
        )
    xs = np.array([point.values[0] for point in done.history])
    costs = np.array([2.0 * point.cost / objective.rows for point in done.history])
    return Path(xs, costs, step, done.converged, done.reason)


def _first_step(sums: Sums, grid: Array) -> float:
    slope = 2.0 * abs(float(sums.gradient[0])) / sums.rows
    longest = FIRST * float(grid[-1] - grid[0]) / slope if slope > 0.0 else np.inf
    return min(default_step(sums), longest)
