"""Programs with long loops: numbers, an array in place, and a loop of unknown length."""

from typing import Any

import numpy as np

FOUR = ("a", "b", "c", "d")


def drifting(a: float, b: float, c: float, d: float, n: int) -> float:
    x, v, s, q = a, b, 0.0, 1.0
    for _ in range(n):
        v = v - 0.001 * c * x * x * x
        x = x + 0.001 * v
        s = s + 0.001 * d * x * v
        q = q * 0.999999 + 0.000001 * s * x
    return s + q * x


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
