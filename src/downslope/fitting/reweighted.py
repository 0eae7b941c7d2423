"""Least squares reweighted at every step, with damping: for losses other than the squared one."""

import numpy as np

from downslope.fitting.objective import Array
from downslope.fitting.search import Outcome, Search

ENOUGH = 1e-15  # of the cost: a smaller promised decrease is rounding
EPSILON = float(np.finfo(float).eps)
LONGEST = 1e20  # damping at which no step is left to try


def reweighted(search: Search, z: Array, limit: int) -> Outcome:
    """Levenberg and Marquardt's method on Σ ρ(r), from z within the bounds.

    Each step solves (B + λ D) d = -gradient, with B = J'WJ, the weights W = ρ'(r) / r of Holland and
    Welsch (1977), and D the largest diagonal of B so far (Moré 1978). λ follows Nielsen (1999): it grows while the cost does not fall as B promises.
    """
    sums = search.sums(z)
    assert sums is not None  # the start was checked
    search.record(z, sums.cost)
    damping, growth = 1e-3, 2.0
    units = np.zeros(len(z))
    for _ in range(limit):
        units = np.maximum(units, np.sqrt(np.maximum(np.diag(sums.jtj), 0.0)))
        step = damped(search, z, sums.gradient, sums.jtj, units, damping + EPSILON)
        point = search.clip(z + step)
        step = point - z
        promised = -float(sums.gradient @ step) - 0.5 * float(step @ sums.jtj @ step)
        if promised <= ENOUGH * sums.cost:
            return Outcome(z, "no step promises a lower cost")
        trial = search.sums(point)
        if trial is None or not trial.cost < sums.cost:
            damping, growth = damping * growth, growth * 2.0
            if damping > LONGEST:
                return Outcome(z, "no step, however small, brings a lower cost")
            continue
        gain = (sums.cost - trial.cost) / promised
        damping, growth = damping * max(1.0 / 3.0, 1.0 - (2.0 * min(gain, 2.0) - 1.0) ** 3), 2.0
        z, sums = point, trial
        search.record(z, sums.cost)
    return Outcome(z, f"the limit of {limit} iterations was reached", exhausted=True)


def damped(
    search: Search,
    z: Array,
    gradient: Array,
    matrix: Array,
    units: Array,
    damping: float,
    sure: float | None = None,
) -> Array:
    """(p,) the step of the parameters that no bound stops: (B + λ D) d = -gradient, with D = `units`².

    λ is the damping; with `sure`, at least what lifts the least eigenvalue of B in these units to it.
    """
    step = np.zeros(len(z))
    moving = ~search.pinned(z, gradient)
    scale = np.where(units > 0.0, units, 1.0)[moving]
    scaled = matrix[np.ix_(moving, moving)] / np.outer(scale, scale)
    if sure is not None and len(scaled) and (least := float(np.linalg.eigvalsh(scaled)[0])) < sure:
        damping = max(damping, sure - least)
    step[moving] = -np.linalg.solve(scaled + damping * np.eye(len(scale)), gradient[moving] / scale) / scale
    return step
