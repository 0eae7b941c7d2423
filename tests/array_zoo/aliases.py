"""One array under several names: variables, helpers, views, rebinding."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from array_zoo.registry import matrix, specimen, vector


@specimen(vector(4))
def second_name(a):
    b = a
    b[0] = a[1] * 2.0
    a[2] = b[0] * b[3]
    return a


@specimen(vector(4))
def copy_is_another_array(a):
    b = a.copy()
    a[0] = 5.0 * b[1]
    return a[0] * b[0]


def doubled(v):
    for i in range(len(v)):
        v[i] *= 2.0


def scaled(v, k):
    for i in range(len(v)):
        v[i] = v[i] * k
    return v


@specimen(vector(3), 0.7)
def helper_stores_into_argument(a, k):
    b = scaled(a, k)
    b[0] += a[1]
    return a[0] * a[2]


@specimen(vector(3))
def same_array_passed_twice(a):
    return crossed(a, a)


def crossed(u, v):
    for i in range(1, len(u)):
        u[i] = v[i - 1] * 2.0 + u[i]
    return v[2] * u[1]


@specimen(matrix(3, 3))
def row_view(a):
    r = a[1]
    r[0] = r[1] * r[2]
    a[1, 1] = r[0] + 1.0
    return r


@specimen(matrix(3, 3))
def column_view_and_transpose(a):
    t = a.T
    c = t[1]
    for i in range(3):
        c[i] *= a[i, 0]
    return a


@specimen(vector(6))
def overlapping_slices(a):
    a[1:] = a[:-1] * 2.0
    a[:-2] += a[2:]
    return a


@specimen(vector(6))
def slices_with_steps(a):
    a[::2] = a[1::2] ** 2
    b = a[::-1]
    b[1] = b[0] * b[5]
    return a


@specimen(vector(5), 2)
def slice_bounds_of_arguments(a, k):
    a[k:] *= 2.0
    a[:k] += a[k + 1 : 2 * k + 1]
    return a[-k:]


@specimen(vector(5), -3, 9)
def slice_bounds_beyond(a, low, high):
    b = a[low:high]
    return b * b


@specimen(matrix(3, 4))
def blocks(a):
    b = a[1:, :2]
    b[:] = b * b
    a[..., -1] = a[:, 0]
    return np.sum(a[0] * a[1])


@specimen(vector(4))
def view_of_a_view(a):
    b = a[1:]
    c = b[1:]
    c[0] = b[0] * a[0]
    return a


@specimen(vector(4), 5)
def buffers_swapped_in_a_loop(u, n):
    v = np.zeros(4)
    for _ in range(n):
        for i in range(1, 3):
            v[i] = u[i - 1] * u[i] + u[i + 1]
        u, v = v, u
    return u


@specimen(vector(3), 4)
def state_rebound_in_a_loop(x, n):
    for _ in range(n):
        x = x + 0.1 * np.sin(x) * x[0]
    return x


@specimen(vector(3), 0)
def state_rebound_in_no_pass(x, n):
    for _ in range(n):
        x = x * 2.0
    return x


@specimen(vector(3), 3)
def old_and_new(x, n):
    old = x
    for _ in range(n):
        old, x = x, x * 0.5 + old * old
    return x * old


@specimen(vector(3), 1.0)
def one_array_or_another(a, c):
    if c > 0.5:
        b = a * 2.0
    else:
        b = a.copy()
    b[0] = b[1] * c
    return b


@specimen(vector(3), vector(3, -1.0), 1.0)
def either_argument(a, b, c):
    d = a if c > 0.0 else b
    return np.sum(d * a)


@specimen(vector(3), -1.0)
def early_return_of_an_array(a, c):
    if c > 0:
        return a
    for i in range(3):
        a[i] = a[i] ** 2 * c
    return a


@specimen(vector(3))
def output_is_an_input(a):
    return a


@specimen(vector(3), 2.0)
def output_does_not_depend(a, x):
    return np.ones(2) * x


@specimen(vector(3), 2.0)
def argument_not_used(a, x):
    return x * x


@specimen(vector(3))
def the_same_output_twice(a):
    b = a * a
    return b, b


@specimen(vector(4))
def temporary_in_each_pass(a):
    s = 0.0
    for i in range(3):
        t = np.zeros(2)
        t[0] = a[i] * a[i + 1]
        t[1] = t[0] * t[0]
        for j in range(2):
            t[j] = t[j] * t[1 - j]
        s += t[0] * t[1]
    return s


@specimen(matrix(3, 2))
def temporary_reused_in_two_loops(a):
    s = 0.0
    for i in range(3):
        d = a[i] * 2.0
        s += np.sum(d * d)
    for i in range(2):
        d = a[:, i] ** 2
        s += d[0] * d[2]
    return s


@specimen(vector(3))
def captured_by_a_closure(a):
    def bump(i):
        a[i] = a[i] * a[0]
        return a[i]

    return bump(1) * bump(2) + a[1]


@specimen(vector(5))
def a_part_is_returned(a):
    b = a * 2.0
    return b[:2], b[3:]
