"""The verdict on a minimum of a cost that is no function of a residual, and how sure the values are."""

import numpy as np

from downslope.fitting.costs import COSTS
from downslope.fitting.covariance import GROUPED, ROBUST, Errors, meat
from downslope.fitting.curvature import Curvature
from downslope.fitting.judge import sensitivities
from downslope.fitting.newton import bent
from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.search import Outcome, Search
from downslope.fitting.solution import Solution
from downslope.fitting.spectrum import OFFSET, TINY_STEP

FLAT = 1e-10  # eigenvalues of the scaled second derivatives below this are none
TILTED = 1e-6  # a parameter with a larger part in a flat direction is not determined
LEVEL = 1e-9  # of the cost: a fall along a flat direction that is none
LIKELY = "independent rows, and the noise that the loss {} is the likelihood of"


def _directions(curved: Curvature) -> tuple[Array, Array, bool]:
    """The inverse over the directions that curve, the flat directions (m, k), and whether none curves down."""
    values, vectors = np.linalg.eigh(curved.scaled)
    kept = values > FLAT
    half = curved.scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])
    flat = curved.scale[:, None] * vectors[:, ~kept]
    return np.asarray(half @ half.T), np.asarray(flat), bool((values > -FLAT).all())


def cost_verdict(
    search: Search, outcome: Outcome, first: Sums, solver: str, notes: tuple[str, ...], errors: Errors
) -> Solution:
    """The solution, with our own verdict on whether it is one.

    It is, where the gradient allows no step of more than 1e-4 standard errors (or 1e-9 of each value)
    and the cost curves up along every direction that changes it.
    """
    objective, log, z = search.objective, search.log, outcome.z
    x, p = search.full(z), len(search.free)
    here = search.gradient(z)
    hessian = bent(search, z) if len(z) else np.zeros((0, 0))
    covariance, sentences, fault = np.full((p, p), np.nan), list(notes), outcome.reason
    if here is not None and hessian is not None:
        moving = ~search.pinned(z, here[1])
        size = np.maximum(np.abs(z), np.abs(search.start))
        curved = Curvature(
            here[0], here[1][moving], hessian[np.ix_(moving, moving)], np.where(size > 0.0, size, 1.0)[moving], moving,
            objective.rows,
        )  # fmt: skip
        block, said, fault = _judged(search, z, curved, errors, outcome.reason)
        where = np.flatnonzero(search.free)[moving]
        covariance[np.ix_(where, where)] = block
        pinned = np.flatnonzero(search.free)[~moving]
        sentences += [f"`{objective.names[index]}` is at its bound {x[index]:g}" for index in pinned]
        sentences += said
    return Solution(
        names=objective.names,
        start=np.asarray(objective.start, dtype=np.float64),
        values=x,
        errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        cost_before=float(first.cost),
        cost=float(objective.cost(x)),
        rows=objective.rows,
        iterations=log.iterations,
        evaluations=log.evaluations,
        solver=solver,
        converged=not fault,
        reason=fault or "the next step is below the noise",
        undetermined=tuple(sentences),
        history=tuple(log.history),
        sensitivities=_sensitivities(objective, x),
        assumed=_assumed(errors, objective),
        measure="cost",
    )


def _judged(
    search: Search, z: Array, curved: Curvature, errors: Errors, reason: str
) -> tuple[Array, list[str], str]:
    """Covariance of the moving parameters, sentences on what is loose, and why the end is not to be trusted."""
    inverse, flat, up = _directions(curved)
    loose = np.linalg.norm(flat / curved.scale[:, None], axis=1) > TILTED
    names = [n for n, free in zip(search.objective.names, search.free, strict=True) if free]
    names = [n for n, moves in zip(names, curved.moving, strict=True) if moves]
    spread = meat(errors, search, z, curved.moving)
    sandwich = inverse @ spread @ inverse
    step = inverse @ curved.gradient
    move = float(np.max(np.abs(step) / curved.size, initial=0.0))
    slack = float(curved.gradient @ step)
    cost = abs(search.log.cost)
    level = (
        float(np.max(np.abs(flat.T @ curved.gradient) * np.max(curved.size, initial=1.0), initial=0.0))
        <= LEVEL * cost
    )
    settled = level and (move <= TINY_STEP or slack <= OFFSET**2 * float(np.trace(inverse @ spread)))
    said = []
    if loose.any():
        which = " and ".join(f"`{name}`" for name, is_loose in zip(names, loose, strict=True) if is_loose)
        said.append(f"the data do not determine {which}: the cost is flat along {which}")
    block = inverse if _is_likelihood(errors, search.objective) else sandwich
    block = np.where(np.logical_or.outer(loose, loose), np.nan, block)
    if not settled:
        return block, said, reason or "no better point was found, yet the gradient is not zero"
    if not up:
        return (
            np.full_like(block, np.nan),
            said,
            "the gradient is zero, but the cost curves down: a saddle or a maximum",
        )
    return block, said, ""


def _is_likelihood(errors: Errors, objective: Objective) -> bool:
    known = getattr(objective, "loss", "") in COSTS
    return known and errors.kind == "model" and errors.groups is None


def _assumed(errors: Errors, objective: Objective) -> str:
    if errors.groups is not None:
        return GROUPED.format(f"by {errors.by}")
    return LIKELY.format(getattr(objective, "loss", "")) if _is_likelihood(errors, objective) else ROBUST


def _sensitivities(objective: Objective, x: Array) -> dict[str, float]:
    """Root mean square change of a row's cost for a change of each parameter by 1 %."""
    _, slopes = objective.jacobian(x)
    return sensitivities(objective, slopes.T @ slopes * (objective.rows / len(slopes)), x)
