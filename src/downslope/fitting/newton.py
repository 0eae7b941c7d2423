"""Newton's method with exact second derivatives, damped where they do not promise a minimum."""

from typing import Protocol, runtime_checkable

import numpy as np

from downslope.fitting.curvature import curvature
from downslope.fitting.objective import Array
from downslope.fitting.reweighted import ENOUGH, LONGEST, damped
from downslope.fitting.search import Outcome, Search

SURE = 1e-8  # the least eigenvalue of the damped matrix, in units of its diagonal


@runtime_checkable
class Bent(Protocol):
    """An objective that gives its second derivatives."""

    def hessian(self, x: Array, /) -> Array:
        """(p, p) second derivatives of the cost."""


def newton(search: Search, z: Array, limit: int) -> Outcome:
    """Minimise by Newton steps of limited length, from z within the bounds.

    Each step solves (H + λ D) d = -gradient with the exact second derivatives H and D their largest
    diagonal so far; λ is at least what makes the matrix positive definite (Nocedal & Wright 2006, ch. 4: the
    step of a trust region), and grows while the cost does not fall as H promises (Nielsen 1999).
    """
    here = search.gradient(z)
    assert here is not None  # the start was checked
    search.record(z, here[0])
    damping, growth, units = 1e-3, 2.0, np.zeros(len(z))
    for _ in range(limit):
        cost, gradient = here
        hessian = bent(search, z)
        if hessian is None:
            return Outcome(z, "the second derivatives are not finite")
        units = np.maximum(units, np.sqrt(np.abs(np.diag(hessian))))
        while True:
            step = damped(search, z, gradient, hessian, units, damping, SURE)
            point = search.clip(z + step)
            step = point - z
            promised = -float(gradient @ step) - 0.5 * float(step @ hessian @ step)
            if promised <= ENOUGH * abs(cost):
                return Outcome(z, "no step promises a lower cost")
            trial = search.gradient(point)
            if trial is not None and trial[0] < cost:
                break
            damping, growth = damping * growth, growth * 2.0
            if damping > LONGEST:
                return Outcome(z, "no step, however small, brings a lower cost")
        gain = (cost - trial[0]) / promised
        damping, growth = damping * max(0.1, 1.0 - (2.0 * min(gain, 2.0) - 1.0) ** 3), 2.0
        z, here = point, trial
        search.record(z, here[0])
    return Outcome(z, f"the limit of {limit} iterations was reached", exhausted=True)


def bent(search: Search, z: Array) -> Array | None:
    """The second derivatives by the free parameters, (m, m); None where they are not finite.

    They are exact where the objective has them, and differences of its gradient elsewhere.
    """
    if isinstance(search.objective, Bent):
        hessian = search.objective.hessian(search.full(z))[np.ix_(search.free, search.free)]
    else:
        found = curvature(search, z)
        if found is None:
            return None
        hessian = np.zeros((len(z), len(z)))
        hessian[np.ix_(found.moving, found.moving)] = found.hessian
    return hessian if np.isfinite(hessian).all() else None
