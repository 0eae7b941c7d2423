"""Profiles of a fit: the least cost with one constant held, over the stretch of values that the data allow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from downslope.fitting.fit import Fit
from downslope.fitting.intervals import Intervals
from downslope.fitting.local import local
from downslope.fitting.objective import Array
from downslope.fitting.profile import Profile, Stuck

SIDE = 6  # points on each side of the learnt value: each is a fit
BEYOND = 1.15  # how far past an end of the interval a profile is drawn


@dataclass(frozen=True)
class Traced:
    """The profile of one constant."""

    name: str
    value: float
    ends: tuple[float, float]
    grid: Array
    distances: Array  # √((S(v) − S) / s²); NaN where the others could not be fitted
    limit: float  # the distance at the ends


def traced(fit: Fit, intervals: Intervals) -> list[Traced]:
    """The profiles of the constants that `intervals`, found by profiles, are of."""
    solution, problem = fit.solution, fit.problem
    freedom = local(problem, solution.values)[0].freedom
    variance = variance_of(fit)
    limit = float(stats.t.ppf(0.5 + intervals.level / 2.0, freedom))
    found = []
    for name in intervals.names:
        index = solution.names.index(name)
        profile = Profile(problem, solution.values, solution.cost, variance, index)
        low, high = _stretch(fit, index, intervals[name])
        value = float(solution.values[index])
        sides = [_side(profile, value, end) for end in (low, high)]
        grid = np.concatenate([sides[0][0][::-1], [value], sides[1][0]])
        distances = np.concatenate([sides[0][1][::-1], [0.0], sides[1][1]])
        found.append(Traced(name, value, intervals[name], grid, distances, limit))
    return found


def variance_of(fit: Fit) -> float:
    """The size of the noise squared, s², by the rows left over."""
    return 2.0 * fit.solution.cost / local(fit.problem, fit.solution.values)[0].freedom


def wanted(fit: Fit, names: Sequence[str] | None, level: float) -> list[Traced]:
    """The profiles of some constants. Raises what `fit.intervals` by profiles raises."""
    return traced(fit, fit.intervals(level, "profile", names))


def _stretch(fit: Fit, index: int, ends: tuple[float, float]) -> tuple[float, float]:
    """From where to where: a little past each end; where there is none, past the other one's distance."""
    value = float(fit.solution.values[index])
    reaches = [abs(end - value) for end in ends if np.isfinite(end) and end != value]
    usual = max(reaches, default=0.5 * abs(value) or 1.0)
    low, high = (
        value + sign * BEYOND * (abs(end - value) if np.isfinite(end) else usual)
        for sign, end in zip((-1.0, 1.0), ends, strict=True)
    )
    return max(low, float(fit.problem.lower[index])), min(high, float(fit.problem.upper[index]))


def _side(profile: Profile, value: float, end: float) -> tuple[Array, Array]:
    """Points from next to the learnt value to one end: each starts from the one before."""
    if end == value:
        return np.empty(0), np.empty(0)
    grid = np.linspace(value, end, SIDE + 1)[1:]
    return grid, np.array([_distance(profile, float(point)) for point in grid])


def _distance(profile: Profile, value: float) -> float:
    try:
        return profile.distance(value)
    except Stuck:
        return float("nan")
