"""Helpers that only store into their arguments, and statements that stand for what they change."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import matrix, specimen, vector


def relax(u, k):
    for i in range(1, len(u) - 1):
        u[i] += k * (u[i - 1] - 2.0 * u[i] + u[i + 1])


@specimen(vector(5), 0.2, 3)
def procedure_in_a_loop(u, k, n):
    for _ in range(n):
        relax(u, k)
    return np.sum(u * u)


def clamped(u, high):
    for i in range(len(u)):
        if u[i] > high:
            u[i] = high
            return
        u[i] *= 2.0


@specimen(vector(5), 0.9)
def procedure_that_ends_early(u, high):
    clamped(u, high)
    clamped(u[::-1], high * 3.0)
    return u


@specimen(vector(4))
def procedure_inside(x):
    t = np.zeros(4)

    def put(i, v):
        t[i] = v * x[i]

    put(0, 2.0)
    for i in range(1, 4):
        put(i, t[i - 1])
    return t


def row_of_it(m, i):
    return m[i]


@specimen(matrix(3, 3))
def helper_returns_a_view(m):
    r = row_of_it(m, 1)
    r[0] = r[1] * r[2]
    row_of_it(m, 2)[1] *= m[1, 0]
    return m


@specimen(vector(4))
def name_is_deleted(x):
    t = x * 2.0
    s = t[0] * t[1]
    del t
    t = s * x[2]
    return t


@specimen(vector(4))
def nothing_done_in_a_branch(x):
    total = 0.0
    for v in x:
        if v < 0.5:
            pass
        else:
            total += math.sin(v)
    return total
