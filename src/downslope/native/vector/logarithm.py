"""log and its relatives.

x = 2**k m with m within a factor sqrt(2) of 1; with f = m - 1 and s = f / (2 + f),
log(m) = 2 s + s**3 P(s**2), summed so that the leading term f is exact (Tang 1990; Muller 2016, 5).
"""

import math
from typing import NamedTuple

from downslope.native.vector import fits
from downslope.native.vector.arithmetic import (
    ROUNDER,
    divided,
    fast_two_sum,
    minimum,
    polynomial,
    power_of_two,
    two_product,
    two_sum,
)
from downslope.native.vector.exponential import exp
from downslope.native.vector.operand import Real, absolute, copysign, muladd, select

LEAST_NORMAL = 2.0**-1022
ONE_BITS = 0x3FF0000000000000
LOW_BITS = 0x3FE6A09E667F3BCD
"""The bits of sqrt(1/2)."""
FRACTION = 0x000FFFFFFFFFFFFF
WHOLE_BITS = 0x4330000000000000
"""The bits of 2**52: a whole number below that, in the low bits, is added to it."""


class Taken(NamedTuple):
    """x = 2**k (1 + f)."""

    k: Real
    f: Real


def taken_apart(x: Real) -> Taken:
    """The k and f of 0 < x < inf; anything for others."""
    small = x < LEAST_NORMAL
    bits = select(small, x * 2.0**54, x).bits() + (ONE_BITS - LOW_BITS)
    bias = select(small, 2.0**52 + 1023.0 + 54.0, 2.0**52 + 1023.0)
    k = ((bits >> 52) | WHOLE_BITS).real() - bias
    return Taken(k, ((bits & FRACTION) + LOW_BITS).real() - 1.0)


def guarded(x: Real, value: Real) -> Real:
    """The value for 0 < x < inf, and what a logarithm is at 0, at inf, below 0 and for NaN."""
    within = select(x < math.inf, value, x)
    return select(x > 0.0, within, select(x.equals(0.0), -math.inf, math.nan))


def log(x: Real) -> Real:
    """The natural logarithm."""
    k, f = taken_apart(x)
    return guarded(x, _joined(k, f, k * fits.LN2[1]))


def _joined(k: Real, f: Real, rest: Real) -> Real:
    """The sum k log(2) + log(1 + f), where `rest` is the low part of k log(2)."""
    s = f / (f + 2.0)
    square = s * s
    half = 0.5 * f * f
    low = muladd(s, muladd(square, polynomial(square, fits.LOG), half), rest)
    high, lost = fast_two_sum(k * fits.LN2[0], f)
    return high + (lost + (low - half))


def log1p(x: Real) -> Real:
    """log(1 + x): what 1 + x rounds off is added to f."""
    total, lost = two_sum(x, 1.0)
    return copysign(log_of_sum(total, lost), x)


def log_of_sum(high: Real, low: Real, doublings: Real | float = 0.0) -> Real:
    """log((high + low) 2**doublings), where `low` is what `high` rounds off."""
    k, f = taken_apart(high)
    near, rest = fast_two_sum(f, low * power_of_two(ROUNDER - minimum(k, 1000.0)))
    k = k + doublings
    return guarded(high, _joined(k, near, muladd(k, fits.LN2[1], rest)))


def logaddexp(a: Real, b: Real) -> Real:
    """log(e**a + e**b): the larger, and log1p of e to minus the distance."""
    larger = select(a > b, a, b)
    value = larger + log1p(exp(-absolute(a - b)))
    return select(a.equals(b), a + fits.LN2_FULL[0], value)


def _in_parts(f: Real) -> tuple[Real, Real]:
    """log(1 + f) as a sum of two, to about 60 bits."""
    s = f / (f + 2.0)
    square = s * s
    doubled, lost = two_product(f, f)
    half = 0.5 * doubled
    high, rest = fast_two_sum(f, -half)
    low = s * muladd(square, polynomial(square, fits.LOG), half)
    return high, muladd(lost, -0.5, rest) + low


def log2(x: Real) -> Real:
    """The logarithm to base 2, exact at powers of 2."""
    k, f = taken_apart(x)
    high, low = _in_parts(f)
    product, rest = two_product(high, fits.PER_LN2[0])
    rest = muladd(low, fits.PER_LN2[0], muladd(high, fits.PER_LN2[1], rest))
    total, lost = fast_two_sum(k, product)
    return guarded(x, total + (lost + rest))


def log10(x: Real) -> Real:
    """The logarithm to base 10, exact at powers of 10."""
    k, f = taken_apart(x)
    high, low = _in_parts(f)
    product, rest = two_product(high, fits.PER_LN10[0])
    rest = muladd(low, fits.PER_LN10[0], muladd(high, fits.PER_LN10[1], rest))
    total, lost = fast_two_sum(k * fits.LOG10_2[0], product)
    return guarded(x, total + (muladd(k, fits.LOG10_2[1], rest) + lost))


def long_log(x: Real) -> tuple[Real, Real]:
    """log(x) as a sum of two, to about 66 bits, for 0 < x < inf; for powers."""
    k, f = taken_apart(x)
    below, lost = fast_two_sum(2.0, f)
    s, s_low = divided(f, 0.0, below, lost)
    square, square_low = two_product(s, s)
    square_low = muladd(2.0 * s, s_low, square_low)
    cube, cube_low = two_product(square, s)
    cube_low = muladd(square, s_low, muladd(square_low, s, cube_low))
    factor, factor_low = fast_two_sum(fits.TWO_THIRDS[0], square * polynomial(square, fits.LOG_TAIL))
    factor_low = factor_low + fits.TWO_THIRDS[1]
    term, term_low = two_product(cube, factor)
    term_low = muladd(cube, factor_low, muladd(cube_low, factor, term_low))
    total, rest = fast_two_sum(2.0 * s, term)
    low = rest + muladd(s_low, 2.0, term_low)
    high, rest = fast_two_sum(k * fits.LN2[0], total)
    return fast_two_sum(high, rest + muladd(k, fits.LN2[1], low))
