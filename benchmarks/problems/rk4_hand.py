"""The derivative of the Runge-Kutta steps by hand: four tangents beside each value."""

from typing import Any

import numba

_njit: Any = numba.njit(error_model="numpy", fastmath={"contract"})


@_njit
def _slope(x: Any, y: Any, t: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Both slopes and their tangents; `t` has the four tangents of x, then those of y."""
    xa, xb, xc, xd, ya, yb, yc, yd = t
    e, f, g, h = a - b * y, -b * x, d * y, d * x - c
    tangents = (
        e * xa + f * ya + x, e * xb + f * yb - x * y, e * xc + f * yc, e * xd + f * yd,
        g * xa + h * ya, g * xb + h * yb, g * xc + h * yc - y, g * xd + h * yd + x * y,
    )  # fmt: skip
    return a * x - b * x * y, d * x * y - c * y, tangents


@_njit
def _moved(t: Any, step: Any, s: Any) -> Any:
    return (
        t[0] + step * s[0], t[1] + step * s[1], t[2] + step * s[2], t[3] + step * s[3],
        t[4] + step * s[4], t[5] + step * s[5], t[6] + step * s[6], t[7] + step * s[7],
    )  # fmt: skip


@_njit
def gradient(a: Any, b: Any, c: Any, d: Any, h: Any, steps: Any) -> Any:
    x, y = 1.0, 1.0
    t = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for _ in range(steps):
        k1, l1, t1 = _slope(x, y, t, a, b, c, d)
        k2, l2, t2 = _slope(x + 0.5 * h * k1, y + 0.5 * h * l1, _moved(t, 0.5 * h, t1), a, b, c, d)
        k3, l3, t3 = _slope(x + 0.5 * h * k2, y + 0.5 * h * l2, _moved(t, 0.5 * h, t2), a, b, c, d)
        k4, l4, t4 = _slope(x + h * k3, y + h * l3, _moved(t, h, t3), a, b, c, d)
        x += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        y += h / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
        t = _moved(_moved(_moved(_moved(t, h / 6.0, t1), h / 3.0, t2), h / 3.0, t3), h / 6.0, t4)
    return x + y, t[0] + t[4], t[1] + t[5], t[2] + t[6], t[3] + t[7]
