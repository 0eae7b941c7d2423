"""Fits with constraints: SciPy finds which are active, and the fit ends on the surface where these hold.

SciPy's SLSQP (Kraft 1988), or trust-constr (Byrd, Hribar and Nocedal 1999), gets our exact derivatives, and neither is
believed. On the surface of the constraints that it ends at, constants follow others, and a fit without
constraints judges the end. An end at which a multiplier is negative, or another constraint is not met, changes the
set and goes on.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from downslope.errors import ProgramError, UsageError
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
ROUNDS = 20  # changes of the set of active constraints
PUSH = 1e-12  # of the cost: a smaller multiplier is rounding
FARTHER = 1e6  # what a point without a cost costs, in units of that at the start
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
    kinds = ("slsqp", "trust_constr") if options.solver == "auto" else (options.solver,)
    solution = None
    try:
        for kind in kinds:
            end = _scipy(search, region, begin, kind, options.limit or LIMIT)
            solution = _on_surface(problem, search, region, end, kind, options)
            if solution.converged:
                break
    except KeyboardInterrupt:
        raise Interrupted(_told(search, begin, options.solver, "interrupted")) from None
    assert solution is not None  # there is at least one kind
    return replace(solution, start=start, cost_before=first)


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


def met(region: Region, start: Array) -> Array:
    """A point that meets the constraints: the start, or the nearest found by least squares. Raises `Unmet`."""
    if not region.broken(start):
        return start
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
    near: Array = np.clip(found.x * unit, region.lower, region.upper)
    far = region.excess(near)
    if float(far.max()) > MET:
        worst = int(np.argmax(far))
        at = ", ".join(f"{name} = {value:.4g}" for name, value in zip(region.names, near, strict=True))
        raise Unmet(
            f"the constraint {region.words[worst]} cannot be met from the start",
            why=f"the nearest values found are {at}, where it is off by {far[worst] * scales[worst]:.3g}.",
            fix="start from values that meet the constraints, or check whether they contradict each other.",
        )
    return near


@dataclass(frozen=True)
class Scaled:
    """The search in units of the constants, as SciPy's solvers need it; `size` is the cost at the start."""

    search: Search
    region: Region
    begin: Array
    size: float
    scales: Array  # (m,) of the constraints that are no bounds

    def cost(self, z: Array) -> tuple[float, Array]:
        """Cost and gradient; beyond where there is a cost, a wall that rises away from the start."""
        unit = self.region.unit
        found = self.search.gradient(self.search.clip(z * unit))
        if found is None:
            away = z - self.begin / unit
            return FARTHER * (1.0 + float(away @ away)), 2.0 * FARTHER * away
        return found[0] / self.size, np.asarray(found[1] * unit / self.size)

    def rows(self, z: Array) -> Array:
        """(m,) the constraints."""
        try:
            return np.asarray(self.region.values(z * self.region.unit)[: len(self.scales)] / self.scales)
        except ProgramError:  # a point that SciPy only tries
            return np.full(len(self.scales), -FARTHER)

    def slopes(self, z: Array) -> Array:
        """(m, p) their derivatives."""
        unit = self.region.unit
        try:
            return np.asarray(self.region.slopes(z * unit)[: len(self.scales)] * unit / self.scales[:, None])
        except ProgramError:
            return np.zeros((len(self.scales), len(z)))

    def noted(self, z: Array, *_: object) -> None:
        """Remember an iteration."""
        x = self.search.clip(z * self.region.unit)
        self.search.record(x, self.search.objective.cost(x))


def _scipy(search: Search, region: Region, begin: Array, kind: str, limit: int) -> Array:
    """The end of SciPy's search."""
    first = search.gradient(begin)
    if first is None:
        raise ProgramError(
            "the cost is not finite where the constraints are met",
            why="the search begins there.",
            fix="start from other values.",
        )
    size = max(abs(first[0]), np.finfo(float).tiny)
    scaled = Scaled(search, region, begin, size, region.scales(region.slopes(begin))[: region.count])
    z = (_slsqp if kind == "slsqp" else _trust)(scaled, limit)
    return search.clip(z * region.unit) if np.isfinite(z).all() else begin


def _slsqp(scaled: Scaled, limit: int) -> Array:
    unit, region = scaled.region.unit, scaled.region
    given = [
        {
            "type": "eq" if each.equal else "ineq",
            "fun": lambda z, m=m: scaled.rows(z)[m],
            "jac": lambda z, m=m: scaled.slopes(z)[m],
        }
        for m, each in enumerate(region.constraints)
    ]
    done = optimize.minimize(
        scaled.cost, scaled.begin / unit, jac=True, method="SLSQP", constraints=given, callback=scaled.noted,
        bounds=optimize.Bounds(region.lower / unit, region.upper / unit), options={"maxiter": limit, "ftol": 1e-15},
    )  # fmt: skip
    return np.asarray(done.x)


def _trust(scaled: Scaled, limit: int) -> Array:
    unit, region = scaled.region.unit, scaled.region
    high = np.where(region.equal[: region.count], 0.0, np.inf)
    limits = optimize.NonlinearConstraint(
        scaled.rows, np.zeros(region.count), high, jac=scaled.slopes, hess=optimize.BFGS()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a linear constraint has no second derivatives to learn
        done = optimize.minimize(
            scaled.cost, scaled.begin / unit, jac=True, hess=optimize.BFGS(), method="trust-constr",
            bounds=optimize.Bounds(region.lower / unit, region.upper / unit), constraints=[limits],
            callback=scaled.noted, options={"maxiter": limit, "gtol": 1e-10, "xtol": 1e-12},
        )  # fmt: skip
    return np.asarray(done.x)


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
