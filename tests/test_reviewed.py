"""Faults found in review, each kept as a test."""

import math

import numpy as np
import pytest
from scipy import special

import downslope as ds
from downslope.errors import SourceUnavailable, UnsupportedError
from downslope.modes.namesakes import evaluate
from downslope.native.compiled import compiled, interpreted
from downslope.rules import RULES


def power(a, b):
    return a**b


def whole_power(a, n):
    return a**n


def polynomial(x, n):
    total = 0.0
    for i in range(n):
        total += x**i
    return total


def rounded(x):
    return round(x, 2) * x


def wrong_arity(x):
    return math.sin(x, x)


def special_values(x):
    return special.psi(x) + special.beta(x, 2.0) + special.j1(x) + math.lgamma(x)


@pytest.mark.parametrize("b", [0.0, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("engine", ["python", "native"])
def test_hessian_of_a_power_where_its_exponent_is_whole(b, engine):
    a, log = 3.0, math.log(3.0)
    mixed = a ** (b - 1) * (1 + b * log)
    expected = [[b * (b - 1) * a ** (b - 2), mixed], [mixed, a**b * log**2]]
    np.testing.assert_allclose(ds.hessian(power, (0, 1), engine=engine)(a, b), expected, rtol=1e-12)


def test_rounding_to_digits_stops_the_derivative():
    assert ds.grad(rounded, engine="python")(1.234) == 1.23


def test_a_call_with_too_many_arguments_is_refused_at_its_place():
    with pytest.raises(UnsupportedError, match=r"test_reviewed.py:\d+:\d+: sin with 2 argument"):
        ds.grad(wrong_arity)


def test_special_functions_are_native():
    expected = special.polygamma(1, 1.5) + special.psi(1.5)
    expected += special.beta(1.5, 2.0) * (special.psi(1.5) - special.psi(3.5)) + special.jvp(1, 1.5)
    assert ds.grad(special_values)(1.5) == pytest.approx(expected, rel=1e-12)


def test_lambdas_on_one_line_are_told_apart():
    k = 2.0
    pair = (lambda x: x * x * k), (lambda x: x * x * x * k)
    assert [ds.grad(f, engine="python")(3.0) for f in pair] == [12.0, 54.0]


def test_check_needs_source():
    scope = {}
    exec("def f(x):\n    return x\n", scope)
    with pytest.raises(SourceUnavailable, match="no source text"):
        ds.check(scope["f"], 1.0)


FLOATS = [row for row in RULES.values() if not row.flat and row.name not in ("polygamma", "ldexp")]


@pytest.mark.parametrize("engine", ["python", "native"])
def test_every_row_computes_the_same_in_emitted_code(rng, engine):
    """One function with all rows, so that it is compiled once."""
    points = [[float(rng.uniform(*region)) for region in row.sample] for row in FLOATS]
    calls = [
        row.python.format(*map(repr, map(abs, p)) if row.name == "where" else map("({!r})".format, p))
        for row, p in zip(FLOATS, points, strict=True)
    ]
    text = "def rows(x):\n" + "".join(f"    r{i} = 1.0 * ({call})\n" for i, call in enumerate(calls))
    text += f"    return np.array([{', '.join(f'r{i}' for i in range(len(calls)))}])"
    if engine == "python":
        found = interpreted(text, "rows")(0.0)
    else:
        from numba import float64

        found = compiled(text, "rows", (float64,))(0.0)
    for row, point, value in zip(FLOATS, points, found, strict=True):
        point = list(map(abs, point)) if row.name == "where" else point
        assert value == pytest.approx(float(evaluate(row.name)(*point)), rel=1e-11, abs=1e-13), row.name


@pytest.mark.parametrize("engine", ["python", "native"])
def test_whole_powers_at_zero_in_second_order(engine):
    for n in range(4):
        expected = 2.0 if n == 2 else 0.0
        assert ds.hessian(whole_power, engine=engine)(0.0, n) == expected
        assert ds.hvp(whole_power, (0.0, n), (1.0,), wrt=0, engine=engine) == (expected,)
    assert ds.hessian(polynomial, engine=engine)(0.0, 5) == 2.0


@pytest.mark.parametrize(("x", "n"), [(1.1, 13), (1.37, -7), (0.3, 25), (1.0001, 1001), (-1.7, 9)])
def test_whole_powers_have_the_bits_of_python(x, n):
    assert ds.value_and_grad(whole_power)(x, n) == (x**n, n * x ** (n - 1))
