"""Loops over `numba.prange`: each pass has its own elements, or adds to a sum."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numba
import numpy as np
from numba import prange

from array_zoo.registry import matrix, specimen, vector


@specimen(vector(6), native=False)
def rows_in_parallel(x):
    y = np.zeros(len(x))
    for i in prange(len(x)):
        t = math.sin(x[i])
        y[i] = t * t
        y[i] += x[i - 1]
    return np.sum(y * y)


@specimen(matrix(3, 4), 0.7)
def sums_in_parallel(a, k):
    total, product = 0.0, 1.0
    for i in numba.prange(a.shape[0]):
        row = a[i]
        inner = 0.0
        for j in range(a.shape[1]):
            if row[j] > 0.6:
                continue
            inner += row[j] * k
        total += inner * inner
        product *= 1.0 + inner
    return total * product
