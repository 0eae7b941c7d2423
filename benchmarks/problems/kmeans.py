"""The cost of k-means: each point's squared distance to the nearest centre."""

from typing import Any

import numpy as np

TITLE = "k-means"
WRT = ("centres",)
SIZES = {"20000x8, 32 centres": {"n": 20_000, "d": 8, "k": 32}}
SMALL = {"n": 12, "d": 2, "k": 3}
MISSING = {"CasADi": "its graph has one node per number"}


def data(n: int, d: int, k: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(23)
    return rng.normal(size=(k, d)), rng.normal(size=(n, d))


def primal(centres, points):
    k, d = centres.shape
    total = 0.0
    for p in range(len(points)):
        best = np.inf
        for c in range(k):
            distance = 0.0
            for j in range(d):
                away = points[p, j] - centres[c, j]
                distance += away * away
            if distance < best:
                best = distance
        total += best
    return total


def _in_arrays(xp: Any, amin: Any) -> Any:
    def run(centres: Any, points: Any) -> Any:
        squares = xp.sum(points**2, 1)[:, None] + xp.sum(centres**2, 1)[None, :]
        return xp.sum(amin(squares - 2.0 * points @ centres.T))

    return run


def jax(xp: Any) -> Any:
    return _in_arrays(xp, lambda a: xp.min(a, 1))


def torch(xp: Any) -> Any:
    return _in_arrays(xp, lambda a: xp.min(a, 1).values)


def autograd(xp: Any) -> Any:
    def run(centres: Any, points: Any) -> Any:
        squares = xp.sum(points**2, 1)[:, None] + xp.sum(centres**2, 1)[None, :]
        return xp.sum(xp.min(squares - 2.0 * xp.dot(points, centres.T), axis=1))

    return run
