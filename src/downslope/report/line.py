"""What one panel of a plot shows: a curve, its tangent, and a descent; and how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from downslope.fitting.objective import Array
from downslope.report.sample import Path
from downslope.report.units import label, per, unit_of, with_unit

BLUE, RED, GREEN, GREY = "#0072B2", "#D55E00", "#007A5E", "#8A8A8A"
"""Of Okabe and Ito's palette, which the colour-blind can tell apart (green darkened for contrast)."""
JUMP = 0.02
"""A value that changes by this part of the whole range more than its slopes say has jumped."""


@dataclass(frozen=True)
class Line:
    """A quantity against one number of a program: what a panel shows."""

    what: str
    unit: str
    name: str
    grid: Array
    values: Array  # NaN where the program has no value
    slopes: Array
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
    axis.plot(*_broken(line), color=BLUE, linewidth=2, label=line.what)
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
    above(axis)


def above(axis: Any) -> None:
    """The legend above the panel, where it hides nothing."""
    axis.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize=9, borderaxespad=0.2)


def _broken(line: Line) -> tuple[Array, Array]:
    """The curve's points, with a gap where the value jumps: by what the slopes on both sides cannot explain."""
    rise, width = np.diff(line.values), np.diff(line.grid)
    lower = np.minimum(line.slopes[:-1], line.slopes[1:]) * width
    upper = np.maximum(line.slopes[:-1], line.slopes[1:]) * width
    slack = JUMP * float(np.nanmax(line.values) - np.nanmin(line.values))
    jumps = np.flatnonzero((rise < lower - slack) | (rise > upper + slack)) + 1
    return np.insert(line.grid, jumps, np.nan), np.insert(line.values, jumps, np.nan)


def plain(axis: Any) -> None:
    """A light grid and no box."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#E4E4E4", linewidth=0.8)
    axis.set_axisbelow(True)
