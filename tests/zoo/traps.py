"""Where differentiation goes wrong easily: ties, kinks, singular points beside the path, cancellation."""

# Ordinary programs let an int become a float and mix in NumPy scalars; a type checker objects to both.
# mypy: disable-error-code="assignment, no-any-return, return-value"

import math

import numpy as np

from zoo.registry import EDGE, KINK, POINT, specimen


@specimen(2.0, 2.0, numeric=KINK)
def ties(x: float, y: float) -> float:
    return max(x, y) * 3 + np.maximum(x, y) * 2 + min(y, x) + (x if x >= y else y)


@specimen(2.0, 2.0, numeric=KINK)
def ties_in_min(x: float, y: float) -> float:
    return min(x, y) * x + np.minimum(y, x) * 5


@specimen(1.0, numeric=KINK)
def tie_at_clip(x: float) -> float:
    return np.clip(x, 0.0, 1.0) * x


@specimen(0.0, numeric=KINK)
def abs_at_zero(x: float) -> float:
    return abs(x) * 3 + math.fabs(x) + np.abs(x) + x


@specimen(0.0, numeric=KINK)
def branch_guard(x: float) -> float:
    return math.sqrt(x) if x > 0 else x * 2


@specimen(0.0, numeric=KINK)
def sqrt_not_taken(x: float) -> float:
    if x > 0:
        return math.sqrt(x) + math.log(x)
    return x * x + 3 * x


@specimen(0.0, numeric=POINT)
def division_not_taken(x: float) -> float:
    return math.sin(x) / x if x != 0 else 1.0 + x


@specimen(0.0, numeric=KINK)
def where_with_singular_side(x: float) -> float:
    safe = np.where(x > 0, x, 1.0)
    return np.where(x > 0, np.sqrt(safe), x * 2)


@specimen(-1.5)
def nan_in_branch_not_taken(x: float) -> float:
    y = x * x
    if x > 0:
        y = math.log(x) + math.sqrt(x - 5)
    return y


@specimen(0.0, numeric=EDGE)
def zero_times_singular(x: float) -> float:
    return 0.0 * math.sqrt(x + 1e-300) + x


@specimen(0.0, wrt=(0,), numeric=KINK)
def hypot_at_origin(x: float) -> float:
    return math.hypot(x, 0.0) + x


@specimen(0.0)
def square_at_zero(x: float) -> float:
    return x**2 + x**1 + x**0 + x**3


@specimen(0.0, 2.0, wrt=(0,))
def power_at_zero(x: float, y: float) -> float:
    return x**y + x**3.0


@specimen(30.0)
def large_tanh(x: float) -> float:
    return math.tanh(x) + 1e20 * (1 - math.tanh(x / 10))


@specimen(0.05)
def cancellation(x: float) -> float:
    return math.expm1(x) / x + math.log1p(x) / x


@specimen(300.0)
def near_overflow(x: float) -> float:
    return math.log(math.exp(x) + 1)


@specimen(1e-5)
def tiny_numbers(x: float) -> float:
    s = x
    for _ in range(6):
        s = s * s * 10 + x
    return s


@specimen(2.5)
def derivative_cut_by_int(x: float) -> float:
    return int(x) * 3 + math.floor(x)


@specimen(2.5)
def derivative_partly_cut(x: float) -> float:
    return int(x) * x + (x - int(x)) ** 2


@specimen(1.2)
def cancels_to_zero(x: float) -> float:
    return x * x - x * x + x - x


@specimen(1.2)
def dead_branch(x: float) -> float:
    if False:
        x = math.log(-x)
    return x * x


@specimen(1.2)
def variable_reset(x: float) -> float:
    s = x
    for i in range(5):
        if i == 3:
            s = 1.0
        s = s * x
    return s


@specimen(1.2)
def reads_old_value(x: float) -> float:
    old = 0.0
    for i in range(5):
        new = x * i - old
        old = new * new if i < 3 else old
    return old


@specimen(1.2)
def one_variable_many_roles(x: float) -> float:
    t = x
    for _ in range(3):
        t = t * t
        t = math.sin(t)
        t = t / x
    return t


@specimen(1.2)
def flag_and_value(x: float) -> float:
    found, value = False, 0.0
    for i in range(6):
        if not found and x * i > 3:
            found, value = True, x * i
    return value if found else -x
