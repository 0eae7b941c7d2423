"""Profile-likelihood intervals: how far a constant can go while the others make up for it.

With S(v) the least sum of squares where the constant is held at v, the interval holds every v with
S(v) − S ≤ t² s², t the quantile of Student's t. Source: Bates and Watts, Nonlinear Regression
Analysis and Its Applications (1988), section 6.1.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from downslope.errors import DataError, ProgramError
from downslope.fitting.local import local
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.search import Callback
from downslope.fitting.solve import solve

DOUBLINGS = 24  # of the distance, before an end is called infinite: ten million times the Wald one
HALVINGS = 12  # towards the last value that could be fitted, where the next could not
LEFT = 1e-6  # of s²: a gain of the others that is too small to matter for the interval
FINE = 1e-7  # of the bracket: how well an end is found
LOWER = 1e-2  # of s²: a cost that is lower by so much shows another minimum, and is no rounding


class Stuck(Exception):
    """The other constants could not be fitted; the text says why."""


@dataclass
class Profile:
    """The profile of one constant about the learnt values; costs are those of `problem`."""

    problem: Problem
    values: Array  # (p,) learnt
    cost: float
    variance: float  # s²
    index: int
    callback: Callback | None = None
    solved: dict[float, Array] = field(default_factory=dict)
    known: dict[float, float] = field(default_factory=dict)
    """Distances: solved again, one differs by rounding, and no longer brackets the end."""
    better: float | None = None  # a value at which the cost is lower than the fit's

    def __post_init__(self) -> None:
        self.solved[float(self.values[self.index])] = self.values

    def distance(self, value: float) -> float:
        """√((S(v) − S) / s²), to compare with t. Raises `Stuck`.

        >>> from downslope.fitting.pose import pose
        >>> def line(x, a=0.0):
        ...     return a + 0.0 * x
        >>> problem = pose(line, {"x": [0.0, 0.0], "y": [-1.0, 1.0]}, "y", ["a"]).problem
        >>> Profile(problem, np.zeros(1), 1.0, 2.0, 0).distance(3.0)  # S grows by n v², s² is 2
        3.0
        """
        if value in self.known:
            return self.known[value]
        gained = 2.0 * (self._least(value) - self.cost) / self.variance
        if gained < -LOWER:
            self.better = value
        self.known[value] = float(np.sqrt(max(0.0, gained)))
        return self.known[value]

    def _least(self, value: float) -> float:
        """The least cost with the constant held at a value."""
        start = self._start(value)
        lower, upper = self.problem.lower.copy(), self.problem.upper.copy()
        lower[self.index] = upper[self.index] = value
        held = self.problem.like(start=start, lower=lower, upper=upper)
        try:
            if (lower == upper).all():
                held.check(start)
                return held.cost(start)
            solution = solve(held, callback=self.callback)
            held.check(solution.values)
            if not solution.converged and self._can_fall(held, solution.values):
                raise Stuck(solution.reason)
        except (ProgramError, DataError) as error:
            raise Stuck(error.problem.what) from error
        self.solved[value] = solution.values
        return solution.cost

    def _can_fall(self, held: Problem, x: Array) -> bool:
        """Whether the other constants could still lower the cost by an amount that matters here."""
        found, _ = local(held, x)
        return float(found.within @ found.within) > LEFT * self.variance

    def _start(self, value: float) -> Array:
        """Where to start: the others from the nearest value that is solved."""
        start = self.solved[min(self.solved, key=lambda known: abs(known - value))].copy()
        start[self.index] = value
        return start


def end(profile: Profile, limit: float, first: float, bound: float) -> tuple[float, str]:
    """One end of the interval, and what there is to say about it.

    `first` is the (signed) distance to look at first, `bound` how far the constant may go. The end is
    infinite where the distance stays below the limit, NaN where the others cannot be fitted.
    """
    center, sign = float(profile.values[profile.index]), float(np.sign(first))
    good, step = center, first
    for _ in range(DOUBLINGS):
        value = sign * min(sign * (center + step), sign * bound)
        try:
            if profile.distance(value) >= limit:
                return _between(profile, limit, good, value), ""
        except Stuck as stuck:
            return _wall(profile, limit, good, value, stuck)
        if value == bound:
            return bound, f"reaches its bound {bound:g}"
        good, step = value, 2.0 * step
    side = "above" if sign > 0 else "below"
    return sign * np.inf, f"has no end {side}: the data allow {good:.3g} as well"


def _between(profile: Profile, limit: float, inside: float, outside: float) -> float:
    fine = max(FINE * abs(outside - inside), np.finfo(float).tiny)
    return float(brentq(lambda value: profile.distance(value) - limit, inside, outside, xtol=fine))


def _wall(profile: Profile, limit: float, inside: float, outside: float, stuck: Stuck) -> tuple[float, str]:
    """The end between a value that is allowed and one at which the others could not be fitted."""
    for _ in range(HALVINGS):
        middle = 0.5 * (inside + outside)
        try:
            if profile.distance(middle) >= limit:
                return _between(profile, limit, inside, middle), ""
            inside = middle
        except Stuck as again:
            outside, stuck = middle, again
    side = "above" if outside > inside else "below"
    return np.nan, f"has no end found {side}: {inside:.6g} is allowed, and at {outside:.6g} {stuck}"
