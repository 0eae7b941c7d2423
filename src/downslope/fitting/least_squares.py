"""SciPy's trust-region least squares, run on the compressed problem to the limit of rounding."""

import numpy as np
from scipy import optimize

from downslope.fitting.normal import Normal
from downslope.fitting.objective import Array
from downslope.fitting.search import Mask, Outcome, Search

TIGHTEST = float(np.finfo(np.float64).eps)  # SciPy refuses less
ROUNDS = 6
NEAR_BOUND = 1e-3  # of the value: SciPy stays inside bounds, so an active one is only approached


def least_squares(search: Search, z: Array, limit: int) -> Outcome:
    """Minimise ½ |r|² from z within the bounds; `limit` is the number of trial points.

    SciPy is handed f and root of `Normal` as residual and Jacobian, p + 1 rows for any number of
    rows of data: J'J, J'r and |r|² are the same, and its `trf` method uses nothing else. Parameters
    are measured in units of themselves, and the search is repeated from its end, as SciPy's test of
    the step's length mixes parameters of all sizes. A bound that is approached is put on the bound.
    """
    outcome = _rounds(search, z, limit)
    near = _near_bounds(search, outcome.z)
    if not near.any():
        return outcome
    return _on_bounds(search, outcome, near, limit)


def _rounds(search: Search, z: Array, limit: int) -> Outcome:
    """Search again from the end point until nothing is gained any more."""
    cost = np.inf
    used = 0
    for _ in range(ROUNDS):
        z, spent, reason = _scipy(search, z, limit - used)
        used += spent
        normal = search.normal(z)
        if normal is None or search.settled(z, normal) or not normal.cost < cost * (1 - 1e-14):
            break
        if used >= limit:
            return Outcome(z, f"the limit of {limit} iterations was reached", exhausted=True)
        cost = normal.cost
    return Outcome(z, reason)


def _scipy(search: Search, z: Array, limit: int) -> tuple[Array, int, str]:
    """One run of SciPy's trf; returns the point, the trial points used and SciPy's reason."""
    unit = np.where(z != 0.0, np.abs(z), 1.0)
    cache: dict[bytes, Normal | None] = {}
    size = len(z) + 1

    def at(scaled: Array) -> Normal | None:
        key = scaled.tobytes()
        if key not in cache:
            cache.clear()
            cache[key] = search.normal(search.clip(scaled * unit))
        return cache[key]

    def residual(scaled: Array) -> Array:
        normal = at(scaled)
        # SciPy shortens a step whose residual is not finite
        return np.full(size, np.nan) if normal is None else np.append(normal.f, normal.rest)

    def jacobian(scaled: Array) -> Array:
        normal = at(scaled)
        assert normal is not None  # SciPy asks only at accepted points
        search.record(search.clip(scaled * unit), normal.cost)
        return np.vstack([normal.root * unit, np.zeros(len(unit))])

    result = optimize.least_squares(
        residual,
        z / unit,
        jac=jacobian,
        bounds=(search.lower / unit, search.upper / unit),
        method="trf",
        x_scale="jac",
        ftol=TIGHTEST,
        xtol=TIGHTEST,
        gtol=TIGHTEST,
        max_nfev=max(1, limit),
    )
    return search.clip(result.x * unit), int(result.nfev), str(result.message)


def _near_bounds(search: Search, z: Array) -> Mask:
    """Free parameters so near to a bound, and pushed to it, that the bound may be the answer."""
    normal = search.normal(z)
    if normal is None:
        return np.zeros(len(z), dtype=bool)
    # Where value and start are 0, their size says nothing: then what one residual's size would move it by.
    residual = np.sqrt(2.0 * normal.cost / max(1, normal.rows))
    moved = residual / np.where(normal.norms > 0.0, normal.norms, np.inf)
    reach = NEAR_BOUND * np.maximum(np.maximum(np.abs(z), np.abs(search.start)), moved)
    low = (z - search.lower <= reach) & (normal.gradient > 0.0)
    high = (search.upper - z <= reach) & (normal.gradient < 0.0)
    return np.asarray(low | high)


def _on_bounds(search: Search, inside: Outcome, near: Mask, limit: int) -> Outcome:
    """Put parameters on their bounds and minimise over the rest; keep it if it is no worse."""
    z = inside.z.copy()
    low = near & (z - search.lower <= search.upper - z)
    z[low] = search.lower[low]
    z[near & ~low] = search.upper[near & ~low]
    if not near.all():
        free = search.free.copy()
        free[np.flatnonzero(search.free)[near]] = False
        rest = Search(search.objective, free, search.full(z), search.log)
        if rest.normal(z[~near]) is None:
            return inside
        z[~near] = _rounds(rest, z[~near], limit).z
    normal, before = search.normal(z), search.normal(inside.z)
    if normal is None or before is None or normal.cost > before.cost * (1 + 1e-12):
        return inside
    if not search.pinned(z, normal.gradient)[near].all():
        return inside
    return Outcome(z, inside.reason, inside.exhausted)
