"""Dual numbers: operators, nesting, and the user's own function with all that it calls."""

import functools
import math
import types
from math import sin as imported_sin

import numpy as np
import pytest
import scipy.special as special

from downslope import math as dual_math
from downslope.errors import UsageError
from downslope.modes.dual import DualFloat, dual_derivative, dual_higher, dual_second


def dual(x):
    return DualFloat(x, 1.0)


def test_the_polynomial_of_the_tutorial():
    assert (DualFloat(3, 0) * DualFloat(4, 1) ** 2).derivative() == 24
    assert (DualFloat(3, 0) * DualFloat(4, 1) ** 2).value() == 48


@pytest.mark.parametrize(
    ("function", "value", "slope"),
    [
        (lambda x: x + 1, 3.0, 1.0), (lambda x: 1 + x, 3.0, 1.0), (lambda x: x - 1, 1.0, 1.0),
        (lambda x: 1 - x, -1.0, -1.0), (lambda x: 3 * x, 6.0, 3.0), (lambda x: x * 3, 6.0, 3.0),
        (lambda x: x / 4, 0.5, 0.25), (lambda x: 4 / x, 2.0, -1.0), (lambda x: x**3, 8.0, 12.0),
        (lambda x: 2**x, 4.0, 4 * math.log(2)), (lambda x: -x, -2.0, -1.0), (lambda x: +x, 2.0, 1.0),
        (lambda x: abs(-x), 2.0, 1.0), (lambda x: x % 1.5, 0.5, 1.0), (lambda x: 5.0 % x, 1.0, -2.0),
        (lambda x: pow(x, 2), 4.0, 4.0), (lambda x: divmod(x, 1.5)[1], 0.5, 1.0),
        (lambda x: divmod(5.0, x)[1], 1.0, -2.0), (lambda x: x.real + x.conjugate(), 4.0, 2.0),
    ],
)  # fmt: skip
def test_operators(function, value, slope):
    assert dual_derivative(function, (2.0,)) == pytest.approx((value, slope))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (dual(2.0) < 3, True), (dual(2.0) <= 2, True), (3 > dual(2.0), True), (dual(2.0) == 2.0, True),
        (dual(2.0) != 2.0, False), (bool(dual(0.0)), False), (int(dual(2.9)), 2), (round(dual(2.9)), 3),
        (round(dual(2.94), 1), 2.9), (math.floor(dual(-0.5)), -1), (math.ceil(dual(0.5)), 1),
        (math.trunc(dual(-1.5)), -1), (dual(7.0) // 2, 3.0), (7 // dual(2.0), 3.0), (dual(2.0).is_integer(), True),
        (f"{dual(2.0):.1f}", "2.0"), (f"{dual(2.0)}", "DualFloat(2.0, 1.0)"), (list(range(DualFloat(2))), [0, 1]),
    ],
)  # fmt: skip
def test_what_stops_the_derivative(found, expected):
    assert found == expected
    assert not isinstance(found, DualFloat)


def test_a_plain_float_is_refused():
    with pytest.raises(UsageError, match="downslope.math"):
        math.sin(dual(1.0))
    with pytest.raises(UsageError, match="cannot become a plain float"):
        float(dual(1.0))


def test_our_own_math():
    assert dual_math.sin(dual(0.5)).derivative() == math.cos(0.5)
    assert dual_math.log(dual(8.0), 2).derivative() == pytest.approx(1 / (8 * math.log(2)))
    assert dual_math.hypot(dual(3.0), 4.0).derivative() == 0.6
    assert dual_math.sin(0.5) == math.sin(0.5)
    assert dual_math.pi == math.pi
    assert dual_math.factorial(4) == 24
    assert dual_math.fsum([dual(1.0), 2.0, dual(3.0)]).derivative() == 2.0
    with pytest.raises(AttributeError, match="has no attribute 'sine'"):
        dual_math.sine  # noqa: B018  # the access is what is tested


def test_numpy_ufuncs():
    assert np.sin(dual(0.5)).derivative() == math.cos(0.5)
    assert np.arctan2(dual(1.0), 2.0).derivative() == pytest.approx(0.4)
    assert (np.float64(3.0) * dual(2.0)).derivative() == 3.0
    assert not isinstance(np.less(dual(1.0), 2.0), DualFloat)
    with pytest.raises(TypeError):
        np.add.reduce(dual(1.0))


def test_a_complex_value_is_refused():
    with pytest.raises(UsageError, match="not a real number"):
        dual_derivative(lambda x: x**0.5, (-2.0,))


def test_errors_of_the_function_are_its_own():
    with pytest.raises(ZeroDivisionError):
        dual_derivative(lambda x: 1 / x, (0.0,))
    with pytest.raises(ValueError, match="math domain error"):
        dual_derivative(lambda x: math.sqrt(x), (-1.0,))


# ---- nesting --------------------------------------------------------------------------------------


def test_higher_orders():
    assert [dual_higher(lambda x: x**5, (2.0,), (0,) * n) for n in range(5)] == [32, 80, 160, 240, 240]
    assert dual_higher(lambda x: math.exp(2 * x), (0.0,), (0,) * 6) == pytest.approx(64.0)


def test_perturbations_are_not_confused():
    # d/dx (x * d/dy (x + y)) = 1, but 2 where the inner and the outer change are taken for one.
    def outer(x):
        return x * dual_derivative(lambda y: x + y, (1.0,))[1]

    assert dual_derivative(outer, (1.0,))[1] == 1.0
    assert dual_second(lambda x, y: x * y * y, (2.0, 3.0), 0, 1) == 6.0


def test_several_outputs():
    def both(x, y):
        return x * y, 1.0, y

    assert dual_derivative(both, (2.0, 3.0), "x") == ((6.0, 1.0, 3.0), (3.0, 0.0, 0.0))
    assert dual_higher(both, (2.0, 3.0), (0, 1)) == (1.0, 0.0, 0.0)


# ---- the user's own function ----------------------------------------------------------------------

RATE = 3.0
TABLE = {"square": lambda x: x * x, "sine": math.sin}


def helper(x):
    return math.sin(x) * RATE


def cosine_of(x, function=math.cos):
    return function(x)


@functools.lru_cache
def cached(x):
    return math.cos(x)


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return self.factor * math.sin(x)

    def method(self, x):
        return self.factor * math.cos(x)


def nested(x):
    def inside(y):
        return math.exp(y) * x

    return inside(x)


def even(x, n):
    return x if n == 0 else odd(x * x, n - 1)


def odd(x, n):
    return math.sin(x) if n == 0 else even(x * x, n - 1)


own_module = types.ModuleType("own_module")
own_module.helper = helper

PROGRAMS = [
    (lambda x: imported_sin(x), math.cos(0.5)),
    (lambda x: math.sin(x), math.cos(0.5)),
    (lambda x: np.sin(x), math.cos(0.5)),
    (lambda x: special.expit(x), special.expit(0.5) * special.expit(-0.5)),
    (lambda x: special.xlogy(x, 3.0), math.log(3.0)),
    (helper, RATE * math.cos(0.5)),
    (cosine_of, -math.sin(0.5)),
    (lambda x: cached(x), -math.sin(0.5)),
    (lambda x: TABLE["square"](x) + TABLE["sine"](x), 1.0 + math.cos(0.5)),
    (lambda x: own_module.helper(x), RATE * math.cos(0.5)),
    (Scaled(2.0), 2.0 * math.cos(0.5)),
    (Scaled(2.0).method, -2.0 * math.sin(0.5)),
    (functools.partial(lambda a, x: math.sin(a * x), 2.0), 2 * math.cos(1.0)),
    (nested, math.exp(0.5) * 1.5),
    (lambda x: even(x, 2), 4 * 0.5**3),
    (math.sin, math.cos(0.5)),
    (lambda x: float(x) * 2, 2.0),
    (lambda x: x * 2 if isinstance(x, float) else 0.0, 2.0),
    (lambda x: float("2") * x, 2.0),
    (lambda x: np.float64(x) * 2, 2.0),
    (lambda x: max(x, 0.1, 0.2) + min(x, 9.0), 2.0),
    (lambda x: sum((x, x, 1.0)), 2.0),
    (lambda x: math.prod([x, x, 2.0]), 2.0),
    (lambda x: math.dist((x, 0.0), (0.0, 0.0)), 1.0),
    (lambda x: math.log(x, 2), 2 / math.log(2)),
    (lambda x: math.hypot(x, x, x), math.sqrt(3.0)),
    (lambda x: math.modf(x)[0], 1.0),
    (lambda x: x if math.isclose(x, 0.5) else 0.0, 1.0),
    (lambda x: math.pow(x, 2), 1.0),
    (lambda x: np.clip(x, 0.0, 1.0), 1.0),
    (lambda x: np.where(x > 0.2, x, 0.0), 1.0),
    (lambda x: int(x) + round(x) + round(x, 2) + np.round(x, 1) + x, 1.0),
    (lambda x: sorted([x, 0.1, 0.9])[1], 1.0),
    (lambda x: 1.0, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("function", "slope"), PROGRAMS)
def test_programs(function, slope):
    value, found = dual_derivative(function, (0.5,))
    assert found == pytest.approx(slope, rel=1e-12)
    assert value == pytest.approx(function(0.5), rel=4e-16)  # hypot of three is two of two


def test_the_original_is_untouched():
    before = helper.__globals__["math"], helper.__code__
    dual_derivative(helper, (0.5,))
    assert (helper.__globals__["math"], helper.__code__) == before
    assert helper(0.5) == math.sin(0.5) * RATE


def test_a_function_without_source():
    scope = {}
    exec("from math import exp\ndef f(x): return exp(x) * x", scope)
    assert dual_derivative(scope["f"], (0.0,)) == (0.0, 1.0)


def test_a_recursive_closure():
    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    assert dual_derivative(power, (2.0, 5)) == (32.0, 80.0)


def test_arguments_by_name_and_keyword():
    def trip(km, speed=30.0, *, fee=2.0):
        return 60.0 * km / speed + fee * fee

    assert dual_derivative(trip, (6.0,), "speed")[1] == pytest.approx(-0.4)
    assert dual_derivative(trip, (6.0,), "fee")[1] == 4.0
    assert dual_derivative(trip, (6.0,), "speed", {"speed": 60.0})[1] == pytest.approx(-0.1)
    with pytest.raises(UsageError, match="no argument"):
        dual_derivative(trip, (6.0,), "kmh")


def test_what_cannot_be_run_is_said():
    with pytest.raises(UsageError, match="cannot be run on dual numbers"):
        dual_derivative(math.factorial, (3,))
