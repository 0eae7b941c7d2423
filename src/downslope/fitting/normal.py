"""A least-squares problem at one point, compressed from n rows to p + 1 numbers.

With [J r] = Q T the triangle T, of size p + 1, keeps all that a Gauss-Newton step needs:
its first p columns have the same J'J, its last column f has the same J'r and |f|² = |r|².
T comes from a QR decomposition of the rows, or from the Cholesky factor of the sums
[[J'J, J'r], [r'J, r'r]], which is the same matrix but loses half of the digits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from downslope.fitting.objective import Array, Blocked, Objective, Sums

DENSE_ROWS = 100_000  # up to here, rows are cheap enough for QR at every point
PIECE = 500  # rows: 10,000 rows of 6 columns take 0.14 ms in such pieces, and 7.9 ms at once
MEMORY = 2**31  # bytes of Jacobian that may be held at once
GOOD_CONDITION = 1e6  # of the scaled factor; beyond it the sums keep fewer than 4 digits
RANK_OF_ROWS = 1e-12  # singular values below this part of the largest are rounding
RANK_OF_SUMS = 3e-7


@dataclass(frozen=True)
class Normal:
    """The compressed problem: J'J = root'root, J'r = root'f, 2 cost = |f|² + rest²."""

    root: Array  # (p, p)
    f: Array  # (p,)
    rest: float
    rows: int
    tolerance: float  # singular values of the scaled root below this part of the largest are noise

    @property
    def cost(self) -> float:
        """½ |r|²."""
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # a trial point far out may overflow; it is then rejected
            return 0.5 * (float(self.f @ self.f) + self.rest * self.rest)

    @property
    def gradient(self) -> Array:
        """J'r."""
        return self.root.T @ self.f

    @property
    def norms(self) -> Array:
        """(p,) lengths of the columns of J."""
        return np.asarray(np.linalg.norm(self.root, axis=0), dtype=np.float64)

    def columns(self, keep: Array | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> "Normal":
        """The same problem with only some of the parameters (a boolean mask)."""
        top = triangle(np.column_stack([self.root[:, keep], self.f]))
        return _split(top, self.rows, self.tolerance, extra=self.rest)

    def finite(self) -> bool:
        """Whether every number is finite."""
        return bool(np.isfinite(self.root).all() and np.isfinite(self.f).all() and np.isfinite(self.rest))


def from_rows(blocks: Iterable[tuple[Array, Array]], p: int, rows: int | None = None) -> Normal:
    """Compress residuals and Jacobians by QR, block by block.

    A block may be a triangle that stands for more rows: then `rows` says how many there are in all.

    Source: the sequential TSQR of Demmel, Grigori, Hoemmen and Langou (2012).

    >>> one = from_rows([(np.array([3.0, 4.0]), np.array([[1.0], [0.0]]))], 1)
    >>> round(one.cost, 12), round(float(one.gradient[0]), 12), round(one.rest, 12)
    (12.5, 3.0, 4.0)
    """
    top = np.zeros((0, p + 1))
    count = 0
    for residual, jacobian in blocks:
        count += len(residual)
        block = np.column_stack([jacobian, residual])
        if not np.isfinite(block).all():
            return Normal(np.full((p, p), np.nan), np.full(p, np.nan), np.nan, rows or count, RANK_OF_ROWS)
        top = triangle(np.vstack([top, block]))
    return _split(top, rows or count, RANK_OF_ROWS)


def from_sums(sums: Sums) -> Normal:
    """Compress from the sums over rows: root = R of J'J = R'R, f = R⁻ᵀ J'r.

    Where J'J has no Cholesky factor, its square root by eigenvalues stands in.

    >>> from_sums(Sums(12.5, np.array([3.0]), np.array([[1.0]]), 2)).rest
    4.0
    """
    scale = np.sqrt(np.maximum(np.diag(sums.jtj), 0.0))
    scale[scale == 0.0] = 1.0
    scaled = sums.jtj / np.outer(scale, scale)
    gradient = sums.gradient / scale
    if not (np.isfinite(scaled).all() and np.isfinite(gradient).all()):
        p = len(gradient)
        return Normal(np.full((p, p), np.nan), np.full(p, np.nan), np.nan, sums.rows, RANK_OF_SUMS)
    try:
        root = np.linalg.cholesky(scaled).T
        f = solve_triangular(root, gradient, trans="T")
    except np.linalg.LinAlgError:
        root, f = _eigen_root(scaled, gradient)
    rest = float(np.sqrt(max(0.0, 2.0 * sums.cost - float(f @ f)))) if np.isfinite(sums.cost) else np.nan
    return Normal(root * scale, f, rest, sums.rows, RANK_OF_SUMS)


def condition(normal: Normal) -> float:
    """Condition number of the root after its columns are scaled to length one; inf if singular."""
    norms = normal.norms
    if not norms.size:
        return 1.0
    if not norms.all():
        return np.inf
    values = np.linalg.svd(normal.root / norms, compute_uv=False)
    return float(values[0] / values[-1]) if values[-1] > 0.0 else np.inf


def row_blocks(objective: Objective, x: Array) -> Iterator[tuple[Array, Array]]:
    """Residual and Jacobian in blocks of at most `DENSE_ROWS` rows."""
    if isinstance(objective, Blocked):
        yield from objective.blocks(x)
        return
    residual, jacobian = objective.jacobian(x)
    for first in range(0, max(1, len(residual)), DENSE_ROWS):
        rows = slice(first, first + DENSE_ROWS)
        yield residual[rows], jacobian[rows]


def rows_fit_memory(objective: Objective) -> bool:
    """Whether the Jacobian's rows can be had: in blocks, or all at once within `MEMORY` bytes."""
    return isinstance(objective, Blocked) or objective.rows * (len(objective.names) + 1) * 8 <= MEMORY


def triangle(matrix: Array) -> Array:
    """R of a QR decomposition; of a tall matrix piece by piece, as pieces stay in the processor's cache."""
    pieces, width = len(matrix) // PIECE, matrix.shape[1]
    if pieces > 1 and 2 * width <= PIECE:
        tall = matrix[: pieces * PIECE].reshape(pieces, PIECE, width)
        tops = np.asarray(np.linalg.qr(tall, mode="r")).reshape(-1, width)
        return triangle(np.vstack([tops, matrix[pieces * PIECE :]]))
    return np.asarray(np.linalg.qr(matrix, mode="r"), dtype=np.float64)


def _split(triangle: Array, rows: int, tolerance: float, extra: float = 0.0) -> Normal:
    """Cut a triangle of at most p + 1 rows into root, f and rest."""
    p = triangle.shape[1] - 1
    full = np.zeros((p + 1, p + 1))
    full[: len(triangle)] = triangle
    return Normal(full[:p, :p], full[:p, p], float(np.hypot(full[p, p], extra)), rows, tolerance)


def _eigen_root(scaled: Array, gradient: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(scaled)
    kept = values > RANK_OF_SUMS**2 * values[-1]
    roots = np.sqrt(np.where(kept, values, 0.0))
    f = np.where(kept, vectors.T @ gradient / np.where(kept, roots, 1.0), 0.0)
    return roots[:, None] * vectors.T, f
