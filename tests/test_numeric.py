"""Differences: accuracy, error estimates, edges of the domain."""

import math

import pytest

from downslope.errors import UsageError
from downslope.modes.numeric import (
    Estimate,
    numeric_derivative,
    numeric_second,
    numeric_two_point,
    ridders,
    two_point,
)

SMOOTH = [
    (math.exp, 0.0, 1.0),
    (math.sin, 2.0, math.cos(2.0)),
    (lambda x: x**3, 1e-3, 3e-6),
    (lambda x: 3 * x**2, 4.0, 24.0),
    (math.log, 0.5, 2.0),
    (lambda x: 1 / x, 1e4, -1e-8),
]


@pytest.mark.parametrize(("function", "x", "expected"), SMOOTH)
def test_central_differences(function, x, expected):
    found = ridders(function, x)
    assert found.value == pytest.approx(expected, rel=1e-7, abs=1e-11)
    assert abs(found.value - expected) <= max(1000 * found.error, 1e-12)


def test_one_sided_where_the_function_ends():
    found = ridders(lambda x: x * math.sqrt(x) + math.exp(x), 0.0)
    assert found.value == pytest.approx(1.0, abs=0.05)

    def ends(x):
        if x > 2.0:
            raise ValueError("too far")
        return x**3

    assert ridders(ends, 2.0).value == pytest.approx(12.0, rel=1e-7)
    assert ridders(lambda x: x * x if x >= 1.0 else math.nan, 1.0).value == pytest.approx(2.0, rel=1e-7)


def test_no_value_anywhere_is_said():
    found = ridders(lambda x: math.nan, 1.0)
    assert math.isnan(found.value)
    assert found.error == math.inf
    assert isinstance(found, Estimate)


def test_a_complex_value_is_no_value():
    assert math.isnan(ridders(lambda x: (-1.0 - abs(x)) ** 0.5, 1.0).value)


def trip(km, speed=30.0, *, fee=2.0):
    return 60.0 * km / speed + fee * fee


@pytest.mark.parametrize(
    ("which", "expected"), [(0, 2.0), ("km", 2.0), ("speed", -0.4), (-1, 2.0), ("fee", 4.0)]
)
def test_an_argument_by_position_or_name(which, expected):
    assert numeric_derivative(trip, (6.0,), None, which).value == pytest.approx(expected, rel=1e-7)


def test_an_argument_given_by_keyword():
    assert numeric_derivative(trip, (6.0,), {"speed": 60.0}, "speed").value == pytest.approx(-0.1, rel=1e-7)
    assert numeric_derivative(trip, (6.0,), {"fee": 3.0}, "fee").value == pytest.approx(6.0, rel=1e-7)


@pytest.mark.parametrize("which", ["kmh", 1])
def test_no_such_argument(which):
    with pytest.raises(UsageError, match="no argument"):
        numeric_derivative(trip, (6.0,), None, which)


def test_arguments_that_do_not_fit():
    with pytest.raises(UsageError, match="do not fit"):
        numeric_derivative(trip, (), None, "speed")


def test_the_textbook_quotient():
    assert two_point(lambda x: x * x, 3.0, 0.5) == 6.5
    assert numeric_two_point(trip, (6.0,), None, "fee", delta=1.0) == 5.0
    with pytest.raises(UsageError, match="delta is zero"):
        two_point(lambda x: x, 1.0, 0.0)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(0, 0, 54.0), (0, 1, 108.0), ("y", "x", 108.0), ("y", 1, 72.0), (1, "y", 72.0), (-1, 1, 72.0)],
)
def test_second_derivatives(first, second, expected):
    found = numeric_second(lambda x, y: x**2 * y**3, (2.0, 3.0), None, first, second)
    assert found.value == pytest.approx(expected, rel=1e-6)
