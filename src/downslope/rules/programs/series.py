"""Interpolation, convolution, polynomials and products of matrices, as loops."""

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
Number: TypeAlias = Any


def interpolated(x: Number, xp: Array, fp: Array, left: Number, right: Number) -> Number:
    """The piecewise linear function through the points at x; a knot belongs to the piece on its right.

    The last knot has no such piece and belongs to the last one.
    """
    n = len(xp)
    if x != x:
        return x
    if x < xp[0]:
        return left
    if x > xp[n - 1]:
        return right
    if n == 1:
        return fp[0]
    low = 0
    high = n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if x < xp[middle]:
            high = middle
        else:
            low = middle
    slope = (fp[high] - fp[low]) / (xp[high] - xp[low])
    if x == xp[high]:
        return fp[high] + slope * (x - xp[high])
    return fp[low] + slope * (x - xp[low])


def convolved(a: Array, v: Array) -> Array:
    """All sums of products of the two sequences, one moved along the other."""
    n = len(a)
    m = len(v)
    if n == 0:
        raise ValueError("a cannot be empty")
    if m == 0:
        raise ValueError("v cannot be empty")
    out = np.zeros(n + m - 1)
    for i in range(n):
        for j in range(m):
            out[i + j] += a[i] * v[j]
    return out


def trapezoids(y: Array, x: Array) -> Number:
    """The integral of the piecewise linear function through the points."""
    total = 0.0
    for i in range(1, len(y)):
        total += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2.0
    return total


def equal_trapezoids(y: Array, dx: float) -> Number:
    """The integral of the piecewise linear function through points at equal distances."""
    total = 0.0
    for i in range(1, len(y)):
        total += dx * (y[i] + y[i - 1]) / 2.0
    return total


def polynomial(p: Array, x: float) -> Number:
    """The polynomial with these coefficients, that of the highest power first, by Horner's scheme."""
    total = 0.0
    for i in range(len(p)):
        total = total * x + p[i]
    return total


def powers(x: Array, count: int, increasing: bool) -> Array:
    """The powers of each number, as a row."""
    out = np.empty((len(x), count))
    for i in range(len(x)):
        power = 1.0
        for j in range(count):
            if increasing:
                out[i, j] = power
            else:
                out[i, count - 1 - j] = power
            power = power * x[i]
    return out


def crossed(a: Array, b: Array) -> Array:
    """The vector at right angles to both, in three dimensions."""
    out = np.empty(3)
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    return out


def kronecker(a: Array, b: Array) -> Array:
    """The matrix of blocks `a[i, j] * b`."""
    rows = b.shape[0]
    columns = b.shape[1]
    out = np.empty((a.shape[0] * rows, a.shape[1] * columns))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(rows):
                for m in range(columns):
                    out[i * rows + k, j * columns + m] = a[i, j] * b[k, m]
    return out
