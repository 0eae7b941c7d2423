"""The smallest objective: a straight line. Used in examples of the documentation."""

from dataclasses import dataclass, field

import numpy as np

from downslope.fitting.objective import Array, Sums


def _free() -> Array:
    return np.full(2, np.inf)


@dataclass
class Line:
    """The line a + b t through points (t, y), from a = b = 0, with the squared loss.

    >>> Line(np.array([0.0, 1.0]), np.array([1.0, 3.0])).cost(np.zeros(2))
    5.0
    """

    t: Array
    y: Array
    names: tuple[str, ...] = ("a", "b")
    start: Array = field(default_factory=lambda: np.zeros(2))
    lower: Array = field(default_factory=lambda: -_free())
    upper: Array = field(default_factory=_free)
    squared: bool = True

    @property
    def rows(self) -> int:
        """Number of points."""
        return len(self.t)

    def cost(self, x: Array, /) -> float:
        """½ |r|²."""
        return self.sums(x).cost

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and J'J."""
        residual, jacobian = self.jacobian(x)
        return Sums(0.5 * float(residual @ residual), jacobian.T @ residual, jacobian.T @ jacobian, self.rows)

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual (n,) and its derivative by a and b (n, 2)."""
        jacobian = np.column_stack([np.ones_like(self.t), self.t])
        return jacobian @ x - self.y, jacobian
