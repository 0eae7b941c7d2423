"""The surface on which active constraints hold: some constants follow the others, as where they are tied.

The objective on it is one of the constants that stay, with exact derivatives by the implicit function theorem.
So solvers, verdict and standard errors are those of every fit, without constraints.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.linalg import qr

from downslope.errors import ProgramError
from downslope.fitting.constraints import Region
from downslope.fitting.normal import row_blocks
from downslope.fitting.objective import Array, Sums
from downslope.fitting.problem import Problem

ALIKE = 1e-10  # of the largest: a smaller pivot is rounding, the constraint follows from others
LITTLE = 1e-3  # of a constant's size
STEPS = 50  # of Newton's method, back to the surface
ROUNDED = 1e-13  # of a constraint's scale: rounding

Places = npt.NDArray[np.intp]


def _beside(region: Region, own: Places, x: Array) -> Array:
    """The point with constants that are about 0 a little away from it: a search judges steps by what it starts from."""
    x = x.copy()
    small = own[np.abs(x[own]) < LITTLE * region.unit[own]]
    x[small] += LITTLE * region.unit[small]
    return np.clip(x, region.lower, region.upper)


@dataclass(frozen=True)
class Surface:
    """A problem where the `active` rows of a region are 0; `own` are the places of constants that stay, `tied` of the others."""

    problem: Problem
    region: Region
    active: Places
    own: Places
    tied: Places
    origin: Array  # (p,) a point on the surface
    _cache: dict[bytes, Array] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, problem: Problem, region: Region, active: Places, x: Array) -> "Surface":
        """The surface through about x; constraints that follow from others at x are left out."""
        slopes = region.slopes(x)[active] * region.unit
        lengths = np.linalg.norm(slopes, axis=1, keepdims=True)
        slopes = slopes / np.where(lengths > 0.0, lengths, 1.0)
        _, by_row, order = qr(slopes.T, mode="economic", pivoting=True)
        sizes = np.abs(np.diag(by_row))
        count = int(np.sum(sizes > ALIKE * max(float(sizes.max(initial=0.0)), 1e-300)))
        rows = active[np.sort(order[:count])]
        kept = slopes[np.sort(order[:count])]
        columns = qr(kept, mode="r", pivoting=True)[1] if count else np.arange(len(x))
        tied = np.sort(columns[:count])
        own = np.setdiff1d(np.arange(len(x)), tied)
        begin = cls._back(region, rows, tied, x)
        return cls(
            problem, region, rows, own, tied, cls._back(region, rows, tied, _beside(region, own, begin))
        )

    @staticmethod
    def _back(region: Region, rows: Places, tied: Places, x: Array) -> Array:
        """The point on the surface with the constants that stay as they are. Raises `ProgramError` for none."""
        x, last = x.copy(), np.inf
        for _ in range(STEPS):
            values, slopes = region.values(x)[rows], region.slopes(x)[rows]
            far = float(np.max(np.abs(values) / region.scales(slopes), initial=0.0))
            if far <= ROUNDED or (far >= last and far <= 10.0 * ROUNDED):
                return x
            last = far
            try:
                x[tied] -= np.linalg.solve(slopes[:, tied], values)
            except np.linalg.LinAlgError:
                break
        raise ProgramError(
            "active constraints cannot be met near here",
            why="Newton's method finds no values of the constants that follow.",
            fix="start from other values.",
        )

    def full(self, w: Array) -> Array:
        """(p,) all constants for those that stay, (k,)."""
        key = np.ascontiguousarray(w).tobytes()
        if key not in self._cache:
            x = self.origin.copy()
            x[self.own] = w
            self._cache.clear()
            self._cache[key] = self._back(self.region, self.active, self.tied, x)
        return self._cache[key].copy()

    def along(self, x: Array) -> Array:
        """(p, k) the derivatives of all constants by those that stay."""
        slopes = self.region.slopes(x)[self.active]
        found = np.zeros((len(x), len(self.own)))
        found[self.own, np.arange(len(self.own))] = 1.0
        try:
            found[self.tied] = -np.linalg.solve(slopes[:, self.tied], slopes[:, self.own])
        except np.linalg.LinAlgError:
            found[self.tied] = np.nan
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the constants that stay."""
        return tuple(self.problem.names[i] for i in self.own)

    @property
    def start(self) -> Array:
        """(k,) their values to start from."""
        return self.origin[self.own]

    @property
    def lower(self) -> Array:
        """(k,) their lower bounds."""
        return self.problem.lower[self.own]

    @property
    def upper(self) -> Array:
        """(k,) their upper bounds."""
        return self.problem.upper[self.own]

    @property
    def rows(self) -> int:
        """Number of rows of the table."""
        return self.problem.rows

    @property
    def squared(self) -> bool:
        """Whether the loss is the squared residual."""
        return self.problem.squared

    @property
    def smooth(self) -> bool:
        """Whether the loss's derivative has no jump."""
        return self.problem.smooth

    @property
    def costed(self) -> bool:
        """Whether the cost of a row is no function of a residual."""
        return self.problem.costed

    @property
    def loss(self) -> str:
        """The loss."""
        return self.problem.loss

    def cost(self, w: Array, /) -> float:
        """Cost at w."""
        return self.problem.cost(self.full(w))

    def gradient(self, w: Array, /) -> tuple[float, Array]:
        """Cost and gradient (k,) at w."""
        x = self.full(w)
        cost, slope = self.problem.gradient(x)
        return cost, slope @ self.along(x)

    def sums(self, w: Array, /) -> Sums:
        """Cost, gradient and Gauss-Newton matrix at w."""
        x = self.full(w)
        sums, along = self.problem.sums(x), self.along(x)
        return Sums(sums.cost, sums.gradient @ along, along.T @ sums.jtj @ along, sums.rows)

    def jacobian(self, w: Array, /) -> tuple[Array, Array]:
        """Residual (n,) and its Jacobian (n, k) at w."""
        x = self.full(w)
        residual, slopes = self.problem.jacobian(x)
        return residual, slopes @ self.along(x)

    def blocks(self, w: Array, /) -> Iterator[tuple[Array, Array]]:
        """Residual and Jacobian of one block of rows after the other."""
        x = self.full(w)
        along = self.along(x)
        for residual, slopes in row_blocks(self.problem, x):
            yield residual, slopes @ along

    def row_gradients(self, w: Array, /) -> Iterator[Array]:
        """The gradients of the rows' costs, in blocks of rows (n, k)."""
        x = self.full(w)
        along = self.along(x)
        for slopes in self.problem.row_gradients(x):
            yield slopes @ along
