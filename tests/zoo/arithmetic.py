"""Numbers: operators, int and float and bool together, assignment, constants."""

# Ordinary programs let an int become a float and mix in NumPy scalars; a type checker objects to both.
# mypy: disable-error-code="assignment, no-any-return, return-value"

import math

import numpy as np

from zoo.registry import specimen

FACTOR = 1.7
STEPS = 4
ENABLED = True


@specimen(4.0)
def parabola(x: float) -> float:
    return 3 * x**2


@specimen(2.0, 3.0)
def arithmetic(x: float, y: float) -> float:
    return (x + y) * (x - y) / (x * y) - +x + -y


@specimen(1.2)
def polynomial(x: float) -> float:
    return 4 * x**5 - 3 * x**4 + x**3 / 7 - 2 * x + 1


@specimen(1.5, 0.7)
def rational(x: float, y: float) -> float:
    return (x * x - y) / (1 + x * y + y**4)


@specimen(2.5, 1.5)
def power_both(x: float, y: float) -> float:
    return x**y + y**x


@specimen(2.5, 3)
def power_int_argument(x: float, n: int) -> float:
    return x**n + n**x


@specimen(1.3)
def power_negative(x: float) -> float:
    return x**-3 + x**-0.5 + 2.0**-x


@specimen(-1.3)
def power_of_negative_base(x: float) -> float:
    return x**3 + x**2 - x**1 + x**0 + x**-2


@specimen(0.8, 1.1)
def power_tower(x: float, y: float) -> float:
    return x ** (y ** (x * 0.5))


@specimen(1.7)
def power_builtin(x: float) -> float:
    return pow(x, 3) + pow(2, x) + pow(x, 2.5)


@specimen(1.3, 5)
def power_loop_index(x: float, n: int) -> float:
    s = 0.0
    for i in range(n):
        s += x**i - i * x ** (i - 2)
    return s


@specimen(7.3, 2.1)
def remainder(x: float, y: float) -> float:
    return x % y + math.fmod(x, y) + x // y


@specimen(-7.3, 2.1)
def remainder_negative(x: float, y: float) -> float:
    return x % y + 2 * (-x % y) + x // y * y


@specimen(2.3, 17, 5)
def integer_division(x: float, n: int, k: int) -> float:
    return x * (n // k) + x ** (n % k) - n / k


@specimen(1.1, 7)
def integer_true_division(x: float, n: int) -> float:
    half = n / 2
    return half * x + x ** (n // 2)


@specimen(0.9, 3)
def integer_to_float_variable(x: float, n: int) -> float:
    total = n
    total = total * x
    total = total + n
    return total * total


@specimen(0.9)
def boolean_as_number(x: float) -> float:
    return (x > 0.5) * x + (x > 5) * x**2 + True * x - False


@specimen(0.9, True)
def boolean_argument(x: float, on: bool) -> float:
    return x * x * on + (1 - on) * x


@specimen(0.9)
def boolean_accumulator(x: float) -> float:
    hits = 0
    for i in range(5):
        hits += x * i > 1.5
    return x * hits


@specimen(0.9, 12)
def integer_accumulator(x: float, n: int) -> float:
    total = 0
    for i in range(n):
        total += i * i
    return total * x


@specimen(0.9)
def integer_turns_float(x: float) -> float:
    s = 0
    for i in range(4):
        s = s + x * i
    return s


@specimen(0.9)
def integer_turns_float_in_branch(x: float) -> float:
    s = 1
    if x > 0:
        s = x * 3
    return s * x


@specimen(3.7)
def rounding(x: float) -> float:
    return x * int(x) + round(x) * x - math.floor(x) / x + math.ceil(x) * float(x)


@specimen(3.14159)
def rounding_digits(x: float) -> float:
    return x * round(2.71828, 2) + x * x * round(x, ndigits=1)


@specimen(0.8)
def augmented(x: float) -> float:
    y = x
    y += 2
    y *= x
    y -= 0.5
    y /= x
    y **= 2
    return y


@specimen(8.3)
def augmented_floor_and_remainder(x: float) -> float:
    y = x * 1.5
    y //= 2
    z = x
    z %= 3
    return y * x + z * z


@specimen(0.8)
def augmented_self(x: float) -> float:
    x += x
    x *= x
    x -= x / 3
    return x


@specimen(0.8, 1.9)
def swap(x: float, y: float) -> float:
    for _ in range(5):
        x, y = y, x + y * 0.5
    return x * y


@specimen(0.8, 1.9, 2.2)
def rotate(x: float, y: float, z: float) -> float:
    for _ in range(4):
        x, y, z = y * 1.1, z, x + y
    return x * y - z


@specimen(0.8)
def tuple_values(x: float) -> float:
    a, (b, c) = x, (x * 2, x * x)
    pair = (a * b, c) if x > 0 else (c, a)
    p, q = pair
    return sum((p, q, a)) + max((a, b, c)) - min(a, b)


@specimen(0.8, 1.4)
def sums_of_tuples(x: float, y: float) -> float:
    return sum((x, y, x * y)) * sum((1, x)) + sum((x, 2.0 * y), 3.0)


@specimen(0.8, 1.4)
def chained_assignment(x: float, y: float) -> float:
    a = b = x * y
    a += 1
    return a * b


@specimen(0.8)
def overwritten(x: float) -> float:
    y = x * x
    y = y * x
    y = math.sin(y) + y
    return y


@specimen(1.4)
def module_constants(x: float) -> float:
    return FACTOR * x * math.pi + np.pi + math.e + ENABLED * x**STEPS


@specimen(1.4)
def module_constant_as_bound(x: float) -> float:
    s = x
    for _ in range(STEPS):
        s = s * FACTOR - x
    return s


@specimen(1.4)
def constant_by_another_name(x: float) -> float:
    from_module = FACTOR
    return from_module * x**2


@specimen(1.4, 2.0)
def default_argument(x: float, y: float, scale: float = 2.5) -> float:
    return x * y**scale


@specimen(0.3)
def annotated_variables(x: float) -> float:
    y: float = x * 2
    n: int = 3
    return y**n


@specimen(0.3)
def documented(x: float) -> float:
    """A docstring is no statement."""
    return math.exp(x) - 1


@specimen(1.0, 3.0, wrt=(0, 1))
def unused(x: float, y: float) -> float:
    return x * 2.0


@specimen(1.0, 3.0, wrt=(0, 1))
def argument_overwritten(x: float, y: float) -> float:
    y = 2.0
    return x * y


@specimen(1.0, 3.0, wrt=(0, 1))
def output_is_constant(x: float, y: float) -> float:
    return 4.0


@specimen(1.0, 3.0)
def output_is_an_argument(x: float, y: float) -> float:
    return y


@specimen(2.2)
def output_is_an_int(x: float) -> float:
    return int(x) * 3


@specimen(2.2, 1)
def identity_by_ints(x: float, n: int) -> float:
    return x * n / n + n - n


@specimen(0.6, 1.3)
def shared_subexpressions(x: float, y: float) -> float:
    a = x * y
    b = a + a * a
    c = b * a - a
    return c * c + b


@specimen(0.6)
def deep_expression(x: float) -> float:
    return ((((x + 1) * x + 1) * x + 1) * x + 1) / (1 + (x - (x * (x - (x * x)))) ** 2)


@specimen(1e-3, 1e4)
def badly_scaled(x: float, y: float) -> float:
    return x * y + x**2 * y**2


for power in range(2, 6):

    def monomial(x: float, n: int = power) -> float:
        return x**n + n * x

    specimen(1.1)(monomial)
