"""Tables: vector mathematics beside the C library, NumPy and JAX, and what it does for a fit; one core.

python -m benchmarks.vectormath
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

import jax
import numba
import numpy as np
import scipy.special
from jax.scipy.special import logsumexp
from llvmlite import ir
from numba.extending import intrinsic

from benchmarks.exact import BINARY, looped
from benchmarks.timing import agreeing, in_turns, one_core, table
from downslope.fitting.pose import pose
from downslope.fitting.problem import Problem
from downslope.native import rows
from downslope.native.runtime import summed
from downslope.native.vector.mathematics import VECTOR, mathematics

COUNT, ROWS, ROUNDS = 100_000, 1_000_000, 21
RANGES = {
    "asin": (-1.0, 1.0),
    "acos": (-1.0, 1.0),
    "atanh": (-1.0, 1.0),
    "acosh": (1.0, 9.0),
    "log1p": (0.0, 9.0),
    "sqrt": (0.0, 9.0),
    "pow": (0.1, 9.0),
}
OTHER_NAMES = {
    "pow": "power",
    "atan": "arctan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
}
WHO = ("downslope", "C library", "NumPy", "JAX")
Case = Callable[[], Any]
ARRAY = numba.float64[::1]


# ---- one function after the other --------------------------------------------------------------


def arguments(name: str) -> list[np.ndarray]:
    """Ordinary arguments of a function."""
    rng = np.random.default_rng(1)
    low, high = RANGES.get(name, (0.01, 9.0) if name.startswith("log") else (-5.0, 5.0))
    return [rng.uniform(low, high, COUNT) for _ in range(2 if name in BINARY else 1)]


def by_library(name: str) -> Callable[..., None] | None:
    """The same loop with Numba's own function, which calls the C library; None where it has none."""
    if name == "cbrt" or not hasattr(math, name):
        return None
    given, call = ("x, y", "f(x[k], y[k])") if name in BINARY else ("x", "f(x[k])")
    text = f"def loop({given}, out):\n  for i in range(x.size):\n    k = u(i)\n    out[k] = {call}"
    space: dict[str, Any] = {"f": getattr(math, name), "u": np.uint64}
    exec(text, space)  # our own text
    types = (ARRAY,) * (3 if name in BINARY else 2)
    return numba.njit(types, error_model="numpy")(space["loop"])  # type: ignore[no-any-return]


def elsewhere(name: str, *modules: Any) -> Callable[..., Any] | None:
    """The function of that name, or of NumPy's name for it, in the first module that has one."""
    names = (OTHER_NAMES.get(name, name), name)
    return next((getattr(m, n) for m in modules for n in names if hasattr(m, n)), None)


def cases(name: str) -> dict[str, Case]:
    """What is timed for one function."""
    given, out = arguments(name), np.empty(COUNT)
    on_device = [jax.numpy.asarray(argument) for argument in given]
    found: dict[str, Case] = {"downslope": lambda: looped(name)(*given, out)}
    if (library := by_library(name)) is not None:
        found["C library"] = lambda: library(*given, out)
    if (ufunc := elsewhere(name, np, scipy.special)) is not None:
        found["NumPy"] = lambda: ufunc(*given, out=out)
    if (function := elsewhere(name, jax.numpy, jax.scipy.special)) is not None:
        jitted = jax.jit(function)
        found["JAX"] = lambda: jitted(*on_device).block_until_ready()
    return found


def functions() -> str:
    """Nanoseconds per value, medians, and how many times as long the C library's takes."""
    lines = [
        "vector functions, ns per value (median), one core",
        f"  {'':<10}{''.join(f'{w:>12}' for w in WHO)}{'ratio':>9}",
    ]
    for name in VECTOR:
        times = in_turns(cases(name), ROUNDS)
        shown = [f"{np.median(times[w]) / COUNT * 1e9:>12.2f}" if w in times else f"{'–':>12}" for w in WHO]
        ratio = "–"
        if "C library" in times:
            ratio = f"{np.median(np.divide(times['C library'], times['downslope'])):.1f}x"
        lines.append(f"  {name:<10}{''.join(shown)}{ratio:>9}")
    return "\n".join(lines)


# ---- a fit of the Black-Scholes formula --------------------------------------------------------


def price(s: float, k: float, t: float, rate: float = 0.03, sigma: float = 0.2) -> float:
    """The price of a call option (Black & Scholes 1973)."""
    d1 = (math.log(s / k) + (rate + 0.5 * sigma * sigma) * t) / (sigma * math.sqrt(t))
    d2 = d1 - sigma * math.sqrt(t)
    n1 = 0.5 * math.erfc(-d1 / math.sqrt(2.0))
    n2 = 0.5 * math.erfc(-d2 / math.sqrt(2.0))
    return s * n1 - k * math.exp(-rate * t) * n2


def columns() -> dict[str, np.ndarray]:
    """Options with prices that noise was added to."""
    rng = np.random.default_rng(2)
    found = {
        "s": rng.uniform(50, 150, ROWS),
        "k": rng.uniform(50, 150, ROWS),
        "t": rng.uniform(0.1, 2.0, ROWS),
    }
    return found | {"c": rng.uniform(0.0, 50.0, ROWS)}


def posed(vector: bool) -> Problem:
    """The fit of rate and volatility, compiled with or without vector mathematics."""
    with mock.patch.object(rows, "vectorises", return_value=vector):
        problem = pose(price, columns(), "c", threads=1).problem
        for run in (problem.cost, problem.gradient, problem.jacobian):
            run(problem.start)
    return problem


def by_jax() -> Case:
    """Cost and gradient in JAX, the formula written for whole columns."""
    s, k, t, c = (jax.numpy.asarray(column) for column in columns().values())

    def cost(x: Any) -> Any:
        rate, sigma = x
        d1 = (jax.numpy.log(s / k) + (rate + 0.5 * sigma * sigma) * t) / (sigma * jax.numpy.sqrt(t))
        d2 = d1 - sigma * jax.numpy.sqrt(t)
        n1 = 0.5 * jax.scipy.special.erfc(-d1 / math.sqrt(2.0))
        n2 = 0.5 * jax.scipy.special.erfc(-d2 / math.sqrt(2.0))
        residual = s * n1 - k * jax.numpy.exp(-rate * t) * n2 - c
        return 0.5 * jax.numpy.sum(residual * residual)

    run = jax.jit(jax.value_and_grad(cost))
    x = jax.numpy.array([0.03, 0.2])
    return lambda: jax.block_until_ready(run(x))


def black_scholes() -> str:
    """The passes of a fit over the rows."""
    vector, library, other = posed(vector=True), posed(vector=False), by_jax()
    x = vector.start
    agreeing(
        {"vector": vector.gradient(x)[1], "C library": library.gradient(x)[1], "JAX": np.array(other()[1])}
    )
    found: dict[str, Case] = {}
    for who, problem in {"C library": library, "vector": vector}.items():
        found[f"cost, {who}"] = partial(problem.cost, x)
        found[f"cost + gradient, {who}"] = partial(problem.gradient, x)
        found[f"price and slopes of each row, {who}"] = partial(problem.jacobian, x)
    found["cost + gradient, JAX"] = other
    title = f"Black–Scholes, {ROWS:,} rows, 2 learnt constants, one core"
    return table(in_turns(found, ROUNDS), "cost + gradient, vector", title)


# ---- log-sum-exp -------------------------------------------------------------------------------


@intrinsic
def _larger(typing: Any, a: Any, b: Any) -> Any:  # noqa: ARG001  # Numba asks for these names
    double = ir.DoubleType()

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001  # as above
        kind = ir.FunctionType(double, [double, double])
        return builder.call(builder.module.declare_intrinsic("llvm.maximum", [double], kind), args)

    return numba.float64(numba.float64, numba.float64), build


def by_hand(exp: Callable[[float], float]) -> Callable[..., float]:
    """log(sum(exp(x))) and its gradient in plain loops, with a given exp."""

    @numba.njit((ARRAY, ARRAY), error_model="numpy")
    def gradient(x, slope):  # type: ignore[no-untyped-def]
        most, total = x[0], 0.0
        for i in range(x.size):
            most = _larger(most, x[np.uint64(i)])
        for i in range(x.size):
            k = np.uint64(i)
            slope[k] = exp(x[k] - most)
            total = summed(slope[k], 1.0, total)
        scale = 1.0 / total
        for i in range(x.size):
            slope[np.uint64(i)] *= scale
        return most + math.log(total)

    return gradient  # type: ignore[no-any-return]


def log_sum_exp() -> str:
    """The gradient of log-sum-exp."""
    x = np.random.default_rng(3).normal(size=ROWS)
    slopes = np.empty(ROWS), np.empty(ROWS)
    on_device, jitted = jax.numpy.asarray(x), jax.jit(jax.value_and_grad(logsumexp))
    ours, library = by_hand(mathematics.exp), by_hand(math.exp)
    found = {
        "vector exp, loops by hand": lambda: ours(x, slopes[0]),
        "C library's exp, loops by hand": lambda: library(x, slopes[1]),
        "JAX": lambda: jax.block_until_ready(jitted(on_device)),
    }
    agreeing({name: run() if name != "JAX" else run()[0] for name, run in found.items()})
    agreeing({"vector": slopes[0], "C library": slopes[1], "JAX": np.asarray(jitted(on_device)[1])})
    title = f"log-sum-exp of {ROWS:,}, value and gradient, one core"
    return table(in_turns(found, 3 * ROUNDS), "vector exp, loops by hand", title)


def tables() -> str:
    """Measure and show."""
    jax.config.update("jax_enable_x64", True)
    with one_core():
        return f"{functions()}\n\n{log_sum_exp()}\n\n{black_scholes()}"


if __name__ == "__main__":
    print(tables())
