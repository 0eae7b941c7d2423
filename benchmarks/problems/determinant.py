"""The determinant of a dense matrix by elimination with pivots."""

from typing import Any

import numpy as np

TITLE = "determinant by elimination"
WRT = ("a",)
SIZES = {"150x150": {"n": 150}}
SMALL = {"n": 4}
MISSING = {
    "HIPS autograd": "it has no in-place update; numpy.linalg.det is another program",
    "CasADi": "its graph has one node per number",
}


def data(n: int) -> tuple[Any, ...]:
    return (np.random.default_rng(29).normal(size=(n, n)) / np.sqrt(n / 2.7),)


def primal(a):
    n = len(a)
    det = 1.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if pivot != k:
            det = -det
            for j in range(n):
                held = a[k, j]
                a[k, j] = a[pivot, j]
                a[pivot, j] = held
        det *= a[k, k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= factor * a[k, j]
    return det


def jax(xp: Any) -> Any:
    """One step eliminates a column of the whole matrix; finished rows are masked."""
    from jax import lax

    def run(a: Any) -> Any:
        n = len(a)
        places = xp.arange(n)

        def step(state: Any, k: Any) -> Any:
            a, det = state
            pivot = xp.argmax(xp.where(places >= k, xp.abs(a[:, k]), -1.0))
            a = a.at[xp.array([k, pivot])].set(a[xp.array([pivot, k])])
            det = det * a[k, k] * xp.where(pivot == k, 1.0, -1.0)
            factor = xp.where(places > k, a[:, k] / a[k, k], 0.0)
            return (a - factor[:, None] * a[k][None, :], det), None

        (_, det), _ = lax.scan(step, (a, xp.asarray(1.0)), places)
        return det

    return run


def torch(xp: Any) -> Any:
    """One step eliminates a column of what is left."""

    def run(a: Any) -> Any:
        det = 1.0
        for _ in range(len(a)):
            pivot = int(xp.argmax(xp.abs(a[:, 0])))
            order = [pivot, *(i for i in range(len(a)) if i != pivot)]
            # Rows keep their order but for the pivot, which moves up over `pivot` rows.
            a = a[order]
            det = det * a[0, 0] * (-1.0) ** pivot
            a = a[1:, 1:] - (a[1:, :1] / a[0, 0]) * a[:1, 1:]
        return det

    return run
