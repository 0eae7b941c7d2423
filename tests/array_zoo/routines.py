"""Whole-array routines that are called and not written out: alone, in loops, on parts, on arrays that change."""

# mypy: disable-error-code="no-any-return"

from typing import Any

import numpy as np

from array_zoo.registry import matrix, specimen, vector

A3 = np.array([[3.0, 1.0, 0.5], [0.2, 4.0, 1.0], [1.0, 0.3, 5.0]])
B3 = np.array([1.0, 2.0, 3.0])


@specimen(A3, B3)
def solve_a_vector(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b)


@specimen(A3, matrix(3, 2))
def solve_a_matrix(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b)


@specimen(A3, B3, 1.1)
def solve_in_a_loop_that_changes_both(a: Any, b: Any, t: float) -> float:
    c = a * t
    x = b.copy()
    for k in range(3):
        x = np.linalg.solve(c, b)
        b = b * 0.5 + x
        c[0, 0] = c[0, 0] + x[1] * k
    return float(np.sum(x * x))


@specimen(A3, B3)
def solve_then_overwrite_its_arguments(a: Any, b: Any) -> float:
    x = np.linalg.solve(a, b)
    a[:, :] = 0.0
    b[0] = x[2]
    x[1] = x[0] * b[0]
    return x[1] + b[1] * x[2]


@specimen(A3, B3, 0.7)
def solve_parts_of_arrays(a: Any, b: Any, t: float) -> float:
    x = np.linalg.solve(a[1:, :2] * t, b[::-2])
    y = np.linalg.solve(a.T, a[0])
    return x[0] * y[2] + x[1]


@specimen(A3, B3, 0.7)
def solve_in_a_branch(a: Any, b: Any, t: float) -> float:
    total = 0.0
    for k in range(4):
        if k % 2 == 0:
            x = np.linalg.solve(a, b * t)
            total = total + x[k // 2] * k
        else:
            total = total * t
        t = t + 0.1
    return total


@specimen(vector(3))
def solve_with_itself(v: Any) -> float:
    a = np.outer(v, v) + np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 4.0]])
    x = np.linalg.solve(a, a)
    return x[0, 0] * v[1] + np.sum(np.linalg.solve(a, v))


@specimen(A3, B3, 3)
def newton_like_steps_in_a_while(a: Any, b: Any, most: int) -> float:
    x = b * 0.1
    k = 0
    while k < most:
        x = x - np.linalg.solve(a, a @ x - b) * 0.5
        k += 1
    return float(np.sum(x))
