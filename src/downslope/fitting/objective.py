"""What a solver needs to know about a problem: its cost, gradient and Jacobian at a point.

Everywhere `p` is the number of parameters and `n` the number of rows; the residual is
prediction minus target, times the square root of the row's weight.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]


class Sums(NamedTuple):
    """Sums over all rows at one point: all that a step needs, whatever the number of rows."""

    cost: float  # ½ Σ w ρ(r); for the squared loss ½ Σ w r²
    gradient: Array  # (p,) of the cost
    jtj: Array  # (p, p) Gauss-Newton matrix: J'J for the squared loss
    rows: int


class Objective(Protocol):
    """A function of p parameters to be minimised: cost ½ Σ w ρ(prediction − target)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""

    @property
    def start(self) -> Array:
        """(p,) values to start from."""

    @property
    def lower(self) -> Array:
        """(p,) lower bounds, -inf for none."""

    @property
    def upper(self) -> Array:
        """(p,) upper bounds, +inf for none."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def squared(self) -> bool:
        """True if the loss is the plain squared residual."""

    def cost(self, x: Array, /) -> float:
        """Cost at x; may be infinite or NaN."""

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and Gauss-Newton matrix at x."""

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual (n,) and its Jacobian (n, p) at x, with ½ r·r = cost for the squared loss."""


@runtime_checkable
class Sloped(Protocol):
    """An objective that also gives its gradient alone, which costs less than with J'J."""

    def gradient(self, x: Array, /) -> tuple[float, Array]:
        """Cost and gradient (p,) at x."""


@runtime_checkable
class Blocked(Protocol):
    """An objective that also gives residual and Jacobian in blocks of rows, to save memory."""

    def blocks(self, x: Array, /) -> Iterator[tuple[Array, Array]]:
        """Residual and Jacobian of one block of rows after the other."""
