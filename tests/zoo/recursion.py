"""Programs that call themselves, directly, through others, and as nested functions."""

# mypy: disable-error-code="no-any-return"

import math

from zoo.registry import specimen

CALLED = "a function that calls itself is called, not written out"


def power(x: float, n: int) -> float:
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@specimen(0.7, 5, wrt=(0,), formal=CALLED)
def recursive_power(x: float, n: int) -> float:
    return power(x, n) + power(2 * x, 2)


def fibonacci(x: float, n: int) -> float:
    return x if n < 2 else fibonacci(x, n - 1) + math.sin(fibonacci(x, n - 2))


@specimen(0.7, formal=CALLED)
def two_calls_of_itself_in_a_loop(x: float) -> float:
    total = 0.0
    for k in range(5):
        total = total * x + fibonacci(x + k, k)
    return total


def even(x: float, n: int) -> float:
    if n == 0:
        return x
    return odd(x * 1.1, n - 1)


def odd(x: float, n: int) -> float:
    return x * x if n == 0 else even(math.sin(x), n - 1)


@specimen(0.7, formal=CALLED)
def mutual_recursion(x: float) -> float:
    return even(x, 5) + odd(x, 4)


@specimen(0.7, 0.3, formal=CALLED)
def nested_function_that_calls_itself(x: float, y: float) -> float:
    def go(z: float, n: int) -> float:
        if n > 3:
            return z * y
        return go(z * x + y, n + 1)

    return go(x, 0)


def ackermann(m: int, n: int, x: float) -> tuple[int, float]:
    if m == 0:
        return n + 1, x * 1.01
    if n == 0:
        return ackermann(m - 1, 1, x)
    inner, y = ackermann(m, n - 1, x)
    return ackermann(m - 1, inner, math.sin(y))


@specimen(0.7, formal=CALLED)
def ackermann_with_a_number_beside(x: float) -> float:
    count, y = ackermann(2, 2, x)
    return count * y


@specimen(0.2, 1.9, formal=CALLED)
def integral_by_halves(low: float, high: float, depth: int = 3, scale: float = 0.5) -> float:
    """The program itself is called again."""
    middle = (low + high) * scale
    if depth == 0 or high - low < 0.1:
        return math.exp(-middle * middle) * (high - low)
    left = integral_by_halves(low, middle, depth - 1)
    return left + integral_by_halves(middle, high, depth=depth - 1)


def until(x: float, k: int) -> float:
    total = x
    while total < 3.0:
        total = total + (until(total, k - 1) if k > 0 else 0.7)
    return total * x


@specimen(0.7, formal=CALLED)
def recursion_in_a_while(x: float) -> float:
    return until(x, 2)
