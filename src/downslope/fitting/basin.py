"""Searches over the whole of the constants' values, by SciPy: from minimum to minimum, or by annealing."""

from collections.abc import Callable

import numpy as np
from scipy import optimize

from downslope.errors import DataError, ProgramError, UsageError
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem

SEARCHES = ("sobol", "basin", "annealing")
HOP = 0.5  # of a bounded range, or of each value
CALLS = 200  # costs that annealing asks for, for each start

Local = Callable[[Array], tuple[Array, float] | None]


def check_search(search: str, problem: Problem, starts: int) -> None:
    """Raise `UsageError` for a search that is not known, that needs bounds, or more than one start."""
    if search not in SEARCHES:
        raise UsageError(
            f"there is no search {search!r}", why=f"there are {', '.join(SEARCHES)}.", fix="use one of these."
        )
    if search != "sobol" and starts == 1:
        raise UsageError(
            f"search={search!r} with one start", why="there is nothing to search.", fix="give starts=20 too."
        )
    free = problem.lower < problem.upper
    open_ = free & ~(np.isfinite(problem.lower) & np.isfinite(problem.upper))
    if search == "annealing" and open_.any():
        name = problem.names[int(np.argmax(open_))]
        raise UsageError(
            f"annealing without bounds for {name}", why="it draws values from within bounds.",
            fix=f"give bounds={{{name!r}: (low, high)}}, or use search='basin'.",
        )  # fmt: skip


def hop(problem: Problem, local: Local, hops: int, seed: int) -> None:
    """Basin hopping (Wales and Doye 1997): `local` minimises from each place; a step leaves from the minimum accepted last.

    Costs are compared by their logarithm, so that the chance to go uphill does not depend on their unit.
    """
    rng = np.random.default_rng(seed)
    lower, upper = problem.lower, problem.upper
    width = upper - lower

    def step(x: Array) -> Array:
        size = np.where(np.isfinite(width), width, np.where(x != 0.0, np.abs(x), 1.0))
        return np.clip(x + HOP * size * rng.uniform(-1.0, 1.0, len(x)), lower, upper)

    def minimise(_: object, x: Array, **__: object) -> optimize.OptimizeResult:
        found = local(np.asarray(x, dtype=float))
        end, cost = (x, np.inf) if found is None else found
        return optimize.OptimizeResult(x=end, fun=_level(cost), success=found is not None, nfev=1)

    optimize.basinhopping(
        lambda x: _cost(problem, x), problem.start, niter=hops, T=1.0, take_step=step,
        minimizer_kwargs={"method": minimise}, rng=rng,
    )  # fmt: skip


def anneal(problem: Problem, local: Local, starts: int, seed: int) -> None:
    """Dual annealing (Xiang and others 1997) within the bounds; `local` minimises from the start and from its end."""
    free = problem.lower < problem.upper
    base = problem.start.copy()

    def full(z: Array) -> Array:
        x = base.copy()
        x[free] = z
        return x

    local(base)
    found = optimize.dual_annealing(
        lambda z: _cost(problem, full(z)),
        list(zip(problem.lower[free], problem.upper[free], strict=True)),
        maxfun=CALLS * starts,
        x0=base[free],
        rng=np.random.default_rng(seed),
        no_local_search=True,
    )
    local(full(found.x))


def _level(cost: float) -> float:
    return float(np.log(cost + np.finfo(float).tiny)) if cost >= 0.0 else float(cost)


def _cost(problem: Problem, x: Array) -> float:
    try:
        with np.errstate(all="ignore"):
            cost = problem.cost(x)
    except (ProgramError, DataError):
        return 1e300
    return _level(cost) if np.isfinite(cost) else 1e300
