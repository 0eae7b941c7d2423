"""Functions that emitted code calls and that `math` does not have; for CPython and Numba alike.

SciPy's functions are in `native.special`. Emitted code's `muladd` alone is for native code only.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, register_jitable

from downslope.native.special import SPECIAL, special
from downslope.native.whole import WHOLE
from downslope.rules import schedule

Function = Callable[..., Any]

BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600)
"""B(2k) / (2k)!, the coefficients of Euler-Maclaurin summation."""


@register_jitable
def mul0(a: float, b: float) -> float:
    """Product in which a zero factor wins, even over infinity and NaN."""
    return 0.0 if a == 0.0 or b == 0.0 else a * b


@intrinsic
def muladd(typing: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001  # Numba asks for these names
    """`a * b + c`, rounded once where the processor has one instruction for it."""
    float64: Any = types.float64

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001  # as above
        product = builder.fmul(args[0], args[1], flags=("contract",))
        return builder.fadd(product, args[2], flags=("contract",))

    return float64(float64, float64, float64), build


@intrinsic
def summed(typing: Any, a: Any, b: Any, total: Any) -> Any:  # noqa: ARG001  # Numba asks for these names
    """`total + a * b`, in a sum whose terms native code may add in any order."""
    float64: Any = types.float64

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001  # as above
        product = builder.fmul(args[0], args[1], flags=("contract",))
        return builder.fadd(product, args[2], flags=("contract", "reassoc"))

    return float64(float64, float64, float64), build


@intrinsic
def added(typing: Any, a: Any, total: Any) -> Any:  # noqa: ARG001  # Numba asks for these names
    """`total + a`, in a sum whose terms native code may add in any order; whole numbers as they are."""
    float64: Any = types.float64
    if isinstance(a, types.Integer | types.Boolean) and isinstance(total, types.Integer):
        whole: Any = types.int64

        def build_whole(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001  # as above
            return builder.add(*args)

        return whole(whole, whole), build_whole

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001  # as above
        return builder.fadd(args[0], args[1], flags=("reassoc",))

    return float64(float64, float64), build


@register_jitable
def at(index: int) -> Any:
    """An index that is known not to be negative: unsigned, so that native code does not test for that."""
    return np.uint64(index)


@register_jitable
def grown(tape: Any) -> Any:
    """A tape of twice the size with the same contents."""
    bigger = np.empty(2 * tape.size)
    for k in range(tape.size):
        bigger[k] = tape[k]
    return bigger


@register_jitable
def longer(array: Any, least: int) -> Any:
    """The array with at least so many places along its first axis, and twice as many as before."""
    held = array.shape[0]
    bigger = np.zeros((max(2 * held, least), *array.shape[1:]), array.dtype)
    bigger[:held] = array
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


segment_passes = register_jitable(schedule.segment_passes)
snapshot_room = register_jitable(schedule.snapshot_room)
snapshot_split = register_jitable(schedule.snapshot_split)

NAMES: dict[str, object] = {
    **{name: value for name, value in globals().items() if callable(value) and not name.startswith("_")},
    "math": math,
    "np": np,
}
"""What emitted code may refer to, besides SciPy's functions (`native.special`)."""


def names_for(text: str) -> dict[str, object]:
    """The namespace of a piece of emitted code; SciPy, which is slow to load, only where it is called."""
    words = frozenset(re.findall(r"[A-Za-z_]\w*", text))
    routines = WHOLE if words & WHOLE.keys() else {}
    return {**NAMES, **routines, **{name: special(name) for name in sorted(words & SPECIAL)}}
