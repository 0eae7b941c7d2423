"""Vector functions against mpmath: the points to try, the exact values, and the distance in ulps.

The distance of two float64s is the number of float64s from one to the other, so 0 means that a
result is correctly rounded, and 1 that it is a neighbour of the correctly rounded one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ldexp, nextafter
from typing import Any

import mpmath
import numba
import numpy as np
import numpy.typing as npt

from downslope.native.vector.mathematics import VECTOR

Array = npt.NDArray[np.float64]
LEAST_NORMAL = 2.0**-1022
PRECISION = 160
"""Bits of the exact values; mpmath takes more where a result cancels."""


@dataclass(frozen=True)
class Domain:
    """Where a function of one argument is tried: from `low` to `high`, and around special points."""

    exact: Callable[..., Any]
    low: float
    high: float
    special: tuple[float, ...] = ()
    limit: int = 1  # the largest distance allowed


def _inverse_root(x: Any) -> Any:
    return mpmath.cbrt(x) if x >= 0 else -mpmath.cbrt(-x)


HUGE = 1.7976931348623157e308
REDUCTIONS = (6381956970095103.0 * 2.0**797, 1e22, 2.0**30, 2.0**1023, 11.0, 1.5707963267948966)
"""The float64 nearest to a multiple of pi / 2 (Muller 2016, 11.2), Ng's example, and others."""

DOMAINS: Mapping[str, Domain] = {
    "exp": Domain(mpmath.exp, -746.0, 710.0, (709.782712893384, -708.3964185322641, -745.1332191019411)),
    "exp2": Domain(lambda x: mpmath.power(2, x), -1076.0, 1024.0, (1023.9999999999999, -1022.0, -1074.0)),
    "exp10": Domain(lambda x: mpmath.power(10, x), -324.0, 308.3, (308.25471555991675, -307.65265556858876)),
    "expm1": Domain(
        mpmath.expm1, -45.0, 710.0, (709.782712893384, 0.34657359027997264, -0.34657359027997264)
    ),
    "sinh": Domain(mpmath.sinh, -711.0, 711.0, (710.4758600739439, 0.34657359027997264)),
    "cosh": Domain(mpmath.cosh, -711.0, 711.0, (710.4758600739439,)),
    "tanh": Domain(mpmath.tanh, -25.0, 25.0, (0.17328679513998632, 19.1)),
    "expit": Domain(lambda x: 1 / (1 + mpmath.exp(-x)), -746.0, 40.0, (-708.3964185322641, 36.7)),
    "log": Domain(mpmath.log, 0.0, HUGE, (1.0, 2.0**-0.5, 2.0**0.5, LEAST_NORMAL)),
    "log1p": Domain(mpmath.log1p, -1.0, HUGE, (-1.0, 0.41421356237309515, -0.29289321881345254, 2.0**53)),
    "log2": Domain(lambda x: mpmath.log(x) / mpmath.log(2), 0.0, HUGE, (1.0, 2.0**0.5, 2.0, LEAST_NORMAL)),
    "log10": Domain(mpmath.log10, 0.0, HUGE, (1.0, 10.0, 100.0, LEAST_NORMAL)),
    "sin": Domain(mpmath.sin, -HUGE, HUGE, REDUCTIONS),
    "cos": Domain(mpmath.cos, -HUGE, HUGE, REDUCTIONS),
    "tan": Domain(mpmath.tan, -HUGE, HUGE, REDUCTIONS),
    "atan": Domain(mpmath.atan, -HUGE, HUGE, (7 / 16, 11 / 16, 19 / 16, 39 / 16, 2.0**64)),
    "asin": Domain(mpmath.asin, -1.0, 1.0, (0.5, -0.5, 1.0, -1.0)),
    "acos": Domain(mpmath.acos, -1.0, 1.0, (0.5, -0.5, 1.0, -1.0)),
    "asinh": Domain(mpmath.asinh, -HUGE, HUGE, (2.0**30, 0.5, 1.0)),
    "acosh": Domain(mpmath.acosh, 1.0, HUGE, (1.0, 2.0**30, 1.5)),
    "atanh": Domain(mpmath.atanh, -1.0, 1.0, (1.0, -1.0, 0.17157287525380988)),
    "cbrt": Domain(_inverse_root, -HUGE, HUGE, (1.0, 8.0, LEAST_NORMAL)),
    "sqrt": Domain(mpmath.sqrt, 0.0, HUGE, (LEAST_NORMAL,), limit=0),
    "erf": Domain(mpmath.erf, -6.5, 6.5, (0.8, 0.5, 5.92), limit=2),
    "erfc": Domain(mpmath.erfc, -6.5, 27.3, (0.5, -0.5, 26.543258454250774), limit=2),
    "ndtr": Domain(lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2, -38.5, 9.0, (0.70710678, -37.5), limit=2),
    "pow": Domain(mpmath.power, 0.0, HUGE, limit=2),
    "logaddexp": Domain(lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)), 0.0, HUGE, limit=2),
    "hypot": Domain(mpmath.hypot, -HUGE, HUGE),
    "atan2": Domain(mpmath.atan2, -HUGE, HUGE),
}
BINARY = frozenset({"pow", "hypot", "atan2", "logaddexp"})


def rounded(value: Any) -> float:
    """The float64 nearest to an mpmath number."""
    if abs(value) < LEAST_NORMAL:
        return ldexp(int(mpmath.nint(mpmath.ldexp(value, 1074))), -1074)
    return float(value)


def exact(name: str, arguments: Sequence[Array]) -> Array:
    """The correctly rounded values of a function."""
    function = DOMAINS[name].exact
    with mpmath.workprec(PRECISION):
        return np.array([rounded(function(*map(mpmath.mpf, point))) for point in _points_of(arguments)])


def _points_of(arguments: Sequence[Array]) -> list[tuple[float, ...]]:
    return list(zip(*(argument.tolist() for argument in arguments), strict=True))


def distance(a: Array, b: Array) -> npt.NDArray[np.int64]:
    """How many float64s lie between, plus one, or 0 for the same; NaN is beside nothing but NaN."""
    with np.errstate(over="ignore"):
        apart = np.abs(_order(a) - _order(b))
    return np.where(np.isnan(a) & np.isnan(b), 0, apart)


def _order(x: Array) -> npt.NDArray[np.int64]:
    """Whole numbers in the order of float64s, 0 for both zeros."""
    bits = x.view(np.int64)
    return np.where(bits < 0, np.int64(-(2**63)) - bits, bits)


@cache
def looped(name: str) -> Callable[..., None]:
    """A compiled loop that applies a vector function to arrays: `loop(*arguments, out)`."""
    function = VECTOR[name]

    def one(x, out):  # type: ignore[no-untyped-def]
        for k in range(x.size):
            out[np.uint64(k)] = function(x[np.uint64(k)])

    def two(x, y, out):  # type: ignore[no-untyped-def]
        for k in range(x.size):
            out[np.uint64(k)] = function(x[np.uint64(k)], y[np.uint64(k)])

    array = numba.float64[::1]
    binary = name in BINARY
    compiled: Callable[..., None] = numba.njit((array,) * (3 if binary else 2))(two if binary else one)
    return compiled


def computed(name: str, arguments: Sequence[Array]) -> Array:
    """A vector function's values."""
    out = np.empty_like(arguments[0])
    looped(name)(*arguments, out)
    return out


def points(name: str, count: int, rng: np.random.Generator) -> tuple[Array, ...]:
    """About `count` arguments: even over the domain, of all magnitudes, of all bits, and near special ones."""
    if name == "pow":
        return _powers(count, rng)
    if name == "logaddexp":  # of positive numbers: others may cancel
        return rng.uniform(0.0, 50.0, count), rng.uniform(0.0, 50.0, count)
    if name in BINARY:
        return _pairs(count, rng)
    domain = DOMAINS[name]
    share = count // 4
    low, high = max(domain.low, -1e3), min(domain.high, 1e3)
    least = np.frexp(max(-domain.low, domain.high))[1]
    every = [
        rng.uniform(low, high, share),
        rng.uniform(max(low, -2.0), min(high, 2.0), share),
        _magnitudes(share, -1074, int(least), rng),
        _near(domain.special, share, rng),
    ]
    if name in ("sin", "cos", "tan"):
        turns = np.floor(2.0 ** rng.uniform(0, 50, share))
        every.append(_nudged(turns * (np.pi / 2), 3, rng))
    x = np.concatenate(every)
    return (x[(x >= domain.low) & (x <= domain.high)],)


def _magnitudes(count: int, low: int, high: int, rng: np.random.Generator) -> Array:
    """Numbers of either sign whose exponents are even over a range."""
    with np.errstate(over="ignore"):
        sizes = np.ldexp(rng.uniform(0.5, 1.0, count), rng.integers(low, high + 1, count))
    return sizes * rng.choice([-1.0, 1.0], count)


def _near(special: Sequence[float], count: int, rng: np.random.Generator) -> Array:
    """Numbers within some ulps of special ones, and within some thousandths of them."""
    if not special:
        return np.empty(0)
    chosen = rng.choice(np.array(special), count)
    close = _nudged(chosen, 40, rng)
    return np.where(rng.random(count) < 0.5, close, chosen * (1.0 + rng.uniform(-1e-3, 1e-3, count)))


def _nudged(x: Array, most: int, rng: np.random.Generator) -> Array:
    """Numbers up to so many ulps away."""
    return (x.view(np.int64) + rng.integers(-most, most + 1, x.size)).view(np.float64)


def _powers(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Bases of all magnitudes and near 1, with exponents that reach from underflow to overflow."""
    share = count // 4
    x = np.concatenate(
        [
            np.abs(_magnitudes(share, -1073, 1024, rng)),
            rng.uniform(0.5, 2.0, share),
            _nudged(np.ones(share), 1000, rng),
            rng.uniform(0.0, 20.0, share),
        ]
    )
    logs = np.log(x)
    logs[logs == 0.0] = 1.0
    y = rng.uniform(-746.0, 710.0, x.size) / logs
    y[-share:] = rng.integers(-20, 20, share)
    return x, y


def _pairs(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Pairs of all magnitudes, and of similar ones."""
    half = count // 2
    x = _magnitudes(2 * half, -1074, 1023, rng)
    near = np.clip(np.frexp(x[:half])[1] + rng.integers(-6, 7, half), -1073, 1023)
    y = np.ldexp(rng.uniform(0.5, 1.0, half), near) * rng.choice([-1.0, 1.0], half)
    return x, np.concatenate([y, _magnitudes(half, -1074, 1023, rng)])


def neighbours(x: float) -> tuple[float, float, float]:
    """A number and the float64s beside it."""
    return nextafter(x, -np.inf), x, nextafter(x, np.inf)
