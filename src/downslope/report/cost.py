"""Mean squared error over a table against one constant; and the way a fit went down."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from downslope.data.frames import frame_of
from downslope.errors import UsageError
from downslope.fitting.fit import Fit
from downslope.fitting.objective import Objective
from downslope.fitting.one_number import Slice
from downslope.fitting.pose import pose
from downslope.report.line import BLUE, GREEN, RED, Line, drawn, plain
from downslope.report.sample import Walk, grid_of, sampled, tangent_at, walked
from downslope.report.units import square, unit_of, with_unit

POINTS = 101
LONG = 100
"""From so many iterations on, their axis is logarithmic: most happens early."""


def cost(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    against: str,
    span: tuple[float, float],
    at: Mapping[str, float | int] | None = None,
    *,
    tangent: float | None = None,
    walk: Walk | None = None,
    missing: str = "error",
    unit: str | None = None,
) -> Figure:
    """Draw the mean squared error over a table against one constant, from span[0] to span[1].

    The other constants keep the values of the source, or those of `at`. `tangent` draws the tangent at
    that point, and `walk` a gradient descent in this constant alone. `unit` is that of the target (default:
    what the column's name says). Tables, `missing` and errors are those of `fit`.

    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> trips = {"km": [1.0, 2.0, 3.0], "minutes": [3.0, 6.0, 9.0]}
    >>> figure = cost(duration, trips, "minutes", "speed", (10, 60), tangent=30.0)
    >>> figure.axes[0].get_ylabel()
    'mean squared error (min²)'
    """
    return drawn([cost_line(f, table, target, against, span, at, tangent, walk, missing, unit)])


def cost_line(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    against: str,
    span: tuple[float, float],
    at: Mapping[str, float | int] | None,
    tangent: float | None,
    walk: Walk | None,
    missing: str,
    unit: str | None,
) -> Line:
    """What `cost` draws."""
    grid = grid_of(span, against, tangent, POINTS)
    fixed = dict(at or {})
    frame = frame_of(table)
    _constants((against, *fixed), against, frame.names)
    posed = pose(f, frame, target, [against, *fixed], missing=missing)
    start = float(posed.chosen[0].value) if walk is None or walk.start is None else walk.start
    objective = Slice(posed.problem, np.array([start, *map(float, fixed.values())]))
    mean = partial(_mean, objective)
    unit = square(unit_of(target) if unit is None else unit)
    line = Line("mean squared error", unit, against, grid, *sampled(mean, grid, against))
    if tangent is not None:
        line = replace(line, tangent=tangent_at(mean, against, tangent))
    if walk is not None:
        line = replace(line, path=walked(objective, walk, grid))
    return line


def _mean(objective: Objective, x: float) -> tuple[float, float]:
    """Mean squared error and its slope: the cost is half a sum."""
    sums = objective.sums(np.array([x]))
    return 2.0 * sums.cost / sums.rows, 2.0 * float(sums.gradient[0]) / sums.rows


def _constants(names: tuple[str, ...], against: str, columns: tuple[str, ...]) -> None:
    """Raise `UsageError` where a column is taken for a constant, or one name comes twice."""
    if against in names[1:]:
        raise UsageError(
            f"{against} cannot be fixed", why="it is what varies.", fix=f"leave out {against}=…."
        )
    for name in names:
        if name in columns:
            raise UsageError(
                f"{name} is a column of the table",
                why="each row has its own; the cost is against a constant.",
                fix="choose a constant, or leave the table out and give each input.",
            )


def descent(fit: Fit) -> Figure:
    """Draw the way of a fit: the mean squared error at each iteration, and the constants.

    The constants are shown as multiples of their learnt values, so that all go to 1 (a constant learnt as
    0 is left out). Raises `UsageError` for a fit that has no iterations.

    >>> from downslope.fitting.fit import fit
    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> done = fit(duration, {"km": [1.0, 2.0], "minutes": [3.0, 6.0]}, "minutes", solver="descent")
    >>> [axis.get_ylabel() for axis in descent(done).axes]
    ['mean squared error (min²)', 'value / learnt value']
    """
    history = fit.solution.history
    if not history:
        raise UsageError("the fit has no iterations to draw", why=fit.solution.reason + ".", fix="fit first.")
    costs = np.array([2.0 * step.cost / fit.problem.rows for step in history])
    values = np.array([step.values for step in history])
    figure = Figure(figsize=(9.0, 4.0), layout="constrained", facecolor="white")
    left, right = figure.subplots(1, 2)
    many = len(history) > LONG
    counts = np.arange(len(history)) + float(many)  # from 1 on a logarithmic axis
    left.plot(counts, costs, "-" if many else "o-", color=BLUE, markersize=3)
    if costs.min() > 0.0 and costs.max() > 100.0 * costs.min():
        left.set_yscale("log")
    unit = square(unit_of(fit.problem.target))
    left.set(xlabel="iteration", ylabel=with_unit("mean squared error", unit))
    styles = [
        (color, line) for line in ("-", "--", ":", "-.") for color in (BLUE, RED, GREEN, "#CC79A7", "#000000")
    ]
    for i, (name, learnt) in enumerate(zip(fit.solution.names, fit.solution.values, strict=True)):
        if learnt != 0.0:
            color, line = styles[i % len(styles)]
            right.plot(
                counts, values[:, i] / learnt, color=color, linestyle=line, label=f"{name} → {learnt:.4g}"
            )
    right.set(xlabel="iteration", ylabel="value / learnt value")
    right.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, ncols=2, fontsize=9)
    for axis in (left, right):
        plain(axis)
        if many:
            axis.set_xscale("log")
    return figure
