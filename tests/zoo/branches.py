"""Choices: if, conditional expressions, comparisons, boolean operators, returns."""

# Ordinary programs let an int become a float and mix in NumPy scalars; a type checker objects to both.
# mypy: disable-error-code="assignment, no-any-return, return-value"

import math

import numpy as np

from zoo.registry import specimen


@specimen(0.7, 1.2)
def chained(x: float, y: float) -> float:
    return x * y if 0 < x < y < 2 else x + y


@specimen(0.7, 1.2)
def chained_mixed(x: float, y: float) -> float:
    if y > x != 0 <= x:
        return x**3 * y
    return y


@specimen(1.5)
def branches(x: float) -> float:
    if x < 0:
        y = -x
    elif x < 1:
        y = x * x
    elif x < 2:
        y = math.exp(x)
    else:
        y = 3.0
    return y * x


for _at in (-0.5, 0.5, 2.5):
    specimen(_at)(branches)


@specimen(1.5)
def nested_branches(x: float) -> float:
    y = 1.0
    if x > 0:
        z = x * 2
        if z > 2:
            y = z * x
            if y > 10:
                y = y / 2
        else:
            y = z
    return y + x


@specimen(1.5)
def branch_without_else(x: float) -> float:
    y = x
    if x > 1:
        y = y * x
    if x > 2:
        y = y * x
    return y


@specimen(0.5)
def branch_with_pass(x: float) -> float:
    if x > 1:
        pass
    else:
        x = x * x * x
    return x


@specimen(0.5, 1.5)
def branches_exchange(x: float, y: float) -> float:
    if x < y:
        x, y = y, x
    return x**2 - y


@specimen(0.5, 1.5)
def branch_sets_two(x: float, y: float) -> float:
    if x > y:
        a, b = x, y
    else:
        a, b = y * y, x * y
    return a / b


@specimen(0.4)
def conditional_nested(x: float) -> float:
    return x if x > 1 else x * x if x > 0.5 else x**3 if x > 0 else -x


@specimen(0.4, 0.9)
def conditional_in_call(x: float, y: float) -> float:
    return math.sin(x if x > y else y) * math.exp(-(x if x < y else y))


@specimen(2.6, 1.0)
def booleans(x: float, y: float) -> float:
    a = x > 1 and y > 0
    b = x < 1 or not a
    z = 0.0
    if a and not b:
        z = x * y
    return z + (x and y) + (y or x) + (x if b else y * y)


@specimen(2.6, 0.0, wrt=(0,))
def and_gives_a_value(x: float, y: float) -> float:
    return (x and x * x) + (y and 1 / y) + x


@specimen(2.6, 0.0, wrt=(0,))
def or_gives_a_value(x: float, y: float) -> float:
    return (x or 5.0) * (y or x * x)


@specimen(0.0, 3.0, wrt=(1,))
def short_circuit_guards(x: float, y: float) -> float:
    if x != 0 and y / x > 1:
        return y / x
    return y * y


@specimen(0.0, 3.0, wrt=(1,))
def short_circuit_or_guards(x: float, y: float) -> float:
    if x == 0 or math.log(x) > y:
        return y**3
    return y


@specimen(0.4, 0.8, 1.2)
def boolean_tree(a: float, b: float, c: float) -> float:
    if (a < b and not b > c) or (a > 1 and c > 1):
        return a * b * c
    return a + b + c


@specimen(0.4)
def boolean_variable(x: float) -> float:
    small = x < 1
    odd = not small
    if small and not odd:
        x = x * 3
    return x**2


@specimen(0.4)
def truth_of_a_number(x: float) -> float:
    if x:
        return x * x
    return 1.0


@specimen(0.4, 3)
def truth_of_an_int(x: float, n: int) -> float:
    s = 0.0
    while n:
        s += x**n
        n -= 1
    return s if not n else 0.0


@specimen(0.4, 4)
def integer_parity(x: float, n: int) -> float:
    if n % 2 == 0 and n // 2 != 1:
        return x**n
    return x


@specimen(0.8)
def early_return(x: float) -> float:
    if x > 2:
        return x
    y = x * x
    if y > 0.5:
        return y * math.exp(x)
    return y


for _at in (0.3, 2.5):
    specimen(_at)(early_return)


@specimen(0.8)
def both_return(x: float) -> float:
    if x > 0:
        y = x * 2
        return y * y
    else:
        return -x


@specimen(0.8)
def return_in_elif(x: float) -> float:
    if x > 1:
        y = x
    elif x > 0.5:
        return x**4
    else:
        y = x * 3
    return y * y


@specimen(0.3)
def return_after_elif(x: float) -> float:
    if x > 1:
        y = x
    elif x > 0.5:
        return x**4
    else:
        y = x * 3
    return y * y


@specimen(1.0)
def assertion(x: float) -> float:
    assert x > 0
    assert x < 100, "too far"
    if x > 10:
        raise ValueError("too big")
    return x * x


@specimen(1.0)
def raise_in_else(x: float) -> float:
    if x > 0:
        y = math.log(1 + x)
    else:
        raise ArithmeticError
    return y * x


@specimen(1.0)
def raise_in_loop(x: float) -> float:
    for i in range(6):
        x = x * 1.1
        if x > 1e6:
            raise OverflowError("grows", i)
    return x


@specimen(0.3)
def where_chooses(x: float) -> float:
    return np.where(x > 0.2, x * x, -x) + np.where(x > 0.4, x**3, 2 * x)


@specimen(0.3, 0.4)
def clip(x: float, y: float) -> float:
    return np.clip(x, 0.0, 0.25) * x + np.clip(y, 0.0, 1.0) ** 2


@specimen(0.3, 0.4, 0.5)
def extremes_of_many(x: float, y: float, z: float) -> float:
    return max(x, y, z) * min(x, y, z) + max((x * y, z)) - min((x, y * z, 1.0))


@specimen(0.3, 2)
def extremes_with_int(x: float, n: int) -> float:
    return max(x, n) * x + min(x, n) ** 2 + max(0, x) - min(0, x)
