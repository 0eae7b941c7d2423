"""What learning each constant of a program would gain, predicted from one look at the table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.data.frames import frame_of
from downslope.errors import DataError, UsageError
from downslope.fitting.normal import Normal
from downslope.fitting.pose import pose
from downslope.fitting.search import Log, Search
from downslope.fitting.spectrum import spectrum
from downslope.read.constants import Constant, find_constants
from downslope.read.source import read_source


@dataclass(frozen=True)
class Gain:
    """The share of the cost, 0 to 1, that learning a constant is predicted to remove."""

    constant: Constant
    alone: float  # when it is learnt and all others are kept
    given: float  # what it adds when all others are learnt too; 0 where they can make up for it


def gains(
    f: Callable[..., Any] | str, table: object, target: str, *, missing: str = "error"
) -> tuple[Gain, ...]:
    """Rank every constant of a program that has a slope by what learning it would gain, best first.

    Predicted is the decrease of the squared cost by one Gauss-Newton step from the values of the source:
    exact where the program is linear in its constants, else a first guess that a fit has to confirm.
    Constants that must stay whole, those of large structures, and columns of the table, are left out. Raises what `fit` does.

    >>> def trip(d, speed=30.0, wait=0.0):
    ...     return wait + 60.0 * d / speed
    >>> for gain in gains(trip, {"d": [1, 2, 3, 4], "minutes": [4.0, 6.1, 8.0, 10.0]}, "minutes"):
    ...     print(f"{gain.constant.name} {gain.alone:.3f} {gain.given:.3f}")
    wait 1.000 0.171
    60.0@2 0.829 0.000
    speed 0.829 0.000
    """
    source = read_source(f)
    frame = frame_of(table)
    inputs = [name for name in source.arguments if name in frame.names]
    chosen = tuple(
        c for c in find_constants(source) if not c.whole and not c.many and c.argument not in inputs
    )
    if not chosen:
        raise UsageError(
            f"{source.name} has no constant to learn",
            why="all its numbers must stay whole, or are columns.",
            fix="give the program a keyword default.",
        )
    problem = pose(f, frame, target, [c.name for c in chosen], missing=missing).problem
    start = problem.start
    search = Search(problem, np.ones(len(start), dtype=bool), start, Log(start, np.inf))
    normal = search.normal(start)
    if normal is None:
        raise DataError(
            "the slope of the cost is not finite with the values of the source",
            why="so nothing can be predicted.",
            fix="check the program on the table first.",
        )
    return _ranked(chosen, normal)


def _ranked(constants: tuple[Constant, ...], normal: Normal) -> tuple[Gain, ...]:
    """The gains, as shares of the cost, by what each would remove alone."""
    every = np.ones(len(constants), dtype=bool)
    whole = _removed(normal)
    found = []
    for index, constant in enumerate(constants):
        one = np.zeros_like(every)
        one[index] = True
        left = _removed(normal.columns(~one)) if len(constants) > 1 else 0.0
        found.append(Gain(constant, _removed(normal.columns(one)), max(0.0, whole - left)))
    return tuple(sorted(found, key=lambda gain: (-gain.alone, -gain.given)))


def _removed(normal: Normal) -> float:
    """The share of the cost that the best step removes."""
    within = spectrum(normal).within
    return float(within @ within) / (2.0 * normal.cost) if normal.cost > 0.0 else 0.0
