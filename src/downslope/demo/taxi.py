"""The taxi company's programs: how long a trip takes, in minutes."""

from typing import Any

TRUE = {"speed": 27.0, "jam": 0.6, "stop": 0.5, "dwell": 1.0, "decay": 0.2}
"""The constants behind the trips of `trips`, which a fit has to find."""


def duration(distance_km: float, speed_kmh: float = 30.0) -> float:
    """Minutes for a distance at a fixed speed.

    >>> duration(6.0)
    12.0
    """
    return 60.0 * distance_km / speed_kmh


def squared_error(speed_kmh: float, distance_km: float = 6.0, minutes: float = 12.0) -> float:
    """How wrong `duration` is about a trip that took so many minutes, squared: in min².

    >>> squared_error(30.0), round(squared_error(35.0), 4)
    (0.0, 2.9388)
    """
    return (duration(distance_km, speed_kmh) - minutes) ** 2


def trip(
    d: float,
    hour: int,
    speed: float = 30.0,
    jam: float = 0.5,
    stop: float = 0.4,
    dwell: float = 1.0,
    decay: float = 0.3,
) -> float:
    """Minutes for `d` km from `hour` on: rush hours are slower, and each km has stops."""
    t = 0.0
    v = speed
    if 7 <= hour < 10 or 16 <= hour < 19:
        v = speed * jam
    while d > 1:
        t += 60 / v
        t += stop * dwell
        v = v * decay + (1 - decay) * speed
        d -= 1
    t += 60 * d / v
    return t


def trips(rows: int = 2000, noise: float = 0.5, seed: int = 1) -> dict[str, Any]:
    """A table of made-up trips: columns d (km), hour and minutes, by `trip` with `TRUE`, plus noise (min).

    >>> table = trips(3)
    >>> sorted(table), len(table["minutes"])
    (['d', 'hour', 'minutes'], 3)
    """
    import numpy as np  # this file is also read as a program, and should load at once

    rng = np.random.default_rng(seed)
    d, hour = rng.uniform(0.5, 9.0, rows).round(2), rng.integers(0, 24, rows)
    exact = [trip(km, int(h), **TRUE) for km, h in zip(d, hour, strict=True)]
    return {"d": d, "hour": hour, "minutes": (np.array(exact) + rng.normal(0.0, noise, rows)).round(2)}
