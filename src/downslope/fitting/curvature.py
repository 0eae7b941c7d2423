"""The cost's second derivatives at a point, by differences of its exact gradient, and what they tell.

A zero gradient is a minimum, a saddle or a maximum; and where residuals are large or weighted, the
Gauss-Newton matrix says little on how far the minimum is. The true second derivatives settle both.
"""

from dataclasses import dataclass

import numpy as np

from downslope.fitting.objective import Array, Sums
from downslope.fitting.search import Mask, Search
from downslope.fitting.spectrum import OFFSET, STEP, TINY_STEP

REACH = 1e-4  # how far the differences go, relative to each value
LEAST = 1e-12  # of the cost: a smaller effect of a parameter is rounding
FLAT = 1e-6  # eigenvalues of the scaled matrix above minus this part of the largest are no descent
ROUNDED = 1e-14  # of the cost: a smaller promised decrease is rounding
MOVES = (1e-3, 1e-2, 1e-1)  # how far to look for a lower cost, relative to the values
CLEAR = 1e-9  # of the cost: a decrease that is no rounding


@dataclass(frozen=True)
class Curvature:
    """Gradient and second derivatives of the cost by the parameters that may move."""

    cost: float
    gradient: Array  # (m,)
    hessian: Array  # (m, m), symmetric
    size: Array  # (m,) typical size of each parameter
    moving: Mask  # (p,) which of the free parameters these are
    rows: int

    @property
    def scale(self) -> Array:
        """(m,) units of the parameters in which each one's own second derivative is 1 or -1."""
        own = np.sqrt(np.abs(np.diag(self.hessian)))
        return np.asarray(1.0 / np.where(own > 0.0, own, 1.0))

    @property
    def scaled(self) -> Array:
        """The second derivatives in these units."""
        return self.hessian * np.outer(self.scale, self.scale)

    @property
    def positive(self) -> bool:
        """Whether the cost curves up in every direction, by more than rounding."""
        own = np.diag(self.hessian) * self.size**2  # of the cost, for a move by the typical size
        if not own.size or (own <= LEAST * max(float(own.max()), self.cost)).any():
            return False
        values = np.linalg.eigvalsh(self.scaled)
        return bool(values[0] > FLAT * values[-1])

    @property
    def step(self) -> Array:
        """(m,) Newton's step."""
        return -np.linalg.solve(self.scaled, self.gradient * self.scale) * self.scale

    def settled(self) -> bool:
        """Whether Newton's step is below the noise: the criterion of `spectrum.settled`, exactly."""
        if not self.positive:
            return False
        step = self.step
        promised = -0.5 * float(self.gradient @ step)
        if promised <= ROUNDED * self.cost:
            return True
        move = float(np.max(np.abs(step) / self.size))
        spare = self.rows - len(step)
        if move <= TINY_STEP or spare <= 0:
            return move <= TINY_STEP
        return bool(2.0 * promised <= OFFSET**2 * len(step) * 2.0 * self.cost / spare and move <= STEP)


def curvature(search: Search, z: Array) -> Curvature | None:
    """Second derivatives at z; None where the cost is not finite all around.

    The gradient is exact, so its central difference over 1e-4 of each value is good to about 8 digits.
    """
    here = search.sums(z)
    if here is None:
        return None
    moving = ~search.pinned(z, here.gradient)
    size = _size(search, z)
    rows = []
    for index in np.flatnonzero(moving):
        row = _difference(search, z, int(index), REACH * float(size[index]), here)
        if row is None:
            return None
        rows.append(row[moving])
    hessian = np.array(rows).reshape(len(rows), len(rows))
    return Curvature(
        here.cost, here.gradient[moving], (hessian + hessian.T) / 2, size[moving], moving, here.rows
    )


def _size(search: Search, z: Array) -> Array:
    """(p,) typical sizes: of the value or its start, or where both are about 0, of the way there."""
    size = np.maximum(np.abs(z), np.abs(search.start))
    way = [np.abs(step.values[search.free]) for step in search.log.history]
    reached = np.max(way, axis=0, initial=0.0) if way else np.zeros(len(z))
    size = np.maximum(size, np.where(search.start == 0.0, 1e-3 * reached, 0.0))
    return np.where(size > 0.0, size, 1.0)


def _difference(search: Search, z: Array, index: int, reach: float, here: Sums) -> Array | None:
    """How the gradient changes with one parameter; one-sided at a bound or beside a wall."""
    ends = []
    for sign in (1.0, -1.0):
        point = z.copy()
        point[index] += sign * reach
        point = search.clip(point)
        sums = search.sums(point) if point[index] != z[index] else None
        ends.append((point[index], sums.gradient) if sums else (z[index], here.gradient))
    (high, above), (low, below) = ends
    return None if high == low else np.asarray((above - below) / (high - low))


def polished(search: Search, z: Array, rounds: int = 10) -> tuple[Array, Curvature | None]:
    """Newton steps from z while they lower the cost: for where Gauss-Newton steps are poor.

    Returns the end point and the second derivatives there.
    """
    found = curvature(search, z)
    for _ in range(rounds):
        if found is None or found.settled() or not found.positive:
            break
        better = _lower(search, z, found)
        if better is None:
            break
        z = better
        found = curvature(search, z)
        search.record(z, search.log.cost if found is None else found.cost)
    return z, found


def _lower(search: Search, z: Array, found: Curvature) -> Array | None:
    """The point of lower cost along Newton's step, halved up to five times."""
    step = np.zeros(len(z))
    step[found.moving] = found.step
    for half in range(6):
        point = search.clip(z + step / 2**half)
        sums = search.sums(point)
        if sums is not None and sums.cost < found.cost:
            return point
    return None


def downhill(search: Search, z: Array, found: Curvature) -> tuple[Array, Array] | None:
    """A point of clearly lower cost along the direction that curves down most, and that direction.

    None at a minimum. The direction is (p,), in parameters.
    """
    values, vectors = np.linalg.eigh(found.scaled)
    if not values.size or values[0] > -FLAT * max(float(np.max(np.abs(values))), np.finfo(float).tiny):
        return None
    down = vectors[:, 0] * found.scale
    line = np.zeros(len(z))
    line[found.moving] = down / np.max(np.abs(down) / found.size)
    best, lowest = None, found.cost * (1.0 - CLEAR)
    for move in MOVES:
        for sign in (1.0, -1.0):
            point = search.clip(z + sign * move * line)
            sums = search.sums(point)
            if sums is not None and sums.cost < lowest:
                best, lowest = point, sums.cost
    return None if best is None else (best, line)
