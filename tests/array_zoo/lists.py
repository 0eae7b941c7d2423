"""Lists of numbers: stacks, sequences, and what becomes of them."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import specimen, vector


@specimen(vector(6))
def stack_filled_and_emptied(x):
    s = []
    for i in range(len(x)):
        s.append(x[i] * x[i - 1])
    total = 0.0
    while s:
        v = s.pop()
        total = total * 0.9 + v * v
    return total


@specimen(0.3, 5, wrt=(0,))
def appended_until_small(x, most):
    terms = [x]
    while abs(terms[-1]) > 1e-6 and len(terms) < most:
        terms.append(terms[-1] * x * 0.7)
    return sum(terms)


@specimen(vector(9), 9)
def tree_with_a_stack_of_indices(x, n):
    stack = [0]
    total = 0.0
    while len(stack) > 0:
        i = stack.pop()
        total += x[i] ** 2 * (i + 1)
        if 2 * i + 1 < n:
            stack.append(2 * i + 1)
        if 2 * i + 2 < n:
            stack.append(2 * i + 2)
    return total


@specimen(vector(5))
def queue(x):
    waiting = list(x)
    first = waiting.pop(0)
    waiting.append(first * waiting[0])
    waiting.insert(1, waiting[-1] * 2.0)
    del waiting[0]
    return waiting[0] * waiting[1] + waiting[-2] ** 2


@specimen(vector(4))
def elements_are_stored_into(x):
    s = [0.0] * 4
    for i in range(4):
        s[i] = x[i] * 2.0
        s[-1 - i] += x[i] * s[i]
    s[1], s[2] = s[2], s[1]
    return s[0] * s[1] - s[3] / s[2]


@specimen(vector(4))
def joined_sliced_and_repeated(x):
    s = list(x) + [x[0] * x[1]]
    t = s[1:] * 2
    t += [x[2]]
    t.extend(s[::-1])
    t[0] = 0.5 * t[1]
    return sum(t) * s[0] + t[3] * len(t)


@specimen(vector(5))
def largest_and_smallest(x):
    s = [x[0] * x[1], math.sin(x[2]), x[3] ** 2]
    s.append(x[4])
    return max(s) * 2.0 + min(s)


@specimen(vector(5))
def list_becomes_an_array(x):
    s = []
    for v in x:
        if v > 0.5:
            s.append(v * v)
    a = np.array(s)
    return np.concatenate((a * 2.0, x[:1]))


@specimen(vector(3))
def array_of_indices_from_a_list(x):
    s = []
    for i in range(3):
        s.append(2 - i)
    k = np.array(s)
    total = 0.0
    for i in k:
        total = total * 0.5 + x[i]
    return total


@specimen(vector(4))
def two_names_for_one_list(x):
    s = [x[0]]
    t = s
    t.append(x[1] * x[2])
    s[0] = x[3]
    return t[0] * s[1]


def pushed(s, v):
    s.append(v * 0.5)
    if len(s) > 3:
        s.pop(0)


@specimen(vector(6))
def helper_changes_a_list(x):
    window = []
    total = 0.0
    for v in x:
        pushed(window, v)
        total += window[0] * v
    return total + len(window)


@specimen(vector(6))
def appended_in_a_branch(x):
    low, high = [], [x[0]]
    for v in x:
        if v < 1.0:
            low.append(v * high[-1])
        else:
            high.append(v + high[-1] ** 2)
    total = 0.0
    for a, b in zip(low, reversed(high)):
        total += a * b
    for k, a in enumerate(low):
        total += k * a
    return total


@specimen(vector(4), 3)
def rebuilt_in_each_pass(x, n):
    now = list(x)
    for _ in range(n):
        after = [now[0] * 0.5]
        for i in range(1, len(now)):
            after.append(now[i - 1] * now[i])
        after.append(now[-1])
        now = after
    return np.array(now)


@specimen(vector(4), 5)
def two_lists_change_places(x, n):
    old, new = list(x), [0.0] * 4
    for _ in range(n):
        for i in range(4):
            new[i] = 0.5 * old[i] + math.tanh(old[i - 1])
        old, new = new, old
    return old[0] * old[3] + new[1]


@specimen(vector(4))
def one_list_or_another(x):
    s = [x[0], x[1]]
    if x[0] < x[1]:
        s = [x[2]]
    s.append(x[3] * s[0])
    return s[-1] * len(s)


@specimen(vector(3), 2)
def lists_in_nested_loops(x, n):
    total = 0.0
    for i in range(n):
        seen = []
        for v in x:
            seen.append(v * (i + 1))
            if len(seen) > 2:
                break
        while len(seen) > 1:
            total += seen.pop() * seen[-1]
        total = total * 0.5
    return total


@specimen(vector(5))
def emptied_and_copied(x):
    s = list(x)
    t = s.copy()
    s.clear()
    t.reverse()
    s.append(t[0] * t[1])
    return s[0] * t[-1]


@specimen(0.7, wrt=(0,))
def truth_of_a_list(x):
    s = []
    while not s or s[-1] > 0.1:
        s.append(x ** (len(s) + 1))
    return sum(s, x)


@specimen(vector(7))
def running_median_window(x):
    total = 0.0
    window = []
    for v in x:
        k = len(window)
        while k > 0 and window[k - 1] > v:
            k -= 1
        window.insert(k, v)
        total += window[len(window) // 2] ** 2
    return total


@specimen(vector(4), 12)
def long_enough_to_grow(x, n):
    s = [x[0]]
    for i in range(n):
        s.append(0.6 * s[-1] + x[i % 4] * s[i // 2])
    return s[n] * s[n // 2]


@specimen(vector(4), vector(4, 0.6))
def comprehensions(x, y):
    a = [v * v for v in x]
    b = [v * w for v, w in zip(x, y) if v < w]
    c = [a[i] * w for i in range(len(a)) for w in y if w > a[i]]
    k = [i for i in range(len(x)) if x[i] > 0.5]
    return sum(a) * b[0] + c[-1] * len(k) + x[k[0]]


@specimen(vector(5))
def sums_of_generators(x):
    total = sum(v * w for v, w in zip(x, x[1:]))
    total += sum((0.5 * v for v in x if v > 0.6), x[0])
    return total * max(v * v for v in x) - min(math.sin(v) for v in x)


@specimen(vector(5), 0.9)
def any_and_all_of_generators(x, high):
    if any(v > high for v in x) and not all(v > high for v in x):
        return sum([v * v for v in x])
    return x[0]


@specimen(vector(4), 1.3)
def array_of_a_comprehension(x, k):
    def bent(v, by=0.5):
        return v * k if v > by else v + by

    a = np.array([bent(v) for v in x])
    b = np.array([i * k for i in range(4)])
    return a * b + np.array([bent(x[i] + x[j]) for i in range(2) for j in range(i + 1, 3)])[0]


@specimen(vector(3))
def comprehension_inside_another(x):
    rows = [sum(v * w for w in x) for v in x]
    v = rows[0]
    doubled = [2.0 * v for v in rows]
    return v * doubled[2] + sum(u for u in [x[0], x[1] * x[2]])


@specimen(vector(3))
def loops_over_what_is_written(x):
    total = 0.0
    for k in (2, 3):
        for v in [x[0], x[1] ** 2, 0.5]:
            total += v**k * x[2]
    return total


@specimen(0.7, 3, wrt=(0,))
def list_of_another_length_in_each_pass(x, n):
    s = [x, 0.5]
    for i in range(n):
        s = [v * s[0] for v in (1.0, x, 2.0, x)]
        if i == 1:
            s = s[:1] + [x]
    return sum(s)


@specimen(vector(4), 3)
def mask_in_the_test_of_a_loop(a, n):
    i = 0
    while i < n and np.sum(a[a > 0.5]) > 1.0:
        i += 1
        a[a > 1.0] *= 0.5
    return a * i


def up_to(x, least):
    s = []
    for v in x:
        s.append(v * 2.0)
        if v > least:
            return s
    s.append(1.0)
    return s


@specimen(vector(5), wrt=(0,))
def list_returned_from_inside_a_loop(x):
    t = up_to(x, 0.9)
    t.append(x[0])
    return sum(t) * len(t) + up_to(x, 99.0)[-2]
