"""Predicted against observed, before and after a fit."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from downslope.fitting.fit import Fit
from downslope.fitting.objective import Array
from downslope.report.line import BLUE, RED, plain
from downslope.report.units import label, literal, unit_of, with_unit

FEW = 3000
"""Up to so many rows each is a dot; more are counted in hexagons."""


def fitted(fit: Fit, unit: str | None = None) -> Figure:
    """Draw what the program predicts against what was observed, with the old constants and the new.

    Shown are the held-out rows where there are some, else those that were learnt from. `unit` is that of
    the target (default: what the column's name says).

    >>> from downslope.fitting.fit import fit
    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> figure = fitted(fit(duration, {"km": [1.0, 2.0], "minutes": [3.0, 6.0]}, "minutes"))
    >>> figure.axes[1].get_title(loc="left")
    'after: root mean square error 0 min'
    """
    problem, solution = fit.held or fit.problem, fit.solution
    observed = problem.observed
    predicted = [problem.predictions(values) for values in (solution.start, solution.values)]
    unit = unit_of(problem.target) if unit is None else unit
    name = label(problem.target) if unit_of(problem.target) else with_unit(literal(problem.target), unit)
    figure = Figure(figsize=(10, 4.7), layout=ConstrainedLayoutEngine(wspace=0.06), facecolor="white")
    axes: Any = figure.subplots(1, 2, sharex=True, sharey=True)
    limits = _limits(observed, *predicted)
    counted = None
    for axis, title, values in zip(axes, ("before", "after"), predicted, strict=True):
        counted = _points(axis, observed, values, limits) or counted
        axis.plot(limits, limits, color=RED, linewidth=1.2, label="exact")
        axis.set(xlim=limits, ylim=limits, aspect="equal")
        axis.set_title(
            f"{title}: root mean square error {_size(values - observed)} {unit}".rstrip(),
            loc="left",
            fontsize=11,
        )
        plain(axis)
    kept = "held-out " if fit.held else ""
    figure.supxlabel(f"observed {name}, {problem.rows:,} {kept}rows", fontsize=10)
    axes[0].set_ylabel(f"predicted {name}")
    axes[1].legend(loc="lower right", frameon=False)
    if counted is not None:
        figure.colorbar(counted, ax=axes, label="rows in a hexagon", pad=0.01)
    return figure


def _size(errors: Array) -> str:
    """The root mean square in three digits; rounding errors are 0."""
    size = float(np.sqrt(np.mean(errors**2)))
    return f"{size:.3g}" if size > 1e-12 else "0"


def _limits(*columns: Array) -> tuple[float, float]:
    """From the lowest to the highest, without the farthest thousandth on each side."""
    low = min(float(np.quantile(column, 0.001)) for column in columns)
    high = max(float(np.quantile(column, 0.999)) for column in columns)
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _points(axis: Any, observed: Array, predicted: Array, limits: tuple[float, float]) -> Any:
    if len(observed) <= FEW:
        axis.plot(observed, predicted, ".", color=BLUE, markersize=3, alpha=0.5)
        return None
    return axis.hexbin(
        observed, predicted, gridsize=80, bins="log", mincnt=1, extent=(*limits, *limits), cmap=blues(), linewidths=0.1
    )  # fmt: skip


def blues() -> Colormap:
    """From a blue that can be seen on white to a dark one."""
    return ListedColormap(colormaps["Blues"](np.linspace(0.3, 1.0, 128)))
