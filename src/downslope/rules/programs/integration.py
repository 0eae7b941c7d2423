"""Explicit Runge-Kutta pairs with step control, as `scipy.integrate.solve_ivp` runs them.

First the steps are chosen, then they are taken again at the times found, which do not vary: the derivative is
that of the numbers computed (discretise, then differentiate). Times scale with the interval, so its ends
may vary. Hairer, Norsett & Wanner, "Solving Ordinary Differential Equations I", II.4; Dormand & Prince 1980,
Bogacki & Shampine 1989, with the interpolants of Shampine 1986.
"""

from typing import Any, TypeAlias

import numpy as np

from downslope.rules.programs.holding import held

Array: TypeAlias = Any
Number: TypeAlias = Any
Function: TypeAlias = Any
EPSILON = 2.220446049250313e-16


def size(v: Array) -> Number:
    """The root of the mean square."""
    return np.linalg.norm(v) / np.sqrt(len(v))


def first_step(
    fun: Function, t0: Number, t1: Number, y0: Array, f0: Array, rtol: Number, atol: Number, order: Number
) -> Number:
    """The first step that is tried (Hairer et al., II.4)."""
    direction = 1.0 if t1 >= t0 else -1.0
    length = abs(t1 - t0)
    scale = atol + np.abs(y0) * rtol
    d0 = size(y0 / scale)
    d1 = size(f0 / scale)
    h0 = 1e-6 if d0 < 1e-5 or d1 < 1e-5 else 0.01 * d0 / d1
    h0 = min(h0, length)
    f1 = np.empty(len(y0))
    f1[:] = fun(t0 + h0 * direction, y0 + h0 * direction * f0)
    d2 = size((f1 - f0) / scale) / h0
    if d1 <= 1e-15 and d2 <= 1e-15:
        h1 = max(1e-6, h0 * 1e-3)
    else:
        h1 = (0.01 / max(d1, d2)) ** (1.0 / (order + 1.0))
    return min(min(100.0 * h0, h1), length)


def advanced(fun: Function, t: Number, y: Array, h: Number, k: Array, a: Array, b: Array, c: Array) -> Array:
    """One step: its stages are put into `k`, whose first row is the slope at the start."""
    stages = len(c)
    for s in range(1, stages):
        moved = y.copy()
        for r in range(s):
            for i in range(len(y)):
                moved[i] += h * a[s, r] * k[r, i]
        k[s] = fun(t + c[s] * h, moved)
    new = y.copy()
    for r in range(stages):
        for i in range(len(y)):
            new[i] += h * b[r] * k[r, i]
    k[stages] = fun(t + h, new)
    return new


def times(
    fun: Function,
    t0: Number,
    t1: Number,
    start: Array,
    rtol: Number,
    atol: Number,
    first: Number,
    longest: Number,
    order: Number,
    a: Array,
    b: Array,
    c: Array,
    e: Array,
) -> Array:
    """Where the steps end, as parts of the interval."""
    y = start.copy()
    k = np.zeros((len(c) + 1, len(y)))
    k[0] = fun(t0, y)
    h_abs = first if first > 0.0 else first_step(fun, t0, t1, y, k[0].copy(), rtol, atol, order)
    h_abs = min(h_abs, longest)
    direction = 1.0 if t1 >= t0 else -1.0
    t = t0
    ends = [0.0]
    rejected = False
    while direction * (t1 - t) > 0.0:
        least = 10.0 * EPSILON * abs(t)
        if h_abs < least:
            if rejected:
                raise FloatingPointError("the step is too small")
            h_abs = least
        h_abs = min(h_abs, longest)
        end = t + direction * h_abs
        if direction * (end - t1) > 0.0:
            end = t1
        h = end - t
        h_abs = abs(h)
        new = advanced(fun, t, y, h, k, a, b, c)
        error = np.zeros(len(y))
        for r in range(len(e)):
            for i in range(len(y)):
                error[i] += h * e[r] * k[r, i]
        wrong = size(error / (atol + np.maximum(np.abs(y), np.abs(new)) * rtol))
        if wrong < 1.0:
            factor = 10.0 if wrong == 0.0 else min(10.0, 0.9 * wrong ** (-1.0 / (order + 1.0)))
            if rejected:
                factor = min(1.0, factor)
            rejected = False
            t = end
            y[:] = new
            k[0] = k[len(c)]
            ends.append((t - t0) / (t1 - t0))
        else:
            factor = max(0.2, 0.9 * wrong ** (-1.0 / (order + 1.0))) if wrong == wrong else 0.2
            rejected = True
        h_abs = h_abs * factor
    return held(np.array(ends))


def at_steps(
    fun: Function, parts: Array, t0: Number, t1: Number, start: Array, a: Array, b: Array, c: Array
) -> tuple[Array, Array]:
    """The times of the steps, and the solution there, one column each."""
    count = len(parts)
    y = start.copy()
    t = t0 + (t1 - t0) * parts
    found = np.empty((len(y), count))
    found[:, 0] = y
    k = np.zeros((len(c) + 1, len(y)))
    k[0] = fun(t0, y)
    for j in range(1, count):
        y = advanced(fun, t[j - 1], y, t[j] - t[j - 1], k, a, b, c)
        k[0] = k[len(c)]
        found[:, j] = y
    return t, found


def at_times(
    fun: Function,
    parts: Array,
    t0: Number,
    t1: Number,
    start: Array,
    points: Array,
    a: Array,
    b: Array,
    c: Array,
    p: Array,
) -> Array:
    """The solution at given times, in the order of the steps, by the interpolant of each step."""
    count = len(parts)
    wanted = len(points)
    y = start.copy()
    found = np.empty((len(y), wanted))
    for i in range(len(y)):
        for m in range(wanted):
            found[i, m] = y[i]
    k = np.zeros((len(c) + 1, len(y)))
    k[0] = fun(t0, y)
    direction = 1.0 if t1 >= t0 else -1.0
    done = 0
    for j in range(1, count):
        t = t0 + (t1 - t0) * parts[j - 1]
        end = t0 + (t1 - t0) * parts[j]
        h = end - t
        new = advanced(fun, t, y, h, k, a, b, c)
        while done < wanted and (j == count - 1 or direction * (points[done] - end) <= 0.0):
            x = (points[done] - t) / h
            for i in range(len(y)):
                total = 0.0
                for r in range(len(c) + 1):
                    weight = 0.0
                    for power in range(p.shape[1]):
                        weight = weight + p[r, power] * x ** (power + 1)
                    total += k[r, i] * weight
                found[i, done] = y[i] + h * total
            done += 1
        y = new
        k[0] = k[len(c)]
    return found
