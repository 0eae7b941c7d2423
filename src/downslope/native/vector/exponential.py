"""exp and its relatives.

x = k log(2) + r with |r| <= log(2) / 2, exp(x) = 2**k exp(r); k log(2) is subtracted in two parts
(Cody & Waite 1980), and what the subtraction rounds off is carried as a tail (Tang 1989).
"""

from downslope.native.vector import fits
from downslope.native.vector.arithmetic import (
    ROUNDER,
    divided,
    fast_two_sum,
    maximum,
    minimum,
    polynomial,
    power_of_two,
    two_product,
    two_sum,
)
from downslope.native.vector.operand import Real, absolute, copysign, muladd, select

TINY = 2.0**-54
"""Below it, an odd function with slope 1 at 0 is its argument."""
LARGE = 2.0**60
"""Above it, e**-x is nothing beside e**x."""


def _steps(x: Real) -> tuple[Real, Real, Real]:
    """Two parts with x = k log(2) + near - rest, the first exact, and k + ROUNDER."""
    rounded = muladd(x, fits.PER_LN2[0], ROUNDER)
    k = rounded - ROUNDER
    return muladd(k, -fits.LN2[0], x), k * fits.LN2[1], rounded


def reduced(x: Real, low: Real | None = None) -> tuple[Real, Real, Real]:
    """The r and its tail with x + low = k log(2) + r + tail, and k + ROUNDER."""
    near, rest, rounded = _steps(x)
    r = near - rest
    tail = (near - r) - rest
    if low is not None:
        r, tail = fast_two_sum(r, tail + low)
    return r, tail, rounded


def scaled(value: Real, rounded: Real, positive: Real) -> Real:
    """The value times 2**k, for 0.5 < value < 2, |k| <= 1076, in two steps as 2**k may not be a float64.

    k may be positive only where the number `positive` is.
    """
    up = positive > 0.0
    most = select(up, 1.0, -128.0)
    return value * power_of_two(rounded - most) * select(up, 2.0, 2.0**-128)


def one_plus(r: Real, tail: Real) -> tuple[Real, Real]:
    """exp(r + tail) as a sum of two, for |r| <= log(2) / 2."""
    head, rest = fast_two_sum(1.0, r)
    return head, rest + muladd(r * r, polynomial(r, fits.EXP), tail)


def exp(x: Real) -> Real:
    """e**x."""
    bounded = minimum(maximum(x, -746.0), 710.0)
    near, rest, rounded = _steps(bounded)
    r = near - rest
    return scaled(1.0 + (near + muladd(r * r, polynomial(r, fits.EXP), -rest)), rounded, bounded)


def exp2(x: Real) -> Real:
    """2**x, exact where x is whole."""
    bounded = minimum(maximum(x, -1076.0), 1024.0)
    rounded = bounded + ROUNDER
    part = bounded - (rounded - ROUNDER)
    r, rest = two_product(part, fits.LN2_FULL[0])
    head, tail = one_plus(r, muladd(part, fits.LN2_FULL[1], rest))
    return scaled(head + tail, rounded, bounded)


def exp10(x: Real) -> Real:
    """10**x, exact where that is a float64."""
    bounded = minimum(maximum(x, -325.0), 308.3)
    rounded = muladd(bounded, fits.LOG2_10[0], ROUNDER)
    k = rounded - ROUNDER
    part, lost = fast_two_sum(muladd(k, -fits.LOG10_2[0], bounded), k * -fits.LOG10_2[1])
    r, rest = two_product(part, fits.LN10[0])
    tail = muladd(part, fits.LN10[1], muladd(lost, fits.LN10[0], rest))
    head, tail = one_plus(r, tail)
    return scaled(head + tail, rounded, bounded)


def part_expm1(x: Real, halvings: int = 1) -> tuple[Real, Real]:
    """(e**x - 1) / 2**halvings as a sum of two, for -40 <= x < (1023 + halvings) log(2)."""
    r, tail, rounded = reduced(x)
    factor = power_of_two(rounded - float(halvings))
    whole = factor - 0.5**halvings
    lost = (factor - whole) - 0.5**halvings
    total, rest = fast_two_sum(whole, factor * r)
    square = r * r
    beyond = muladd(square * r, polynomial(r, fits.EXPM1[1:]), muladd(square, fits.EXPM1[0], tail))
    return total, muladd(factor, beyond, rest + lost)


def expm1(x: Real) -> Real:
    """e**x - 1."""
    high, low = part_expm1(minimum(maximum(x, -40.0), 710.0))
    return select(absolute(x) < TINY, x, (high + low) * 2.0)


def sinh(x: Real) -> Real:
    """The hyperbolic sine: with q = (e**|x| - 1) / 4 it is 2 (q + q / (1 + 4 q))."""
    high, low = fast_two_sum(*part_expm1(minimum(absolute(x), 710.6), 2))
    below, lost = two_sum(4.0 * high, 1.0)
    quotient, rest = divided(high, low, below, muladd(low, 4.0, lost))
    total, error = fast_two_sum(high, quotient)
    value = select(high > LARGE, high, total + (error + (low + rest)))
    return select(absolute(x) < TINY, x, copysign(2.0 * value, x))


def cosh(x: Real) -> Real:
    """The hyperbolic cosine: (e**|x| + e**-|x|) / 2."""
    bounded = minimum(absolute(x), 710.6)
    r, tail, rounded = reduced(bounded)
    head, tail = fast_two_sum(*one_plus(r, tail))
    quarter = power_of_two(rounded - 2.0)
    high, low = head * quarter, tail * quarter
    inverse = 0.0625 / high
    total, rest = fast_two_sum(high, inverse)
    value = select(high > LARGE, high, total + (rest + muladd(low, -16.0 * inverse * inverse, low)))
    return 2.0 * value


def tanh(x: Real) -> Real:
    """The hyperbolic tangent: with h = (e**(2 |x|) - 1) / 2 it is h / (h + 1)."""
    high, low = part_expm1(2.0 * minimum(absolute(x), 22.0))
    high, low = fast_two_sum(high, low)
    below, lost = fast_two_sum(select(high > 1.0, high, 1.0), select(high > 1.0, 1.0, high))
    quotient, rest = divided(high, low, below, lost + low)
    return select(absolute(x) < TINY, x, copysign(quotient + rest, x))


def expit(x: Real) -> Real:
    """The logistic function 1 / (1 + e**-x): with z = e**-|x| it is 1 / (1 + z) or z / (1 + z)."""
    size = minimum(absolute(x), 746.0)
    r, tail, rounded = reduced(-size)
    head, tail = fast_two_sum(*one_plus(r, tail))
    factor = power_of_two(maximum(rounded, ROUNDER - 200.0))
    below, lost = fast_two_sum(1.0, head * factor)
    left = x < 0.0
    quotient, rest = divided(
        select(left, head, 1.0), select(left, tail, 0.0), below, muladd(tail, factor, lost)
    )
    return scaled(quotient + rest, select(left, rounded, ROUNDER), -size)
