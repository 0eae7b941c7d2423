"""pow, cbrt and hypot."""

import math

from downslope.native.vector import fits
from downslope.native.vector.arithmetic import (
    ROUNDER,
    maximum,
    minimum,
    polynomial,
    power_of_two,
    two_product,
)
from downslope.native.vector.exponential import one_plus, reduced, scaled
from downslope.native.vector.logarithm import long_log, taken_apart
from downslope.native.vector.operand import Real, absolute, copysign, fma, muladd, rint, select, sqrt

OUT_OF_RANGE = 1000.0
"""exp of more is infinite, and of less than minus this it is 0."""


def pow(x: Real, y: Real) -> Real:  # noqa: A001  # the name that math has
    """x**y = exp(y log|x|), the logarithm to about 66 bits, with the special cases of C99 F.10.4.4."""
    size = absolute(x)
    high, low = long_log(size)
    high = select(size.equals(0.0), -math.inf, select(size.equals(math.inf), math.inf, high))
    high = select(size.equals(1.0), 0.0, high)
    product, rest = two_product(y, high)
    product = select(size.equals(1.0), 0.0, product)
    rest = select(absolute(product) < OUT_OF_RANGE, muladd(y, low, rest), 0.0)
    rest = select(size.equals(1.0), 0.0, rest)
    product = minimum(maximum(product, -OUT_OF_RANGE), OUT_OF_RANGE)
    bounded = minimum(maximum(product, -746.0), 710.0)
    r, tail, rounded = reduced(bounded, rest)
    head, tail = one_plus(r, tail)
    return _signed(x, y, scaled(head + tail, rounded, bounded))


def _signed(x: Real, y: Real, value: Real) -> Real:
    """The power of |x| with its sign, and what it is where |x|**y is not enough."""
    whole = rint(y).equals(y)
    half = 0.5 * y
    odd = whole & ~rint(half).equals(half)
    negative = ~(x.bits() >> 63).is_zero()
    value = select(odd & negative, -value, value)
    value = select((x < 0.0) & (absolute(x) < math.inf) & ~whole, math.nan, value)
    value = select(x.is_nan() | (y.is_nan() & ~x.equals(1.0)), math.nan, value)
    return select(y.equals(0.0), 1.0, value)


def cbrt(x: Real) -> Real:
    """The real cube root: a polynomial for the inverse root, one step of Newton, a last correction."""
    size = absolute(x)
    k, f = taken_apart(size)
    below = f < 0.0
    k = select(below, k - 1.0, k)
    m = select(below, 2.0 * f + 2.0, f + 1.0)
    third = muladd(k, 1.0 / 3.0, -1.0 / 3.0) + ROUNDER
    rest = muladd(third - ROUNDER, -3.0, k)
    one, two = rest.equals(1.0), rest.equals(2.0)
    inverse = polynomial(m, fits.CBRT) * select(
        two, fits.CBRT_SCALE[2], select(one, fits.CBRT_SCALE[1], fits.CBRT_SCALE[0])
    )
    m = m * select(two, 4.0, select(one, 2.0, 1.0))
    square = inverse * inverse
    inverse = muladd(inverse, muladd(-m * inverse, square, 1.0) * (1.0 / 3.0), inverse)
    root = m * inverse * inverse
    root_square, lost = two_product(root, root)
    cube, cube_lost = two_product(root_square, root)
    left = (m - cube) - muladd(lost, root, cube_lost)
    root = root + left * (inverse * inverse * (1.0 / 3.0))
    value = copysign(root * power_of_two(third), x)
    return select(size.equals(0.0) | ~(size < math.inf), x, value)


def hypot(a: Real, b: Real) -> Real:
    """sqrt(a**2 + b**2), with the correction of Borges (An improved algorithm for hypot, 2019)."""
    first, second = absolute(a), absolute(b)
    swap = first < second
    large, small = select(swap, second, first), select(swap, first, second)
    scale = select(large > 2.0**500, 2.0**-600, select(large < 2.0**-450, 2.0**600, 1.0))
    back = select(large > 2.0**500, 2.0**600, select(large < 2.0**-450, 2.0**-600, 1.0))
    x, y = large * scale, small * scale
    root = sqrt(fma(x, x, y * y))
    square, large_square = root * root, x * x
    error = fma(-y, y, square - large_square) + fma(root, root, -square) - fma(x, x, -large_square)
    value = select(root > 0.0, root - error / (2.0 * root), root) * back
    infinite = first.equals(math.inf) | second.equals(math.inf)
    return select(infinite, math.inf, value)
