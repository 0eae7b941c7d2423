"""Matrix factors of arrays of dual numbers: LAPACK's factors of the plain numbers, corrected in dual arithmetic.

With V of the plain matrix, `V.T @ a @ V` is diagonal up to what is infinitely small, and a few sweeps of
Jacobi's rotations make it so in all orders (Golub & Van Loan, 8.5). No derivative formula is used.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Apply = Callable[[str, tuple[Any, ...]], Any]
SWEEPS, SAME = 4, 1e-12


def plain(m: Any) -> Any:
    """The numbers under dual numbers."""
    return np.vectorize(_bare, otypes=[float])(m) if m.size else m.astype(float)


def _bare(x: Any) -> float:
    while hasattr(x, "derivative"):
        x = x.value()
    return float(x)


class Factors:
    """Each factor for one matrix of objects; `apply` is one row of the table on numbers of any kind."""

    def __init__(self, apply: Apply) -> None:
        self.apply = apply

    def eigh(self, a: Any) -> tuple[Any, Any]:
        """Eigenvalues and eigenvectors, from the lower triangle."""
        full = np.tril(a) + np.tril(a, -1).T
        _, v = np.linalg.eigh(plain(full))
        m, v = v.T @ full @ v, v.astype(object)
        for _ in range(SWEEPS):
            for p in range(len(m)):
                for q in range(p + 1, len(m)):
                    m, v = self.rotated(m, v, p, q)
        return np.array([m[k, k] for k in range(len(m))], object), v

    def rotated(self, m: Any, v: Any, p: int, q: int) -> tuple[Any, Any]:
        """One rotation, unless the two eigenvalues are equal."""
        gap = m[q, q] - m[p, p]
        if abs(_bare(gap)) < SAME:
            return m, v
        angle = self.apply("arctan", (2.0 * m[p, q] / gap,)) * 0.5
        c, s = self.apply("cos", (angle,)), self.apply("sin", (angle,))
        turn = np.eye(len(m)).astype(object)
        turn[p, p] = turn[q, q] = c
        turn[p, q], turn[q, p] = s, -s
        return turn.T @ m @ turn, v @ turn

    def svd(self, a: Any) -> tuple[Any, Any, Any]:
        """Reduced singular vectors and values, none of them 0."""
        if a.shape[0] < a.shape[1]:
            u, s, vt = self.svd(a.T)
            return vt.T, s, u.T
        _, _, rows = np.linalg.svd(plain(a), full_matrices=False)
        squares, v = self.eigh(a.T @ a)
        squares, v = squares[::-1], v[:, ::-1]
        signs = np.sign(np.sum(plain(v) * rows.T, axis=0))
        s = np.array([self.apply("sqrt", (x,)) for x in squares], object)
        return (a @ v) * signs / s, s, (v * signs).T

    def qr(self, a: Any) -> tuple[Any, Any]:
        """Gram and Schmidt, with the signs that LAPACK gives."""
        k = min(a.shape)
        _, plain_r = np.linalg.qr(plain(a))
        q = np.empty((a.shape[0], k), object)
        for j in range(k):
            rest = a[:, j]
            for i in range(j):
                rest = rest - (q[:, i] @ rest) * q[:, i]
            q[:, j] = rest / self.apply("sqrt", (rest @ rest,)) * np.sign(plain_r[j, j])
        r = q.T @ a
        r[np.tril_indices(k, -1)] = 0.0
        return q, r
