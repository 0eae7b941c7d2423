"""Least absolute deviations and quantiles: a smooth stand-in of falling width, then the exact corner.

|r| has no derivative at 0, and the minimum of Σ|r| is where as many residuals are 0 as there are
parameters: a corner. A quantile's loss is |r| with another slope on each side. Whether a corner is the minimum is decided by its subgradient, not by a slope.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from scipy import optimize

from downslope.fitting.normal import row_blocks
from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.reweighted import reweighted
from downslope.fitting.search import Log, Outcome, Search

WIDTHS = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # of the median residual at the start
SLACK = 1e-3  # by which a subgradient may miss zero, in units of one row's pull


@runtime_checkable
class Sided(Protocol):
    """An objective whose loss grows in proportion to the residual, on each side."""

    @property
    def sides(self) -> tuple[float, float]:
        """By how much per unit below and above the target."""


def _sides(objective: Objective) -> tuple[float, float]:
    return objective.sides if isinstance(objective, Sided) else (1.0, 1.0)


@dataclass(frozen=True)
class Smoothed:
    """An objective with √(r² + width²) − width in place of |r| in its loss."""

    objective: Objective
    width: float
    squared: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return self.objective.names

    @property
    def start(self) -> Array:
        """(p,) values to start from."""
        return self.objective.start

    @property
    def lower(self) -> Array:
        """(p,) lower bounds."""
        return self.objective.lower

    @property
    def upper(self) -> Array:
        """(p,) upper bounds."""
        return self.objective.upper

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.objective.rows

    def cost(self, x: Array, /) -> float:
        """The smooth cost."""
        return self.sums(x).cost

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual and Jacobian, as of the objective itself."""
        return self.objective.jacobian(x)

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and reweighted J'J, from the rows."""
        p = len(self.objective.names)
        cost, gradient, jtj = 0.0, np.zeros(p), np.zeros((p, p))
        below, above = _sides(self.objective)
        level, tilt = (above + below) / 2.0, (above - below) / 2.0
        for residual, jacobian in row_blocks(self.objective, x):
            length = np.hypot(residual, self.width)
            cost += float(np.sum(level * (length - self.width) + tilt * residual))
            gradient += jacobian.T @ (level * residual / length + tilt)
            jtj += level * (jacobian.T @ (jacobian / length[:, None]))
        return Sums(cost, gradient, jtj, self.rows)


def absolute(search: Search, z: Array, limit: int) -> Outcome:
    """Minimise Σ|r|, or the like with two slopes, from z within the bounds; the reason is empty where the end is not a minimum."""
    residual, _ = _rows(search, z)
    unit = float(np.median(np.abs(residual))) or float(np.mean(np.abs(residual))) or 1.0
    used = 0
    for width in WIDTHS:
        log = Log(search.full(z), np.inf, search.log.callback)
        smooth = Search(Smoothed(search.objective, unit * width), search.free, search.base, log)
        outcome = reweighted(smooth, z, max(1, limit - used))
        used += log.iterations
        search.log.iterations += log.iterations
        search.log.evaluations += log.evaluations
        search.log.history += log.history
        z = outcome.z
        if used >= limit:
            return Outcome(z, f"the limit of {limit} iterations was reached", exhausted=True)
    return Outcome(_corner(search, z, unit * WIDTHS[-1]), "")


def _rows(search: Search, z: Array) -> tuple[Array, Array]:
    residual, jacobian = search.objective.jacobian(search.full(z))
    return residual, jacobian[:, search.free]


def _corner(search: Search, z: Array, width: float) -> Array:
    """The corner next to z, where the smallest residuals are exactly 0, if its cost is no higher."""
    before = search.sums(z)
    for _ in range(3):
        residual, jacobian = _rows(search, z)
        moving = (z > search.lower) & (z < search.upper)
        nearest = np.argsort(np.abs(residual))[: int(moving.sum())]
        nearest = nearest[np.abs(residual[nearest]) < 1e3 * width]
        if not len(nearest):
            break
        step = np.zeros(len(z))
        step[moving] = np.linalg.lstsq(jacobian[nearest][:, moving], -residual[nearest])[0]
        point = search.clip(z + step)
        after = search.sums(point)
        if before is None or after is None or after.cost > before.cost * (1 + 1e-12):
            break
        z, before = point, after
    return z


def at_minimum(search: Search, z: Array) -> bool:
    """Whether 0 is a subgradient of Σ|r| at z: no direction lowers the cost (to first order).

    Residuals of 0 pull with any strength between those of the two sides, the others with that of theirs;
    parameters at a bound may be pushed against it.
    """
    below, above = _sides(search.objective)
    residual, jacobian = _rows(search, z)
    scale = np.linalg.norm(jacobian, axis=0) / np.sqrt(len(residual))
    scale = np.where(scale > 0.0, scale, 1.0)
    target = search.objective.cost(search.full(z)) / len(residual)
    zero = np.abs(residual) <= 1e-9 * max(target, np.finfo(float).tiny)
    pull = (jacobian[~zero] / scale).T @ np.where(residual[~zero] > 0.0, above, -below)
    pull = np.where(search.pinned(z, pull), 0.0, pull)
    if not zero.any():
        return bool(np.max(np.abs(pull), initial=0.0) <= SLACK)
    free = ~search.pinned(z, pull)
    corner = (jacobian[zero] / scale).T[free]
    left = optimize.lsq_linear(corner, -pull[free], (-below, above), tol=1e-12)
    return bool(np.max(np.abs(left.fun), initial=0.0) <= SLACK)
