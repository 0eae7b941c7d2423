"""What one panel of a plot shows: a curve, its tangent, and a descent; and how it is drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from downslope.errors import ProgramError, UnsupportedError, UsageError
from downslope.fitting.descent import default_step
from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.solution import Solution
from downslope.fitting.solve import solve
from downslope.modes.numeric import NO_VALUE
from downslope.report.units import label, per, unit_of, with_unit

BLUE, RED, GREEN, GREY = "#0072B2", "#D55E00", "#007A5E", "#8A8A8A"
"""Of Okabe and Ito's palette, which the colour-blind can tell apart (green darkened for contrast)."""

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


@dataclass(frozen=True)
class Line:
    """A quantity against one number of a program: what a panel shows."""

    what: str
    unit: str
    name: str
    grid: Array
    values: Array  # NaN where the program has no value
    level: tuple[float, str] | None = None  # a height to compare with, and what it is
    tangent: tuple[float, float, float] | None = None  # x, value, slope
    path: Path | None = None

    @property
    def slope_unit(self) -> str:
        """The unit of the tangent's slope."""
        return per(self.unit, unit_of(self.name))

    def __str__(self) -> str:
        """The numbers of the panel in words."""
        said = []
        if self.tangent is not None:
            x, y, slope = self.tangent
            unit = f" {self.unit}" if self.unit else ""
            said.append(
                f"{self.what} at {self.name} = {x:g}: {y:.6g}{unit}, slope {slope:+.6g}{self.slope_unit}"
            )
        if self.path is not None:
            said.append(str(self.path))
        missing = int(np.isnan(self.values).sum())
        if missing:
            first = self.grid[int(np.argmax(np.isnan(self.values)))]
            said.append(
                f"no value at {missing} of {len(self.grid)} points, the first at {self.name} = {first:g}"
            )
        return "\n".join(said)


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


def values_on(grid: Array, name: str, value: Callable[[float], float]) -> Array:
    """The value at each point; NaN where the program raises or overflows. Raises `ProgramError` if nowhere."""
    found = np.full(len(grid), np.nan)
    fault: Exception | None = None
    for i, x in enumerate(grid.tolist()):
        try:
            found[i] = value(x)
        except (UsageError, UnsupportedError):
            raise
        except NO_VALUE as error:
            fault = fault or error
    found[~np.isfinite(found)] = np.nan
    if np.isnan(found).all():
        raise ProgramError(
            f"there is no value anywhere for {name} from {grid[0]:g} to {grid[-1]:g}",
            why=f"at {grid[0]:g}: {_first_line(fault) if fault else 'the result is not a finite number'}.",
            fix="choose another range.",
        ) from fault
    return found


def _first_line(fault: Exception) -> str:
    return str(fault).partition("\n")[0] or type(fault).__name__


def walked(objective: Objective, walk: Walk, grid: Array) -> Path:
    """The descent of the mean squared error from the objective's start."""
    start = objective.start
    step = _first_step(objective.sums(start), grid) if walk.step is None else walk.step
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


def drawn(lines: Sequence[Line]) -> Figure:
    """One panel for each line, side by side."""
    figure = Figure(
        figsize=(6.4 if len(lines) == 1 else 4.2 * len(lines), 4.2), layout="constrained", facecolor="white"
    )
    axes: Any = np.atleast_1d(figure.subplots(1, len(lines)))
    for axis, line in zip(axes, lines, strict=True):
        draw(axis, line)
    return figure


def draw(axis: Any, line: Line) -> None:
    """Draw a line with all that belongs to it; the legend stands above, where it hides nothing."""
    axis.plot(line.grid, line.values, color=BLUE, linewidth=2, label=line.what)
    axis.set_xlim(line.grid[0], line.grid[-1])
    if line.level is not None:
        axis.axhline(line.level[0], color=GREY, linestyle=":", linewidth=1.5, label=line.level[1])
    limits = axis.get_ylim()
    if line.tangent is not None:
        x, y, slope = line.tangent
        ends = np.array([line.grid[0], line.grid[-1]])
        axis.plot(ends, y + slope * (ends - x), color=RED, linestyle="--", linewidth=1.5,
                  label=f"tangent at {x:g}: slope {slope:+.4g}{line.slope_unit}")  # fmt: skip
        axis.plot([x], [y], "o", color=RED, markersize=7, zorder=4)
    if line.path is not None:
        path = line.path
        axis.plot(path.xs, path.costs, "o-", color=GREEN, linewidth=1, markersize=4.5, zorder=3,
                  label=f"descent: {path.xs[0]:.4g} to {path.xs[-1]:.4g}, {path.count}")  # fmt: skip
    axis.set_ylim(limits)
    axis.set(xlabel=label(line.name), ylabel=with_unit(line.what, line.unit))
    plain(axis)
    axis.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize=9, borderaxespad=0.2)


def plain(axis: Any) -> None:
    """A light grid and no box."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#E4E4E4", linewidth=0.8)
    axis.set_axisbelow(True)
