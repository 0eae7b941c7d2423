"""What Python offers beyond plain statements: `:=`, `match`, lambdas, `map`, stars."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from zoo.registry import TRIPS, specimen

LISTS = "a list has no closed formula"


@specimen(1.7)
def assigned_in_a_test(x):
    if (y := x * x) > 1:
        return y * 2.0 * x
    return y + (z := 3.0 * x) * z


@specimen(1.7, formal=TRIPS)
def assigned_in_the_test_of_a_loop(x):
    n = 0
    while (x := x * 0.5) > 0.1:
        n += 1
        if n == 2:
            continue
        x *= 0.9
    else:
        x *= x
    return x * n


@specimen(1.3)
def assigned_after_and(x):
    total = x
    if x > 0.5 and (y := math.sin(x)) > 0.2:
        total += y * y
    return total


@specimen(1.3, 2)
def matched_by_number(x, n):
    match n:
        case 0:
            return x
        case 1 | 2:
            return x * x * x
        case k if k > 7:
            return k * x
        case _:
            return x**4


@specimen(1.3, 0.4, 5)
def matched_as_a_pair(x, y, n):
    match (n % 3, n // 4):
        case (2, 1) if x > 10:
            z = x
        case (first, 1):
            z = x * y + first
        case _:
            z = y
    match (x, y):
        case (y, x):
            z = z * x * x + y
    return z


@specimen(0.7)
def lambdas_with_names(x):
    square = lambda v, k=2.0: k * v * v  # noqa: E731
    part = lambda v: square(v, x) if v > 0 else -v  # noqa: E731
    return square(x) + part(x) + part(-x)


@specimen(0.7, formal=LISTS)
def mapped_and_filtered(x):
    total = sum(map(lambda v: v * v, [x, 2.0 * x])) + max(map(math.sin, (x, 2 * x)))  # noqa: C417
    total += sum(filter(lambda v: v > 1.0, [x, 3.0 * x, 4.0 * x * x]))
    scale = 1.0
    for v in map(lambda a, b: a * b * scale, [x, 1.0, x], [2.0, x, x]):
        total += v
        scale = scale * x
    return total + list(map(math.exp, (x, 1.0)))[0]  # noqa: RUF015


@specimen(0.7, formal=LISTS)
def unpacked_with_stars(x):
    def weigh(a, b, c):
        return a * b - c * c

    first, *rest = (x, 2.0 * x, 3.0 * x)
    a, *middle, b = [x, x * x, x * x * x, 2.0]
    pair = (x, 3.0 * x)
    return first * rest[1] + a * middle[0] * middle[1] * b + weigh(*pair, x) + weigh(1.0, *pair)


@specimen(0.7, 3)
def among_constants(x, n):
    y = x * x if n in (1, 3) else x
    z = x * y if n not in {2, 3} else x * x * y
    with np.errstate(all="ignore"):
        z = z * x
    return z + sum(list(range(4))) * x
