"""Derivatives inside programs of functions that are called, not expanded: they recurse, or use a given derivative."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import downslope as ds
from zoo.registry import specimen

CALLED = "a function that calls itself is called, not written out"
GIVEN = "a function whose derivative is given is called, not written out"


def power(y, n):
    if n == 0:
        return 1.0
    return y * power(y, n - 1)


@specimen(0.7, formal=CALLED)
def of_a_function_that_calls_itself(x):
    return ds.grad(lambda y: power(y * x, 4))(x) + ds.grad(power)(x * x, 3)


@specimen(0.7, formal=CALLED)
def of_a_nested_function_that_calls_itself(x):
    def horner(y, n):
        if n == 0:
            return x
        return y * horner(y, n - 1) + math.sin(x)

    return ds.grad(lambda y: horner(y, 3))(x) * x


@specimen(0.7, formal=CALLED)
def a_function_that_calls_itself_and_a_derivative(x):
    slope = ds.grad(lambda y: y**3 * x)

    def walk(n):
        if n == 0:
            return x
        return slope(walk(n - 1)) + ds.grad(math.sin)(x)

    return walk(2)


def squared_jvp(x, y, x_dot):  # it is given the result as well
    return ds.grad(lambda z: z * z)(x) * x_dot


@ds.custom_derivative(jvp=squared_jvp)
def squared(x):
    return x * x


@specimen(0.7, formal=GIVEN)
def a_derivative_that_is_given(x):
    return ds.grad(lambda y: squared(y * x) * y)(x) + squared(x * x)
