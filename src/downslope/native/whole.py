"""Routines on whole arrays that emitted code calls: LAPACK's, as NumPy runs them, with results in C order.

`rules.whole` says which operations of a program become which of them. CPython and Numba run the same text.
Numba's versions refuse arrays with NaN or infinity, where NumPy's give NaN: so these are asked before.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable


@register_jitable
def finite(a: Any) -> bool:
    """Whether no element is NaN or infinite."""
    return bool(np.isfinite(a).all())


@register_jitable
def whole_solve(a: Any, b: Any) -> Any:
    """The solution of `a @ x = b`."""
    if not b.size:
        return np.zeros_like(b)
    if not finite(a) or not finite(b):
        return np.full_like(b, np.nan)
    return np.ascontiguousarray(np.linalg.solve(a, b))


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
    if not finite(np.tril(a)):
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    return np.ascontiguousarray(np.linalg.cholesky(a))


WHOLE: dict[str, Any] = {name: value for name, value in globals().items() if name.startswith("whole_")}
"""By the names that emitted code uses."""
