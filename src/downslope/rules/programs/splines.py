"""Cubic splines through points: their coefficients, and their values (de Boor, "A Practical Guide to Splines", IV).

The function that a program gets from `CubicSpline` is `spline`, with knots and coefficients given already.
"""

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
Number: TypeAlias = Any


def spline(x: Any, nu: int = 0, *, knots: Array, parts: Array, outside: bool) -> Any:
    """The spline, or its derivative of order `nu`, at a number or at each element of an array."""
    return evaluated(x, nu, knots, parts, outside)


def evaluated(x: Any, nu: int, knots: Array, parts: Array, outside: bool) -> Any:
    """The reader maps `value` over the elements of `x`."""
    return value(x, nu, knots, parts, outside)


def value(x: Number, nu: int, knots: Array, parts: Array, outside: bool) -> Number:
    """The piecewise polynomial at a number; a knot belongs to the piece on its right, the last one to the last."""
    n = len(knots)
    if not outside and (x < knots[0] or x > knots[n - 1]):
        raise ValueError("A value in x_new is outside the interpolation range")
    low = 0
    high = n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if x < knots[middle]:
            high = middle
        else:
            low = middle
    order = parts.shape[0]
    total = 0.0
    for k in range(order - nu):
        factor = 1.0
        for j in range(nu):
            factor = factor * (order - 1 - k - j)
        total = total * (x - knots[low]) + factor * parts[k, low]
    return total


def lines(x: Array, y: Array) -> Array:
    """The coefficients of the piecewise linear function, the highest power first."""
    n = len(x)
    parts = np.empty((2, n - 1))
    for i in range(n - 1):
        parts[0, i] = (y[i + 1] - y[i]) / (x[i + 1] - x[i])
        parts[1, i] = y[i]
    return parts


def cubics(x: Array, y: Array, kind: int) -> Array:
    """The coefficients of the cubic spline, the highest power first.

    `kind` is 0 where the two first and the two last pieces are one ("not-a-knot"), 1 where the second derivative is 0 at
    the ends ("natural"), 2 where the first is ("clamped").
    """
    n = len(x)
    a = np.zeros((n, n))
    b = np.zeros(n)
    for i in range(1, n):
        if not x[i] > x[i - 1]:
            raise ValueError("`x` must be strictly increasing sequence.")
    for i in range(1, n - 1):
        before = x[i] - x[i - 1]
        after = x[i + 1] - x[i]
        a[i, i - 1] = after
        a[i, i] = 2.0 * (before + after)
        a[i, i + 1] = before
        b[i] = 3.0 * (after * (y[i] - y[i - 1]) / before + before * (y[i + 1] - y[i]) / after)
    for side in range(2):
        i = 0 if side == 0 else n - 1
        j = 1 if side == 0 else n - 2
        h = x[j] - x[i]
        rise = (y[j] - y[i]) / h
        if kind == 2:
            a[i, i] = 1.0
        elif kind == 1 or n == 2:
            a[i, i] = 2.0
            a[i, j] = 1.0
            b[i] = 3.0 * rise
        elif n == 3:
            a[i, i] = 1.0
            a[i, j] = 1.0
            b[i] = 2.0 * rise
        else:
            k = 2 if side == 0 else n - 3
            g = x[k] - x[j]
            a[i, i] = g
            a[i, j] = g + h
            b[i] = ((h + 2.0 * (g + h)) * g * rise + h * h * (y[k] - y[j]) / g) / (g + h)
    slopes = np.linalg.solve(a, b)
    parts = np.empty((4, n - 1))
    for i in range(n - 1):
        h = x[i + 1] - x[i]
        rise = (y[i + 1] - y[i]) / h
        bend = (slopes[i] + slopes[i + 1] - 2.0 * rise) / h
        parts[0, i] = bend / h
        parts[1, i] = (rise - slopes[i]) / h - bend
        parts[2, i] = slopes[i]
        parts[3, i] = y[i]
    return parts
