"""The gradient of the cost of k-means by hand."""

from typing import Any

import numba
import numpy as np


@numba.njit(error_model="numpy", fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator]
def gradient(centres: Any, points: Any) -> Any:
    k, d = centres.shape
    bar, total = np.zeros((k, d)), 0.0
    for p in range(len(points)):
        point, best, nearest = points[p], np.inf, 0
        for c in range(k):
            centre, distance = centres[c], 0.0
            for j in range(d):
                away = point[j] - centre[j]
                distance += away * away
            if distance < best:
                best, nearest = distance, c
        total += best
        centre, row = centres[nearest], bar[nearest]
        for j in range(d):
            row[j] += 2.0 * (centre[j] - point[j])
    return total, bar
