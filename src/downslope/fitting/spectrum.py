"""What the data determine at one point: rank, next step, convergence, standard errors.

All from one singular value decomposition of the Jacobian's triangle with its columns scaled
to length one, so that units of the parameters do not matter.
"""

from dataclasses import dataclass

import numpy as np

from downslope.fitting.normal import Normal
from downslope.fitting.objective import Array

OFFSET = 1e-4  # Bates and Watts propose 1e-3; the next step is this part of a standard error
STEP = 1e-3  # and no value would move by more than this part of itself
TINY_STEP = 1e-9  # enough on its own: the values stand to nine digits
ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Spectrum:
    """Singular values of the scaled Jacobian, and the residual's part that it can still remove."""

    scale: Array  # (p,) lengths of the columns, 1 for a zero column
    values: Array  # (p,) singular values, falling
    vt: Array  # (p, p) right singular vectors as rows
    rank: int
    within: Array  # (rank,) the residual's components in the tangent plane
    outside: float  # length of the residual's part at right angles to the tangent plane
    rows: int

    @property
    def freedom(self) -> int:
        """Rows left over after the determined parameters."""
        return self.rows - self.rank

    @property
    def variance(self) -> float:
        """s² = residual sum of squares / (n − rank); NaN without spare rows."""
        if self.freedom <= 0:
            return np.nan
        return (float(self.within @ self.within) + self.outside**2) / self.freedom

    @property
    def step(self) -> Array:
        """(p,) the Gauss-Newton step, shortest in scaled parameters."""
        return -(self.vt[: self.rank].T @ (self.within / self.values[: self.rank])) / self.scale

    @property
    def offset(self) -> float:
        """The relative offset: length of the next step in standard errors (Bates and Watts 1988, 2.2.3)."""
        inside = float(np.linalg.norm(self.within))
        if inside == 0.0:
            return 0.0
        if self.freedom <= 0 or self.outside == 0.0:
            return np.inf
        return float(inside / np.sqrt(max(1, self.rank)) / (self.outside / np.sqrt(self.freedom)))

    @property
    def null(self) -> Array:
        """(p, p − rank) directions of the parameters along which no prediction changes."""
        return self.vt[self.rank :].T / self.scale[:, None]

    @property
    def loose(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(p,) True where the data do not determine the parameter by itself."""
        return np.asarray(np.linalg.norm(self.vt[self.rank :], axis=0) > 1e-6)

    def covariance(self) -> Array:
        """(p, p) s² (J'J)⁻¹, NaN in the rows and columns of parameters that are not determined."""
        half = self.vt[: self.rank] / self.values[: self.rank, None] / self.scale
        result = self.variance * (half.T @ half)
        result[self.loose, :] = np.nan
        result[:, self.loose] = np.nan
        return result


def spectrum(normal: Normal) -> Spectrum:
    """Singular values, rank and tangent components of a compressed problem.

    >>> flat = Normal(np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([0.5, 0.0]), 2.0, 9, 1e-12)
    >>> spectrum(flat).rank, spectrum(flat).loose.tolist()
    (1, [True, True])
    """
    norms = normal.norms
    scale = np.where(norms > 0.0, norms, 1.0)
    u, values, vt = np.linalg.svd(normal.root / scale)
    rank = int(np.sum(values > normal.tolerance * values[0])) if values.size and values[0] > 0.0 else 0
    turned = u.T @ normal.f
    outside = float(np.hypot(np.linalg.norm(turned[rank:]), normal.rest))
    return Spectrum(scale, values, vt, rank, turned[:rank], outside, normal.rows)


def settled(found: Spectrum, x: Array, start: Array) -> bool:
    """Whether nothing that matters is left to gain: the criterion behind `converged`.

    True if the next Gauss-Newton step (a) is below 1e-4 standard errors and 1e-3 of each value,
    or (b) is below 1e-9 of each value, or (c) promises a decrease below the rounding of the
    predictions. (a) is the relative offset of Bates and Watts, Nonlinear Regression Analysis, 1988.

    >>> near = spectrum(Normal(np.array([[1.0]]), np.array([1e-9]), 1.0, 5, 1e-12))
    >>> far = spectrum(Normal(np.array([[1.0]]), np.array([1e-2]), 1.0, 5, 1e-12))
    >>> settled(near, np.ones(1), np.ones(1)), settled(far, np.ones(1), np.ones(1))
    (True, False)
    """
    size = np.maximum(np.abs(x), np.abs(start))
    noise = ROUNDING * float(np.max(found.scale * size, initial=0.0))
    if float(np.linalg.norm(found.within)) <= noise:
        return True
    variance = found.variance if np.isfinite(found.variance) else 0.0
    typical = np.where(size > 0.0, size, np.sqrt(variance) / found.scale)
    move = float(np.max(np.abs(found.step) / np.where(typical > 0.0, typical, 1.0), initial=0.0))
    return bool(move <= TINY_STEP or (found.offset <= OFFSET and move <= STEP))
