"""Objectives of one number: one call of a program, and a larger objective along one parameter."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from downslope.fitting.objective import Array, Objective, Sums


@dataclass(frozen=True)
class OneCall:
    """One call of a program against the value it should give: the cost is half the squared error.

    `at(x)` is the program's value and slope where its number is x.

    >>> call = OneCall("x", lambda x: (x * x, 2 * x), observed=9.0, begin=2.0)
    >>> call.cost(np.array([2.0])), call.sums(np.array([2.0])).gradient.tolist()
    (12.5, [-20.0])
    """

    name: str
    at: Callable[[float], tuple[float, float]]
    observed: float
    begin: float
    rows: int = 1
    squared: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The one name."""
        return (self.name,)

    @property
    def start(self) -> Array:
        """(1,) where to begin."""
        return np.array([self.begin])

    @property
    def lower(self) -> Array:
        """(1,) no bound."""
        return np.array([-np.inf])

    @property
    def upper(self) -> Array:
        """(1,) no bound."""
        return np.array([np.inf])

    def cost(self, x: Array, /) -> float:
        """½ r²."""
        return self.sums(x).cost

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and J'J."""
        residual, jacobian = self.jacobian(x)
        return Sums(0.5 * float(residual @ residual), jacobian.T @ residual, jacobian.T @ jacobian, 1)

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual (1,) and its derivative (1, 1)."""
        value, slope = self.at(float(x[0]))
        return np.array([value - self.observed]), np.array([[slope]])


@dataclass(frozen=True)
class Slice:
    """An objective along its first parameter; the others keep the values in `base`.

    >>> from downslope.fitting.example import Line
    >>> line = Slice(Line(np.array([0.0, 1.0]), np.array([1.0, 3.0])), np.array([1.0, 2.0]))
    >>> line.cost(np.array([1.0])), line.sums(np.array([0.0])).gradient.tolist()
    (0.0, [-2.0])
    """

    whole: Objective
    base: Array

    @property
    def names(self) -> tuple[str, ...]:
        """The one name."""
        return self.whole.names[:1]

    @property
    def start(self) -> Array:
        """(1,) where to begin."""
        return self.base[:1]

    @property
    def lower(self) -> Array:
        """(1,) lower bound."""
        return self.whole.lower[:1]

    @property
    def upper(self) -> Array:
        """(1,) upper bound."""
        return self.whole.upper[:1]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.whole.rows

    @property
    def squared(self) -> bool:
        """Whether the loss is the squared residual."""
        return self.whole.squared

    def cost(self, x: Array, /) -> float:
        """Cost at x."""
        return self.whole.cost(self._full(x))

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and J'J at x."""
        sums = self.whole.sums(self._full(x))
        return Sums(sums.cost, sums.gradient[:1], sums.jtj[:1, :1], sums.rows)

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual (n,) and its derivative (n, 1)."""
        residual, jacobian = self.whole.jacobian(self._full(x))
        return residual, jacobian[:, :1]

    def _full(self, x: Array) -> Array:
        return np.concatenate([x, self.base[1:]])
