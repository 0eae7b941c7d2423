"""Small programs, each with a point to differentiate at: the constructs that a program may use."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from math import sin as sine
from typing import Any

import numpy as np
from scipy import special

FACTOR = 1.7


@dataclass(frozen=True)
class Specimen:
    program: Callable[..., Any]
    args: tuple[float, ...]
    wrt: tuple[int, ...]


ZOO: list[Specimen] = []


def specimen(*args, wrt=None):
    def add(program):
        floats = tuple(i for i, a in enumerate(args) if isinstance(a, float))
        ZOO.append(Specimen(program, args, floats if wrt is None else wrt))
        return program

    return add


@specimen(4.0)
def parabola(x):
    return 3 * x**2


@specimen(2.0, 3.0)
def arithmetic(x, y):
    return (x + y) * (x - y) / (x * y) - +x + -y


@specimen(2.5, 1.5)
def power_both(x, y):
    return x**y + y**x


@specimen(2.5, 3)
def power_int_argument(x, n):
    return x**n + n**x


@specimen(7.3, 2.1)
def remainder(x, y):
    return x % y + math.fmod(x, y) + x // y


@specimen(0.7, 1.2)
def chained(x, y):
    return x * y if 0 < x < y < 2 else x + y


@specimen(1.5)
def branches(x):
    if x < 0:
        y = -x
    elif x < 1:
        y = x * x
    elif x < 2:
        y = math.exp(x)
    else:
        y = 3.0
    return y * x


@specimen(1.5)
def nested_branches(x):
    y = 1.0
    if x > 0:
        z = x * 2
        if z > 2:
            y = z * x
            if y > 10:
                y = y / 2
        else:
            y = z
    return y + x


@specimen(1.1, 5)
def counted(x, n):
    s = 0
    for i in range(n):
        s += x**i / (i + 1)
    return s


@specimen(1.1, 0)
def zero_trips(x, n):
    s = x
    for _ in range(n):
        s = s * s
    return s


@specimen(1.1)
def negative_step(x):
    s = 1.0
    for i in range(10, -3, -3):
        s = s * x + i
    return s


@specimen(1.3, 7, 2)
def variable_step(x, n, k):
    s = x
    for i in range(1, n, k):
        s = math.sin(s) + i * x
    return s


@specimen(5.5)
def while_loop(d):
    t = 0.0
    v = d
    while v > 1:
        t += v * v
        v = v / 1.7
    return t


@specimen(0.9, 6)
def nested_loops(x, n):
    s = 0.0
    for i in range(n):
        a = x
        for j in range(i):
            a = a * x + j
            s += a * math.cos(a)
    return s


@specimen(0.9)
def while_in_for(x):
    s = 0.0
    for i in range(4):
        y = x + i
        while y > 0.5:
            y = y * 0.6
            s += y * y * x
    return s


@specimen(1.2)
def if_in_loop(x):
    s = x
    for i in range(8):
        if i % 2 == 0:
            s = s + math.sin(s)
        elif i == 5:
            s = s * x
        else:
            s = s - 0.1 * s * s
    return s


@specimen(0.8)
def breaks(x):
    s = 0.0
    for i in range(20):
        s += x**i
        if s > 2.5:
            break
    return s * x


@specimen(0.8)
def continues(x):
    s = 0.0
    for i in range(9):
        if i == 3 or i == 5:
            continue
        s += x**i
    return s


@specimen(0.8)
def loop_else(x):
    s = x
    for i in range(3):
        s *= x
        if i > 10:
            break
    else:
        s = s + x * x
    while s > 100:
        break
    else:
        s = s * 3
    return s


@specimen(0.8)
def break_inner(x):
    s = 0.0
    for i in range(5):
        for j in range(5):
            if j > i:
                break
            if (i + j) % 3 == 0:
                continue
            s += x ** (i + j)
    return s


@specimen(0.8)
def early_return(x):
    if x > 2:
        return x
    y = x * x
    if y > 0.5:
        return y * math.exp(x)
    return y


@specimen(0.8)
def return_in_loop(x):
    s = 1.0
    for i in range(10):
        for j in range(3):
            s = s * (1 + x)
            if s > 6 + j:
                return s * x + i
    return s


@specimen(0.8)
def return_in_while(x):
    while True:
        x = x * 1.5
        if x > 4:
            return x * x


@specimen(0.8, 1.9)
def swap(x, y):
    for _ in range(5):
        x, y = y, x + y * 0.5
    return x * y


@specimen(0.8)
def tuple_values(x):
    a, (b, c) = x, (x * 2, x * x)
    pair = (a * b, c) if x > 0 else (c, a)
    p, q = pair
    return sum((p, q, a)) + max((a, b, c)) - min(a, b)


@specimen(0.8)
def augmented(x):
    y = x
    y += 2
    y *= x
    y -= 0.5
    y /= x
    y **= 2
    return y


def helper(a, b=2.0, *, c=1.0):
    if a > b:
        return a * c
    for i in range(3):
        a = a + b * i
        if a > 4:
            return a * b
    return a - c


@specimen(0.8, 1.3)
def helpers(x, y):
    return helper(x) + helper(y, x) * helper(b=x, a=y, c=x)


def closure_maker(k):
    def inner(z):
        return z * k

    def program(x):
        return inner(x) * inner(x) + k

    return program


specimen(1.4)(closure_maker(2.5))
specimen(1.4)(lambda x: x * FACTOR + math.sqrt(x))


@specimen(1.4)
def nested_def(x):
    scale = x * 2

    def shifted(z, by=3.0):
        return z * scale + by

    scale = scale + 1
    return shifted(x) + shifted(scale, by=x)


@specimen(1.4)
def module_constants(x):
    return FACTOR * x * math.pi + np.pi + math.e


@specimen(0.4)
def math_functions(x):
    s = math.sin(x) + math.cos(x) + math.tan(x) + math.asin(x) + math.acos(x) + math.atan(x)
    s += math.sinh(x) + math.cosh(x) + math.tanh(x) + math.asinh(x) + math.acosh(1 + x) + math.atanh(x)
    s += (
        math.exp(x)
        + math.expm1(x)
        + math.log(x)
        + math.log1p(x)
        + math.log2(x)
        + math.log10(x)
        + math.log(x, 3)
    )
    s += math.sqrt(x) + math.erf(x) + math.erfc(x) + math.gamma(x + 1) + math.lgamma(x + 1)
    s += (
        math.atan2(x, 2)
        + math.hypot(x, 2, x)
        + math.degrees(x)
        + math.radians(x)
        + math.copysign(x, -1)
        + math.pow(x, 3)
    )
    return s + sine(x) + math.fabs(-x)


@specimen(0.4)
def numpy_functions(x):
    s = (
        np.sin(x)
        + np.cos(x)
        + np.tan(x)
        + np.arcsin(x)
        + np.arccos(x)
        + np.arctan(x)
        + np.exp2(x)
        + np.cbrt(x)
    )
    s += (
        np.sinh(x)
        + np.cosh(x)
        + np.tanh(x)
        + np.arcsinh(x)
        + np.arccosh(x + 1)
        + np.arctanh(x)
        + np.square(x)
    )
    s += (
        np.exp(x)
        + np.expm1(x)
        + np.log(x)
        + np.log1p(x)
        + np.log2(x)
        + np.log10(x)
        + np.sqrt(x)
        + np.reciprocal(x)
    )
    s += (
        np.maximum(x, 0.2) + np.minimum(x, 0.2) + np.logaddexp(x, 1.0) + np.arctan2(x, 2.0) + np.hypot(x, 2.0)
    )
    return s + np.power(x, 2.5) + np.absolute(x) + np.clip(x, 0.1, 0.3) + np.where(x > 0.3, x * x, x)


@specimen(0.4)
def special_functions(x):
    s = special.erf(x) + special.psi(x + 1) + special.beta(x, 2.0) + special.betaln(x, 2.0) + special.expit(x)
    return (
        s
        + special.ndtr(x)
        + special.j0(x)
        + special.j1(x)
        + special.i0(x)
        + special.i1(x)
        + special.gammaln(x)
    )


@specimen(2.6)
def piecewise_constant(x):
    return x * (math.floor(x) + math.ceil(x) + round(x) + int(x) + np.floor(x) + np.sign(x)) + float(x)


@specimen(2.6, 1.0)
def booleans(x, y):
    a = x > 1 and y > 0
    b = x < 1 or not a
    z = 0.0
    if a and not b:
        z = x * y
    return z + (x and y) + (y or x) + (x if b else y * y)


@specimen(2.0, 2.0)
def ties(x, y):
    return max(x, y) * 3 + np.maximum(x, y) * 2 + min(y, x) + (x if x >= y else y)


@specimen(0.0)
def branch_guard(x):
    return math.sqrt(x) if x > 0 else x * 2


@specimen(1.0)
def assertion(x):
    assert x > 0
    if x > 10:
        raise ValueError("too big")
    return x * x


@specimen(1.0, 3.0, wrt=(0, 1))
def unused(x, y):
    y = 2.0
    return x * y


@specimen(1.0)
def shadowed(x):
    FACTOR = x * 3  # noqa: N806
    abs_ = abs(-FACTOR)
    return abs_ * x


@specimen(2.2)
def loop_variable_after(x):
    for i in range(4):
        x = x + i
    return x * i


@specimen(2.0)
def newton_root(a):
    r = a
    while abs(r * r - a) > 1e-13:
        r = (r + a / r) / 2
    return r


@specimen(0.3)
def taylor_sine(x):
    term = x
    s = x
    n = 1
    while abs(term) > 1e-17:
        term = -term * x * x / ((n + 1) * (n + 2))
        s += term
        n += 2
    return s


@specimen(0.5, 1.5)
def runge_kutta(y, k):
    h = 0.1
    for _ in range(10):
        a = k * y * (1 - y)
        b = k * (y + h * a / 2) * (1 - y - h * a / 2)
        c = k * (y + h * b / 2) * (1 - y - h * b / 2)
        d = k * (y + h * c) * (1 - y - h * c)
        y += h * (a + 2 * b + 2 * c + d) / 6
    return y


@specimen(0.4, 3.6)
def logistic_map(x, r):
    for _ in range(12):
        x = r * x * (1 - x)
    return x


@specimen(100.0, 110.0, 0.5, 0.02, 0.3)
def black_scholes(s, k, t, r, v):
    d1 = (math.log(s / k) + (r + v * v / 2) * t) / (v * math.sqrt(t))
    d2 = d1 - v * math.sqrt(t)

    def cdf(z):
        return 0.5 * (1 + math.erf(z / math.sqrt(2)))

    return s * cdf(d1) - k * math.exp(-r * t) * cdf(d2)


@specimen(1.5, 2.5)
def mean_agm(a, b):
    for _ in range(6):
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a


@specimen(0.7, 12)
def gcd_inside(x, n):
    a = n
    b = 8
    while b:
        a, b = b, a % b
    return x**a


@specimen(3.7)
def collatz_like(x):
    n = int(x)
    s = x
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        s = s * 1.01 + 1 / x
    return s


@specimen(5.5, 8, 30.0, 0.5, 0.4, 1.0, 0.3)
def taxi(d, hour, speed, jam, stop, dwell, decay):
    t = 0.0
    v = speed
    if 7 <= hour < 10 or 16 <= hour < 19:
        v = speed * jam
    while d > 1:
        t += 60 / v
        t += stop * dwell
        v = v * decay + (1 - decay) * speed
        d -= 1
    t += 60 * d / v
    return t


def _unary(op):
    def program(x):
        s = 0.0
        for i in range(3):
            s = s * x + op(x + 0.1 * i)
        return s

    program.__name__ = f"looped_{op.__name__}"
    return program


for _op in (
    math.sin, math.cos, math.tan, math.exp, math.expm1, math.log, math.log1p, math.log2, math.log10, math.sqrt,
    math.asin, math.acos, math.atan, math.sinh, math.cosh, math.tanh, math.asinh, math.atanh, math.erf, math.erfc,
    math.gamma, math.lgamma, np.sin, np.cos, np.exp, np.log, np.sqrt, np.tanh, np.cbrt, np.square, np.exp2,
    np.arctan, np.arcsinh, special.expit, special.psi, special.ndtr, special.j0, special.i0,
):  # fmt: skip
    specimen(0.35)(_unary(_op))
