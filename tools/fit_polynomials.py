"""Makes `src/downslope/native/vector/fits.py`: minimax polynomials and split constants, by mpmath.

    python tools/fit_polynomials.py            # write the module
    python tools/fit_polynomials.py --check    # exit 1 if the module would change

A polynomial p is the one for which the largest |weight(x) * (p(x) - f(x))| on the interval is least,
found by Lawson's reweighted least squares (Lawson 1961; Muller, Elementary Functions, 3rd ed. 2016,
ch. 3). Coefficients are rounded to float64 one after the other, lowest first, and the rest is fitted
again after each, so that later ones make up for the rounding of earlier ones.
"""

import ast
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpmath import (
    asin,
    atan,
    cbrt,
    cos,
    erf,
    erfc,
    exp,
    floor,
    ln,
    lu_solve,
    matrix,
    mp,
    mpf,
    nint,
    pi,
    sin,
    sqrt,
)

Function = Callable[[mpf], mpf]
TARGET = Path(__file__).parents[1] / "src/downslope/native/vector/fits.py"
POINTS, ROUNDS = 160, 24
mp.prec = 400


def even(x: mpf) -> mpf:
    """The same weight everywhere."""
    return mpf(1) + 0 * x


@dataclass(frozen=True)
class Fit:
    """A polynomial to be found, with `count` coefficients."""

    name: str
    what: str
    function: Function
    low: mpf
    high: mpf
    count: int
    weight: Function = even


def of_square(formula: Function) -> Function:
    """A function of z = x**2, from a formula in x that may not be evaluated at 0 itself."""
    return lambda z: formula(sqrt(z + mpf(2) ** -150))


def nearby(formula: Function) -> Function:
    """A function from a formula that may not be evaluated at 0 itself."""
    return lambda x: formula(x + mpf(2) ** -90)


LN2 = ln(mpf(2))
REDUCED = LN2 / 2 * mpf("1.0001")
QUARTER = pi / 4 * mpf("1.001")
ATANH_ARGUMENT = (3 - 2 * sqrt(mpf(2))) * mpf("1.0001")
ERFC_CENTRE = mpf(2.5)


def erfc_scaled(t: mpf) -> mpf:
    """(1 + 2 x) exp(x**2) erfc(x) at t = (x - c) / (x + c) (Shepherd & Laframboise 1981)."""
    x = ERFC_CENTRE * (1 + t) / (1 - t)
    return (1 + 2 * x) * exp(x * x) * erfc(x)


def erfc_argument(x: float) -> mpf:
    """The t that stands for x in `erfc_scaled`."""
    return (x - ERFC_CENTRE) / (x + ERFC_CENTRE)


def two_atanh(s: mpf) -> mpf:
    """log((1 + s) / (1 - s))."""
    return ln((1 + s) / (1 - s))


FITS = (
    Fit("EXP", "(exp(x) - 1 - x) / x**2", nearby(lambda x: (exp(x) - 1 - x) / x**2), -REDUCED, REDUCED, 10, lambda x: x),
    Fit("EXPM1", "(exp(x) - 1 - x) / x**2", nearby(lambda x: (exp(x) - 1 - x) / x**2), -REDUCED, REDUCED, 11, lambda x: x),
    Fit("LOG", "(log((1 + s) / (1 - s)) - 2 s) / s**3, in s**2",
        of_square(lambda s: (two_atanh(s) - 2 * s) / s**3), mpf(0), ATANH_ARGUMENT**2, 7, lambda z: z),
    Fit("LOG_TAIL", "(log((1 + s) / (1 - s)) - 2 s - 2/3 s**3) / s**5, in s**2",
        of_square(lambda s: (two_atanh(s) - 2 * s - 2 * s**3 / 3) / s**5), mpf(0), ATANH_ARGUMENT**2, 7, lambda z: z * z),
    Fit("SIN", "(sin(x) - x) / x**3, in x**2",
        of_square(lambda x: (sin(x) - x) / x**3), mpf(0), QUARTER**2, 6, lambda z: z),
    Fit("COS", "(cos(x) - 1 + x**2 / 2) / x**4, in x**2",
        of_square(lambda x: (cos(x) - 1 + x * x / 2) / x**4), mpf(0), QUARTER**2, 6, lambda z: z * z),
    Fit("ATAN", "(atan(x) - x) / x**3, in x**2",
        of_square(lambda x: (atan(x) - x) / x**3), mpf(0), mpf(0.4376) ** 2, 11, lambda z: z),
    Fit("ASIN", "(asin(x) - x) / x**3, in x**2",
        of_square(lambda x: (asin(x) - x) / x**3), mpf(0), mpf(0.25), 13, lambda z: z),
    Fit("ERF", "erf(x) / x - 1, in x**2", of_square(lambda x: erf(x) / x - 1), mpf(0), mpf(0.7), 12),
    Fit("ERFC", "(1 + 2 x) exp(x**2) erfc(x), in (x - 2.5) / (x + 2.5)",
        erfc_scaled, erfc_argument(0.5), erfc_argument(27.5), 23),
    Fit("CBRT", "x**(-1/3)", lambda x: 1 / cbrt(x), mpf(1), mpf(2), 6),
)  # fmt: skip


def fitted(fit: Fit) -> tuple[list[float], mpf]:
    """The coefficients, and the largest weighted error they leave."""
    middle, half = (fit.low + fit.high) / 2, (fit.high - fit.low) / 2
    nodes = [middle - half * cos(pi * (2 * i + 1) / (2 * POINTS)) for i in range(POINTS)]
    values = [fit.function(x) for x in nodes]
    importance = [fit.weight(x) ** 2 for x in nodes]
    with mp.workprec(250):
        share = [mpf(1)] * POINTS
        for _ in range(ROUNDS):
            solved = least_squares(
                nodes, values, [w * s for w, s in zip(importance, share, strict=True)], [], fit.count
            )
            errors = [
                abs(w) * abs(horner(solved, x) - v)
                for w, x, v in zip(map(fit.weight, nodes), nodes, values, strict=True)
            ]
            total = sum(s * e for s, e in zip(share, errors, strict=True))
            share = [s * e / total * POINTS for s, e in zip(share, errors, strict=True)]
        weights = [w * s for w, s in zip(importance, share, strict=True)]
        known: list[float] = []
        while len(known) < fit.count:
            known.append(float(least_squares(nodes, values, weights, known, fit.count)[len(known)]))
        worst = max(abs(fit.weight(x) * (horner(known, x) - v)) for x, v in zip(nodes, values, strict=True))
    return known, worst


def least_squares(
    nodes: Sequence[mpf], values: Sequence[mpf], weights: Sequence[mpf], known: Sequence[float], count: int
) -> list[mpf]:
    """All coefficients, where the first are given and the rest minimise the weighted squares."""
    first, size = len(known), count - len(known)
    moments = [mpf(0)] * (2 * size - 1)
    right = [mpf(0)] * size
    for x, value, weight in zip(nodes, values, weights, strict=True):
        rest = value - horner(known, x)
        power = weight * x ** (2 * first)
        pull = weight * rest * x**first
        for i in range(2 * size - 1):
            moments[i] += power
            power *= x
        for i in range(size):
            right[i] += pull
            pull *= x
    normal = matrix(size, size)
    for i in range(size):
        for j in range(size):
            normal[i, j] = moments[i + j]
    return [*map(mpf, known), *lu_solve(normal, matrix(right))]


def horner(coefficients: Sequence[float | mpf], x: mpf) -> mpf:
    """A polynomial's value; coefficients from the lowest power on."""
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def pieces(value: mpf, count: int, bits: int = 53) -> list[float]:
    """A number as a sum of float64s, each but the last of so many bits."""
    found = []
    for i in range(count):
        part = value if i == count - 1 else shortened(value, bits)
        found.append(float(part))
        value -= mpf(found[-1])
    return found


def shortened(value: mpf, bits: int) -> mpf:
    """The number rounded to so many bits."""
    scale = mpf(2) ** (bits - 1 - floor(mp.log(abs(value), 2)))
    return nint(value * scale) / scale


TURN_STEP = 16


def turns() -> list[float]:
    """1 / (2 pi) * 2**(16 g) without its whole part, in four float64s, for g = 0, 1, …, 60."""
    table = []
    with mp.workprec(1400):
        for group in range(61):
            scaled = mpf(2) ** (TURN_STEP * group) / (2 * pi)
            table += pieces(scaled - nint(scaled), 4)
    return table


CONSTANTS: tuple[tuple[str, str, Callable[[], list[float]]], ...] = (
    ("LN2", "log(2): 32 bits, so that k times it is exact, and the rest", lambda: pieces(LN2, 2, 32)),
    ("LN2_FULL", "log(2)", lambda: pieces(LN2, 2)),
    ("LN10", "log(10)", lambda: pieces(ln(mpf(10)), 2)),
    ("PER_LN2", "1 / log(2)", lambda: pieces(1 / LN2, 2)),
    ("PER_LN10", "1 / log(10)", lambda: pieces(1 / ln(mpf(10)), 2)),
    ("LOG10_2", "log10(2): 32 bits, and the rest", lambda: pieces(LN2 / ln(mpf(10)), 2, 32)),
    ("LOG2_10", "log2(10)", lambda: pieces(ln(mpf(10)) / LN2, 1)),
    ("HALF_PI", "pi / 2", lambda: pieces(pi / 2, 3)),
    ("TWO_PI", "2 pi", lambda: pieces(2 * pi, 2)),
    ("PER_HALF_PI", "2 / pi", lambda: pieces(2 / pi, 1)),
    ("PI", "pi", lambda: pieces(pi, 2)),
    ("ATAN_HALF", "atan(1/2)", lambda: pieces(atan(mpf(1) / 2), 2)),
    ("ATAN_ONE", "atan(1)", lambda: pieces(pi / 4, 2)),
    ("ATAN_THREE_HALVES", "atan(3/2)", lambda: pieces(atan(mpf(3) / 2), 2)),
    ("TWO_THIRDS", "2 / 3", lambda: pieces(mpf(2) / 3, 2)),
    ("ROOT_HALF", "sqrt(1 / 2)", lambda: pieces(sqrt(mpf(1) / 2), 2)),
    (
        "CBRT_SCALE",
        "1, 2**(-1/3), 4**(-1/3)",
        lambda: [1.0, float(1 / cbrt(mpf(2))), float(1 / cbrt(mpf(4)))],
    ),
    ("TURNS", turns.__doc__ or "", turns),
)


def module() -> str:
    """The text of the module."""
    lines = ['"""Polynomials and constants of vector mathematics; made by `tools/fit_polynomials.py`."""', ""]
    for fit in FITS:
        coefficients, worst = fitted(fit)
        lines += [f"{fit.name} = (", *(f"    {c!r}," for c in coefficients), ")"]
        lines += [f'"""{fit.what}; weighted error 2**{float(mp.log(worst, 2)):.1f}."""', ""]
    for name, what, make in CONSTANTS:
        lines += [f"{name} = (", *(f"    {c!r}," for c in make()), ")", f'"""{what}."""', ""]
    return "\n".join(lines)


def same(text: str, other: str) -> bool:
    """Whether two modules say the same, however they are laid out."""
    return ast.dump(ast.parse(text)) == ast.dump(ast.parse(other))


def main() -> int:
    """Write the module, or compare it with what is there."""
    text = module()
    if "--check" in sys.argv:
        return int(not same(TARGET.read_text(), text))
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
