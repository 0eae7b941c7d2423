"""`fit.plot`: the pictures of a fit, as methods; matplotlib is loaded when one is drawn."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from downslope.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN_BY = "downslope.plot"  # by name, as pandas finds its plotting back end: a fit knows no pictures


@dataclass(frozen=True)
class Plots:
    """The pictures of one fit. Each method gives a matplotlib figure; `savefig` keeps it.

    Each raises `UsageError` where matplotlib is not installed.

    >>> from downslope.fitting.fit import fit
    >>> def trip(d, speed=30.0, wait=0.0):
    ...     return wait + 60.0 * d / speed
    >>> done = fit(trip, {"d": [1, 2, 3, 4], "minutes": [4.1, 7.0, 10.0, 12.9]}, "minutes")
    >>> [axis.get_xlabel() for axis in done.plot.residuals("d").axes]
    ['d']
    >>> [axis.get_xlabel() for axis in done.plot.profile(["wait"]).axes]
    ['wait']
    """

    fit: Any

    def fitted(self, unit: str | None = None) -> "Figure":
        """Predicted against observed, before and after; `unit` is that of the target."""
        return self._drawn("fitted", unit)

    def residuals(self, column: str | None = None) -> "Figure":
        """Predicted minus observed: against the prediction, or against one input column."""
        return self._drawn("residuals", column)

    def history(self) -> "Figure":
        """The cost at each iteration of the solver."""
        return self._drawn("history")

    def correlation(self) -> "Figure":
        """The correlations of the learnt values, as a map with numbers."""
        return self._drawn("correlation")

    def profile(self, names: Sequence[str] | None = None, level: float = 0.95) -> "Figure":
        """The least cost with one constant held, for each of `names` (default: all), with its interval.

        Each point is a fit. Errors are those of `fit.intervals(method="profile")`.
        """
        return self._drawn("profile", names, level)

    def _drawn(self, name: str, *arguments: object) -> "Figure":
        try:
            back_end = importlib.import_module(DRAWN_BY)
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith("matplotlib"):
                raise
            raise UsageError(
                "there are no plots: matplotlib is not installed",
                why="fit.plot draws with it.",
                fix="pip install matplotlib",
            ) from error
        figure: Figure = getattr(back_end, name)(self.fit, *arguments)
        return figure
