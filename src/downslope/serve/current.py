"""The version that predicts, kept for a moment: a prediction does not wait for the database."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from downslope.data.frames import frame_of
from downslope.errors import DataError
from downslope.learn.learner import Learner
from downslope.learn.registry import Version


class Current:
    """The current version of a learner, read again at most every so many seconds."""

    def __init__(self, learner: Learner, every: float) -> None:
        self._learner, self._every = learner, every
        self._known: Version | None = None
        self._read = -np.inf
        self._lock = threading.Lock()

    def version(self) -> Version:
        """The version that predicts. Raises `UsageError` where nothing is learnt yet."""
        with self._lock:
            if self._known is None or time.monotonic() - self._read > self._every:
                self._known, self._read = self._learner.current, time.monotonic()
            return self._known

    def forget(self) -> None:
        """Read the version again at the next request."""
        with self._lock:
            self._read = -np.inf

    def predict(self, columns: Mapping[str, Any]) -> tuple[int, list[float]]:
        """The version's number, and the predictions of rows.

        Raises `DataError` for a column that lacks, or has no number on a row, and what the program raises.
        """
        version = self.version()
        with self._lock:
            found = self._learner.predicted(version, frame_of(columns))
        if not np.isfinite(found).all():
            row = int(np.argmin(np.isfinite(found)))
            raise DataError(
                f"the prediction of row {row + 1} is {found[row]}", why="the program gives no finite number.",
                fix="check the inputs.",
            )  # fmt: skip
        return version.number, found.tolist()
