"""What vector functions are made of: polynomials, sums and products with their rounding errors, powers of 2."""

from collections.abc import Sequence

from downslope.native.vector.operand import Real, fma, muladd, select

ROUNDER = 6755399441055744.0
"""1.5 * 2**52: adding it rounds a number below 2**51 to a whole one, held in the sum's low bits."""


def polynomial(x: Real, coefficients: Sequence[float]) -> Real:
    """Sum of c[i] * x**i, of two terms or more, by two interleaved Horner schemes, in x**2, for even and odd powers."""
    square = x * x
    return muladd(_horner(square, coefficients[1::2]), x, _horner(square, coefficients[0::2]))


def _horner(x: Real, coefficients: Sequence[float]) -> Real:
    if len(coefficients) == 1:
        return x.like(coefficients[0])
    total = muladd(x, coefficients[-1], coefficients[-2])
    for coefficient in reversed(coefficients[:-2]):
        total = muladd(total, x, coefficient)
    return total


def fast_two_sum(a: Real | float, b: Real) -> tuple[Real, Real]:
    """The sum a + b and its rounding error, for |a| >= |b| or a = 0 (Dekker 1971)."""
    total = b + a
    return total, b - (total - a)


def two_sum(a: Real, b: Real | float) -> tuple[Real, Real]:
    """The sum a + b and its rounding error (Knuth, The Art of Computer Programming 2, 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Real, b: Real | float) -> tuple[Real, Real]:
    """The product a * b and its rounding error."""
    product = a * b
    return product, fma(a, b, -product)


def divided(high: Real, low: Real | float, by_high: Real, by_low: Real | float) -> tuple[Real, Real]:
    """(high + low) / (by_high + by_low) as a sum of two, by one division and the remainder it leaves."""
    inverse = 1.0 / by_high
    quotient = high * inverse
    remainder = fma(-quotient, by_high, high) - (quotient * by_low - low)
    return quotient, remainder * inverse


def power_of_two(rounded: Real) -> Real:
    """2**k from k + ROUNDER, for -1022 <= k <= 1023."""
    return ((rounded.bits() + 1023) << 52).real()


def minimum(x: Real, bound: float) -> Real:
    """The smaller; x where x is NaN."""
    return select(x > bound, bound, x)


def maximum(x: Real, bound: float) -> Real:
    """The larger; x where x is NaN."""
    return select(x < bound, bound, x)
