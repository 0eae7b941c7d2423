"""Functions of arrays whose derivative is given, and stopped arrays."""

# mypy: disable-error-code="no-any-return"

import math
from typing import Any

import numpy as np

import downslope as ds
from array_zoo.registry import specimen, vector


def norm_vjp(v: Any, scale: float, y: float, y_bar: float) -> Any:
    return y_bar * scale * scale * v / y, y_bar * y / scale


@ds.custom_derivative(vjp=norm_vjp)
def norm(v: Any, scale: float) -> float:
    total = 0.0
    for x in v:
        total += x * x
    return math.sqrt(total) * scale


def cubes_jvp(v: Any, y: Any, v_dot: Any) -> Any:  # it is given the result as well
    return 3.0 * v * v * v_dot


def cubes_vjp(v: Any, y: Any, y_bar: Any) -> Any:  # as above
    return 3.0 * v * v * y_bar


@ds.custom_derivative(jvp=cubes_jvp, vjp=cubes_vjp)
def cubes(v: Any) -> Any:
    return v**3


@specimen(vector(3), 1.3)
def given_for_arrays_that_change(v: Any, scale: float) -> float:
    w = cubes(v * 0.5)
    v[0] = norm(w, scale)
    for k in range(2):
        v = v + cubes(v) * 0.1 * k
    return norm(v, 2.0) * w[1]


@specimen(vector(3), numeric="differences see what a stopped derivative does not")
def stopped_array(v: Any) -> Any:
    w = ds.stop_gradient(v * v)
    return v * w + ds.stop_gradient(v[0])


def settle(p: Any) -> Any:
    x = np.ones(2)
    k = 0
    while k < 60:
        x = np.array([0.5 * math.cos(x[1] * p[0]), 0.4 * math.sin(x[0]) + p[1]])
        k += 1
    return x


def unsettled(x: Any, p: Any) -> Any:
    return np.array([x[0] - 0.5 * math.cos(x[1] * p[0]), x[1] - 0.4 * math.sin(x[0]) - p[1]])


settled = ds.implicit(settle, unsettled)


@specimen(np.array([0.9, 0.3]))
def fixed_point_of_a_vector(p: Any) -> float:
    x = settled(p)
    return x[0] * x[1] + p[0]
