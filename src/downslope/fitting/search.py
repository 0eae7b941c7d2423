"""A search for the minimum: the free parameters, what was tried and the best found so far."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from downslope.errors import ProgramError
from downslope.fitting.normal import (
    DENSE_ROWS,
    GOOD_CONDITION,
    Normal,
    condition,
    from_rows,
    from_sums,
    row_blocks,
    rows_fit_memory,
)
from downslope.fitting.objective import Array, Objective, Sloped, Sums
from downslope.fitting.solution import Step
from downslope.fitting.spectrum import Spectrum, settled, spectrum

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
T = TypeVar("T")
Callback = Callable[[Step], None]


@dataclass
class Log:
    """All that is remembered over a search, also when it is cut short."""

    best: Array
    cost: float
    callback: Callback | None = None
    evaluations: int = 0
    rejected: int = 0  # trial points without a finite cost
    iterations: int = 0
    history: list[Step] = field(default_factory=list)
    by_rows: bool = False  # J'J turned out too ill-conditioned: use the rows


@dataclass(frozen=True)
class Outcome:
    """Where a solver stopped, in free parameters, and its own words on why."""

    z: Array
    reason: str
    exhausted: bool = False  # stopped by the iteration limit


@dataclass(frozen=True)
class Search:
    """An objective with some parameters held; `z` are the values of the free ones."""

    objective: Objective
    free: Mask
    base: Array  # values of all parameters; the free ones are replaced
    log: Log

    @property
    def lower(self) -> Array:
        """Lower bounds of the free parameters."""
        return self.objective.lower[self.free]

    @property
    def upper(self) -> Array:
        """Upper bounds of the free parameters."""
        return self.objective.upper[self.free]

    @property
    def start(self) -> Array:
        """The free parameters' values at the very start."""
        return self.objective.start[self.free]

    def full(self, z: Array) -> Array:
        """All parameters, with z for the free ones."""
        x = self.base.copy()
        x[self.free] = z
        return x

    def clip(self, z: Array) -> Array:
        """The nearest point within the bounds."""
        return np.clip(z, self.lower, self.upper)

    def sums(self, z: Array) -> Sums | None:
        """Cost, gradient and J'J of the free parameters; None where they are not finite."""
        sums = attempt(self.log, lambda: self.objective.sums(self.full(z)))
        if sums is None or not (np.isfinite(sums.cost) and np.isfinite(sums.gradient[self.free]).all()):
            self.log.rejected += 1
            return None
        self._keep(z, sums.cost)
        jtj = sums.jtj[np.ix_(self.free, self.free)]
        return Sums(float(sums.cost), sums.gradient[self.free], jtj, sums.rows)

    def gradient(self, z: Array) -> tuple[float, Array] | None:
        """Cost and gradient of the free parameters; None where they are not finite."""
        objective = self.objective
        if not isinstance(objective, Sloped):
            sums = self.sums(z)
            return None if sums is None else (sums.cost, sums.gradient)
        found = attempt(self.log, lambda: objective.gradient(self.full(z)))
        if found is None or not (np.isfinite(found[0]) and np.isfinite(found[1][self.free]).all()):
            self.log.rejected += 1
            return None
        self._keep(z, found[0])
        return float(found[0]), found[1][self.free]

    def normal(self, z: Array) -> Normal | None:
        """The compressed least-squares problem; None where it is not finite."""
        if self.objective.squared and (self.objective.rows <= DENSE_ROWS or self.log.by_rows):
            return self._normal_by_rows(z)
        sums = self.sums(z)
        normal = None if sums is None else from_sums(sums)
        if normal is None or not normal.finite():
            return None
        bad = condition(normal) > GOOD_CONDITION
        if bad and self.objective.squared and rows_fit_memory(self.objective):
            self.log.by_rows = True
            return self._normal_by_rows(z)
        return normal

    def record(self, z: Array, cost: float) -> None:
        """Note one iteration and tell the callback."""
        step = Step(self.full(z), cost)
        self.log.iterations += 1
        self.log.history.append(step)
        if self.log.callback is not None:
            self.log.callback(step)

    def pinned(self, z: Array, gradient: Array) -> Mask:
        """Which free parameters stand at a bound that the cost pushes them against."""
        return ((z <= self.lower) & (gradient > 0.0)) | ((z >= self.upper) & (gradient < 0.0))

    def spectrum(self, z: Array, normal: Normal) -> tuple[Spectrum, Mask]:
        """What the data determine at z, of the parameters not pinned at a bound (the mask)."""
        moving = ~self.pinned(z, normal.gradient)
        return spectrum(normal.columns(moving)), moving

    def settled(self, z: Array, normal: Normal) -> bool:
        """Whether z is a minimum by the criterion of `spectrum.settled`."""
        found, moving = self.spectrum(z, normal)
        return settled(found, z[moving], self.start[moving])

    def _normal_by_rows(self, z: Array) -> Normal | None:
        p = int(self.free.sum())
        blocks = attempt(self.log, lambda: from_rows(self._blocks(z), p, self.objective.rows))
        if blocks is None or not blocks.finite():
            self.log.rejected += 1
            return None
        self._keep(z, blocks.cost)
        return blocks

    def _blocks(self, z: Array) -> Iterator[tuple[Array, Array]]:
        for residual, jacobian in row_blocks(self.objective, self.full(z)):
            yield residual, jacobian[:, self.free]

    def _keep(self, z: Array, cost: float) -> None:
        if cost < self.log.cost:
            self.log.best, self.log.cost = self.full(z), float(cost)


def attempt(log: Log, evaluate: Callable[[], T]) -> T | None:
    """Evaluate at a trial point; None where the program itself refuses the values."""
    log.evaluations += 1
    try:
        with np.errstate(all="ignore"):  # overflow is no news here: non-finite costs are rejected
            return evaluate()
    except ProgramError:
        return None
