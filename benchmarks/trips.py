"""The taxi's table: a million trips, and the program as downslope runs it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from downslope.fitting.problem import Problem

Array = npt.NDArray[np.float64]
LEARNT = ("speed", "jam", "stop", "dwell", "decay")
START = np.array([30.0, 0.5, 0.4, 1.0, 0.3])


Columns = Mapping[str, npt.NDArray[np.generic]]


def columns(rows: int) -> Columns:
    """Distances, hours and minutes of so many trips, always the same ones."""
    rng = np.random.default_rng(20240607)
    hour = rng.integers(0, 24, rows)
    return {"d": rng.uniform(0.5, 9.0, rows), "hour": hour, "minutes": rng.uniform(5.0, 25.0, rows)}


def problem(table: Columns, threads: int) -> "Problem":
    """The program's cost on that table, with five constants to learn."""
    from downslope.demo.taxi import trip  # loading downslope is a part of what is measured
    from downslope.fitting.pose import pose

    return pose(trip, table, "minutes", LEARNT, threads=threads).problem
