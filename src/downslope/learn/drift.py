"""Whether the errors of predictions have grown: ADWIN, from the library river.

Source: Bifet and Gavaldà (2007), Learning from time-changing data with adaptive windowing. The detector is
made anew for each batch from the numbers it has seen, so what is stored is readable and a restart changes
nothing.
"""

from collections.abc import Sequence

import numpy as np

from downslope.errors import UsageError
from downslope.fitting.objective import Array

CHUNK = 25  # rows, at least, whose mean error is one number for the detector
MOST = 50  # such numbers of one batch
ROUNDING = 1e-9  # of the target: smaller errors are none
WINDOW = 500  # such numbers that are kept


def available() -> None:
    """Raise `UsageError` where river is not installed."""
    try:
        import river.drift  # noqa: F401  # slow to load; asked for by an option
    except ImportError as error:
        raise UsageError(
            "drift cannot be watched for",
            why="it needs the library river, which is not installed.",
            fix="pip install 'downslope[learn]'",
        ) from error


def levels(residual: Array, target: Array) -> list[float]:
    """Mean sizes of the residuals of a batch (n,), of equal parts in their order; 0 for mere rounding.

    >>> levels(np.ones(60), np.full(60, 100.0))
    [1.0, 1.0]
    """
    parts = min(MOST, max(1, len(residual) // CHUNK))
    least = ROUNDING * float(np.max(np.abs(target)))
    found = [float(np.mean(part)) for part in np.array_split(np.abs(residual), parts)]
    return [level if level > least else 0.0 for level in found]


def drifted(window: Sequence[float], new: Sequence[float]) -> tuple[bool, list[float]]:
    """Whether errors have grown within `new`, and the window to keep: what came after the last change.

    The detector's bound is for numbers of about one, so it is given them in parts of their median.
    Errors that shrink are a change and no alarm.

    >>> drifted([1.0, 1.1] * 40, [1.1, 1.0] * 10)[0], drifted([1.0, 1.1] * 40, [3.0, 3.1] * 10)[0]
    (False, True)
    """
    from river.drift import ADWIN

    detector, grown = ADWIN(clock=1), False
    everything = [*window, *new]
    first, unit = 0, float(np.median(everything)) or 1.0
    for place, level in enumerate(everything):
        before = detector.estimation
        detector.update(level / unit)
        if detector.drift_detected:
            first = place + 1 - int(detector.width)
            grown |= place >= len(window) and detector.estimation > before
    return grown, everything[max(first, len(everything) - WINDOW) :]
