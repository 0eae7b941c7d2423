"""First-order solvers: plain gradient descent with a constant step, Adam, and L-BFGS-B.

Descent and Adam go down the mean squared error, 2 cost / rows, so that a step means the same
for one row and for a million.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from downslope.fitting.normal import from_sums
from downslope.fitting.objective import Array, Sums
from downslope.fitting.search import Log, Outcome, Search

DIVERGED = 1e6  # times the cost at the start
TRIAL = 200  # iterations to find a step that may be proposed
PATIENCE = 20  # Adam's iterations without a better cost before its step is halved
SMALLEST = 1e-12  # Adam's step, in units of each value, at which it gives up


def default_step(sums: Sums) -> float:
    """1 / the largest curvature of the mean squared error at the start: 1 / λmax(2 J'J / rows).

    >>> default_step(Sums(1.0, np.ones(1), np.array([[8.0]]), 4))
    0.25
    """
    curvature = 2.0 * float(np.linalg.eigvalsh(sums.jtj)[-1]) / sums.rows
    return 1.0 / curvature if curvature > 0.0 else 1.0


def descent(search: Search, z: Array, limit: int, step: float | None) -> Outcome:
    """Gradient descent, x ← x − step · d(mean squared error)/dx, projected onto the bounds.

    A step that is given stays constant, as in the textbook, also where the cost rises. The default one
    (`default_step`) is halved whenever the cost would rise, and that step is not taken. It ends at a
    minimum, at the limit, or when the cost is not finite or a million times that at the start, which
    is called divergence; then, and where the cost kept rising, a safe step is proposed.
    """
    end = _descend(search, z, limit, step)
    if end.diverged:
        return Outcome(_best(search), end.diverged + _proposal(search))
    if end.exhausted:
        rose = f"; the cost rose in {end.rises} of them{_proposal(search)}" if end.rises else ""
        reason = f"the limit of {limit} iterations was reached{rose}"
        return Outcome(_best(search), reason, exhausted=True)
    return Outcome(end.z, "the next step is below the noise")


@dataclass
class _Way:
    """Where a descent ended, and how."""

    z: Array
    step: float
    rises: int = 0  # iterations after which the cost was higher
    diverged: str = ""
    exhausted: bool = False


def _descend(search: Search, z: Array, limit: int, step: float | None) -> _Way:
    sums = search.sums(z)
    assert sums is not None  # the start was checked
    first, careful = sums.cost, step is None
    way = _Way(z, default_step(sums) if step is None else step)
    search.record(z, sums.cost)
    for _ in range(limit):
        if search.settled(way.z, from_sums(sums)):
            return way
        point = search.clip(way.z - way.step * 2.0 * sums.gradient / sums.rows)
        trial = search.sums(point)
        if careful and (trial is None or trial.cost > sums.cost):
            way.step /= 2.0
            continue
        if trial is None or trial.cost > DIVERGED * first:
            cost = "not finite" if trial is None else f"{trial.cost:.3g}"
            way.diverged = _divergence(way.step, cost, first)
            return way
        way.rises += trial.cost > sums.cost
        way.z, sums = point, trial
        search.record(way.z, sums.cost)
    way.exhausted = True
    return way


def adam(search: Search, z: Array, limit: int, step: float | None) -> Outcome:
    """Adam (Kingma and Ba 2015) on all rows at once, each parameter in units of its start value.

    The step (default 0.01) is halved whenever 20 iterations bring no better cost.
    """
    unit = np.where(z != 0.0, np.abs(z), 1.0)
    step = 0.01 if step is None else step
    mean, square = np.zeros(len(z)), np.zeros(len(z))
    best, best_cost, since = z, np.inf, 0
    for count in range(1, limit + 1):
        sums = search.sums(z)
        if sums is None or sums.cost >= best_cost:
            since += 1
        else:
            best, best_cost, since = z, sums.cost, 0
            search.record(z, sums.cost)
            if search.settled(z, from_sums(sums)):
                return Outcome(z, "the next step is below the noise")
        if sums is None or since > PATIENCE:
            z, step, since = best, step / 2.0, 0
            mean, square = np.zeros(len(z)), np.zeros(len(z))
            if step < SMALLEST:
                return Outcome(best, "no step, however small, brings a better cost")
            continue
        slope = 2.0 * sums.gradient * unit / sums.rows
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope**2
        root = np.sqrt(square / (1 - 0.999**count))
        move = mean / (1 - 0.9**count) / np.where(root > 0.0, root, 1.0)
        z = search.clip(z - step * unit * move)
    return Outcome(best, f"the limit of {limit} iterations was reached", exhausted=True)


def lbfgsb(search: Search, z: Array, limit: int) -> Outcome:
    """SciPy's L-BFGS-B with the exact gradient, each parameter scaled by its curvature at the start.

    It is run again from its end while that helps: SciPy's line search gives up early near rounding.
    """
    outcome = Outcome(z, "")
    cost = np.inf
    for _ in range(8):
        outcome = _lbfgsb_once(search, outcome.z, limit)
        sums = search.sums(outcome.z)
        if sums is None or outcome.exhausted or search.settled(outcome.z, from_sums(sums)):
            break
        if not sums.cost < cost * (1 - 1e-14):
            break
        cost = sums.cost
    return outcome


def _lbfgsb_once(search: Search, z: Array, limit: int) -> Outcome:
    sums = search.sums(z)
    assert sums is not None  # the start of every run was reached with a finite cost
    curvature = np.sqrt(np.maximum(np.diag(sums.jtj), 0.0))
    size = max(sums.cost, np.finfo(np.float64).tiny)
    reach = np.maximum(np.abs(z), np.where(z == 0.0, 1.0, 0.0))
    # Where the start is flat, the curvature alone would make the first step end far out.
    unit = np.minimum(np.sqrt(size) / np.where(curvature > 0.0, curvature, np.sqrt(size)), reach)
    good = {"z": z / unit, "cost": np.array(1.0)}

    def scaled(point: Array) -> tuple[float, Array]:
        found = search.gradient(search.clip(point * unit))
        if found is None:  # a wall that rises away from the last good point
            away = point - good["z"]
            return float(good["cost"]) + 1e6 + float(away @ away), 2.0 * away
        cost, slopes = found
        good["z"], good["cost"] = point.copy(), np.array(cost / size)
        return cost / size, slopes * unit / size

    result = optimize.minimize(
        scaled,
        z / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=optimize.Bounds(search.lower / unit, search.upper / unit),
        callback=lambda point: search.record(search.clip(point * unit), float(good["cost"]) * size),
        options={"maxiter": limit, "maxfun": 20 * limit, "ftol": 0.0, "gtol": 0.0, "maxcor": 20},
    )
    end = search.clip(result.x * unit)
    if result.nit >= limit:
        return Outcome(end, f"the limit of {limit} iterations was reached", exhausted=True)
    return Outcome(end, str(result.message))


def _best(search: Search) -> Array:
    return search.log.best[search.free]


def _divergence(step: float, cost: str, first: float) -> str:
    return f"the descent diverges: with a step of {step:.3g} the cost went from {first:.3g} to {cost}"


def _proposal(search: Search) -> str:
    """The step that the careful descent from the start comes down to."""
    begin = search.full(search.start)
    apart = Search(search.objective, search.free, search.base, Log(begin, np.inf))
    step = _descend(apart, search.start, TRIAL, None).step
    return f"; use a smaller step, e.g. {step:.2g}, or leave it out"
