"""Where differentiation goes wrong in silence: overwriting, ties, edges."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import KINK, specimen, vector


@specimen(vector(3))
def overwritten_before_it_is_read(a):
    a[1] = 2.0
    return a[0] * a[1] * a[2]


@specimen(vector(3))
def overwritten_in_a_loop(a):
    x = a[0]
    for i in range(3):
        x = x * a[i]
        a[i] = x
        x = x + a[0]
    return x * a[1]


@specimen(vector(3))
def one_element_many_times(a):
    for _ in range(4):
        a[1] = a[1] * a[1] + a[0]
    return a[1]


@specimen(vector(4))
def element_added_to_itself(a):
    for i in range(4):
        a[i] += a[i]
        a[i] *= a[i]
    return a


@specimen(vector(4), 1)
def nested_loops_store_what_they_read(a, k):
    for i in range(3):
        for j in range(2):
            a[(i + j) % 4] = a[(i * j + k) % 4] * a[j] + 0.1
        a[i] *= a[3]
    return a


@specimen(vector(4))
def stored_on_one_path_in_nested_loops(a):
    t = np.ones(4)
    for i in range(4):
        for j in range(3):
            if a[j] > a[i]:
                t[i] = t[j] * a[i]
            elif j == 1:
                t[j] += a[j] * t[0]
        a[i] = t[i] + a[i]
    return a[3] * t[2] + t[0]


@specimen(vector(4))
def break_in_nested_loops(a):
    s = 0.0
    for i in range(4):
        for j in range(4):
            if i + j > 4:
                break
            a[j] = a[j] * a[i] + 0.1
            s += a[j]
        if s > 6.0:
            break
    return s


@specimen(vector(4))
def return_in_a_loop(a):
    s = 1.0
    for i in range(4):
        a[i] *= s
        s += a[i] * a[0]
        if s > 2.0:
            return s * a[i]
    return s


@specimen(np.array([1.0, 3.0, 3.0, 2.0]), numeric=KINK)
def ties_of_a_maximum(a):
    best = a[0]
    for v in a:
        if v > best:
            best = v
    return best * best


@specimen(np.array([0.0, 1.0, 2.0]))
def power_at_zero(a):
    s = 0.0
    for i in range(3):
        s += a[i] ** i
    return s


@specimen(np.array([0.0, 1.0]), numeric=KINK)
def branch_guards_a_root(a):
    s = 0.0
    for v in a:
        if v > 0.0:
            s += math.sqrt(v)
    return s


@specimen(vector(3), vector(3, 1.0))
def loop_fills_then_loop_reads(a, b):
    t = np.empty(3)
    for i in range(3):
        t[i] = math.exp(a[i])
    s = 0.0
    for i in range(3):
        for j in range(3):
            s += t[i] * t[j] * b[j]
    return s


@specimen(vector(3), 3)
def loop_reads_what_the_pass_before_filled(a, n):
    t = np.zeros(3)
    s = 0.0
    for k in range(n):
        for i in range(3):
            s += t[i] * a[i] * (k + 1)
        for i in range(3):
            t[i] = t[i] * 0.5 + math.sin(a[i] + s)
    return s


@specimen(vector(3), 3)
def linear_fill_before_a_loop_that_keeps(a, n):
    u = a.copy()
    for _ in range(n):
        t = np.zeros(3)
        for i in range(3):
            t[i] = u[i] * 2.0
        for i in range(3):
            for j in range(2):
                u[i] = u[i] * t[j] * 0.3 + 0.1
    return u


@specimen(vector(3), 2)
def arrays_made_inside_branches(a, n):
    s = 0.0
    for k in range(n):
        if a[k] > 0.5:
            t = np.zeros(3)
            for i in range(3):
                t[i] = a[i] ** 2
            for i in range(3):
                s += t[i] * t[0]
            a[0] = s
        else:
            a[1] = a[1] * a[0]
    return s + a[0] * a[1]


@specimen(vector(3))
def loop_inside_a_branch_outside_loops(a):
    if a[0] < 1.0:
        for i in range(3):
            a[i] = a[i] * a[0]
        s = a[1]
    else:
        s = a[2]
    return s * a[2]


@specimen(vector(3), np.array([3, 1, 2]))
def whole_numbers_of_an_array(a, n):
    s = 0.0
    for i in range(len(n)):
        for j in range(n[i]):
            s += a[i] * a[j]
            a[j] = s * 0.1
    return s


@specimen(vector(3), 50)
def long_recurrence(a, n):
    for t in range(n):
        a[t % 3] = math.sin(a[(t + 1) % 3] + a[t % 3])
    return a
