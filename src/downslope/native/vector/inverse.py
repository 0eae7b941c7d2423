"""atan, atan2, asin, acos."""

import math

from downslope.native.vector import fits
from downslope.native.vector.arithmetic import divided, fast_two_sum, polynomial, two_product, two_sum
from downslope.native.vector.operand import Real, absolute, copysign, fma, muladd, select, sqrt

BREAKS = (7 / 16, 11 / 16, 19 / 16, 39 / 16)
TINY = 2.0**-27
"""Below it, an odd function with slope 1 at 0 is its argument."""
CENTRES = (
    (0.5, fits.ATAN_HALF),
    (1.0, fits.ATAN_ONE),
    (1.5, fits.ATAN_THREE_HALVES),
)


def _angle(y: Real, x: Real) -> tuple[Real, Real]:
    """atan(y / x) as a sum of two, for 0 <= y, x < 2**1000.

    atan(y / x) = atan(c) + atan(t) with t = (y - c x) / (x + c y), and c one of 0, 1/2, 1, 3/2 and
    infinity, the nearest, so that |t| <= 7/16 (the division of fdlibm, Sun Microsystems 1993).
    """
    centre = base = base_low = y.like(0.0)
    for least, (middle, (high, low)) in zip(BREAKS, CENTRES, strict=False):
        here = y >= least * x
        centre, base, base_low = (
            select(here, a, b) for a, b in ((middle, centre), (high, base), (low, base_low))
        )
    shifted, lost = two_product(x, centre)
    over, rest = two_sum(y, -shifted)
    over_low = rest - lost
    scaled, lost = two_product(y, centre)
    under, rest = two_sum(x, scaled)
    under_low = rest + lost
    here = y > BREAKS[3] * x
    over, over_low = select(here, -x, over), select(here, 0.0, over_low)
    under, under_low = select(here, y, under), select(here, 0.0, under_low)
    base, base_low = select(here, fits.HALF_PI[0], base), select(here, fits.HALF_PI[1], base_low)
    t, tail = divided(over, over_low, under, under_low)
    square = t * t
    total, lost = fast_two_sum(base, t)
    curved = muladd(square * t, polynomial(square, fits.ATAN), tail)
    return total, curved + base_low + lost


def atan(x: Real) -> Real:
    """The angle whose tangent is x."""
    size = select(absolute(x) > 2.0**64, 2.0**64, absolute(x))
    high, low = _angle(size, x.like(1.0))
    return select(absolute(x) < TINY, x, copysign(high + low, x))


def atan2(y: Real, x: Real) -> Real:
    """The angle of the point (x, y)."""
    above, right = absolute(y), absolute(x)
    most = select(above > right, above, right)
    scale = select(most > 2.0**960, 2.0**-60, select(most < 2.0**-500, 2.0**600, 1.0))
    both_zero = most.equals(0.0)
    both_infinite = above.equals(math.inf) & right.equals(math.inf)
    degenerate = both_zero | both_infinite
    up = select(both_infinite, 1.0, select(both_zero, 0.0, above * scale))
    along = select(degenerate, 1.0, right * scale)
    up_infinite = up.equals(math.inf)
    along_infinite = along.equals(math.inf)
    up = select(up_infinite, 1.0, select(along_infinite, 0.0, up))
    along = select(up_infinite, 0.0, select(along_infinite, 1.0, along))
    high, low = _angle(up, along)
    left = (x.bits() >> 63).is_zero()
    other, lost = fast_two_sum(fits.PI[0], -high)
    value = select(left, high + low, other + (lost + (fits.PI[1] - low)))
    return copysign(select(x.is_nan() | y.is_nan(), math.nan, value), y)


def _root_form(x: Real) -> tuple[Real, Real, Real]:
    """|x| or, beyond 1/2, s = sqrt((1 - |x|) / 2), and asin of that less it; and whether beyond, as 1."""
    size = absolute(x)
    beyond = size > 0.5
    square = select(beyond, muladd(size, -0.5, 0.5), x * x)
    root = sqrt(square)
    base = select(beyond, root, size)
    lost = fma(-root, root, square) / (root + select(root.equals(0.0), 1.0, root))
    low = muladd(base, square * polynomial(square, fits.ASIN), select(beyond, lost, 0.0))
    return base, low, select(beyond, 1.0, 0.0)


def asin(x: Real) -> Real:
    """The angle whose sine is x; beyond 1/2 it is pi / 2 less twice that of a root."""
    base, low, beyond = _root_form(x)
    high, lost = fast_two_sum(fits.HALF_PI[0], -2.0 * base)
    far = high + (lost + muladd(low, -2.0, fits.HALF_PI[1]))
    return select(absolute(x) < TINY, x, copysign(select(beyond > 0.0, far, base + low), x))


def acos(x: Real) -> Real:
    """The angle whose cosine is x: pi / 2 - asin(x), or 2 asin(s), or pi minus that."""
    base, low, beyond = _root_form(x)
    signed, signed_low = copysign(base, x), copysign(low, x)
    high, lost = fast_two_sum(fits.HALF_PI[0], -signed)
    near = high + (lost + (fits.HALF_PI[1] - signed_low))
    left, lost = fast_two_sum(fits.PI[0], -2.0 * base)
    left_value = left + (lost + muladd(low, -2.0, fits.PI[1]))
    far = select(x > 0.0, 2.0 * (base + low), left_value)
    return select(beyond > 0.0, far, near)
