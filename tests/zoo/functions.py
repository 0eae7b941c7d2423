"""Elementary and special functions: grouped, and each alone in a small loop."""

# Ordinary programs let an int become a float and mix in NumPy scalars; a type checker objects to both.
# mypy: disable-error-code="assignment, no-any-return, return-value"

import math
from collections.abc import Callable
from math import sin as sine

import numpy as np
from scipy import special

from zoo.registry import specimen


@specimen(0.4)
def math_trigonometry(x: float) -> float:
    s = math.sin(x) + math.cos(x) + math.tan(x) + math.asin(x) + math.acos(x) + math.atan(x)
    s += math.sinh(x) + math.cosh(x) + math.tanh(x) + math.asinh(x) + math.acosh(1 + x) + math.atanh(x)
    return s + math.atan2(x, 2) + math.atan2(-1.0, x) + sine(x)


@specimen(0.4)
def math_powers_and_logs(x: float) -> float:
    s = math.exp(x) + math.expm1(x) + math.log(x) + math.log1p(x) + math.log2(x) + math.log10(x)
    return s + math.log(x, 3) + math.log(7, x) + math.sqrt(x) + math.pow(x, 3) + math.pow(3, x)


@specimen(0.4)
def math_odds_and_ends(x: float) -> float:
    s = math.erf(x) + math.erfc(x) + math.gamma(x + 1) + math.lgamma(x + 1) + math.fabs(-x)
    s += math.hypot(x, 2, x) + math.hypot(x, 1) + math.degrees(x) + math.radians(x)
    return s + math.copysign(x, -1) * x + math.fmod(7 * x, 1.5)


@specimen(0.4)
def math_newer(x: float) -> float:
    return math.cbrt(x) * math.exp2(x)


@specimen(2.6)
def piecewise_constant(x: float) -> float:
    return x * (math.floor(x) + math.ceil(x) + round(x) + int(x) + np.floor(x) + np.sign(x)) + float(x)


@specimen(2.6)
def tests_of_numbers(x: float) -> float:
    y = x * x if math.isfinite(x) and not math.isnan(x) else 0.0
    return y if not math.isinf(y) else 1.0


@specimen(0.4)
def numpy_trigonometry(x: float) -> float:
    s = np.sin(x) + np.cos(x) + np.tan(x) + np.arcsin(x) + np.arccos(x) + np.arctan(x)
    s += np.sinh(x) + np.cosh(x) + np.tanh(x) + np.arcsinh(x) + np.arccosh(x + 1) + np.arctanh(x)
    return s + np.arctan2(x, 2.0) + np.hypot(x, 2.0) + np.degrees(x) + np.deg2rad(x)


@specimen(0.4)
def numpy_powers_and_logs(x: float) -> float:
    s = np.exp(x) + np.exp2(x) + np.expm1(x) + np.log(x) + np.log1p(x) + np.log2(x) + np.log10(x)
    s += np.sqrt(x) + np.cbrt(x) + np.square(x) + np.reciprocal(x) + np.power(x, 2.5) + np.float_power(x, 3)
    return s + np.logaddexp(x, 1.0) + np.logaddexp2(1.0, x)


@specimen(0.4)
def numpy_odds_and_ends(x: float) -> float:
    s = np.maximum(x, 0.2) + np.minimum(x, 0.2) + np.fmax(x, 0.7) + np.fmin(x, 0.7) + np.absolute(-x)
    s += np.add(x, 1) * np.subtract(x, 2) / np.divide(3, x) - np.multiply(x, x) + np.negative(x)
    return s + np.copysign(x, -2.0) * x + np.remainder(7 * x, 1.5) + np.clip(x, 0.1, 0.3)


@specimen(2.6)
def numpy_constant_pieces(x: float) -> float:
    return x * np.floor(x) + x * x * np.rint(x) - np.ceil(x) * x**3 + np.trunc(x) / x + np.heaviside(x, 0.5)


@specimen(0.4)
def numpy_float64(x: float) -> float:
    return np.float64(x) * np.float64(2) ** x


@specimen(0.4)
def special_functions(x: float) -> float:
    s = special.erf(x) + special.psi(x + 1) + special.beta(x, 2.0) + special.betaln(x, 2.0) + special.expit(x)
    s += special.ndtr(x) + special.j0(x) + special.j1(x) + special.i0(x) + special.i1(x) + special.gammaln(x)
    return s + special.logit(x) + special.y0(x) * special.y1(x) + special.erfc(x) * special.exp10(x)


def looped(op: Callable[..., float]) -> Callable[..., float]:
    """A program that uses one function at three places, in a loop."""

    def program(x: float) -> float:
        s = 0.0
        for i in range(3):
            s = s * x + op(x + 0.1 * i)
        return s

    program.__name__ = f"looped_{op.__name__}"
    return program


for _op in (
    math.sin, math.cos, math.tan, math.exp, math.expm1, math.log, math.log1p, math.log2, math.log10, math.sqrt,
    math.asin, math.acos, math.atan, math.sinh, math.cosh, math.tanh, math.asinh, math.atanh, math.erf, math.erfc,
    math.gamma, math.lgamma, math.cbrt, math.exp2, math.degrees, math.fabs, np.sin, np.cos, np.exp, np.log,
    np.sqrt, np.tanh, np.cbrt, np.square, np.exp2, np.arctan, np.arcsinh, np.reciprocal, np.abs, special.expit,
    special.psi, special.ndtr, special.j0, special.i0, special.logit,
):  # fmt: skip
    specimen(0.35)(looped(_op))
