"""How to learn: the options of a learner, checked."""

import math
from dataclasses import dataclass

from downslope.errors import UsageError

METHODS = ("rls", "ekf", "sgd")
DRIFT = ("none", "alarm", "reset")


@dataclass(frozen=True)
class Settings:
    """Options of all methods. Raises `UsageError` for one that makes no sense.

    >>> Settings(forgetting=1.5)
    Traceback (most recent call last):
        ...
    downslope.errors.UsageError: forgetting is 1.5
      why: it is the part of a row's weight that is left after the next row, above 0 and at most 1.
      fix: use 1 to forget nothing, 0.999 to remember about 1000 rows.
    """

    method: str = "rls"
    forgetting: float = 1.0
    passes: int | None = None  # over each batch; None: 20 Gauss-Newton steps for rls, 1 pass for others
    noise: float | None = None  # ekf: standard deviation of the target's noise; None: measured
    prior: float = 1.0  # ekf: standard deviation of each start value, as a part of the value
    walk: float = 0.0  # ekf: how far a constant may move in one row, as a part of its start value
    rate: float = 0.05  # sgd: length of the first step, as a part of the start value
    drift: str = "none"

    def __post_init__(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("drift", self.drift, DRIFT)
        why = "it is the part of a row's weight that is left after the next row, above 0 and at most 1."
        fix = "use 1 to forget nothing, 0.999 to remember about 1000 rows."
        _within("forgetting", self.forgetting, 0.0, 1.0, why, fix)
        for name in ("prior", "rate"):
            _within(name, getattr(self, name), 0.0, math.inf, "it is a positive number.", "use e.g. 0.1.")
        if self.noise is not None:
            _within("noise", self.noise, 0.0, math.inf, "it is a positive number.", "leave it out.")
        if not 0.0 <= self.walk < math.inf:
            raise UsageError(f"walk is {self.walk}", why="it is 0 or a positive number.", fix="leave it out.")
        if self.passes is not None and (not isinstance(self.passes, int) or self.passes < 1):
            raise UsageError(
                f"passes is {self.passes}", why="it is a whole number from 1.", fix="leave it out."
            )
        if self.method == "ekf" and self.repeats > 1 and (self.forgetting < 1.0 or self.walk > 0.0):
            raise UsageError(
                "ekf takes one pass over a batch where it forgets",
                why="it would forget rows of the batch that it is about to see again.",
                fix="use passes=1, or forgetting=1 and walk=0, or the method rls.",
            )

    @property
    def repeats(self) -> int:
        """Passes over a batch, at most."""
        return self.passes or (20 if self.method == "rls" else 1)


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(
            f"there is no {what} {value!r}", why=f"there are {', '.join(known)}.", fix="choose one."
        )


def _within(name: str, value: float, low: float, high: float, why: str, fix: str) -> None:
    if not (isinstance(value, int | float) and low < value <= high and math.isfinite(value)):
        raise UsageError(f"{name} is {value}", why=why, fix=fix)
