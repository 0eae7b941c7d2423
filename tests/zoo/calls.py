"""Helpers: module level, closures, nested functions, defaults, keywords, returns in their loops."""

# Ordinary programs let an int become a float and mix in NumPy scalars; a type checker objects to both.
# mypy: disable-error-code="assignment, no-any-return, return-value"

import math
from collections.abc import Callable
from math import sin as sine

from zoo import helpers
from zoo.helpers import cube as renamed_cube
from zoo.registry import TRIPS, specimen

FACTOR = 1.7


def square(a: float) -> float:
    return a * a


def stepped(a: float, b: float = 2.0, *, c: float = 1.0) -> float:
    if a > b:
        return a * c
    for i in range(3):
        a = a + b * i
        if a > 4:
            return a * b
    return a - c


@specimen(0.8)
def helper_once(x: float) -> float:
    return square(x) + x


@specimen(0.8, 1.3, formal=TRIPS)
def helpers_with_keywords(x: float, y: float) -> float:
    return stepped(x) + stepped(y, x) * stepped(b=x, a=y, c=x)


@specimen(0.8)
def helper_of_helper(x: float) -> float:
    return square(square(x) + square(x + 1))


@specimen(0.8)
def helper_in_loop(x: float) -> float:
    s = x
    for i in range(4):
        s = square(s) * 0.5 + i * x
    return s


@specimen(0.8, formal=TRIPS)
def helper_in_condition(x: float) -> float:
    s = x
    while square(s) < 9:
        s += square(x)
    return s if square(x) < 1 else -s


@specimen(0.8)
def helper_in_short_circuit(x: float) -> float:
    if x < 0 and square(x) > 1 or square(x) > 0.5:
        return square(x) * 3
    return x


@specimen(0.8)
def helper_in_conditional(x: float) -> float:
    return square(x) if x > 0 else math.log(x)


def positive_part(a: float) -> float:
    if a > 0:
        return a
    return 0.0


@specimen(0.8)
def helper_with_early_return(x: float) -> float:
    return positive_part(x) * positive_part(x - 1) + positive_part(2 * x) ** 2


def first_above(limit: float, a: float) -> float:
    n = 0
    while True:
        a = a * 1.3
        n += 1
        if a > limit:
            return a + n


@specimen(0.8, formal=TRIPS)
def helper_with_return_in_while(x: float) -> float:
    return first_above(3, x) * first_above(limit=x * 5, a=1.0)


def two_values(a: float, b: float) -> tuple[float, float]:
    return a * b, a - b


@specimen(0.8, 1.7)
def helper_returns_tuple(x: float, y: float) -> float:
    p, q = two_values(x, y)
    r, p = two_values(p, q)
    return p * q + r


@specimen(0.8, 1.7)
def sum_of_returned_tuple(x: float, y: float) -> float:
    return sum(two_values(x, y)) * max(two_values(y, x))


def default_from_constant(a: float, scale: float = FACTOR) -> float:
    return a * scale


@specimen(0.8)
def helper_default_is_module_constant(x: float) -> float:
    return default_from_constant(x) + default_from_constant(x, 2) + default_from_constant(scale=x, a=x)


def changes_argument(a: float) -> float:
    a = a + 1
    a *= 2
    return a


@specimen(0.8)
def helper_keeps_callers_variable(x: float) -> float:
    a = x
    b = changes_argument(a)
    return a * b


@specimen(0.8, formal=TRIPS)
def same_names_in_helper(a: float) -> float:
    i = 2.0
    b = stepped(a * 0.1)
    return b * i + a


@specimen(0.8)
def helper_from_module(x: float) -> float:
    return helpers.cube(x) + renamed_cube(x + 1) + sine(x)


@specimen(0.8)
def helper_sees_its_own_module(x: float) -> float:
    return helpers.scaled(x) * FACTOR


def closure_maker(k: float) -> Callable[..., float]:
    def inner(z: float) -> float:
        return z * k

    def program(x: float) -> float:
        return inner(x) * inner(x) + k

    return program


specimen(1.4)(closure_maker(2.5))
specimen(1.4)(closure_maker(-3))
specimen(1.4)(lambda x: x * FACTOR + math.sqrt(x))
specimen(1.4, 0.6)(lambda x, y: x * y if x > y else x / y)


def closure_over_function(op: Callable[..., float], times: int) -> Callable[..., float]:
    def applied(x: float) -> float:
        for _ in range(times):
            x = op(x)
        return x

    return applied


specimen(0.6)(closure_over_function(math.sin, 3))
specimen(0.6)(closure_over_function(square, 2))
specimen(0.6)(closure_over_function(positive_part, 2))


@specimen(1.4)
def nested_def(x: float) -> float:
    scale = x * 2

    def shifted(z: float, by: float = 3.0) -> float:
        return z * scale + by

    scale = scale + 1
    return shifted(x) + shifted(scale, by=x)


@specimen(1.4)
def nested_def_with_loop(x: float) -> float:
    def powers(z: float, n: int) -> float:
        s = 0.0
        for i in range(n):
            s += z**i
        return s

    return powers(x, 3) * powers(2.0, 2) + powers(x * x, 2)


@specimen(1.4)
def nested_def_in_nested_def(x: float) -> float:
    def outer(a: float) -> float:
        def inner(b: float) -> float:
            return a * b + x

        return inner(a) * inner(2.0)

    return outer(x) - outer(1.0)


@specimen(1.4)
def nested_def_shadows(x: float) -> float:
    y = 3.0

    def local(x: float) -> float:
        y = x * x
        return y

    return local(x + 1) * y + x


@specimen(1.4)
def keyword_only(x: float, *, bias: float = 0.5) -> float:
    return x * x + bias * x


@specimen(1.4, 2.0)
def positional_only(x: float, y: float, /) -> float:
    return x**y


@specimen(1.0)
def shadowed_constant(x: float) -> float:
    FACTOR = x * 3
    positive = abs(-FACTOR)
    return positive * x


@specimen(1.0)
def shadowed_builtin(x: float) -> float:
    sum = x * 2
    max = sum + 1
    return sum * max


@specimen(1.0)
def shadowed_module_name(x: float) -> float:
    math_ = math.exp(x)
    square = math_ * x
    return square


@specimen(1.3, 0.7)
def helper_in_each_branch(x: float, y: float) -> float:
    if x > 0:

        def g(v: float) -> float:
            return v * x

        y = g(y)
    else:

        def g(v: float) -> float:
            return v + x

        y = g(y)
    return y


@specimen(1.3, 3)
def helper_in_each_pass(x: float, n: int) -> float:
    total = 0.0
    for i in range(n):

        def g(v: float) -> float:
            return v * i + x  # noqa: B023  # the variables as they are now are meant

        total += g(total)
    return total


@specimen(1.3, 3, formal=TRIPS)
def helper_below_an_early_return(x: float, n: int) -> float:
    if x < 0:
        return 0.0

    def g(v: float) -> float:
        return v * x

    for _ in range(n):
        if x > 100:
            break

        def twice(v: float) -> float:
            return g(v) * 2

        x = x + twice(x) * 0.1
    return g(x)


@specimen(1.3, 0.7)
def helper_before_its_variables(x: float, y: float) -> float:
    def g(v: float) -> float:
        return h(v) * late

    def h(v: float) -> float:
        late = 3.0
        return v * late

    late = x * y
    before = g(y)
    late = y
    return before + g(x)
