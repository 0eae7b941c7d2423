"""The sum of several objectives whose parameters are shared by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from downslope.fitting.normal import row_blocks
from downslope.fitting.objective import Array, Sums
from downslope.fitting.parts import Bounds, bounds_of
from downslope.fitting.problem import Problem, bounded
from downslope.fitting.solution import Solution

Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Joint:
    """Problems with one loss; residuals of each are divided by its scale. `places` are their parameters' positions."""

    parts: tuple[Problem, ...]
    places: tuple[Places, ...]
    names: tuple[str, ...]
    start: Array
    lower: Array
    upper: Array
    scales: Array

    @classmethod
    def of(
        cls,
        parts: Sequence[Problem],
        names: Sequence[Sequence[str]],
        bounds: Bounds,
    ) -> "Joint":
        """The sum of problems whose parameters have these names; a shared one starts where the first part has it."""
        every = tuple(dict.fromkeys(name for own in names for name in own))
        starts: dict[str, float] = {}
        for part, own in zip(parts, names, strict=True):
            for name, value in zip(own, part.start, strict=True):
                starts.setdefault(name, float(value))
        start = np.array([starts[name] for name in every])
        places = tuple(np.array([every.index(name) for name in own], dtype=np.intp) for own in names)
        return cls(
            tuple(parts),
            places,
            every,
            start,
            *bounded(every, bounds_of(every, bounds), start),
            np.ones(len(parts)),
        )

    def scaled(self, scales: Array) -> "Joint":
        """The same with other scales."""
        return replace(self, scales=scales)

    @property
    def rows(self) -> int:
        """Number of rows of all parts."""
        return sum(part.rows for part in self.parts)

    @property
    def squared(self) -> bool:
        """Whether the loss is the squared residual."""
        return all(part.squared for part in self.parts)

    def _each(self, x: Array) -> Iterator[tuple[Problem, Places, Array, float]]:
        for part, places, scale in zip(self.parts, self.places, self.scales, strict=True):
            yield part, places, np.ascontiguousarray(x[places]), float(scale)

    def cost(self, x: Array, /) -> float:
        """Cost at x."""
        return sum(part.cost(own) / scale**2 for part, _, own, scale in self._each(x))

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and Gauss-Newton matrix at x."""
        p = len(self.names)
        cost, gradient, jtj = 0.0, np.zeros(p), np.zeros((p, p))
        for part, places, own, scale in self._each(x):
            sums = part.sums(own)
            cost += sums.cost / scale**2
            np.add.at(gradient, places, sums.gradient / scale**2)
            np.add.at(jtj, np.ix_(places, places), sums.jtj / scale**2)
        return Sums(cost, gradient, jtj, self.rows)

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residuals and Jacobian of all parts, one below the other."""
        blocks = list(self.blocks(x))
        return np.concatenate([r for r, _ in blocks]), np.vstack([j for _, j in blocks])

    def blocks(self, x: Array, /) -> Iterator[tuple[Array, Array]]:
        """Residual and Jacobian of one block of rows after the other."""
        for part, places, own, scale in self._each(x):
            for residual, jacobian in row_blocks(part, own):
                wide = np.zeros((len(residual), len(self.names)))
                for column, place in enumerate(places):
                    wide[:, place] += jacobian[:, column] / scale
                yield residual / scale, wide

    def spreads(self, x: Array) -> Array:
        """(k,) the standard deviation of each part's noise at x: √(Σ w r² / (n − γ)), γ its share of the parameters."""
        covariance = np.linalg.pinv(self.sums(x).jtj, hermitian=True)
        found = []
        for part, places, own, scale in self._each(x):
            sums = part.sums(own)
            share = float(np.sum(covariance[np.ix_(places, places)] * sums.jtj)) / scale**2
            found.append(np.sqrt(2.0 * sums.cost / max(part.rows - share, 1.0)))
        spread = np.array(found)
        largest = float(spread.max()) or 1.0
        return np.asarray(np.maximum(spread, 1e-12 * largest))

    def noises(self, solution: Solution) -> tuple[float, ...]:
        """The standard deviation of each part's noise at a solution."""
        return tuple(float(size) for size in self.spreads(solution.values))
