"""sin, cos and tan.

x = k pi/2 + r with |r| <= pi/4, r as a sum of two. Up to 2**30, k pi/2 is subtracted in three parts
(Cody & Waite 1980), each exactly by fma. Beyond, the fraction of x / (2 pi) is computed from the
bits of 1 / (2 pi) that matter for the exponent of x (Payne & Hanek 1983). That is a branch, the only
one in vector mathematics, so SIMD code calls these functions with several numbers at a time.
"""

import math
from typing import NamedTuple

from downslope.native.vector import fits
from downslope.native.vector.arithmetic import (
    ROUNDER,
    divided,
    fast_two_sum,
    maximum,
    polynomial,
    two_product,
    two_sum,
)
from downslope.native.vector.operand import Bits, Real, absolute, fma, looked_up, muladd, rarely, rint, select

LARGE = 2.0**30
TINY = 2.0**-27
"""Below it, an odd function with slope 1 at 0 is its argument."""


class Angle(NamedTuple):
    """r, its tail, and k in the low bits of k + ROUNDER."""

    r: Real
    tail: Real
    quadrant: Bits


def reduced(x: Real) -> Angle:
    """The angle left after whole quarter turns."""
    usual = _near(x)
    far = absolute(x) > LARGE

    def otherwise() -> list[Real]:
        r, tail, rounded = _far(absolute(x))
        negative = x < 0.0
        others = (
            select(negative, -r, r),
            select(negative, -tail, tail),
            select(negative, 2.0 * ROUNDER - rounded, rounded),
        )
        return [select(far, other, near) for other, near in zip(others, usual, strict=True)]

    r, tail, rounded = rarely(far, usual, otherwise)
    return Angle(r, tail, rounded.bits())


def _near(x: Real) -> tuple[Real, Real, Real]:
    rounded = muladd(x, fits.PER_HALF_PI[0], ROUNDER)
    k = rounded - ROUNDER
    first = fma(-k, fits.HALF_PI[0], x)
    product, rest = two_product(k, fits.HALF_PI[1])
    second, lost = two_sum(first, -product)
    r, tail = fast_two_sum(second, muladd(k, -fits.HALF_PI[2], lost - rest))
    return r, tail, rounded


def _far(size: Real) -> tuple[Real, Real, Real]:
    """With size = w 2**(16 g), w whole: the fraction of w times that of 2**(16 g) / (2 pi)."""
    exponent = (maximum(size, 2.0**52).bits() >> 52) - 1075
    group = exponent >> 4
    whole = (size.bits() - (group << 56)).real()
    parts = [looked_up(fits.TURNS, "downslope.turns", (group << 2) + i) for i in range(4)]
    (p0, q0), (p1, q1), (p2, q2) = (two_product(whole, part) for part in parts[:3])
    turns, lost_0 = two_sum(p0 - rint(p0), q0 - rint(q0))
    turns, lost_1 = two_sum(turns, p1 - rint(p1))
    rounded = muladd(turns, 4.0, ROUNDER)
    turns = muladd(rounded - ROUNDER, -0.25, turns)
    low, rest_0 = two_sum(lost_0, lost_1)
    more, rest_1 = two_sum(q1, p2)
    low, rest_2 = two_sum(low, more)
    turns, tail = two_sum(turns, low)
    tail = tail + (rest_0 + rest_1 + (rest_2 + muladd(whole, parts[3], q2)))
    turns, tail = fast_two_sum(turns, tail)
    r, rest = two_product(turns, fits.TWO_PI[0])
    r, tail = fast_two_sum(r, muladd(turns, fits.TWO_PI[1], muladd(tail, fits.TWO_PI[0], rest)))
    return r, tail, rounded


def sine_of(angle: Angle) -> tuple[Real, Real]:
    """sin(r + tail) as a sum of two."""
    r, tail, _ = angle
    square = r * r
    return r, muladd(square * r, polynomial(square, fits.SIN), muladd(-0.5 * square, tail, tail))


def cosine_of(angle: Angle) -> tuple[Real, Real]:
    """cos(r + tail) as a sum of two."""
    r, tail, _ = angle
    square = r * r
    half = 0.5 * square
    high = 1.0 - half
    low = muladd(square * square, polynomial(square, fits.COS), -(r * tail))
    return high, ((1.0 - high) - half) + low


def _turned(angle: Angle, quarters: int) -> Real:
    """sin(r + (k + quarters) pi / 2)."""
    quadrant = angle.quadrant + quarters
    sine, cosine = (sum_of(pair) for pair in (sine_of(angle), cosine_of(angle)))
    value = select((quadrant & 1).is_zero(), sine, cosine)
    return (value.bits() ^ ((quadrant & 2) << 62)).real()


def sum_of(pair: tuple[Real, Real]) -> Real:
    """A sum of two as one number."""
    return pair[0] + pair[1]


def sin(x: Real) -> Real:
    """The sine of an angle in radians."""
    value = select(absolute(x) < TINY, x, _turned(reduced(x), 0))
    return select(absolute(x) < math.inf, value, math.nan)


def cos(x: Real) -> Real:
    """The cosine of an angle in radians."""
    return select(absolute(x) < math.inf, _turned(reduced(x), 1), math.nan)


def tan(x: Real) -> Real:
    """The tangent of an angle in radians: sine over cosine, or minus the inverse of that."""
    angle = reduced(x)
    sine, cosine = fast_two_sum(*sine_of(angle)), fast_two_sum(*cosine_of(angle))
    even = (angle.quadrant & 1).is_zero()
    over = [select(even, s, -c) for s, c in zip(sine, cosine, strict=True)]
    under = [select(even, c, s) for s, c in zip(sine, cosine, strict=True)]
    value = select(absolute(x) < TINY, x, sum_of(divided(*over, *under)))
    return select(absolute(x) < math.inf, value, math.nan)
