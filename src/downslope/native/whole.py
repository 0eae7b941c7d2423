"""Routines on whole arrays that emitted code calls: LAPACK's, as NumPy runs them, with results in C order.

`rules.whole` says which operations of a program become which of them. CPython and Numba run the same text.
Numba's versions refuse arrays with NaN or infinity, where NumPy's give NaN: so these are asked before.
"""

import math
from typing import Any

import numpy as np
from numba.extending import register_jitable

from downslope.native.lapack import solved


@register_jitable
def finite(a: Any) -> bool:
    """Whether no element is NaN or infinite."""
    found = True
    for value in a.flat:  # NumPy's expressions for this and the next take a second to compile
        found &= math.isfinite(value)
    return found


@register_jitable
def finite_below(a: Any) -> bool:
    """Whether no element on the diagonal or below it is NaN or infinite."""
    for i in range(a.shape[0]):
        for j in range(min(i + 1, a.shape[1])):
            if not math.isfinite(a[i, j]):
                return False
    return True


@register_jitable
def whole_held(a: Any) -> Any:
    """A copy."""
    return a.copy()


@register_jitable
def whole_solve(a: Any, b: Any) -> Any:
    """The solution of `a @ x = b`."""
    if not b.size:
        return np.zeros_like(b)
    if not finite(a) or not finite(b):
        return np.full_like(b, np.nan)
    return solved(a, b)


@register_jitable
def whole_inv(a: Any) -> Any:
    """The inverse."""
    if not a.size:
        return np.zeros_like(a)
    if not finite(a):
        return np.full_like(a, np.nan)
    return np.ascontiguousarray(np.linalg.inv(a))


@register_jitable
def whole_det(a: Any) -> float:
    """The determinant."""
    if not a.size:
        return 1.0
    return np.linalg.det(a) if finite(a) else np.nan


@register_jitable
def whole_slogdet(a: Any) -> tuple[float, float]:
    """The sign of the determinant, and the logarithm of its size."""
    if not a.size:
        return 1.0, 0.0
    if not finite(a):
        return np.nan, np.nan
    sign, value = np.linalg.slogdet(a)
    return sign, value


@register_jitable
def whole_cholesky(a: Any) -> Any:
    """The lower factor."""
    if not a.size:
        return np.zeros_like(a)
    if not finite_below(a):
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    return np.ascontiguousarray(np.linalg.cholesky(a))


@register_jitable
def whole_eigh(a: Any) -> tuple[Any, Any]:
    """Eigenvalues in rising order, and eigenvectors as columns."""
    if not a.size or not finite_below(a):
        return np.full(len(a), np.nan), np.full_like(a, np.nan)
    w, v = np.linalg.eigh(a)
    return w, np.ascontiguousarray(v)


@register_jitable
def whole_eigvalsh(a: Any) -> Any:
    """Eigenvalues in rising order."""
    if not a.size or not finite_below(a):
        return np.full(len(a), np.nan)
    return np.linalg.eigvalsh(a)


@register_jitable
def whole_qr(a: Any) -> tuple[Any, Any]:
    """An orthogonal and an upper triangular factor, reduced."""
    k = min(a.shape[0], a.shape[1])
    if not k or not finite(a):
        return np.full((a.shape[0], k), np.nan), np.full((k, a.shape[1]), np.nan)
    q, r = np.linalg.qr(a)
    return np.ascontiguousarray(q), np.ascontiguousarray(r)


@register_jitable
def whole_svd(a: Any) -> tuple[Any, Any, Any]:
    """Singular vectors as columns, singular values in falling order, and singular vectors as rows, reduced."""
    k = min(a.shape[0], a.shape[1])
    if not k or not finite(a):
        return np.full((a.shape[0], k), np.nan), np.full(k, np.nan), np.full((k, a.shape[1]), np.nan)
    u, s, vt = np.linalg.svd(a, False)
    return np.ascontiguousarray(u), s, np.ascontiguousarray(vt)


@register_jitable
def whole_svdvals(a: Any) -> Any:
    """Singular values in falling order."""
    return whole_svd(a)[1]


@register_jitable
def whole_pinv(a: Any, cut: float) -> Any:
    """The pseudo-inverse; singular values up to `cut` times the largest count as 0."""
    if not a.size or not finite(a):
        return np.full((a.shape[1], a.shape[0]), np.nan)
    return np.ascontiguousarray(np.linalg.pinv(a, cut))


@register_jitable
def whole_lstsq(a: Any, b: Any, cut: float) -> tuple[Any, int]:
    """The shortest solution of least squares, and the rank."""
    if not a.size or not finite(a) or not finite(b):
        return np.full((a.shape[1], b.shape[1]), np.nan if a.size else 0.0), 0
    x, _, rank, _ = np.linalg.lstsq(a, b, cut)
    return np.ascontiguousarray(x), rank


WHOLE: dict[str, Any] = {name: value for name, value in globals().items() if name.startswith("whole_")}
"""By the names that emitted code uses."""
