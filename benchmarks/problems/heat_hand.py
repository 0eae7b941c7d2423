"""The gradient of the heat equation by hand: the steps are linear in `u`; the one in `k` needs each change."""

from typing import Any

import numba
import numpy as np


@numba.njit(error_model="numpy", fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator]
def gradient(u: Any, k: Any, target: Any, steps: Any) -> Any:
    n, m = u.shape
    now, changes = u.copy(), np.empty((steps, n, m))
    for s in range(steps):
        for i in range(1, n - 1):
            up, row, down, change = now[i - 1], now[i], now[i + 1], changes[s, i]
            for j in range(1, m - 1):
                change[j] = up[j] + down[j] + row[j - 1] + row[j + 1] - 4.0 * row[j]
                row[j] += k * change[j]
    total, k_bar = 0.0, 0.0
    bar = now - target
    for i in range(n):
        for j in range(m):
            total += bar[i, j] * bar[i, j]
    for s in range(steps - 1, -1, -1):
        for i in range(n - 2, 0, -1):
            up, row, down, change = bar[i - 1], bar[i], bar[i + 1], changes[s, i]
            for j in range(m - 2, 0, -1):
                b = row[j]
                k_bar += b * change[j]
                b *= k
                up[j] += b
                down[j] += b
                row[j - 1] += b
                row[j + 1] += b
                row[j] -= 4.0 * b
    return 0.5 * total, bar, k_bar
