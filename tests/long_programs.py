"""Programs with long loops: an array in place, and a loop of unknown length."""

from typing import Any

import numpy as np


def heated(u: Any, steps: int) -> Any:
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            u[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] * u[i] + u[i + 1])
    return np.sum(u * u)


def settling(x: float, tolerance: float) -> float:
    y = x
    while y > tolerance:
        y = y - 0.0001 * y * x
    return y * x
