"""Plots of a fit: residuals, the solver's way, the cost against each constant, profiles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from downslope.errors import ProgramError
from downslope.fitting.fit import Fit
from downslope.fitting.objective import Array
from downslope.report.fitted import FEW as FEW
from downslope.report.fitted import blues
from downslope.report.line import BLUE, GREEN, GREY, RED, above, plain
from downslope.report.profiles import Traced, variance_of
from downslope.report.units import literal

MOST = 12
"""Panels of one picture at most."""
STRETCHES, LEAST = 15, 8  # of a column for its mean residuals, and rows in each
NUMBERED = 16  # constants up to which a map of correlations has its numbers in it
RESIDUAL = "residual: predicted - observed"
POINTS = 25  # of a curve of the cost: each is one pass over the rows


def residuals(fit: Fit) -> Figure:
    """Residuals against predictions, and their spread before and after."""
    problem, solution = fit.held or fit.problem, fit.solution
    target = problem.observed
    predicted = problem.predictions(solution.values)
    after, before = predicted - target, problem.predictions(solution.start) - target
    figure, axes = _panels(2, 3.8)
    _against(axes[0], predicted, after)
    axes[0].set(xlabel=f"predicted {literal(problem.target)}", ylabel=RESIDUAL)
    ends = _middle(np.concatenate([before, after]))
    bins = np.linspace(*ends, 61)
    axes[1].hist(before, bins, color=GREY, alpha=0.5, label="before")
    axes[1].hist(after, bins, color=BLUE, alpha=0.6, label="after")
    axes[1].axvline(0.0, color=RED, linewidth=1.2)
    axes[1].set(xlabel=RESIDUAL, ylabel="rows")
    axes[1].legend(frameon=False)
    return figure


def columns_of(fit: Fit) -> tuple[str, ...]:
    """The inputs that are columns of plain numbers."""
    columns = (fit.held or fit.problem).table.columns
    return tuple(name for name in fit.inputs if name in columns and np.ndim(columns[name]) == 1)


def by_columns(fit: Fit, names: Sequence[str] | None = None) -> Figure:
    """Residuals after the fit against input columns (default: the first `MOST`), one panel each."""
    problem = fit.held or fit.problem
    names = columns_of(fit)[:MOST] if names is None else names
    left = problem.predictions(fit.solution.values) - problem.observed
    figure, axes = _grid(len(names), 3.4)
    for index, (axis, name) in enumerate(zip(axes, names, strict=True)):
        column = np.asarray(problem.table.columns[name], dtype=float)
        _against(axis, column, left)
        centers, means = _means(column, left)
        axis.plot(centers, means, "-", color="white", linewidth=4.5)
        axis.plot(
            centers,
            means,
            "o-",
            markeredgecolor="white",
            color=GREEN,
            markersize=4,
            linewidth=1.8,
            label="mean",
        )
        axis.set_xlabel(literal(name))
        if index % _columns(len(names)) == 0:
            axis.set_ylabel(RESIDUAL)
        if index == 0:
            axis.legend(frameon=True, framealpha=0.85, edgecolor="none", fontsize="small")
    return figure


def _against(axis: Any, x: Array, left: Array) -> None:
    """Residuals against something: dots, or hexagons where there are many."""
    low, high = _middle(left)
    if len(left) <= FEW:
        axis.plot(x, left, ".", color=BLUE, markersize=3, alpha=0.5)
    else:
        axis.hexbin(
            x, left, gridsize=60, bins="log", mincnt=1, cmap=blues(), extent=(*_middle(x), low, high), linewidths=0.1
        )  # fmt: skip
    axis.axhline(0.0, color=RED, linewidth=1.2)
    axis.set_ylim(low, high)


def _means(x: Array, left: Array) -> tuple[Array, Array]:
    """The mean residual at each value of x, or in stretches of equally many rows where there are many values."""
    values, which = np.unique(x, return_inverse=True)
    if len(values) <= STRETCHES:
        return values, np.bincount(which, left) / np.bincount(which)
    order = np.argsort(x, kind="stable")
    parts = np.array_split(order, max(1, min(STRETCHES, len(x) // LEAST)))
    return np.array([x[part].mean() for part in parts]), np.array([left[part].mean() for part in parts])


def history(fit: Fit) -> Figure:
    """The cost at each iteration: mean squared error, or twice the mean loss."""
    costs_ = np.array([2 * step.cost / fit.problem.rows for step in fit.history])
    figure, axes = _panels(1, 3.4)
    axes[0].plot(np.arange(len(costs_)), costs_, "o-", color=BLUE, markersize=3, linewidth=1.2)
    if len(costs_) and costs_.min() > 0.0 and costs_.max() > 10.0 * costs_.min():
        axes[0].set_yscale("log")
    axes[0].set(xlabel="iteration", ylabel=_measure(fit))
    axes[0].xaxis.get_major_locator().set_params(integer=True)
    return figure


def costs(fit: Fit) -> Figure:
    """The cost against each constant (the first `MOST`), others at their learnt values."""
    solution = fit.solution
    names = solution.names[:MOST]
    figure, axes = _grid(len(names), 3.2)
    for index, axis in enumerate(axes):
        before, after = float(solution.start[index]), float(solution.values[index])
        grid = _around(fit, index)
        points = [np.where(np.arange(len(solution.values)) == index, x, solution.values) for x in grid]
        axis.plot(grid, [_finite(fit, point) for point in points], color=BLUE)
        axis.axvline(before, color=GREY, linestyle="--", label=f"before {before:.4g}")
        axis.axvline(after, color=RED, label=f"learnt {after:.4g}")
        axis.set(
            xlabel=literal(names[index]), ylabel=_measure(fit) if index % _columns(len(names)) == 0 else ""
        )
        above(axis)
    return figure


def profiles(fit: Fit, found: Sequence[Traced]) -> Figure:
    """The least cost against each constant, the others learnt again, with its interval shaded."""
    figure, axes = _grid(len(found), 3.2)
    least = 2.0 * fit.solution.cost / fit.problem.rows
    scale = variance_of(fit) / fit.problem.rows
    for index, (axis, one) in enumerate(zip(axes, found, strict=True)):
        axis.plot(one.grid, least + scale * one.distances**2, "o-", color=BLUE, markersize=3)
        axis.axhline(least + scale * one.limit**2, color=GREY, linestyle="--", linewidth=1.2)
        ends = np.where(np.isnan(one.ends), one.value, one.ends)
        axis.axvspan(
            max(ends[0], one.grid[0]), min(ends[1], one.grid[-1]), color=BLUE, alpha=0.12, linewidth=0
        )
        axis.axvline(one.value, color=RED, label=f"learnt {one.value:.4g}")
        axis.set(xlabel=literal(one.name), ylabel=_measure(fit) if index % _columns(len(found)) == 0 else "")
        above(axis)
    return figure


def correlation(fit: Fit) -> Figure:
    """The correlations of the learnt values as a map, with numbers where there is room."""
    names, matrix = [literal(name) for name in fit.values], fit.correlation
    size = min(14.0, 3.0 + 0.6 * len(names))
    figure = Figure(figsize=(size + 1.0, size), layout="constrained", facecolor="white")
    axis: Any = figure.subplots()
    shown = axis.imshow(matrix, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    ticks = np.arange(len(names))
    axis.set_xticks(ticks, names, rotation=45, ha="right", rotation_mode="anchor")
    axis.set_yticks(ticks, names)
    if len(names) <= NUMBERED:
        for (row, column), value in np.ndenumerate(matrix):
            color = "white" if abs(value) > 0.6 else "black"
            text = "?" if np.isnan(value) else f"{value:.2f}"
            axis.text(column, row, text, ha="center", va="center", color=color, fontsize=9)
    figure.colorbar(shown, ax=axis, label="correlation", shrink=0.8)
    return figure


def _around(fit: Fit, index: int) -> Array:
    """Values of one constant from beyond the old one to as far on the other side, within its bounds."""
    before, after = float(fit.solution.start[index]), float(fit.solution.values[index])
    width = max(abs(before - after), 0.1 * abs(after), 1e-6)
    low = max(after - 1.2 * width, fit.problem.lower[index])
    high = min(after + 1.2 * width, fit.problem.upper[index])
    return np.linspace(low, high, POINTS)


def _finite(fit: Fit, values: Array) -> float:
    """The mean cost at some values; NaN, a gap in the curve, where the program fails there."""
    try:
        cost = 2.0 * fit.problem.cost(values) / fit.problem.rows
    except ProgramError:
        return float("nan")
    return cost if np.isfinite(cost) else float("nan")


def _measure(fit: Fit) -> str:
    return "mean squared error" if fit.problem.squared else "twice the mean loss"


def _middle(column: Array) -> tuple[float, float]:
    """From low to high without the farthest thousandth on each side."""
    low, high = (float(np.quantile(column, q)) for q in (0.001, 0.999))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _columns(count: int) -> int:
    return 2 if count in (2, 4) else min(3, count)


def _grid(count: int, height: float) -> tuple[Figure, list[Any]]:
    """Panels in rows of up to three; the places left over are empty."""
    columns = _columns(count)
    rows = -(-count // columns)
    figure, axes = _panels(rows * columns, height * rows, columns)
    for axis in axes[count:]:
        axis.axis("off")
    return figure, axes[:count]


def _panels(count: int, height: float, columns: int = 2) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(10, height), layout="constrained", facecolor="white")
    columns = min(count, columns)
    axes = np.atleast_1d(figure.subplots(count // columns, columns)).ravel().tolist()
    for axis in axes:
        plain(axis)
    return figure, axes
