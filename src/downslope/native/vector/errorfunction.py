"""erf and erfc."""

from downslope.native.vector import fits
from downslope.native.vector.arithmetic import (
    divided,
    fast_two_sum,
    minimum,
    polynomial,
    two_product,
    two_sum,
)
from downslope.native.vector.exponential import one_plus, reduced, scaled
from downslope.native.vector.operand import Real, absolute, copysign, muladd, select


def _small(x: Real) -> Real:
    """erf(x) less x, for |x| <= 0.83."""
    return x * polynomial(x * x, fits.ERF)


def _complement(size: Real, low: Real | None = None) -> Real:
    """erfc(x) for 0.5 <= x <= 28, x = size + low (Shepherd & Laframboise 1981).

    erfc(x) = exp(-x**2) P((x - 2.5) / (x + 2.5)) / (1 + 2 x)
    """
    square, rest = two_product(size, size)
    if low is not None:
        rest = muladd(2.0 * size, low, rest)
    r, tail, rounded = reduced(-square, -rest)
    head, tail = one_plus(r, tail)
    t = (size - 2.5) / (size + 2.5)
    fit, fit_low = fast_two_sum(fits.ERFC[0], t * polynomial(t, fits.ERFC[1:]))
    product, lost = two_product(head, fit)
    lost = muladd(head, fit_low, muladd(tail, fit, lost))
    below, below_low = two_sum(2.0 * size, 1.0)
    if low is not None:
        below_low = muladd(low, 2.0, below_low)
    quotient, rest = divided(product, lost, below, below_low)
    return scaled(quotient + rest, rounded, -square)


def erf(x: Real) -> Real:
    """The error function."""
    size = absolute(x)
    far = 1.0 - _complement(minimum(size, 28.0))
    return copysign(select(size < 0.8, size + _small(size), far), x)


def erfc(x: Real) -> Real:
    """1 - erf(x), with all its digits where that is small."""
    size = minimum(absolute(x), 28.0)
    far = _complement(size)
    far = select(x < 0.0, 2.0 - far, far)
    near, lost = fast_two_sum(1.0, -x)
    return select(absolute(x) < 0.5, near + (lost - _small(x)), far)


def ndtr(x: Real) -> Real:
    """The normal distribution function: erfc(-x / sqrt(2)) / 2."""
    argument, low = two_product(x, fits.ROOT_HALF[0])
    low = muladd(x, fits.ROOT_HALF[1], low)
    size = absolute(argument)
    outside = size > 28.0
    size_low = select(outside, 0.0, select(x < 0.0, -low, low))
    far = 0.5 * _complement(select(outside, 28.0, size), size_low)
    far = select(x > 0.0, 1.0 - far, far)
    return select(size < 0.5, 0.5 + 0.5 * (argument + (low + _small(argument))), far)
