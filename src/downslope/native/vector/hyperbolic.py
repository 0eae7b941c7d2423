"""asinh, acosh and atanh: logarithms of 1 + u, with u as a sum of two (Muller 2016, 11)."""

import math

from downslope.native.vector.arithmetic import divided, fast_two_sum, minimum, two_product, two_sum
from downslope.native.vector.logarithm import log_of_sum
from downslope.native.vector.operand import Real, absolute, copysign, fma, select, sqrt

TINY = 2.0**-27
"""Below it, an odd function with slope 1 at 0 is its argument."""
LARGE = 2.0**30
"""Above it, x + sqrt(x**2 ± 1) is 2 x."""


def _root(square: Real, low: Real) -> tuple[Real, Real]:
    """The square root of a sum of two, as one."""
    root = sqrt(square)
    rest = (fma(-root, root, square) + low) / (root + root)
    return root, select(root > 0.0, rest, 0.0)


def _log_of_one_plus(size: Real, u: Real, low: Real) -> Real:
    """log(1 + u + low), or log(2 size) where the size is large."""
    large = size > LARGE
    total, lost = two_sum(u, 1.0)
    total, lost = select(large, size, total), select(large, 0.0, lost + low)
    return log_of_sum(total, lost, select(large, 1.0, 0.0))


def asinh(x: Real) -> Real:
    """The inverse of sinh: u = |x| + x**2 / (1 + sqrt(1 + x**2))."""
    size = absolute(x)
    bounded = minimum(size, LARGE)
    square, square_low = two_product(bounded, bounded)
    sum_, sum_low = two_sum(square, 1.0)
    root, root_low = _root(sum_, sum_low + square_low)
    below, below_low = fast_two_sum(root, root.like(1.0))
    quotient, rest = divided(square, square_low, below, below_low + root_low)
    u, low = fast_two_sum(bounded, quotient)
    return select(size < TINY, x, copysign(_log_of_one_plus(size, u, low + rest), x))


def acosh(x: Real) -> Real:
    """The inverse of cosh: with t = x - 1, u = t + sqrt(2 t + t**2); NaN below 1."""
    t = minimum(x, LARGE) - 1.0
    square, square_low = two_product(t, t)
    sum_, sum_low = two_sum(2.0 * t, square)
    root, root_low = _root(sum_, sum_low + square_low)
    u, low = two_sum(root, t)
    return select(x < 1.0, math.nan, _log_of_one_plus(x, u, low + root_low))


def atanh(x: Real) -> Real:
    """The inverse of tanh: log(1 + u) / 2 with u = 2 |x| / (1 - |x|); NaN beyond 1."""
    size = absolute(x)
    below, lost = two_sum(-size, 1.0)
    u, low = divided(2.0 * size, 0.0, below, lost)
    total, rest = two_sum(u, 1.0)
    value = select(size.equals(1.0), math.inf, 0.5 * log_of_sum(total, rest + low))
    return select(size < TINY, x, copysign(select(size > 1.0, math.nan, value), x))
