"""The derivative of the taxi's program as a Numba user would write it by hand: five tangents next to the values."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.trips import START, Array, columns


@numba.njit(error_model="numpy", nogil=True)  # type: ignore[untyped-decorator]
def slopes(d: Any, hour: Any, minutes: Any, x: Any) -> Any:
    """Cost and gradient over all rows."""
    speed, jam, stop, dwell, decay = x
    out = np.zeros(6)
    for k in range(len(d)):
        v, v_speed, v_jam, v_decay = speed, 1.0, 0.0, 0.0
        if 7 <= hour[k] < 10 or 16 <= hour[k] < 19:
            v, v_speed, v_jam = speed * jam, jam, speed
        t = t_speed = t_jam = t_stop = t_dwell = t_decay = 0.0
        left = d[k]
        while left > 1:
            step = 60 / v
            slope = -step / v
            t += step + stop * dwell
            t_speed += slope * v_speed
            t_jam += slope * v_jam
            t_decay += slope * v_decay
            t_stop += dwell
            t_dwell += stop
            v_decay = v_decay * decay + v - speed
            v_speed = v_speed * decay + 1 - decay
            v_jam = v_jam * decay
            v = v * decay + (1 - decay) * speed
            left -= 1
        last = 60 * left / v
        slope = -last / v
        r = t + last - minutes[k]
        out[0] += 0.5 * r * r
        out[1] += r * (t_speed + slope * v_speed)
        out[2] += r * (t_jam + slope * v_jam)
        out[3] += r * t_stop
        out[4] += r * t_dwell
        out[5] += r * (t_decay + slope * v_decay)
    return out


def cases(rows: int) -> dict[str, Callable[[], tuple[float, Array]]]:
    """Cost and gradient, compiled."""
    data = tuple(columns(rows).values())

    def run() -> tuple[float, Array]:
        out = slopes(*data, START)
        return out[0], out[1:]

    return {"by hand in Numba: cost + gradient": run}
