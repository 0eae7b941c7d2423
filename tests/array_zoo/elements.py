"""Elements read and stored in loops, creation, shapes, iteration."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import matrix, specimen, vector


@specimen(vector(4), vector(4, -1.0))
def dot_product(a, b):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * b[i]
    return s


@specimen(vector(5))
def prefix_sums_in_place(a):
    for i in range(1, len(a)):
        a[i] += a[i - 1]
    s = 0.0
    for v in a:
        s += v * v
    return s


@specimen(vector(5))
def prefix_products_returned(a):
    for i in range(1, len(a)):
        a[i] *= a[i - 1]
    return a


@specimen(vector(4), 0.7)
def horner(c, x):
    s = 0.0
    for k in range(len(c) - 1, -1, -1):
        s = s * x + c[k]
    return s


@specimen(vector(6), 3)
def smoothing_in_place(u, steps):
    for _ in range(steps):
        for i in range(1, u.size - 1):
            u[i] = 0.25 * u[i - 1] + 0.5 * u[i] * u[i] + 0.25 * u[i + 1]
    return u[2] * u[-2]


@specimen(matrix(4, 5), 2)
def stencil_in_place(u, steps):
    rows, columns = u.shape
    for _ in range(steps):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = 0.2 * (u[i - 1, j] * u[i, j] + u[i + 1, j] + u[i, j - 1] ** 2 + u[i, j + 1])
    s = 0.0
    for row in u:
        for v in row:
            s += math.sin(v)
    return s


@specimen(matrix(3, 4), vector(4))
def matrix_vector(a, x):
    y = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            y[i] += a[i, j] * x[j]
    return y


@specimen(vector(4), np.array([2, 0, 2, 1, 2]))
def scatter_with_repeats(a, where):
    h = np.zeros(3)
    for k, i in enumerate(where):
        h[i] += a[k % 4] ** 2
    return h[0] * h[1] + h[2] ** 3


@specimen(vector(4), np.array([2, 0, 2, -1, 2]))
def gather_with_repeats(a, where):
    p = 1.0
    for i in where:
        p *= a[i] + 0.5
    return p


@specimen(vector(4))
def negative_indices(a):
    return a[-1] * a[-2] - a[0] * a[-4]


@specimen(vector(4), -2)
def negative_index_of_an_argument(a, k):
    a[k] = a[k + 1] * 3.0
    return a[k] * a[0] + a[2]


@specimen(vector(4))
def swap_of_elements(a):
    a[0], a[3] = a[3], a[0]
    a[1], a[2] = a[2] * a[0], a[1]
    return a


@specimen(vector(4))
def reversal_in_place(a):
    n = len(a)
    for i in range(n // 2):
        a[i], a[n - 1 - i] = a[n - 1 - i], a[i] * 2.0
    return a[0] * a[1] ** 2 + a[3]


@specimen(vector(3), 0)
def zero_trips(a, n):
    for i in range(n):
        a[i] = a[i] ** 3
    return a[0] * a[1] * a[2]


@specimen(np.zeros(0), 1.3)
def zero_length(a, x):
    s = x * x
    for v in a:
        s += v * x
    return s


@specimen(vector(3), vector(5))
def zip_of_different_lengths(a, b):
    s = 1.0
    for i, (x, y) in enumerate(zip(a, b)):
        s += x * y * (i + 1)
    return s


@specimen(vector(4))
def enumerate_from_one(a):
    s = 0.0
    for k, v in enumerate(a, 1):
        s += v**k
    return s


@specimen(vector(4))
def reversed_array(a):
    s = 0.0
    for v in reversed(a):
        s = s * 0.5 + v * v
    return s


@specimen(vector(5), 0.9)
def until_a_limit(a, limit):
    s = 0.0
    for v in a:
        if s > limit:
            break
        s += v * v
    return s * 2.0


@specimen(vector(5))
def while_with_array_in_test(a):
    i = 0
    while a[i] < 1.0:
        a[i + 1] = a[i + 1] + a[i] * 0.5
        i += 1
    return a[i] * a[i]


@specimen(vector(4), 0.5)
def created_in_every_way(a, x):
    n = len(a)
    z = np.zeros(n)
    e = np.empty((n, 2))
    o = np.ones(n)
    f = np.full(n, x)
    l = np.zeros_like(a)
    g = np.array([x, a[0], 2.0])
    for i in range(n):
        z[i] = a[i] * x
        e[i, 0] = z[i] ** 2
        e[i, 1] = o[i] + f[i]
        l[i] = e[i, 0] * e[i, 1] * g[i % 3]
    return l[0] + l[1] * l[2] + l[3]


@specimen(matrix(2, 3))
def all_of_shape(a):
    n, m = a.shape
    return a[n - 1, m - 1] * a.size + a[0, 0] * a.ndim + len(a) * a[1, 0] ** 2


@specimen(matrix(2, 3).reshape(1, 2, 3))
def rank_three(a):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(a.shape[2]):
                s += a[i, j, k] * a[i, j, -1 - k] * (j + 1)
    return s


@specimen(vector(3), np.array([True, False, True]))
def boolean_elements(a, on):
    s = 0.0
    for v, take in zip(a, on):
        if take:
            s += v**3
        else:
            s -= v
    return s


@specimen(vector(4))
def whole_numbers_stop_the_derivative(a):
    n = np.zeros(4, dtype=int)
    for i in range(4):
        n[i] = a[i] * 10.0
    return n[1] * a[0] + n[3] * a[2]


@specimen(vector(3), 4)
def time_steps_with_history(y0, n):
    y = np.empty((n + 1, 3))
    for i in range(3):
        y[0, i] = y0[i]
    for t in range(n):
        y[t + 1, 0] = y[t, 0] + 0.1 * y[t, 1] * y[t, 2]
        y[t + 1, 1] = y[t, 1] - 0.1 * y[t, 0]
        y[t + 1, 2] = y[t, 2] + 0.1 * math.sin(y[t, 1])
    return y[n, 0] * y[n, 2] + y[2, 1]


@specimen(vector(4))
def branch_on_an_element(a):
    for i in range(1, 4):
        if a[i] > 0.9:
            a[i] = a[i] * a[i - 1]
        else:
            a[0] = a[i] + 1.0
    return a


@specimen(vector(4))
def store_on_one_path(a):
    s = 0.0
    for i in range(4):
        if i % 2 == 0:
            a[i] = a[i] ** 2
        s += a[i] * a[0]
    return s


@specimen(vector(4))
def continue_and_else(a):
    s = 0.0
    for i in range(4):
        if a[i] < 0.5:
            continue
        s += a[i]
        a[0] += s
    else:
        s *= a[0]
    return s
