"""Determinants of singular matrices, by elimination with the largest pivots."""

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
Number: TypeAlias = Any


def determinant(a: Array, value: Number) -> Number:
    """The determinant; `value` is what LAPACK found."""
    return value if value != 0.0 else eliminated(a)


def eliminated(a: Array) -> Number:
    """The determinant, where it may be 0.

    Each pivot is the largest element that is left, and what is left below rank is multiplied out without
    a division, so that slopes exist where the matrix is singular: they are its cofactors.
    """
    n = len(a)
    m = a.copy()
    product = 1.0
    done = 0
    for k in range(n):
        best = 0.0
        row = k
        column = k
        for i in range(k, n):
            for j in range(k, n):
                if abs(m[i, j]) > best:
                    best = abs(m[i, j])
                    row = i
                    column = j
        if best == 0.0:
            break
        if row != k:
            product = -product
            for j in range(n):
                m[k, j], m[row, j] = m[row, j], m[k, j]
        if column != k:
            product = -product
            for i in range(n):
                m[i, k], m[i, column] = m[i, column], m[i, k]
        product *= m[k, k]
        done = k + 1
        for i in range(k + 1, n):
            m[i, k] /= m[k, k]
            for j in range(k + 1, n):
                m[i, j] -= m[i, k] * m[k, j]
    if done < n:
        product *= multiplied_out(m, done)
    return product


def multiplied_out(m: Array, start: int) -> Number:
    """The determinant of the rows and columns from `start` on, without a division (Bird 2011)."""
    n = len(m)
    x = m.copy()
    for _ in range(n - 1 - start):
        y = np.zeros((n, n))
        below = 0.0
        for i in range(n - 1, start - 1, -1):
            for j in range(start, n):
                y[i, j] = -below * m[i, j]
                for k in range(i + 1, n):
                    y[i, j] += x[i, k] * m[k, j]
            below += x[i, i]
        for i in range(start, n):
            for j in range(start, n):
                x[i, j] = y[i, j]
    value = x[start, start]
    return value if (n - start) % 2 else -value
