"""Formulas over whole arrays: broadcasting, functions, reductions, products."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import matrix, specimen, vector


@specimen(vector(4), vector(4, -1.0))
def formula(a, b):
    return np.exp(a) * b - a / (1.0 + b * b)


@specimen(vector(4), 1.7)
def with_a_number(a, x):
    return (a + x) * x - 2.0 / a


@specimen(matrix(3, 2), vector(2))
def rows_and_a_vector(a, b):
    return a * b + b


@specimen(vector(3), vector(2))
def new_axes(a, b):
    return a[:, None] * b[None, :] + np.exp(a[:, np.newaxis])


@specimen(vector(3))
def in_place_formulas(a):
    a += a
    a *= a[0]
    a -= 0.5 * a[::-1]
    return a


@specimen(matrix(3, 2))
def sums(a):
    return np.sum(a) * np.sum(a, axis=0) + a.sum(axis=-1)[0]


@specimen(matrix(3, 2))
def kept_dimensions(a):
    m = np.mean(a, axis=1, keepdims=True)
    return np.sum((a - m) ** 2, axis=1)


@specimen(vector(4))
def variance(a):
    return ((a - a.mean()) ** 2).mean()


@specimen(vector(4))
def products(a):
    return np.prod(a) + np.cumsum(a) * np.cumprod(a)


@specimen(vector(4, 1.0, -0.3))
def extremes(a):
    return np.max(a) * np.min(a) + a.max()


@specimen(vector(4))
def differences(a):
    d = np.diff(a)
    return d * d


@specimen(matrix(2, 3), matrix(3, 2), vector(3))
def matrix_products(a, b, x):
    return np.sum(a @ b) * (a @ x) + np.dot(x, x) * (x @ b)


@specimen(vector(3), vector(2))
def outer_product(a, b):
    return np.outer(a, b) ** 2


@specimen(vector(4))
def norm(a):
    return np.linalg.norm(a) * a[0]


@specimen(vector(4), vector(4, 2.0, -0.5))
def selected(a, b):
    return np.where(a > b, a * b, np.maximum(a, b) ** 2)


@specimen(vector(5))
def functions(a):
    return np.sin(a) + np.tanh(a) * np.sqrt(a) + np.log(a) + np.arctan(a) ** 2 + abs(a - 1.0)


@specimen(2.5)
def made_of_ranges(x):
    t = np.linspace(0.0, x, 5)
    k = np.arange(1, 6)
    return np.sum(np.exp(-t) / k)


@specimen(matrix(2, 2), 1.5)
def nested_lists(a, x):
    r = np.array([[math.cos(x), -math.sin(x)], [math.sin(x), math.cos(x)]])
    return r @ a


@specimen(matrix(2, 3))
def transposes(a):
    return a.T @ a + np.transpose(a)[0, 1]


@specimen(vector(3), matrix(2, 3))
def array_of_nothing_changes(a, b):
    c = np.zeros((2, 3))
    c[:] = a
    c[1] = b[0] * c[0]
    c[:, 1] = 2.0
    return c * b


@specimen(vector(5), 0.4)
def clipped(a, low):
    return np.clip(a, low, 1.2) * a
