"""Where SciPy's solvers for constraints end: they get our exact derivatives, in units of the constants."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from downslope.errors import ProgramError
from downslope.fitting.constraints import Region
from downslope.fitting.objective import Array
from downslope.fitting.search import Search

FARTHER = 1e6  # what a point without a cost costs, in units of that at the start


@dataclass(frozen=True)
class Scaled:
    """The search in units of the constants, as SciPy's solvers need it; `size` is the cost at the start."""

    search: Search
    region: Region
    begin: Array
    size: float
    unit: Array  # (p,) in which the cost curves by about its own size
    scales: Array  # (m,) of the constraints that are no bounds

    def cost(self, z: Array) -> tuple[float, Array]:
        """Cost and gradient; beyond where there is a cost, a wall that rises away from the start."""
        unit = self.unit
        found = self.search.gradient(self.search.clip(z * unit))
        if found is None:
            away = z - self.begin / unit
            return FARTHER * (1.0 + float(away @ away)), 2.0 * FARTHER * away
        return found[0] / self.size, np.asarray(found[1] * unit / self.size)

    def rows(self, z: Array) -> Array:
        """(m,) the constraints."""
        try:
            return np.asarray(self.region.values(z * self.unit)[: len(self.scales)] / self.scales)
        except ProgramError:  # a point that SciPy only tries
            return np.full(len(self.scales), -FARTHER)

    def slopes(self, z: Array) -> Array:
        """(m, p) their derivatives."""
        unit = self.unit
        try:
            return np.asarray(self.region.slopes(z * unit)[: len(self.scales)] * unit / self.scales[:, None])
        except ProgramError:
            return np.zeros((len(self.scales), len(z)))

    def noted(self, z: Array, *_: object) -> None:
        """Remember an iteration."""
        x = self.search.clip(z * self.unit)
        self.search.record(x, self.search.objective.cost(x))


def searched_by_scipy(search: Search, region: Region, begin: Array, kind: str, limit: int) -> Array:
    """The end of SciPy's search."""
    first = search.gradient(begin)
    if first is None:
        raise ProgramError(
            "the cost is not finite where the constraints are met",
            why="the search begins there.",
            fix="start from other values.",
        )
    size = max(abs(first[0]), np.finfo(float).tiny)
    sums = search.sums(begin)
    bend = np.zeros(len(begin)) if sums is None else np.sqrt(np.maximum(np.diag(sums.jtj), 0.0) / size)
    # Where the cost is flat, its curvature alone would make the first step end far out.
    unit = 1.0 / np.maximum(bend, 1.0 / region.unit)
    scaled = Scaled(search, region, begin, size, unit, region.scales(region.slopes(begin))[: region.count])
    z = (_slsqp if kind == "slsqp" else _trust)(scaled, limit)
    return search.clip(z * unit) if np.isfinite(z).all() else begin


def _slsqp(scaled: Scaled, limit: int) -> Array:
    unit, region = scaled.unit, scaled.region
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
    unit, region = scaled.unit, scaled.region
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
