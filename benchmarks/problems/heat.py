"""The heat equation on a square plate, explicit, updated in place row by row; how far the end is from a target."""

from typing import Any

import numpy as np

TITLE = "heat equation, in place"
WRT = ("u", "k")
SIZES = {"200x200, 50 steps": {"n": 200, "steps": 50}}
SMALL = {"n": 5, "steps": 3}
MISSING = {
    "HIPS autograd": "it has no in-place update, and one array per element is 40,000 arrays a step",
    "CasADi": "its graph has one node per number",
}


def data(n: int, steps: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(17)
    return rng.normal(size=(n, n)), 0.2, rng.normal(size=(n, n)), steps


def primal(u, k, target, steps):
    n, m = u.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                u[i, j] += k * (around - 4.0 * u[i, j])
    total = 0.0
    for i in range(n):
        for j in range(m):
            miss = u[i, j] - target[i, j]
            total += miss * miss
    return 0.5 * total


def jax(xp: Any) -> Any:
    """In place means that each element needs its left and upper neighbours' new values: a scan in a scan."""
    from jax import lax

    def step(u: Any, k: Any) -> Any:
        def row(above: Any, rows: Any) -> Any:
            here, below = rows

            def element(left: Any, given: Any) -> Any:
                up, own, down, right = given
                new = own + k * (up + down + left + right - 4.0 * own)
                return new, new

            inner = (above[1:-1], here[1:-1], below[1:-1], here[2:])
            _, new = lax.scan(element, here[0], inner)
            done = xp.concatenate([here[:1], new, here[-1:]])
            return done, done

        _, rows = lax.scan(row, u[0], (u[1:-1], u[2:]))
        return xp.concatenate([u[:1], rows, u[-1:]])

    def run(u: Any, k: Any, target: Any, steps: int) -> Any:
        end, _ = lax.scan(lambda u, _: (step(u, k), None), u, None, steps)
        return 0.5 * xp.sum((end - target) ** 2)

    return run


def torch(xp: Any) -> Any:
    """Elements on one antidiagonal do not depend on each other: one vector operation per antidiagonal."""

    def run(u: Any, k: Any, target: Any, steps: int) -> Any:
        n, m = u.shape
        flat = u.reshape(-1)
        for _ in range(steps):
            for s in range(2, n + m - 3):
                i = xp.arange(max(1, s - m + 2), min(n - 2, s - 1) + 1)
                at = i * m + s - i
                around = flat[at - m] + flat[at + m] + flat[at - 1] + flat[at + 1]
                flat = flat.index_put((at,), flat[at] + k * (around - 4.0 * flat[at]))
        return 0.5 * xp.sum((flat - target.reshape(-1)) ** 2)

    return run
