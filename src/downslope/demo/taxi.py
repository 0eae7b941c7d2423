"""The taxi company's programs: how long a trip takes, in minutes."""


def duration(distance_km: float, speed_kmh: float = 30.0) -> float:
    """Minutes for a distance at a fixed speed.

    >>> duration(6.0)
    12.0
    """
    return 60.0 * distance_km / speed_kmh


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
