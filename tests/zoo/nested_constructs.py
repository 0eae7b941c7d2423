"""Derivatives inside programs of functions with objects, lists, tables and stopped derivatives."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import downslope as ds
from zoo.registry import ARRAYS, TRIPS, specimen

GIVEN = "a function whose derivative is given is called, not written out"
SWEPT = "a sweep back keeps values on a tape, and a formula has none"
WEIGHTS = np.array([0.5, 2.0, 3.0])


class Spring(NamedTuple):
    stiffness: float
    rest: float


@dataclass
class Point:
    x: float
    y: float

    def norm(self):
        return math.sqrt(self.x * self.x + self.y * self.y)


@specimen(0.7)
def an_object_is_around_it(x):
    point = Point(x, 2.0)
    point.x = x * x
    return ds.grad(lambda y: y * y * point.x + point.norm())(x) * point.x


@specimen(0.7, formal=SWEPT)
def objects_inside_it(x):
    def path(y):
        point = Point(y, x)
        spring = Spring(x, 0.3)
        for _ in range(3):
            point.x = point.x * point.y
            point.y -= spring.stiffness * (point.x - spring.rest)
        return point.norm()

    return ds.grad(path)(x) * x + ds.derivative(path, mode="reverse")(2.0 * x)


@specimen(0.7, formal=ARRAYS)
def lists_inside_it(x):
    def stack(y):
        values = [y]
        for k in range(3):
            values.append(values[-1] * y + k * x)
        return values[3] * values.pop()

    return ds.grad(stack)(x) * x + ds.derivative(stack, mode="reverse")(x * x)


@specimen(0.7, formal=ARRAYS)
def a_list_is_around_it(x):
    values = [x]
    for k in range(3):
        values.append(x * k + values[-1])
    return ds.grad(lambda y: values[2] * y * y + len(values) * y * x)(x)


@specimen(0.7, formal=ARRAYS)
def a_table_of_the_module_in_it(x):
    def weighted(y):
        total = 0.0
        for k in range(3):
            total += WEIGHTS[k] * y**k * x
        return total

    return ds.derivative(weighted, mode="reverse")(x) * WEIGHTS[1] + ds.grad(lambda y: y * y * WEIGHTS[2])(x)


@specimen(0.7, formal=ARRAYS)
def arrays_with_two_names_around_it(x):
    values = np.zeros(3)
    values[0] = x
    tail = values[1:]

    def energy(y):
        return np.sum(values * y * y) + tail[0] * y

    tail[0] = x * x
    return ds.grad(energy)(x)


@specimen(0.7, numeric="differences see what a stopped derivative does not", formal=GIVEN)
def a_stopped_derivative(x):
    return ds.grad(lambda y: ds.stop_gradient(y) * y * x)(x)


@specimen(1.3, formal=TRIPS)
def how_often_depends_on_the_inner_variable(x):
    def halved(y):
        while y > 1.0:
            y = y * 0.5 * x
        return y * y

    return ds.derivative(halved, mode="reverse")(x + 3.0) * x


@specimen(0.7)
def made_anew_in_each_pass(x):
    total, factor = 0.0, x
    for _ in range(3):
        slope = ds.grad(lambda y: factor * y * y)  # noqa: B023  # it is called in the same pass
        total += slope(x)
        factor = factor * x
    return total


@specimen(0.7)
def reverse_in_reverse_of_a_function_that_differentiates(x):
    def outer(y):
        def inner(z):
            return z * z * y

        return ds.grad(inner)(y) * y

    return ds.derivative(ds.derivative(outer, mode="reverse"), mode="reverse")(x) * x


@specimen(0.7)
def defaults_and_keywords(x):
    def scaled(y, factor=None, *, power=2.0):
        if factor is None:
            return y**power * x
        return y**power * factor

    return ds.grad(scaled)(x) + ds.grad(scaled, "y")(x, x * x, power=3.0)
