"""Vector mathematics beside the C library, NumPy and JAX, and what it does for a fit; one thread.

    python -m benchmarks.vectormath

Each figure is the median of several runs, taken in turns within one process, so that ratios hold on
a machine that is busy with other work as well.
"""

import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numba
import numpy as np
import scipy.special

from benchmarks.exact import BINARY, computed, looped
from downslope.fitting.pose import pose
from downslope.fitting.problem import Problem
from downslope.native import rows
from downslope.native.runtime import summed
from downslope.native.vector.mathematics import VECTOR, mathematics

COUNT = 100_000
ROWS = 1_000_000
TURNS = 15
RANGE: Mapping[str, tuple[float, float]] = {
    "asin": (-1, 1),
    "acos": (-1, 1),
    "log1p": (0, 9),
    "sqrt": (0, 9),
    "pow": (0.1, 9),
}
NUMPY = {"pow": "power", "atan": "arctan", "asin": "arcsin", "acos": "arccos", "atan2": "arctan2"}
Timed = Mapping[str, Callable[[], Any]]


def medians(runs: Timed, turns: int = TURNS) -> dict[str, float]:
    """The median time of each, in seconds, measured in turns after one run to warm up."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(turns):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def arguments(name: str) -> list[np.ndarray]:
    """Ordinary arguments of a function."""
    rng = np.random.default_rng(1)
    low, high = RANGE.get(name, (0.01, 9.0) if name.startswith("log") else (-5.0, 5.0))
    return [rng.uniform(low, high, COUNT) for _ in range(2 if name in BINARY else 1)]


def by_library(name: str) -> Callable[..., None] | None:
    """The same loop with Numba's own function, which calls the C library."""
    function = getattr(math, name, None)
    if function is None or name == "cbrt":  # Numba has none
        return None
    binary = name in BINARY
    call = "f(x[k], y[k])" if binary else "f(x[k])"
    text = f"def loop({'x, y' if binary else 'x'}, out):\n    for i in range(x.size):\n        k = u(i)\n        out[k] = {call}"
    space: dict[str, Any] = {"f": function, "u": np.uint64}
    exec(text, space)
    array = numba.float64[::1]
    return numba.njit((array,) * (3 if binary else 2), error_model="numpy")(space["loop"])  # type: ignore[no-any-return]


def jax_function(name: str) -> Callable[..., Any] | None:
    """JAX's compiled function, or None without JAX."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    found = getattr(jax.numpy, NUMPY.get(name, name), None) or getattr(jax.scipy.special, name, None)
    return None if found is None else jax.jit(found)


def runs_of(name: str) -> Timed:
    """What is timed for one function."""
    given = arguments(name)
    out = np.empty(COUNT)
    ours, library = looped(name), by_library(name)
    runs: dict[str, Callable[[], Any]] = {"downslope": lambda: ours(*given, out)}
    if library is not None:
        runs["C library"] = lambda: library(*given, out)
    vectorised = getattr(np, NUMPY.get(name, name), None) or getattr(scipy.special, name)
    runs["NumPy"] = lambda: vectorised(*given, out=out)
    jitted = jax_function(name)
    if jitted is not None:
        import jax

        on_device = [jax.numpy.asarray(argument) for argument in given]
        runs["JAX"] = lambda: jitted(*on_device).block_until_ready()
    return runs


def functions() -> None:
    """Print nanoseconds per value of each function."""
    print("| ns per value | downslope | C library | NumPy | JAX | C library / downslope |")
    print("|---|---|---|---|---|---|")
    for name in VECTOR:
        found = {who: seconds / COUNT * 1e9 for who, seconds in medians(runs_of(name)).items()}
        cells = [
            f"{found[who]:.2f}" if who in found else "–" for who in ("downslope", "C library", "NumPy", "JAX")
        ]
        ratio = f"{found['C library'] / found['downslope']:.1f}" if "C library" in found else "–"
        print(f"| {name} | {' | '.join(cells)} | {ratio} |", flush=True)


def price(s: float, k: float, t: float, rate: float = 0.03, sigma: float = 0.2) -> float:
    """The price of a call option (Black & Scholes 1973)."""
    d1 = (math.log(s / k) + (rate + 0.5 * sigma * sigma) * t) / (sigma * math.sqrt(t))
    d2 = d1 - sigma * math.sqrt(t)
    n1 = 0.5 * math.erfc(-d1 / math.sqrt(2.0))
    n2 = 0.5 * math.erfc(-d2 / math.sqrt(2.0))
    return s * n1 - k * math.exp(-rate * t) * n2


def posed(vector: bool) -> Problem:
    """The fit of rate and volatility over the rows, with or without vector mathematics."""
    rng = np.random.default_rng(2)
    table = {
        "s": rng.uniform(50, 150, ROWS),
        "k": rng.uniform(50, 150, ROWS),
        "t": rng.uniform(0.1, 2.0, ROWS),
    }
    table["c"] = rng.uniform(0.0, 50.0, ROWS)
    problem = pose(price, table, "c", threads=1).problem
    with mock.patch.object(rows, "vectorises", return_value=vector):
        problem.cost(problem.start)
        problem.sums(problem.start)
        problem.jacobian(problem.start)
    return problem


def fits() -> None:
    """Print what the kernels of a fit take."""
    both = {"vector": posed(vector=True), "C library": posed(vector=False)}
    print(f"\n| Black–Scholes, {ROWS:,} rows, ms | vector | C library | ratio |")
    print("|---|---|---|---|")

    def fresh(problem: Problem) -> None:
        problem._cache.clear()
        problem.sums(problem.start)

    for what, run in {
        "price and cost": lambda p: p.cost(p.start),
        "cost, gradient and J'J": fresh,
        "price and slopes of each row": lambda p: p.jacobian(p.start),
    }.items():
        found = medians({who: lambda p=p, run=run: run(p) for who, p in both.items()}, 7)
        print(
            f"| {what} | {found['vector'] * 1e3:.1f} | {found['C library'] * 1e3:.1f} | {found['C library'] / found['vector']:.1f} |"
        )


def _log_sum_exp(exp: Callable[[float], float]) -> Callable[..., float]:
    """log(sum(exp(x))) and its gradient, by hand, with a given exp."""
    array = numba.float64[::1]

    @numba.njit(numba.float64(array, array), error_model="numpy")
    def gradient(x, slope):  # type: ignore[no-untyped-def]
        most = x[0]
        for i in range(x.size):
            most = max(most, x[np.uint64(i)])
        total = 0.0
        for i in range(x.size):
            k = np.uint64(i)
            slope[k] = exp(x[k] - most)
            total = summed(total, slope[k])
        scale = 1.0 / total
        for i in range(x.size):
            slope[np.uint64(i)] *= scale
        return most + math.log(total)

    return gradient  # type: ignore[no-any-return]


def log_sum_exp() -> None:
    """Print what the gradient of log-sum-exp takes."""
    x = np.random.default_rng(3).normal(size=ROWS)
    slope = np.empty(ROWS)
    runs: dict[str, Callable[[], Any]] = {}
    for who, exp in {"vector exp": mathematics.exp, "C library's exp": math.exp}.items():
        gradient = _log_sum_exp(exp)
        runs[who] = lambda gradient=gradient: gradient(x, slope)
    found = medians(runs, 31)
    print(f"\n| log-sum-exp of {ROWS:,}, value and gradient, by hand | ms |\n|---|---|")
    for who, seconds in found.items():
        print(f"| {who} | {seconds * 1e3:.2f} |")


def main() -> int:
    """Print all tables."""
    computed("exp", [np.zeros(1)])
    functions()
    log_sum_exp()
    fits()
    return 0


if __name__ == "__main__":
    sys.exit(main())
