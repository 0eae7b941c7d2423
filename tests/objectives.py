"""A plain NumPy objective for the tests of the solvers."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from downslope.fitting.objective import Sums

Array = npt.NDArray[np.float64]


@dataclass
class ArrayObjective:
    """Residual and Jacobian as functions of the parameters."""

    residual: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    start: Array
    names: tuple[str, ...] = ()
    lower: Array = field(default_factory=lambda: np.zeros(0))
    upper: Array = field(default_factory=lambda: np.zeros(0))
    squared: bool = True
    rows: int = 0

    def __post_init__(self) -> None:
        self.start = np.asarray(self.start, dtype=np.float64)
        p = len(self.start)
        self.names = self.names or tuple("abcdefgh"[:p])
        self.lower = np.asarray(self.lower, dtype=float) if len(self.lower) else np.full(p, -np.inf)
        self.upper = np.asarray(self.upper, dtype=float) if len(self.upper) else np.full(p, np.inf)
        with np.errstate(all="ignore"):
            self.rows = self.rows or len(self.residual(self.start))

    def cost(self, x: Array, /) -> float:
        residual = self.residual(x)
        return 0.5 * float(residual @ residual)

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        return self.residual(x), self.derivative(x)

    def sums(self, x: Array, /) -> Sums:
        residual, jacobian = self.jacobian(x)
        cost = 0.5 * float(residual @ residual)
        return Sums(cost, jacobian.T @ residual, jacobian.T @ jacobian, len(residual))
