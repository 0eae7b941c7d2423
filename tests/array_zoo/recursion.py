"""Functions that call themselves with arrays: whole ones, parts of them, in place, and as results."""

# mypy: disable-error-code="no-any-return"

import math
from typing import Any

import numpy as np

from array_zoo.registry import matrix, specimen, vector


def determinant(a: Any) -> float:
    """Expansion by minors of the first row."""
    n = len(a)
    if n == 1:
        return a[0, 0]
    total = 0.0
    sign = 1.0
    for j in range(n):
        minor = np.zeros((n - 1, n - 1))
        for r in range(1, n):
            column = 0
            for c in range(n):
                if c != j:
                    minor[r - 1, column] = a[r, c]
                    column += 1
        total += sign * a[0, j] * determinant(minor)
        sign = -sign
    return total


@specimen(np.cos(matrix(3, 3) * 5))
def determinant_by_minors(a: Any) -> float:
    return determinant(a) + a[0, 1]


def dyadic(v: Any) -> float:
    if len(v) == 1:
        return math.sin(v[0])
    middle = len(v) // 2
    return dyadic(v[:middle]) * 0.5 + dyadic(v[middle:]) * dyadic(v[:middle])


@specimen(vector(5))
def halves_as_views(v: Any) -> float:
    return dyadic(v) * v[0]


def between(v: Any, low: int, high: int) -> float:
    if high - low == 1:
        return v[low] * v[low]
    middle = (low + high) // 2
    return between(v, low, middle) + math.tanh(between(v, middle, high))


@specimen(vector(5))
def halves_by_bounds(v: Any) -> float:
    v[1] = v[0] * v[1]
    first = between(v, 0, len(v))
    v[2] = first
    return between(v, 1, 4) * first


def smoothed(v: Any, k: int) -> float:
    if k == 0:
        return v[0] * v[1]
    for i in range(len(v)):
        v[i] = v[i] * v[i] + v[(i + 1) % len(v)] * 0.3
    return smoothed(v, k - 1) + v[2]


@specimen(vector(3))
def recursion_that_stores(v: Any) -> float:
    w = v * 0.5
    return smoothed(w, 2) + smoothed(v[::-1], 1) + w[0] * v[2]


def merged(v: Any) -> Any:
    if len(v) < 2:
        return v * 2.0
    middle = len(v) // 2
    left = merged(v[:middle])
    right = merged(v[middle:])
    out = np.zeros(len(v))
    out[:middle] = left * right[0]
    out[middle:] = right + left[0]
    return out


@specimen(vector(3))
def recursion_that_returns_arrays(v: Any) -> Any:
    return merged(v) * v


def crossed(a: Any, b: Any, n: int) -> float:
    if n == 0:
        return a[0] + b[1]
    a[n - 1] = b[0] * a[1]
    return crossed(b, a, n - 1) * a[0]


@specimen(vector(2), vector(2, 0.5))
def the_same_array_twice_in_a_recursion(a: Any, b: Any) -> float:
    return crossed(a, a, 2) + crossed(a, b, 1)
