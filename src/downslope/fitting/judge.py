"""The verdict on where a search ended: a minimum or not, how sure the values are, and what to say."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from downslope.fitting.absolute import at_minimum
from downslope.fitting.covariance import Errors, covariance
from downslope.fitting.curvature import Curvature
from downslope.fitting.normal import Normal
from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.search import Log, Mask, Outcome, Search, attempt
from downslope.fitting.solution import Solution
from downslope.fitting.spectrum import ROUNDING, Spectrum
from downslope.fitting.tradeoff import sentences

EXACT = 1e-20  # of the cost at the start: what is left is rounding
NOISE = 4 * float(np.finfo(np.float64).eps)  # of a prediction: its own rounding

Indices = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


@dataclass(frozen=True)
class End:
    """Where a search ended, and all that was found out on the way."""

    search: Search
    outcome: Outcome
    first: Sums
    solver: str
    notes: tuple[str, ...] = ()
    jumps: tuple[str, ...] = ()
    curved: Curvature | None = None  # second derivatives at the end; None where they cannot be had
    falling: str = ""  # the parameters along which the cost still falls: a saddle or a maximum


def judged(end: End, errors: Errors) -> Solution:
    """The solution, with our own verdict on whether it is one."""
    search, outcome, first = end.search, end.outcome, end.first
    objective, x = search.objective, search.full(outcome.z)
    normal = search.normal(outcome.z) if outcome.z.size else None
    if normal is None:
        reason = "; ".join(part for part in (_jumping(end), outcome.reason) if part)
        return plain(objective, search.log, first, end.solver, reason, end.notes)
    found, moving = search.spectrum(outcome.z, normal)
    fault = _fault(end, normal, found)
    where = np.flatnonzero(search.free)[moving]
    full = np.full((len(x), len(x)), np.nan)
    block, unsure = covariance(errors, search, outcome.z, found, moving, end.curved)
    full[np.ix_(where, where)] = block
    jtj = np.zeros((len(x), len(x)))
    jtj[np.ix_(search.free, search.free)] = normal.root.T @ normal.root
    log = search.log
    return Solution(
        names=objective.names,
        start=np.asarray(objective.start, dtype=np.float64),
        values=x,
        errors=np.sqrt(np.diag(full)),
        covariance=full,
        cost_before=float(first.cost),
        cost=normal.cost if objective.squared else float(objective.cost(x)),
        rows=objective.rows,
        iterations=log.iterations,
        evaluations=log.evaluations,
        solver=end.solver,
        converged=not fault,
        reason=fault or "the next step is below the noise",
        undetermined=(*end.notes, *_unsure(search, x, normal, found, where, moving), *unsure),
        history=tuple(log.history),
        sensitivities=sensitivities(objective, jtj, x),
        assumed=errors.assumes(objective),
    )


def sensitivities(objective: Objective, jtj: Array, x: Array) -> dict[str, float]:
    """Root mean square change of the prediction for a change of each parameter by 1 %.

    In units of the target; for a value of 0, per change of 0.01. `jtj` is (p, p) at x.

    >>> from downslope.fitting.example import Line
    >>> line = Line(np.array([3.0, 3.0]), np.array([1.0, 1.0]))
    >>> sensitivities(line, line.sums(line.start).jtj, np.array([100.0, 100.0]))
    {'a': 1.0, 'b': 3.0}
    """
    lengths = np.sqrt(np.maximum(np.diag(jtj), 0.0) / max(1, objective.rows))
    change = 0.01 * np.where(x != 0.0, np.abs(x), 1.0) * lengths
    return dict(zip(objective.names, change.tolist(), strict=True))


def plain(
    objective: Objective, log: Log, first: Sums, name: str, reason: str, notes: tuple[str, ...] = ()
) -> Solution:
    """The best values so far, with nothing said about their accuracy."""
    p = len(log.best)
    return Solution(
        names=objective.names,
        start=np.asarray(objective.start, dtype=np.float64),
        values=log.best.copy(),
        errors=np.full(p, np.nan),
        covariance=np.full((p, p), np.nan),
        cost_before=float(first.cost),
        cost=log.cost,
        rows=objective.rows,
        iterations=log.iterations,
        evaluations=log.evaluations,
        solver=name,
        converged=False,
        reason=reason,
        undetermined=notes,
        history=tuple(log.history),
        sensitivities=sensitivities(objective, first.jtj, np.asarray(objective.start, dtype=np.float64)),
    )


def _fault(end: End, normal: Normal, found: Spectrum) -> str:
    """Why the end point is not to be trusted; empty if it is."""
    if not _settled(end, normal):
        return end.outcome.reason or "no better point was found, yet the gradient is not zero"
    if end.falling:
        return f"the gradient is zero, but the cost falls along {end.falling}: a saddle or a maximum"
    if end.curved is None or not end.curved.positive:
        lost = _lost(end, normal, found)
        if lost:
            return lost
    return _jumping(end)


def _settled(end: End, normal: Normal) -> bool:
    if end.solver == "absolute":
        return at_minimum(end.search, end.outcome.z)
    if end.search.settled(end.outcome.z, normal):
        return True
    return end.curved is not None and end.curved.settled()


def _jumping(end: End) -> str:
    if not end.jumps:
        return ""
    names = " and ".join(f"`{name}`" for name in end.jumps)
    many = len(end.jumps) > 1
    return (
        f"{names} change{'' if many else 's'} predictions only in jumps, so there is no slope to follow: "
        f"{'they were' if many else 'it was'} left at {'their values' if many else 'its value'}"
    )


def _lost(end: End, normal: Normal, found: Spectrum) -> str:
    """Whether a parameter that had an effect at the start has none any more: no minimum, but a plain."""
    search, first = end.search, end.first
    names = _chosen(search.objective, search.free)
    begin = _start_normal(search, normal)
    size = np.maximum(np.abs(end.outcome.z), np.abs(search.start))
    effect, before = normal.norms * size, begin.norms * np.abs(search.start)
    least = ROUNDING * max(float(np.max(effect, initial=0.0)), float(np.max(before, initial=0.0)))
    gone = (effect <= least) & ((before > least) | (normal.norms == 0.0))
    exact = normal.cost <= EXACT * first.cost
    for name, value, away in zip(names, end.outcome.z, gone, strict=True):
        if away and (abs(value) > 0.0 or not exact):
            where = "is" if value == search.start[names.index(name)] else f"ran to {value:.3g},"
            return (
                f"`{name}` {where} where it has no effect on any prediction; "
                "start it elsewhere, set bounds, or do not learn it"
            )
    rank = search.spectrum(search.start, begin)[0].rank
    if found.rank < min(rank, len(found.scale)) and not exact:
        return (
            "it ran to where some parameters have no effect any more; start from other values or set bounds"
        )
    return ""


def _start_normal(search: Search, default: Normal) -> Normal:
    """The compressed problem at the start; `default` where it cannot be had."""
    begin = Search(search.objective, search.free, np.asarray(search.objective.start, float), search.log)
    return begin.normal(search.start) or default


def _unsure(
    search: Search, x: Array, normal: Normal, found: Spectrum, where: Indices, moving: Mask
) -> list[str]:
    """Sentences on bounds, trade-offs, too few rows, and data without noise."""
    objective = search.objective
    pinned = np.flatnonzero(search.free)[~moving]
    said = [f"`{objective.names[index]}` is at its bound {x[index]:g}" for index in pinned]
    p, rows = len(where), objective.rows
    if rows < p:
        lack = f"{rows} row{'s' * (rows != 1)} cannot determine {p} parameters: add rows or learn fewer"
        return [*said, lack]
    if found.rank < p:
        said += _tradeoffs(search, x, found, where)
    if objective.squared and found.freedom <= 0:
        said.append(
            f"no standard errors: {rows} row{'s' * (rows != 1)} for {found.rank} "
            f"parameter{'s' * (found.rank != 1)} leave none to measure the noise"
        )
    elif (
        normal.cost <= 0.5 * (NOISE * float(np.max(normal.norms * np.abs(x[search.free]), initial=0.0))) ** 2
    ):
        said.append("the fit is exact: the residuals are zero to rounding, and so are the standard errors")
    return said


def _tradeoffs(search: Search, x: Array, found: Spectrum, where: Indices) -> tuple[str, ...]:
    def cost(values: Array) -> float:
        full = x.copy()
        full[where] = values
        result = attempt(search.log, _costing(search.objective, full))
        return float("inf") if result is None else float(result)

    names = tuple(search.objective.names[index] for index in where)
    return sentences(names, x[where], found.null, found.scale, cost)


def _costing(objective: Objective, x: Array) -> Callable[[], float]:
    return lambda: objective.cost(x)


def _chosen(objective: Objective, mask: Mask) -> list[str]:
    return [name for name, chosen in zip(objective.names, mask, strict=True) if chosen]
