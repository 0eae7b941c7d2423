"""Arrays of a module or a closure, read as constants."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from array_zoo.registry import matrix, specimen, vector

WEIGHTS = np.array([0.5, -1.0, 2.0])
PLACES = np.array([2, 0, 2])
KEPT = np.array([True, False, True])
GRID = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


@specimen(vector(3))
def a_table_of_weights(a):
    return np.sum(WEIGHTS * a * a) + a * WEIGHTS[1] + a @ WEIGHTS


@specimen(vector(3), native=False)
def a_table_in_a_loop(a):
    total = 0.0
    for k in range(3):
        if a[k] > 0.5:
            total += WEIGHTS[k] * a[PLACES[k]] ** 2
    for w in WEIGHTS:
        total = total * w + a[0]
    return total


@specimen(vector(3), native=False)
def tables_as_indices(a):
    return a[PLACES] * a + np.sum(a[KEPT]) * a[0]


@specimen(1.4, native=False)
def a_table_and_numbers_only(x):
    total = 0.0
    for k in range(len(WEIGHTS)):
        total += WEIGHTS[k] * x**k
    return total


def weighed(a):
    return GRID @ a


@specimen(vector(2), native=False)
def a_table_of_a_helper(a):
    return weighed(a) * weighed(a * a) + GRID[1, 0] * a[0] + GRID.shape[0]


def _closed_over():
    table = np.array([2.0, 3.0])

    def over_a_closure(a):
        b = table * a
        b[0] = a[1]
        return b * table

    return over_a_closure


over_a_closure = specimen(vector(2), native=False)(_closed_over())


@specimen(matrix(2, 3), native=False)
def a_table_under_another_name(m):
    w = WEIGHTS if m[0, 0] > 0.0 else m[0]
    return m * w
