"""Variables that are one array or another: after a branch, from pass to pass of a loop, as a result."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import matrix, specimen, vector


@specimen(vector(4))
def store_into_one_of_two(a):
    b = a.copy()
    c = a if a[0] < a[1] else b
    c[0] = a[2] * 2.0
    return a[0] * b[0] + c[1]


@specimen(vector(4), vector(4, 0.7), 0.2)
@specimen(vector(4), vector(4, 0.7), 2.0)
def store_through_a_name_that_a_branch_moves(a, b, s):
    c = a
    if s > 1.0:
        c = b
    c[1] = c[0] * s
    a[0] += b[1]
    for i in range(4):
        c[i] *= a[i]
    c = np.sin(c)
    return np.sum(a * b) + c[2]


@specimen(vector(4), vector(4, 0.7), 0.2)
@specimen(vector(4), vector(4, 0.7), 2.0)
def names_that_change_places_in_a_branch(a, b, s):
    if s > 1.0:
        a, b = b, a
    a[0] = b[1] * s
    b[2] += a[0]
    return a * b[2]


@specimen(vector(5), vector(5, 0.7), 3)
def ping_pong(u, v, n):
    old, new = u, v
    for _ in range(n):
        for i in range(1, 4):
            new[i] = 0.5 * old[i] + 0.25 * (old[i - 1] + old[i + 1])
        old, new = new, old
    return np.sum(old * old) + u[1] * v[2]


@specimen(vector(5), 4)
def ping_pong_of_copies(u, n):
    old = u.copy()
    new = np.zeros_like(u)
    for _ in range(n):
        new[1:-1] = 0.5 * old[1:-1] + 0.25 * (old[:-2] + old[2:])
        new[0], new[-1] = old[0], old[-1]
        old, new = new, old
    return np.sum(old * u)


@specimen(matrix(3, 4), 2)
def row_that_a_loop_ends_with(m, n):
    r = m[0]
    for i in range(n):
        r[1] *= m[i, 2]
        r = m[i + 1]
    r[0] = m[0, 1] * m[1, 1]
    return m


@specimen(matrix(3, 4), 0.6)
def row_that_is_looked_for(m, least):
    best = m[0]
    for row in m:
        if row[0] > least and best[0] < row[0]:
            best = row
    best[1:] = best[0] * m[0, 1:]
    return m


@specimen(vector(4), vector(4, 0.7), vector(4, 0.1), 4)
def three_change_places(a, b, c, n):
    for i in range(n):
        c[i % 4] = a[i % 4] * b[1] + c[0]
        a, b, c = b, c, a
    return a[0] * b[1] + c[2]


@specimen(vector(4), vector(2, 0.7), 1.0)
@specimen(vector(4), vector(2, 0.7), 3.0)
def list_that_is_one_of_two(a, b, s):
    c, d = list(a), list(b)
    e = c
    if s > 2.0:
        e = d
    e.append(s * e[0])
    d[0] = c[-1]
    return c[-1] * d[-1] * len(e) + e[1]


def larger(v, w):
    if v[0] > w[0]:
        v[1] = 0.5 * w[0]
        return v
    return w


@specimen(vector(4), vector(4, 0.2))
@specimen(vector(4), vector(4, 0.9))
def helper_returns_one_of_its_arguments(a, b):
    c = larger(a, b)
    c[2] = a[1] * b[1]
    c = larger(b, c)
    c[3] += c[0]
    return np.sum(a * b) + larger(a, b)[2]


@specimen(vector(6), 3)
def window_that_moves(x, n):
    w = x[:2]
    for i in range(n):
        w[0] += 0.5 * math.sin(w[1])
        w = x[i + 1 : i + 3]
    w[1] *= 2.0
    return x


def first_above(x, least):
    for i in range(len(x)):
        if x[i] > least:
            return x[i:] * x[i]
    return x * 0.5


@specimen(vector(5), wrt=(0,))
def array_returned_from_inside_a_loop(x):
    a = first_above(x, 0.9)
    b = first_above(x, 99.0)
    return np.sum(a * a) + np.sum(b) * a[0]


@specimen(vector(4), 0.5, 2)
@specimen(vector(4), 0.2, 2)
def condition_of_a_loop_reads_one_of_two(a, x, n):
    t = np.full(4, 0.5)
    r = t * 1.5
    if x > 0.3:
        i = 0
        while i < 3 and math.sin(a[n]) < np.sum(r) * 0.5:
            i += 1
            r, t = a, r
    a[1:] *= 0.5
    return np.sum(r * t) + np.sum(a) * x


@specimen(vector(4), 0.5)
@specimen(vector(4), 0.25)
def argument_or_an_array_made_here(a, x):
    b = np.ones(4)
    if x > 0.3:
        c = a
    else:
        c = b
    c[0] = 2.0 * x
    return np.sum(a * b) + np.sum((a if x > 0.2 else b) * a)


@specimen(vector(4), vector(4, 0.7), 1)
@specimen(vector(4), vector(4, 0.7), 4)
def becomes_what_another_was_a_pass_before(a, b, n):
    c = np.zeros(4)
    for _ in range(n):
        b, c = c, a
    b[0] = a[1] * 2.0
    return np.sum(a * b) + c[0]


@specimen(vector(4), vector(4, 0.7), 1)
@specimen(vector(4), vector(4, 0.7), 4)
def argument_that_becomes_another_by_way_of_a_third(a, b, n):
    c = np.ones(4)
    for _ in range(n):
        a, c = c, b
    a[0] *= 0.5
    return np.sum(a * b) + c[0]
