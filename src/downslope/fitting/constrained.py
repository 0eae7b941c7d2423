"""Fits with constraints: SciPy finds which are active, and the fit ends on the surface where these hold.

SciPy's SLSQP (Kraft 1988), or trust-constr (Byrd, Hribar and Nocedal 1999), gets our exact derivatives, and neither is
believed. On the surface of the constraints that it ends at, constants follow others, and a fit without
constraints judges the end. An end at which a multiplier is negative, or another constraint is not met, changes the
set and goes on.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from downslope.errors import ProgramError, UsageError
from downslope.fitting.constraint_search import searched_by_scipy
from downslope.fitting.constraints import MET, Constraint, Region
from downslope.fitting.covariance import Errors
from downslope.fitting.judge import plain, sensitivities
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.search import Callback, Log, Search
from downslope.fitting.solution import Interrupted, Solution
from downslope.fitting.solve import solve
from downslope.fitting.surface import Places, Surface

LIMIT = 1000
PULLS = 50  # steps to where constraints hold
ROUNDS = 20  # changes of the set of active constraints
PUSH = 1e-12  # of the cost: a smaller multiplier is rounding
HOLDS = "as equality"
SOLVERS = ("auto", "slsqp", "trust_constr")


class Unmet(UsageError):
    """Constraints that no values near the start meet."""


@dataclass(frozen=True)
class Options:
    """How a constrained fit is searched for."""

    solver: str
    limit: int | None
    callback: Callback | None
    errors: Errors

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise UsageError(
                f"the solver {self.solver} with constraints", why=f"those that know them are {', '.join(SOLVERS)}.",
                fix="leave solver out.",
            )  # fmt: skip


def constrained(problem: Problem, constraints: tuple[Constraint, ...], options: Options) -> Solution:
    """The minimum of a problem's cost where constraints hold, judged as every fit is.

    Raises `Unmet` where no values near the start meet the constraints, `UsageError` for what goes with none.
    """
    check_alone(problem)
    start = np.asarray(problem.start, dtype=float)
    unit = np.where(start != 0.0, np.abs(start), 1.0)
    region = Region(constraints, problem.names, problem.lower, problem.upper, unit)
    first = problem.cost(start)
    begin = met(region, start)
    free = np.ones(len(start), dtype=bool)
    search = Search(problem, free, begin, Log(begin, np.inf, options.callback))
    solution: Solution | None = None
    try:
        for kind, place in _attempts(problem, region, begin, options):
            end = place
            if kind != "surface":
                end = searched_by_scipy(search, region, place, kind, options.limit or LIMIT)
            found = _on_surface(problem, search, region, end, kind, options)
            solution = found if solution is None or found.converged else solution
            if solution.converged:
                break
    except KeyboardInterrupt:
        raise Interrupted(_told(search, begin, options.solver, "interrupted")) from None
    assert solution is not None  # there is at least one kind
    return replace(solution, start=start, cost_before=first)


def _attempts(
    problem: Problem, region: Region, begin: Array, options: Options
) -> Iterator[tuple[str, Array]]:
    """Solvers and places to begin: after the start, where the fit without constraints comes nearest to meeting them."""
    if options.solver != "auto":
        yield options.solver, begin
        return
    yield "slsqp", begin
    if options.limit is None:
        alone = solve(problem)
        with contextlib.suppress(Unmet, ProgramError):
            if alone.converged:
                yield "surface", met(region, alone.values)
        yield "trust_constr", begin


def check_alone(problem: Problem) -> None:
    """Raise `UsageError` for a loss or priors that do not go with constraints."""
    if not problem.smooth:
        raise UsageError(
            f"the loss {problem.loss} with constraints", why="its slope has jumps.", fix="use the loss huber."
        )
    if problem.priors is not None and problem.squared:
        raise UsageError(
            "priors with constraints", why="the noise that weighs priors is not learnt under constraints.",
            fix="leave one of them out, or give bounds.",
        )  # fmt: skip


def _nearest(region: Region, x: Array) -> Array:
    """Where the shortest steps to the constraints that are not met lead (Gauss and Newton's)."""
    for _ in range(PULLS):
        values, slopes = region.values(x), region.slopes(x)
        off = np.where(region.equal, values, np.minimum(values, 0.0))
        rows = np.flatnonzero(off)
        if not region.broken(x) or not np.isfinite(slopes).all():
            break
        step = np.linalg.lstsq(slopes[rows] * region.unit, -off[rows], rcond=None)[0]
        x = np.clip(x + step * region.unit, region.lower, region.upper)
    return x


def met(region: Region, start: Array) -> Array:
    """A point that meets the constraints: the start, or the nearest found by least squares. Raises `Unmet`."""
    near = _nearest(region, start)
    if not region.broken(near):
        return near
    unit, equal = region.unit, region.equal
    scales = region.scales(region.slopes(start))

    def missing(z: Array) -> Array:
        values = region.values(z * unit) / scales
        short: Array = np.where(equal, values, np.minimum(values, 0.0))
        return short

    def slopes(z: Array) -> Array:
        values = region.values(z * unit)
        kept = np.asarray(equal | (values < 0.0))
        return np.asarray(region.slopes(z * unit) * unit * (kept / scales)[:, None])

    found = optimize.least_squares(missing, start / unit, slopes, ftol=1e-15, xtol=1e-15, gtol=1e-15)
    near = np.clip(found.x * unit, region.lower, region.upper)
    far = region.excess(near)
    if float(far.max()) > MET:
        worst = int(np.argmax(far))
        at = ", ".join(f"{name} = {value:.4g}" for name, value in zip(region.names, near, strict=True))
        raise Unmet(
            f"the constraint {region.words[worst]} cannot be met from the start",
            why=f"the nearest values found are {at}, where it is off by {far[worst] * scales[worst]:.3g}.",
            fix="start from values that meet the constraints, or check whether they contradict each other.",
        )
    return np.asarray(near)


def _on_surface(
    problem: Problem, search: Search, region: Region, x: Array, kind: str, options: Options
) -> Solution:
    """The fit on the surface of the constraints that are active, which are changed until all is well."""
    active = _pushing(search, region, x, np.flatnonzero(region.near(x)[: region.count]))
    held = np.flatnonzero(region.equal)
    active = np.union1d(active, held)
    seen: set[tuple[int, ...]] = set()
    said = "the active constraints were not found"
    for _ in range(ROUNDS):
        if tuple(active) in seen:
            break
        seen.add(tuple(active))
        try:
            surface = Surface.of(problem, region, active, x)
            solution = _solved(surface, kind, options)
        except ProgramError as error:
            said = error.problem.what
            break
        at = solution.values
        if not solution.converged:
            said = solution.reason
        broken = np.flatnonzero(region.excess(at) > MET)
        left = _pushing(search, region, at, np.union1d(active, np.flatnonzero(region.near(at))))
        left = np.intersect1d(left, active)
        if not len(broken) and len(np.union1d(left, held)) == len(active):
            return _noted(solution, search)
        x = at if not len(broken) else x
        active = np.union1d(np.union1d(left, held), broken)
    return _told(search, x, kind, said)


def _pushing(search: Search, region: Region, x: Array, rows: Places) -> Places:
    """Those of some rows that hold the constants back at x: of a multiplier above 0, or equalities.

    The multipliers explain the gradient best by least squares (Kuhn and Tucker 1951).
    """
    found = search.gradient(x)
    if found is None or not len(rows):
        return rows
    slopes = region.slopes(x)[rows] * region.unit
    slopes = slopes / region.scales(region.slopes(x))[rows][:, None]
    equal = region.equal[rows]
    low = np.where(equal, -np.inf, 0.0)
    size = max(abs(found[0]), np.finfo(float).tiny)
    multipliers = optimize.lsq_linear(slopes.T, found[1] * region.unit / size, (low, np.inf), tol=1e-14).x
    return np.asarray(rows[equal | (multipliers > PUSH)], dtype=np.intp)


def _solved(surface: Surface, kind: str, options: Options) -> Solution:
    """The fit on a surface; where the constraints leave no freedom, its one point."""
    if len(surface.own):
        found = solve(surface, max_iterations=options.limit, errors=options.errors)
        return replace(_whole(found, surface), solver=kind)
    problem, x = surface.problem, surface.origin
    log = Log(x, problem.cost(x))
    alone = plain(problem, log, problem.sums(x), kind, "the constraints leave no freedom")
    return replace(
        alone,
        converged=True,
        active=tuple(surface.region.words[row] for row in surface.active),
        undetermined=("the active constraints alone say all values",),
    )


def _whole(found: Solution, surface: Surface) -> Solution:
    """The solution of all constants, and their covariance on the surface (Aitchison and Silvey 1958)."""
    problem = surface.problem
    x = surface.full(found.values)
    along = surface.along(x)
    known = np.where(np.isnan(found.covariance), 0.0, found.covariance)
    loose = np.isnan(np.diag(found.covariance))
    covariance = along @ known @ along.T
    pinned = (found.values <= surface.lower) | (found.values >= surface.upper)
    unsure = (along[:, loose & ~pinned] != 0.0).any(axis=1) | ~(along[:, ~loose] != 0.0).any(axis=1)
    covariance[unsure, :] = np.nan
    covariance[:, unsure] = np.nan
    _, slopes = problem.jacobian(x)
    jtj = slopes.T @ slopes * (problem.rows / len(slopes)) if problem.costed else problem.sums(x).jtj
    words = [surface.region.words[row] for row in surface.active]
    return replace(
        found,
        names=problem.names,
        values=x,
        covariance=covariance,
        errors=np.sqrt(np.diag(covariance)),
        sensitivities=sensitivities(problem, jtj, x),
        assumed=f"{found.assumed}; and that {' and '.join(words)} {HOLDS}" if words else found.assumed,
        active=tuple(words),
        undetermined=(*(f"the constraint {word} is active" for word in words), *found.undetermined),
    )


def _noted(solution: Solution, search: Search) -> Solution:
    """The solution with the way of the whole search."""
    log = search.log
    return replace(
        solution,
        history=tuple(log.history) or solution.history,
        iterations=log.iterations + solution.iterations,
        evaluations=log.evaluations + solution.evaluations,
    )


def _told(search: Search, x: Array, kind: str, reason: str) -> Solution:
    """A solution that is none, and why."""
    objective = search.objective
    failed = plain(objective, search.log, objective.sums(x), kind, reason)
    return replace(failed, values=x, cost=objective.cost(x))
