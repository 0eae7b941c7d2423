"""Parameters whose derivative is zero on every row at the start: which matter, and from where to search."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.search import Log, Mask, attempt

MOVES = (0.01, -0.01, 0.1, -0.1, 1.0, -1.0, 10.0)  # where to look, relative to the value (or to 1 for 0)
TOGETHER = 0.1  # the same, of all at once


@dataclass(frozen=True)
class Flat:
    """What became of the parameters without a slope at the start."""

    free: Mask  # (p,) the parameters to search for
    start: Array  # (p,) where to search from: moved where the start itself is a flat place
    held: Mask  # (p,) held by their bounds
    idle: Mask  # (p,) without effect, as far as was seen
    names: tuple[str, ...]
    jumps: tuple[str, ...]  # names of parameters that matter, but have no derivative anywhere near

    @property
    def notes(self) -> tuple[str, ...]:
        """On parameters that are held and do not matter."""
        held = [f"`{self.names[i]}` is held by its bounds" for i in np.flatnonzero(self.held)]
        idle = [
            f"`{self.names[i]}` does not matter: changing it does not change any prediction"
            for i in np.flatnonzero(self.idle)
        ]
        return (*held, *idle)

    def woken(self, objective: Objective, x: Array, log: Log) -> "Flat | None":
        """The same from x, with the parameters that have an effect there: b of a*b, once a is not 0.

        Where none has, all are moved together, for a and b of a*b may both be 0. None where none has then.
        """
        if not self.idle.any():
            return None
        away = np.where(self.idle, TOGETHER * np.where(x != 0.0, np.abs(x), 1.0), 0.0)
        turned = away * np.where(np.cumsum(self.idle) % 2, 1.0, -1.0)  # a*b may have to be negative
        best: Flat | None = None
        lowest = np.inf
        for move in (np.zeros(len(x)), away, turned):
            place = np.clip(x + move, objective.lower, objective.upper)
            sums = attempt(log, _at(objective, place))
            if sums is None or not (np.isfinite(sums.cost) and np.isfinite(sums.gradient).all()):
                continue
            awake = self.idle & (np.diag(sums.jtj) > 0.0)
            if awake.any() and sums.cost < lowest:
                lowest = float(sums.cost)
                best = replace(self, free=self.free | awake, start=place, idle=self.idle & ~awake)
            if best is not None and not move.any():
                break
        return best


def flat(objective: Objective, first: Sums, log: Log) -> Flat:
    """Sort the parameters: held by bounds, without effect, changing only in jumps, or in a flat place.

    A parameter in a flat place (x² at x = 0) is searched for from the best place near by that has a slope.
    """
    start = np.asarray(objective.start, dtype=np.float64)
    held = np.asarray(objective.lower == objective.upper)
    free, idle, jumps = ~held, np.zeros(len(start), dtype=bool), []
    moved = start.copy()
    for index in np.flatnonzero(~held & (np.diag(first.jtj) == 0.0) & (first.gradient == 0.0)):
        matters, place = _look(objective, int(index), float(first.cost), log)
        if place is not None:
            moved[index] = place
            continue
        free[index] = False
        if matters:
            jumps.append(objective.names[index])
        else:
            idle[index] = True
    found = Flat(np.asarray(free), moved, held, idle, tuple(objective.names), tuple(jumps))
    return found.woken(objective, moved, log) or found


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
