"""Row kernels with vector mathematics: where they are used, and that sums keep their error bound."""

import ast
import math
import subprocess
import sys
from math import atan2, cos, erf, exp, log, sin, sqrt

import numpy as np
import pytest
import scipy.special

from downslope.calculus.program import program
from downslope.fitting.pose import pose
from downslope.native import compiled as native
from downslope.native import rows
from downslope.native.vector.choice import fused, vectorised, vectorises

ROWS = 40_000


def price(s, k, t, rate=0.03, sigma=0.2):
    d1 = (log(s / k) + (rate + 0.5 * sigma * sigma) * t) / (sigma * sqrt(t))
    d2 = d1 - sigma * sqrt(t)
    n1 = 0.5 * (1.0 + erf(d1 / sqrt(2.0)))
    n2 = 0.5 * (1.0 + erf(d2 / sqrt(2.0)))
    return s * n1 - k * exp(-rate * t) * n2


def powers(s, k, t, a=1.5, b=0.3):
    return a * s**b + 2.0 ** (t * b) - t**2 + k**-1.0


def branches(s, k, t, a=1.5, b=0.3):
    if s > k * b:
        return a * sin(s) * cos(t)
    return min(atan2(s, k) * b, a)


def likelihood(s, k, t, a=1.5, b=0.3):
    return (
        np.logaddexp(a * t, b) + scipy.special.logit(0.1 + b * t) + math.asinh(a * s) + scipy.special.ndtr(b)
    )


def looped(s, k, t, a=1.5, b=0.3):
    for _ in range(3):
        a = a * exp(-b * t)
    return a


def special(s, k, t, a=1.5, b=0.3):
    return a * math.gamma(1.0 + t) + b


def posed(program_of, threads=1):
    rng = np.random.default_rng(5)
    table = {
        "s": rng.uniform(50, 150, ROWS),
        "k": rng.uniform(50, 150, ROWS),
        "t": rng.uniform(0.1, 2.0, ROWS),
    }
    table["y"] = rng.uniform(0.0, 50.0, ROWS)
    return pose(program_of, table, "y", threads=threads).problem


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Nothing compiled before is used."""
    monkeypatch.setenv("DOWNSLOPE_CACHE_DIR", str(tmp_path))
    native.compiled.cache_clear()


@pytest.mark.parametrize("program_of", [price, powers, branches, likelihood])
def test_vector_kernels_agree_with_the_c_library(program_of, fresh, monkeypatch):
    vector = posed(program_of)
    sums, cost = vector.sums(vector.start), vector.cost(vector.start)
    residual, jacobian = vector.jacobian(vector.start)
    monkeypatch.setattr(rows, "vectorises", lambda function: False)
    plain = posed(program_of)
    other = plain.sums(plain.start)
    assert cost == pytest.approx(plain.cost(plain.start), rel=1e-13)
    np.testing.assert_allclose(sums.gradient, other.gradient, rtol=1e-11)
    np.testing.assert_allclose(sums.jtj, other.jtj, rtol=1e-11)
    np.testing.assert_allclose(residual, plain.jacobian(plain.start)[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(jacobian, plain.jacobian(plain.start)[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("program_of", [price, powers, branches, likelihood])
def test_their_loops_become_simd_code(program_of, fresh):
    problem = posed(program_of)
    for kernel in (problem._summing, problem._costing, problem._rowwise):
        loop = kernel.native
        optimised = loop.overloads[loop.signatures[0]].library.get_llvm_str()
        assert "call <" in optimised
        assert "x double> @llvm.fma" in optimised


@pytest.mark.parametrize(
    ("program_of", "expected"),
    [(price, True), (powers, True), (branches, True), (looped, False), (special, False)],
)
def test_loops_and_calls_keep_the_c_library(program_of, expected):
    assert vectorises(program(program_of)[0].function) is (expected and fused())


def test_a_single_gradient_loads_no_vector_functions():
    code = (
        "import sys, downslope.native.compiled; print('downslope.native.vector.mathematics' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "False\n"


def test_powers_become_calls():
    tree, names = vectorised("y = a ** b + 2.0 ** c + d ** 3 + e ** -2 + 10.0 ** f")
    assert ast.unparse(tree) == "y = _power(a, b) + math.exp2(c) + d ** 3 + e ** (-2) + math.exp10(f)"
    assert {"math", "_power"} <= set(names)


def test_sums_keep_the_bound_of_blocked_summation(fresh):
    """|error| <= (block + log2(blocks)) 2**-53 sum |term|, in whatever order a block is added."""

    def line(x, a=1.0):
        return a * x

    rng = np.random.default_rng(11)
    x = np.ldexp(rng.uniform(-1, 1, 100_000), rng.integers(-40, 40, 100_000))
    problem = pose(line, {"x": x, "y": np.zeros(x.size)}, "y", threads=1).problem
    terms = 0.5 * x * x
    blocks = -(-x.size // rows.BLOCK)
    bound = (rows.BLOCK + math.log2(blocks) + 3) * 2.0**-53 * math.fsum(terms)
    assert abs(problem.cost(problem.start) - math.fsum(terms)) <= bound


def test_sums_do_not_depend_on_the_number_of_threads(fresh):
    one, three = posed(price), posed(price, threads=3)
    assert one.sums(one.start).cost == three.sums(three.start).cost
