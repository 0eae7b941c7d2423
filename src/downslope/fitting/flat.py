"""Parameters whose derivative is zero on every row at the start: which matter, and from where to search."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.search import Log, Mask, attempt

MOVES = (0.01, -0.01, 0.1, -0.1, 1.0, -1.0, 10.0)  # where to look, relative to the value (or to 1 for 0)


@dataclass(frozen=True)
class Flat:
    """What became of the parameters without a slope at the start."""

    free: Mask  # (p,) the parameters to search for
    start: Array  # (p,) where to search from: moved where the start itself is a flat place
    notes: tuple[str, ...]  # on parameters that are held and do not matter
    jumps: tuple[str, ...]  # names of parameters that matter, but have no derivative anywhere near


def flat(objective: Objective, first: Sums, log: Log) -> Flat:
    """Sort the parameters: held by bounds, without effect, changing only in jumps, or in a flat place.

    A parameter in a flat place (x² at x = 0) is searched for from the best place near by that has a slope.
    """
    start = np.asarray(objective.start, dtype=np.float64)
    held = objective.lower == objective.upper
    free = ~held
    notes = [f"`{objective.names[index]}` is held by its bounds" for index in np.flatnonzero(held)]
    jumps = []
    moved = start.copy()
    for index in np.flatnonzero(~held & (np.diag(first.jtj) == 0.0) & (first.gradient == 0.0)):
        matters, place = _look(objective, int(index), float(first.cost), log)
        if place is not None:
            moved[index] = place
            continue
        free[index] = False
        name = objective.names[index]
        if matters:
            jumps.append(name)
        else:
            notes.append(f"`{name}` does not matter: changing it does not change any prediction")
    return Flat(np.asarray(free), moved, tuple(notes), tuple(jumps))


def _look(objective: Objective, index: int, cost: float, log: Log) -> tuple[bool, float | None]:
    """Whether a parameter changes the cost, and the best place near its start where it has a slope."""
    start = np.asarray(objective.start, dtype=np.float64)
    matters, best, place = False, np.inf, None
    for move in MOVES:
        x = start.copy()
        x[index] += move * (abs(x[index]) or 1.0)
        x = np.clip(x, objective.lower, objective.upper)
        sums = attempt(log, _at(objective, x))
        if sums is None or sums.cost != cost:
            matters = True
        if sums is None or not np.isfinite(sums.cost) or not np.isfinite(sums.gradient).all():
            continue
        if sums.jtj[index, index] > 0.0 and sums.cost < best:
            best, place = float(sums.cost), float(x[index])
    return matters, place


def _at(objective: Objective, x: Array) -> Callable[[], Sums]:
    return lambda: objective.sums(x)
