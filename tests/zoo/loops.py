"""Repetition: for over ranges of every kind, while, break, continue, else, nesting, returns inside."""

# Ordinary programs let an int become a float and mix in NumPy scalars; a type checker objects to both.
# mypy: disable-error-code="assignment, no-any-return, return-value"

import math

from zoo.registry import LENGTH, TRIPS, specimen


@specimen(1.1, 5)
def counted(x: float, n: int) -> float:
    s = 0
    for i in range(n):
        s += x**i / (i + 1)
    return s


@specimen(1.1, 0)
def zero_trips(x: float, n: int) -> float:
    s = x
    for _ in range(n):
        s = s * s
    return s


@specimen(1.1)
def range_that_is_empty(x: float) -> float:
    for _ in range(5, 2):
        x = x * x
    for _ in range(0, 5, -1):
        x = x * x
    return x * 3


@specimen(1.1)
def negative_step(x: float) -> float:
    s = 1.0
    for i in range(10, -3, -3):
        s = s * x + i
    return s


@specimen(1.3, 7, 2)
def variable_step(x: float, n: int, k: int) -> float:
    s = x
    for i in range(1, n, k):
        s = math.sin(s) + i * x
    return s


specimen(1.3, -7, -2)(variable_step)
specimen(1.3, -7, 2)(variable_step)


@specimen(1.3)
def bound_changed_inside(x: float) -> float:
    n = 3
    for i in range(n):
        n = n + 2
        x = x * 1.1 + i
    return x * n


@specimen(1.3)
def index_changed_inside(x: float) -> float:
    s = 0.0
    for i in range(4):
        i = i * 2
        s += x**i
    return s


@specimen(3.4, formal=TRIPS)
def range_from_float(x: float) -> float:
    s = 0.0
    for i in range(int(x) + 1):
        s += i * x
    return s


@specimen(2.2)
def loop_variable_after(x: float) -> float:
    for i in range(4):
        x = x + i
    return x * i


@specimen(2.2)
def loop_variable_before_and_after(x: float) -> float:
    i = 7
    for i in range(2, 2):
        x = x * 2 + i
    for j in range(3):
        x = x + j * i
    return x * i


@specimen(0.7)
def unused_index(x: float) -> float:
    for _ in range(6):
        x = math.cos(x)
    return x


@specimen(0.7)
def overwritten_in_loop(x: float) -> float:
    y = 0.0
    for i in range(5):
        y = x * i
    return y


@specimen(0.7)
def loop_does_nothing_useful(x: float) -> float:
    waste = 0.0
    for i in range(5):
        waste = waste + i * x
    return x * x


@specimen(0.7)
def product_loop(x: float) -> float:
    p = 1
    for i in range(1, 6):
        p *= x + i
    return p


@specimen(0.7, 1.1)
def two_carries(x: float, y: float) -> float:
    a, b = x, y
    for i in range(6):
        a, b = a * math.cos(b), b + math.sin(a) / (i + 1)
    return a * b


@specimen(0.7)
def carried_through_branch(x: float) -> float:
    best = 0.0
    for i in range(6):
        y = math.sin(x * i)
        if y > best:
            best = y
    return best


@specimen(5.5, formal=TRIPS)
def while_loop(d: float) -> float:
    t = 0.0
    v = d
    while v > 1:
        t += v * v
        v = v / 1.7
    return t


@specimen(0.5, formal=TRIPS)
def while_zero_trips(x: float) -> float:
    while x > 1:
        x = x / 2
    return x * x


@specimen(0.5, formal=TRIPS)
def while_true(x: float) -> float:
    while True:
        x = x * 1.5
        if x > 4:
            break
    return x * x


@specimen(0.5, 9)
def while_counted(x: float, n: int) -> float:
    s = 0.0
    i = 0
    while i < n:
        s += x**i
        i += 2
    return s


@specimen(0.5, formal=TRIPS)
def while_two_conditions(x: float) -> float:
    s, i = x, 0
    while s < 10 and i < 50 or i == 0:
        s = s * 1.3 + x
        i += 1
    return s + i * x


@specimen(0.55, formal=TRIPS)
def while_not(x: float) -> float:
    done = False
    s = x
    while not done:
        s = s + x * x
        done = s > 3
    return s


@specimen(0.5, formal=TRIPS)
def while_after_while(x: float) -> float:
    s = x
    while s < 2:
        s *= 1.5
    while s > 0.1:
        s -= x / 3
    return s * x


@specimen(0.9, formal=TRIPS)
def while_in_for(x: float) -> float:
    s = 0.0
    for i in range(4):
        y = x + i
        while y > 0.5:
            y = y * 0.6
            s += y * y * x
    return s


@specimen(0.9, formal=TRIPS)
def for_in_while(x: float) -> float:
    s = x
    while s < 20:
        for i in range(3):
            s = s + x * i
    return s * x


@specimen(0.9, formal=TRIPS)
def while_in_while(x: float) -> float:
    s, a = 0.0, x
    while a > 0.1:
        b = a
        while b > 0.2:
            s += a * b
            b = b * 0.5
        a = a * 0.7
    return s


@specimen(0.9, 6)
def nested_loops(x: float, n: int) -> float:
    s = 0.0
    for i in range(n):
        a = x
        for j in range(i):
            a = a * x + j
            s += a * math.cos(a)
    return s


@specimen(0.9)
def triple_loop(x: float) -> float:
    s = 0.0
    for i in range(3):
        for j in range(i, 3):
            for k in range(j, -1, -1):
                s += x ** (i + j) / (k + 1)
    return s


@specimen(1.2)
def if_in_loop(x: float) -> float:
    s = x
    for i in range(8):
        if i % 2 == 0:
            s = s + math.sin(s)
        elif i == 5:
            s = s * x
        else:
            s = s - 0.1 * s * s
    return s


@specimen(0.8)
def loop_in_branch(x: float) -> float:
    s = x
    if x < 1:
        for i in range(4):
            s = s * x + i
    else:
        for _ in range(3):
            s = s + 1
    return s


@specimen(0.8, formal=TRIPS)
def breaks(x: float) -> float:
    s = 0.0
    for i in range(20):
        s += x**i
        if s > 2.5:
            break
    return s * x


@specimen(0.8)
def break_at_once(x: float) -> float:
    for _ in range(20):
        break
    return x * x


@specimen(0.8, formal=TRIPS)
def break_index_used(x: float) -> float:
    for i in range(20):
        if x**i < 0.3:
            break
    return x * i + x**i


@specimen(0.8, formal=TRIPS)
def break_in_else_branch(x: float) -> float:
    s = 0.0
    for i in range(20):
        if s < 2:
            s += x
        else:
            s = s * x
            break
        s += 0.1 * i * x
    return s


@specimen(0.8)
def continues(x: float) -> float:
    s = 0.0
    for i in range(9):
        if i == 3 or i == 5:
            continue
        s += x**i
    return s


@specimen(0.8, formal=TRIPS)
def continue_in_while(x: float) -> float:
    s = x
    n = 0
    while s < 6:
        n += 1
        s = s * 1.2
        if n % 3 == 0:
            continue
        s += x
    return s * n


@specimen(0.8, formal=TRIPS)
def continue_and_break(x: float) -> float:
    s = 0.0
    for i in range(30):
        if i % 4 == 1:
            continue
        s += x * math.sqrt(i + x)
        if s > 8:
            break
        s = s * 1.01
    return s


@specimen(0.8)
def continue_nested_branches(x: float) -> float:
    s = 0.0
    for i in range(10):
        if i > 2:
            if i % 2:
                if x > 0.5:
                    continue
                s += 1
            s += x
        s += x * x
    return s


@specimen(0.8, formal=TRIPS)
def loop_else(x: float) -> float:
    s = x
    for i in range(3):
        s *= x
        if i > 10:
            break
    else:
        s = s + x * x
    while s > 100:
        break
    else:
        s = s * 3
    return s


@specimen(0.8, formal=TRIPS)
def loop_else_not_run(x: float) -> float:
    s = x
    for _ in range(30):
        s *= 1.4
        if s > 4:
            break
    else:
        s = 0.0
    return s * s


@specimen(0.8, formal=TRIPS)
def while_else_with_return(x: float) -> float:
    s = x
    while s < 5:
        s = s * 1.3 + x
        if s > 50:
            return 0.0
    else:
        return s * x
    return 1.0


@specimen(0.8)
def else_of_inner_continues_outer(x: float) -> float:
    s = 0.0
    for i in range(5):
        for j in range(i):
            if j * j == i:
                break
        else:
            s += x**i
            continue
        s = s * x + j
    return s


@specimen(0.8)
def break_inner(x: float) -> float:
    s = 0.0
    for i in range(5):
        for j in range(5):
            if j > i:
                break
            if (i + j) % 3 == 0:
                continue
            s += x ** (i + j)
    return s


@specimen(0.8, formal=TRIPS)
def break_both(x: float) -> float:
    s = 0.0
    for i in range(6):
        stop = False
        for j in range(6):
            s += x * (i + 1) / (j + 1)
            if s > 7:
                stop = True
                break
        if stop:
            break
    return s * x


@specimen(0.8, formal=TRIPS)
def return_in_loop(x: float) -> float:
    s = 1.0
    for i in range(10):
        for j in range(3):
            s = s * (1 + x)
            if s > 6 + j:
                return s * x + i
    return s


@specimen(0.8, formal=TRIPS)
def return_in_while(x: float) -> float:
    while True:
        x = x * 1.5
        if x > 4:
            return x * x


@specimen(0.8, formal=TRIPS)
def return_break_continue_together(x: float) -> float:
    s = x
    for i in range(50):
        if i % 3 == 0:
            continue
        s = s + x * i
        if i == 20:
            break
        if s > 30:
            return s * s
    return s


@specimen(0.8)
def return_first_pass(x: float) -> float:
    for i in range(3):
        return x * (i + 2) * x
    return 0.0


@specimen(0.8, formal=TRIPS)
def while_return_three_ways(x: float) -> float:
    a = x
    n = 0
    while n < 100:
        a = a * 1.1
        n += 1
        if a > 5:
            return a + n
        elif a < 0:
            return -a
        if n > 12:
            return a * a * x
    return a


@specimen(1.001, 300, formal=LENGTH)
def long_loop(x: float, n: int) -> float:
    s = 0.0
    for i in range(n):
        s = s / x + math.sin(i * x)
    return s
