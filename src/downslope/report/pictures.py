"""Plots of a fit for its page: residuals, the solver's way, the cost against each constant."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from downslope.errors import ProgramError
from downslope.fitting.fit import Fit
from downslope.fitting.objective import Array
from downslope.report.line import BLUE, RED, plain

FEW = 3000
"""Up to so many rows each is a dot; more are counted in hexagons."""
GREY = "#777777"
POINTS = 25  # of a curve of the cost: each is one pass over the rows


def residuals(fit: Fit) -> Figure:
    """Residuals against predictions, and their spread before and after."""
    problem, solution = fit.held or fit.problem, fit.solution
    target = problem.observed
    predicted = problem.predictions(solution.values)
    after, before = predicted - target, problem.predictions(solution.start) - target
    figure, axes = _panels(2, 3.8)
    low, high = _middle(after)
    if len(after) <= FEW:
        axes[0].plot(predicted, after, ".", color=BLUE, markersize=3, alpha=0.5)
    else:
        wide = _middle(predicted)
        axes[0].hexbin(
            predicted, after, gridsize=60, bins="log", mincnt=1, cmap="Blues", extent=(*wide, low, high)
        )
    axes[0].axhline(0.0, color=RED, linewidth=1.2)
    axes[0].set(
        xlabel=f"predicted {problem.target}", ylabel="residual: predicted - observed", ylim=(low, high)
    )
    ends = _middle(np.concatenate([before, after]))
    bins = np.linspace(*ends, 61)
    axes[1].hist(before, bins, color=GREY, alpha=0.5, label="before")
    axes[1].hist(after, bins, color=BLUE, alpha=0.6, label="after")
    axes[1].axvline(0.0, color=RED, linewidth=1.2)
    axes[1].set(xlabel="residual: predicted - observed", ylabel="rows")
    axes[1].legend(frameon=False)
    return figure


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
    """The cost against each constant, others at their learnt values."""
    solution = fit.solution
    columns = 2 if len(solution.names) in (2, 4) else min(3, len(solution.names))
    rows = -(-len(solution.names) // columns)
    figure, axes = _panels(rows * columns, 3.2 * rows, columns)
    for index, axis in enumerate(axes):
        if index >= len(solution.names):
            axis.axis("off")
            continue
        before, after = float(solution.start[index]), float(solution.values[index])
        grid = _around(fit, index)
        points = [np.where(np.arange(len(solution.values)) == index, x, solution.values) for x in grid]
        axis.plot(grid, [_finite(fit, point) for point in points], color=BLUE)
        axis.axvline(before, color=GREY, linestyle="--", label=f"before {before:.4g}")
        axis.axvline(after, color=RED, label=f"learnt {after:.4g}")
        axis.set(xlabel=solution.names[index], ylabel=_measure(fit) if index % columns == 0 else "")
        axis.legend(fontsize="small", frameon=False)
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


def _panels(count: int, height: float, columns: int = 2) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(10, height), layout="constrained", facecolor="white")
    columns = min(count, columns)
    axes = np.atleast_1d(figure.subplots(count // columns, columns)).ravel().tolist()
    for axis in axes:
        plain(axis)
    return figure, axes
