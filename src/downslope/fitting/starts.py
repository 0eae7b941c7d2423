"""One search or several: from Sobol points, and again until the noise that weighs priors is that of the fit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.stats import qmc

from downslope.errors import DataError, ProgramError, UsageError
from downslope.fitting.basin import anneal, check_search, hop
from downslope.fitting.constrained import Unmet
from downslope.fitting.objective import Array
from downslope.fitting.priors import with_learnt_noise
from downslope.fitting.problem import Problem
from downslope.fitting.solution import Solution

SPREAD = 10.0  # from a tenth to ten times the start's value, where bounds do not say how far
AS_GOOD = 1e-6  # relative difference of costs of one minimum
MOST = 10_000

Run = Callable[[Problem], Solution]


def searched(
    problem: Problem, run: Run, starts: int = 1, seed: int = 0, search: str = "sobol"
) -> tuple[Problem, Solution]:
    """The solution from the problem's start, or the best from `starts` points (the start is the first).

    The problem comes back with the noise that weighs its priors. Raises `UsageError` for a number of starts
    that is none.
    """
    if not isinstance(starts, int) or not 1 <= starts <= MOST:
        raise UsageError(
            f"starts is {starts!r}", why=f"it is a whole number, 1 to {MOST:,}.", fix="use e.g. 20."
        )

    check_search(search, problem, starts)

    def once(problem: Problem) -> tuple[Problem, Solution]:
        if problem.priors is None or not problem.squared:
            return problem, run(problem)
        settled = with_learnt_noise(problem, run)
        return settled.problem, settled.solution

    if starts == 1:
        return once(problem)
    found: list[tuple[Problem, Solution]] = []

    def local(place: Array) -> tuple[Array, float] | None:
        try:
            other = problem.like(start=place)
            other.check(place)
            found.append(once(other))
        except (DataError, ProgramError, Unmet):
            return None  # the program fails there: no place to start from
        solution = found[-1][1]
        return solution.values, solution.cost

    if search == "sobol":
        for place in points(problem, starts, seed):
            local(place)
    else:
        (hop if search == "basin" else anneal)(problem, local, starts - 1, seed)
    if not found:
        local(problem.start)
    best, solution = min(found, key=lambda each: (not each[1].converged, each[1].cost))
    solution = replace(
        solution,
        start=problem.start,
        cost_before=best.like(start=problem.start).cost(problem.start),
        undetermined=(
            *solution.undetermined,
            _told([each for _, each in found], solution, starts if search == "sobol" else len(found)),
        ),
    )
    return best.like(start=problem.start), solution


def points(problem: Problem, count: int, seed: int) -> list[Array]:
    """The start and `count` - 1 Sobol points: within bounds, or from a tenth to ten times each value (Sobol 1967).

    A value of 0 without bounds is moved between -1 and 1.
    """
    free = problem.lower < problem.upper
    if not free.any():
        return [problem.start]
    unit = qmc.Sobol(int(free.sum()), rng=seed).random_base2(int(np.ceil(np.log2(count))))[1:count]
    found = [problem.start]
    for row in unit:
        place = problem.start.copy()
        place[free] = [
            _between(part, *limits)
            for part, *limits in zip(
                row, problem.start[free], problem.lower[free], problem.upper[free], strict=True
            )
        ]
        found.append(place)
    return found


def _between(part: float, start: float, low: float, high: float) -> float:
    if np.isfinite(low) and np.isfinite(high):
        return float(low + part * (high - low))
    value = start * SPREAD ** (2.0 * part - 1.0) if start else 2.0 * part - 1.0
    return float(np.clip(value, low, high))


def _told(solutions: list[Solution], best: Solution, starts: int) -> str:
    costs = np.sort([each.cost for each in solutions if each.converged])
    same = costs <= best.cost + AS_GOOD * abs(best.cost) + np.finfo(float).tiny
    others = costs[~same]
    more = (
        f"; the next minimum costs {others[0] / best.cost:.4g} times as much"
        if len(others) and best.cost > 0
        else ""
    )
    return f"{int(same.sum())} of {starts} starts ended here{more}"
