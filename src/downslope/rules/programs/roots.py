"""Roots of functions. A root that was found is held fixed, and then corrected by chords with a fixed slope.

Each correction multiplies what is wrong with the root and with each of its derivatives by the relative error of
the slope (a fixed-point iteration and its derivatives converge alike: Griewank & Walther 2008, chapter
15). The slope is a central difference, right to about 1e-8, so after `CORRECTIONS` nothing is left, and the
derivatives of every order are those of the implicit function theorem.
"""

from typing import Any, TypeAlias

import numpy as np

from downslope.rules.programs.holding import held

Array: TypeAlias = Any
Number: TypeAlias = Any
Function: TypeAlias = Any
CORRECTIONS = 5


def bracketed(f: Function, a: Number, b: Number, xtol: Number, rtol: Number, most: int) -> Number:
    """A root between two points with values of opposite sign, by Brent's method (Brent 1973, chapter 4)."""
    xpre = a
    xcur = b
    fpre = f(xpre)
    fcur = f(xcur)
    if fpre == 0.0:
        return corrected(f, xpre)
    if fcur == 0.0:
        return corrected(f, xcur)
    if fpre * fcur > 0.0:
        raise ValueError("f(a) and f(b) must have different signs")
    xblk = xpre
    fblk = fpre
    spre = xcur - xpre
    scur = spre
    steps = 0
    while steps < most:
        steps += 1
        if fpre != 0.0 and fcur != 0.0 and (fpre < 0.0) != (fcur < 0.0):
            xblk = xpre
            fblk = fpre
            spre = xcur - xpre
            scur = spre
        if abs(fblk) < abs(fcur):
            xpre, xcur, xblk = xcur, xblk, xcur
            fpre, fcur, fblk = fcur, fblk, fcur
        delta = (xtol + rtol * abs(xcur)) / 2.0
        half = (xblk - xcur) / 2.0
        if fcur == 0.0 or abs(half) < delta:
            break
        if abs(spre) > delta and abs(fcur) < abs(fpre):
            if xpre == xblk:
                step = -fcur * (xcur - xpre) / (fcur - fpre)
            else:
                dpre = (fpre - fcur) / (xpre - xcur)
                dblk = (fblk - fcur) / (xblk - xcur)
                step = -fcur * (fblk * dblk - fpre * dpre) / (dblk * dpre * (fblk - fpre))
            if 2.0 * abs(step) < min(abs(spre), 3.0 * abs(half) - delta):
                spre = scur
                scur = step
            else:
                spre = half
                scur = half
        else:
            spre = half
            scur = half
        xpre = xcur
        fpre = fcur
        if abs(scur) > delta:
            xcur += scur
        else:
            xcur += delta if half > 0.0 else -delta
        fcur = f(xcur)
    return corrected(f, xcur)


def slope_at(f: Function, x: Number, h: Number) -> Number:
    """A central difference."""
    return (f(x + h) - f(x - h)) / (2.0 * h)


def corrected(f: Function, root: Number) -> Number:
    """The root, with its derivatives."""
    h = 6e-6 * max(1.0, abs(root))
    slope = slope_at(f, root, h)
    if not abs(slope_at(f, root, 2.0 * h) - slope) <= 1e-3 * abs(slope):
        raise FloatingPointError("the function has no slope at its root, or 0")
    fixed = held(np.array([root, slope]))
    x = fixed[0]
    for _ in range(CORRECTIONS):
        x = x - f(x) / fixed[1]
    return x


def close(p: Number, q: Number, tol: Number, rtol: Number) -> Any:
    """Whether two numbers are as close as is asked for."""
    return abs(p - q) <= tol + rtol * abs(q)


def by_tangents(f: Function, slope: Function, guess: Number, tol: Number, rtol: Number, most: int) -> Number:
    """A root near a guess, by Newton's method, as `scipy.optimize.newton` runs it."""
    x = guess
    for _ in range(most):
        value = f(x)
        if value == 0.0:
            return corrected(f, x)
        new = x - value / slope(x)
        if close(new, x, tol, rtol):
            return corrected(f, new)
        x = new
    raise RuntimeError("Failed to converge")


def by_chords(f: Function, guess: Number, second: Number, tol: Number, rtol: Number, most: int) -> Number:
    """A root near a guess, by the secant method, as `scipy.optimize.newton` runs it without a derivative."""
    p0 = guess
    p1 = second
    q0 = f(p0)
    q1 = f(p1)
    if abs(q1) < abs(q0):
        p0, p1, q0, q1 = p1, p0, q1, q0
    for _ in range(most):
        if q1 == q0:
            if p1 != p0:
                raise RuntimeError("Tolerance was reached")
            return corrected(f, (p1 + p0) / 2.0)
        if abs(q1) > abs(q0):
            p = (-q0 / q1 * p1 + p0) / (1.0 - q0 / q1)
        else:
            p = (-q1 / q0 * p0 + p1) / (1.0 - q1 / q0)
        if close(p, p1, tol, rtol):
            return corrected(f, p)
        p0 = p1
        q0 = q1
        p1 = p
        q1 = f(p1)
    raise RuntimeError("Failed to converge")


def second_guess(guess: Number) -> Number:
    """Where `scipy.optimize.newton` puts the other end of its first chord."""
    return guess * (1.0 + 1e-4) + (1e-4 if guess >= 0.0 else -1e-4)
