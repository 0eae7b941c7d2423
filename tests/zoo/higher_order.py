"""Functions passed to helpers: lambdas, nested and outside functions, those of the table, partial ones."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import functools
import math

import downslope as ds
from zoo.registry import specimen


def integrate(g, a, b, n=4):
    h = (b - a) / n
    total = 0.0
    for i in range(n):
        total += g(a + h * (i + 0.5)) * h
    return total


def cube(t):
    return t**3


def scaled(k, t, s=1.0):
    return k * t * t * s


def powered(t, k, *, s):
    return k * t**s


class Bell:
    def __init__(self, width):
        self.width = width

    def __call__(self, t):
        return math.exp(-t * t / self.width)


cube_slope = ds.grad(cube)
doubled = functools.partial(scaled, 2.0)
bell = Bell(2.0)


@specimen(0.7, 0.4)
def a_lambda_is_passed(x, k):
    return integrate(lambda t: t * t * k, 0.0, x) + integrate(g=lambda t: k * t, a=x, b=1.0)


@specimen(0.7)
def a_nested_function_is_passed(x):
    def density(t):
        if t > 0.3:
            return t * x
        return math.sin(t * x)

    return integrate(density, 0.0, x) * density(x)


@specimen(0.7)
def functions_from_outside_are_passed(x):
    return integrate(cube, 0.0, x) + integrate(doubled, x, 1.0) * integrate(bell, 0.0, x)


@specimen(0.7)
def functions_of_the_table_are_passed(x):
    return integrate(math.sin, 0.0, x) * integrate(math.exp, x, 1.0) + integrate(abs, -x, x)


@specimen(0.7)
def derivatives_are_passed(x):
    return integrate(cube_slope, 0.0, x) + integrate(ds.grad(lambda t: t * t * x), 0.0, x)


@specimen(0.7)
def partial_functions_are_passed(x):
    def pair(a, b):
        return a * b * x

    return (
        integrate(functools.partial(scaled, x), 0.0, 1.0)
        + integrate(functools.partial(powered, k=x, s=2.0), 0.0, x)
        + integrate(functools.partial(pair, x * x), 0.0, 1.0)
    )


def twice(f, x):
    return f(f(x))


@specimen(0.7)
def functions_passed_on_and_on(x):
    return twice(lambda t: twice(lambda s: s * t * x, t), x)


def newton(f, x):
    for _ in range(4):
        x = x - f(x) / ds.grad(f)(x)
    return x


@specimen(1.7)
def a_passed_function_is_differentiated(a):
    return newton(lambda t: t * t - a, 1.0) + newton(functools.partial(lambda k, t: t**3 - k, a), 1.2)


@specimen(0.7)
def a_nested_helper_takes_a_function(x):
    def weighed(f, w):
        return f(x) * w

    return weighed(math.cos, x) + weighed(lambda t: t * x, 2.0)
