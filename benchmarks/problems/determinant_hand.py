"""The gradient of a determinant by hand: the reverse of an elimination whose factors are kept in place."""

from typing import Any

import numba
import numpy as np


@numba.njit(error_model="numpy", fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator]
def gradient(a: Any) -> Any:
    n = len(a)
    u, swapped, det = a.copy(), np.empty(n, np.int64), 1.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(u[i, k]) > abs(u[pivot, k]):
                pivot = i
        swapped[k] = pivot
        if pivot != k:
            det = -det
            for j in range(k, n):
                u[k, j], u[pivot, j] = u[pivot, j], u[k, j]
        det *= u[k, k]
        top = u[k]
        for i in range(k + 1, n):
            row = u[i]
            row[k] /= top[k]
            factor = row[k]
            for j in range(k + 1, n):
                row[j] -= factor * top[j]
    bar = np.zeros((n, n))
    for k in range(n - 1, -1, -1):
        top, top_bar = u[k], bar[k]
        top_bar[k] += det / top[k]
        for i in range(k + 1, n):
            row_bar, factor, factor_bar = bar[i], u[i, k], 0.0
            for j in range(k + 1, n):
                factor_bar -= row_bar[j] * top[j]
                top_bar[j] -= factor * row_bar[j]
            row_bar[k] += factor_bar / top[k]
            top_bar[k] -= factor_bar * factor / top[k]
        if swapped[k] != k:
            for j in range(k, n):
                bar[k, j], bar[swapped[k], j] = bar[swapped[k], j], bar[k, j]
    return det, bar
