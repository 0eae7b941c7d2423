"""A line on the terminal for a fit that takes longer than a second."""

import sys
import threading
from types import TracebackType
from typing import Any, Self

from downslope.fitting.solution import Step

PATIENCE = 1.0  # seconds before anything is shown


class Progress:
    """Shows iterations and cost on standard error, if that is a terminal and after one second.

    Use it as a context manager and call it with each `Step`. Nothing is written when the output is
    piped or the fit is quick, and the line goes away at the end.

    >>> import numpy as np
    >>> with Progress() as progress:
    ...     progress(Step(np.zeros(1), 2.5))
    """

    def __init__(self) -> None:
        self.iterations = 0
        self.cost = float("nan")
        self._timer: threading.Timer | None = None
        self._bar: Any = None
        self._task: Any = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            self._timer = threading.Timer(PATIENCE, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __call__(self, step: Step) -> None:
        """Note one iteration."""
        self.iterations += 1
        self.cost = step.cost
        if self._bar is not None:
            self._bar.update(self._task, description=self._said())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._timer = None
            if self._bar is not None:
                self._bar.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._timer is None:
                return
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = bar.add_task(self._said(), total=None)
            bar.start()
            self._bar = bar

    def _said(self) -> str:
        if not self.iterations:
            return "reading and compiling"
        return f"{self.iterations:,} iterations, cost {self.cost:.6g}"
