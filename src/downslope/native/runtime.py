"""Functions that emitted code calls and that `math` does not have; for CPython and Numba alike.

SciPy's special functions are called through the C addresses that `scipy.special.cython_special`
publishes; they are registered under fixed symbol names so that Numba's disk cache stays valid.
"""

import math
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import scipy.special
from numba import types
from numba.extending import get_cython_function_address, overload, register_jitable

Function = Callable[..., Any]

BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600)
"""B(2k) / (2k)!, the coefficients of Euler-Maclaurin summation."""


@register_jitable
def mul0(a: float, b: float) -> float:
    """Product in which a zero factor wins, even over infinity and NaN."""
    return 0.0 if a == 0.0 or b == 0.0 else a * b


@register_jitable
def grown(tape: Any) -> Any:
    """A tape of twice the size with the same contents."""
    bigger = np.empty(2 * tape.size)
    for k in range(tape.size):
        bigger[k] = tape[k]
    return bigger


@register_jitable
def whole_floor_divide(a: int, b: int) -> int:
    """Integer `a // b`; native division by zero would give 0."""
    if b == 0:
        raise ZeroDivisionError
    return a // b


@register_jitable
def whole_remainder(a: int, b: int) -> int:
    """Integer `a % b`; native remainder by zero would give 0."""
    if b == 0:
        raise ZeroDivisionError
    return a % b


@register_jitable
def float_power(a: float, b: float) -> float:
    """`a ** b` in floating point."""
    return float(float(a) ** float(b))


@register_jitable
def maximum(a: float, b: float) -> float:
    """The larger; NaN if either is; the first of equals."""
    return a if a >= b or a != a else b


@register_jitable
def minimum(a: float, b: float) -> float:
    """The smaller; NaN if either is; the first of equals."""
    return a if a <= b or a != a else b


@register_jitable
def fmax(a: float, b: float) -> float:
    """The larger, passing over NaN."""
    return a if a >= b or b != b else b


@register_jitable
def fmin(a: float, b: float) -> float:
    """The smaller, passing over NaN."""
    return a if a <= b or b != b else b


@register_jitable
def sign(x: float) -> float:
    """-1, 0 or 1; NaN for NaN."""
    return 1.0 if x > 0 else -1.0 if x < 0 else x * 0.0


@register_jitable
def heaviside(x: float, at_zero: float) -> float:
    """The unit step."""
    return 0.0 if x < 0 else 1.0 if x > 0 else at_zero if x == 0 else math.nan


@register_jitable
def floor(x: float) -> float:
    """The largest whole number not above x, as a float."""
    return float(np.floor(x))


@register_jitable
def ceil(x: float) -> float:
    """The smallest whole number not below x, as a float."""
    return float(np.ceil(x))


@register_jitable
def trunc(x: float) -> float:
    """X without its fraction, as a float."""
    return float(np.trunc(x))


@register_jitable
def rint(x: float) -> float:
    """The nearest whole number, halves to even, as a float."""
    return float(np.rint(x))


@register_jitable
def fmod(a: float, b: float) -> float:
    """Remainder with the sign of `a`, as C's fmod."""
    return float(np.fmod(float(a), float(b)))


@register_jitable
def cbrt(x: float) -> float:
    """The real cube root, with one Newton step to full accuracy."""
    if x == 0.0 or x != x or abs(x) == math.inf:
        return x * 1.0
    root = math.copysign(abs(x) ** (1.0 / 3.0), x)
    return root - (root * root * root - x) / (3.0 * root * root)


@register_jitable
def expit(x: float) -> float:
    """The logistic function 1 / (1 + exp(-x)), without overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    z = math.exp(x)
    return z / (1.0 + z)


@register_jitable
def logit(x: float) -> float:
    """log(x / (1 - x))."""
    return math.log(x / (1.0 - x))


@register_jitable
def ndtr(x: float) -> float:
    """The cumulative distribution of the standard normal."""
    return 0.5 * math.erfc(-x * 0.7071067811865476)


@register_jitable
def logaddexp(a: float, b: float) -> float:
    """log(exp(a) + exp(b)), without overflow."""
    if a == b:
        return a + 0.6931471805599453
    high = a if a > b else b
    return high + math.log1p(math.exp(-abs(a - b)))


@register_jitable
def logaddexp2(a: float, b: float) -> float:
    """log2(2**a + 2**b), without overflow."""
    if a == b:
        return a + 1.0
    high = a if a > b else b
    return high + 1.4426950408889634 * math.log1p(2.0 ** (-abs(a - b)))


@register_jitable
def zeta(s: float, x: float) -> float:
    """Hurwitz zeta by Euler-Maclaurin summation, for whole s > 1 (scipy.special has no C entry)."""
    total = 0.0
    while x < 10.0:
        if x == 0.0:
            return math.inf
        total += x**-s
        x += 1.0
    total += x ** (1.0 - s) / (s - 1.0) + 0.5 * x**-s
    rising = s * x ** (-s - 1.0)
    for k in range(len(BERNOULLI)):
        total += BERNOULLI[k] * rising
        rising *= (s + 2 * k + 1.0) * (s + 2 * k + 2.0) / (x * x)
    return float(total)


@register_jitable
def ieee_remainder(a: float, b: float) -> float:
    """The remainder nearest to 0, as C's remainder (halves to even)."""
    r = np.fmod(a, b)
    size = abs(b)
    twice = abs(r) + abs(r)
    if twice > size or (twice == size and np.fmod(abs(a), 2.0 * size) > size):
        r -= math.copysign(size, r)
    return math.copysign(r, a) if r == 0.0 else r


@register_jitable
def polygamma(n: int, x: float) -> float:
    """The n-th derivative of digamma, for whole n >= 1: (-1)**(n + 1) n! zeta(n + 1, x)."""
    size = math.gamma(n + 1.0) * zeta(n + 1.0, x)
    return size if n % 2 == 1 else -size


CYTHON = {
    "digamma": ("psi", "__pyx_fuse_1psi", 1),
    "beta": ("beta", "beta", 2),
    "betaln": ("betaln", "betaln", 2),
    "j0": ("j0", "j0", 1),
    "j1": ("j1", "j1", 1),
    "y0": ("y0", "y0", 1),
    "y1": ("y1", "y1", 1),
    "i0": ("i0", "i0", 1),
    "i1": ("i1", "i1", 1),
    "betainc": ("betainc", "__pyx_fuse_0betainc", 3),
    "binom": ("binom", "binom", 2),
    "dawsn": ("dawsn", "__pyx_fuse_1dawsn", 1),
    "entr": ("entr", "entr", 1),
    "erfcinv": ("erfcinv", "erfcinv", 1),
    "erfcx": ("erfcx", "__pyx_fuse_1erfcx", 1),
    "erfinv": ("erfinv", "__pyx_fuse_0erfinv", 1),
    "exp1": ("exp1", "__pyx_fuse_1exp1", 1),
    "expi": ("expi", "__pyx_fuse_1expi", 1),
    "gammainc": ("gammainc", "gammainc", 2),
    "gammaincc": ("gammaincc", "gammaincc", 2),
    "huber": ("huber", "huber", 2),
    "i0e": ("i0e", "i0e", 1),
    "i1e": ("i1e", "i1e", 1),
    "iv": ("iv", "__pyx_fuse_1iv", 2),
    "jv": ("jv", "__pyx_fuse_1jv", 2),
    "k0": ("k0", "k0", 1),
    "k0e": ("k0e", "k0e", 1),
    "k1": ("k1", "k1", 1),
    "k1e": ("k1e", "k1e", 1),
    "kl_div": ("kl_div", "kl_div", 2),
    "kv": ("kv", "__pyx_fuse_1kv", 2),
    "log_expit": ("log_expit", "__pyx_fuse_0log_expit", 1),
    "log_ndtr": ("log_ndtr", "__pyx_fuse_1log_ndtr", 1),
    "ndtri": ("ndtri", "ndtri", 1),
    "poch": ("poch", "poch", 2),
    "pseudo_huber": ("pseudo_huber", "pseudo_huber", 2),
    "rel_entr": ("rel_entr", "rel_entr", 2),
    "wrightomega": ("wrightomega", "__pyx_fuse_1wrightomega", 1),
    "xlog1py": ("xlog1py", "__pyx_fuse_1xlog1py", 2),
    "xlogy": ("xlogy", "__pyx_fuse_1xlogy", 2),
    "yv": ("yv", "__pyx_fuse_1yv", 2),
}
"""Our name -> the ufunc in scipy.special, the C symbol in cython_special, and how many arguments."""


def _signature(count: int) -> Any:
    float64: Any = types.float64
    return float64(*[float64] * count)


def _special(name: str) -> Function:
    """A function of SciPy for CPython (the ufunc) and for Numba (its C address)."""
    ufunc_name, symbol, count = CYTHON[name]
    ufunc = getattr(scipy.special, ufunc_name)
    address = int(get_cython_function_address("scipy.special.cython_special", symbol))
    llvm.add_symbol(f"downslope_{name}", address)
    external: Any = types.ExternalFunction(f"downslope_{name}", _signature(count))

    # Numba wants the overload and what it returns to have the same signature, annotations included.
    if count == 1:

        def one(x):  # type: ignore[no-untyped-def]
            return float(ufunc(x))

        overload(one)(lambda x: lambda x: external(float(x)))
        return one

    if count == 2:

        def two(a, b):  # type: ignore[no-untyped-def]
            return float(ufunc(a, b))

        overload(two)(lambda a, b: lambda a, b: external(float(a), float(b)))
        return two

    def three(a, b, c):  # type: ignore[no-untyped-def]
        return float(ufunc(a, b, c))

    overload(three)(lambda a, b, c: lambda a, b, c: external(float(a), float(b), float(c)))
    return three


SPECIAL: dict[str, Function] = {name: _special(name) for name in CYTHON}

NAMES: dict[str, object] = (
    {name: value for name, value in globals().items() if callable(value) and not name.startswith("_")}
    | SPECIAL
    | {"math": math, "np": np}
)
"""What emitted code may refer to."""
