"""What the data determine at a fit's values, once more from the rows: for what is asked after a fit."""

import numpy as np

from downslope.errors import DataError, NotConverged
from downslope.fitting.objective import Array, Objective
from downslope.fitting.search import Log, Mask, Search
from downslope.fitting.solution import Solution
from downslope.fitting.spectrum import Spectrum


def local(objective: Objective, x: Array) -> tuple[Spectrum, Mask]:
    """The spectrum at x of the parameters that can move, and which these are, (p,).

    Held parameters, and those that the cost pushes against a bound, cannot. Raises `DataError` where
    the cost or its slope is not finite.

    >>> from downslope.fitting.example import Line
    >>> found, free = local(Line(np.array([0.0, 1.0]), np.array([1.0, 3.0])), np.array([1.0, 2.0]))
    >>> found.rank, free.tolist()
    (2, [True, True])
    """
    free = np.asarray(objective.lower < objective.upper)
    search = Search(objective, free, np.asarray(x, dtype=np.float64), Log(x, np.inf))
    normal = search.normal(x[free])
    if normal is None:
        raise DataError(
            "the slope of the cost is not finite at the learnt values",
            why="nothing can be said on how far they may be off.",
            fix="learn fewer constants, or set bounds.",
        )
    found, moving = search.spectrum(x[free], normal)
    free[free] = moving
    return found, free


def need_minimum(solution: Solution) -> None:
    """Raise `NotConverged` for a fit that has not ended at a minimum."""
    if not solution.converged:
        raise NotConverged(
            "the fit did not converge, so there is nothing to say about how sure its values are",
            why=f"{solution.reason}.",
            fix="fit again first, from other values or with bounds.",
        )
