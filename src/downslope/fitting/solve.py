"""Solvers behind one interface; what they find is judged here, not by the solver itself."""

import difflib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from downslope.errors import DataError, UsageError
from downslope.fitting.descent import adam, descent, lbfgsb
from downslope.fitting.least_squares import least_squares
from downslope.fitting.normal import Normal
from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.search import Callback, Log, Mask, Outcome, Search, attempt
from downslope.fitting.solution import Interrupted, Solution
from downslope.fitting.spectrum import Spectrum
from downslope.fitting.tradeoff import sentences

SOLVERS = ("auto", "least_squares", "lbfgsb", "descent", "adam")
LIMITS = {"least_squares": 2_000, "lbfgsb": 5_000, "descent": 10_000, "adam": 20_000}
STEPPED = ("descent", "adam")
EXACT = 1e-20  # of the cost at the start: what is left is rounding

Indices = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


def solve(
    objective: Objective,
    solver: str = "auto",
    *,
    max_iterations: int | None = None,
    step: float | None = None,
    callback: Callback | None = None,
) -> Solution:
    """Minimise an objective from its start within its bounds.

    `solver`: "least_squares" (SciPy trf; squared loss only), "lbfgsb" (SciPy), "descent" (gradient
    descent with the constant `step`), "adam"; "auto" is least_squares for the squared loss, else
    lbfgsb. `step` is the learning rate of descent (default 1 / the largest curvature at the start)
    and adam (default 0.01 of each value). `callback` gets every iteration as a `Step`.

    `converged` is our own judgement (`spectrum.settled`), not the solver's. Trial points without a
    finite cost are rejected. Standard errors are s² (J'J)⁻¹ (Bates and Watts 1988), for the squared
    loss only; NaN for a parameter that is at a bound or not determined. Raises UsageError,
    DataError if the start has no finite cost or gradient, Interrupted on Ctrl-C.

    >>> from downslope.fitting.example import Line
    >>> solution = solve(Line(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])))
    >>> solution.converged, [round(float(value), 9) for value in solution.values]
    (True, [1.0, 2.0])
    """
    name = _checked(objective, solver, step, max_iterations)
    limit = LIMITS[name] if max_iterations is None else max_iterations
    first, log = _begin(objective, callback)
    free, notes = _free(objective, first, log)
    try:
        # Trial points far out may overflow; they are rejected for their cost.
        with np.errstate(over="ignore", invalid="ignore"):
            search, outcome = _searched(objective, name, free, log, limit, step)
            return _judged(search, outcome, first, name, notes)
    except KeyboardInterrupt:
        raise Interrupted(_plain(objective, log, first, name, "interrupted")) from None


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


def _checked(objective: Objective, solver: str, step: float | None, limit: int | None) -> str:
    """The solver's name, after everything that can be wrong with the call."""
    if solver not in SOLVERS:
        close = difflib.get_close_matches(solver, SOLVERS, 1)
        fix = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(SOLVERS)}."
        raise UsageError(f"there is no solver {solver!r}", why="its name is not known.", fix=fix)
    name = solver if solver != "auto" else ("least_squares" if objective.squared else "lbfgsb")
    if name == "least_squares" and not objective.squared:
        why = "least_squares minimises a sum of squares, and the loss is another."
        raise UsageError(
            "least_squares needs the squared loss", why=why, fix="use solver='auto' or 'lbfgsb'."
        )
    if step is not None and name not in STEPPED:
        why = f"{name} chooses the length of its steps itself."
        raise UsageError(f"{name} takes no step", why=why, fix="leave step out, or use descent or adam.")
    if step is not None and not (np.isfinite(step) and step > 0.0):
        raise UsageError(
            f"step is {step}", why="a step must be a positive number.", fix="use a small one, 0.01."
        )
    if limit is not None and limit < 1:
        why = "a search takes at least one iteration."
        raise UsageError(f"max_iterations is {limit}", why=why, fix="leave it out or give 1 or more.")
    _check_bounds(objective)
    return name


def _check_bounds(objective: Objective) -> None:
    for name, value, low, high in zip(
        objective.names, objective.start, objective.lower, objective.upper, strict=True
    ):
        if not low <= value <= high:
            raise UsageError(
                f"`{name}` starts at {value:g}, outside of its bounds {low:g} to {high:g}",
                why="the search has to begin inside the bounds.",
                fix=f"widen the bounds of `{name}` or change its value.",
            )


def _begin(objective: Objective, callback: Callback | None) -> tuple[Sums, Log]:
    """The sums at the start, which must be finite, and a fresh log."""
    start = np.asarray(objective.start, dtype=np.float64)
    with np.errstate(all="ignore"):  # reported below, with the parameter's name
        sums = objective.sums(start)
    if not np.isfinite(sums.cost):
        raise DataError(
            f"the cost at the start values is {sums.cost}",
            why="on some row the prediction, or its square, is not a finite number.",
            fix="start from other values, or leave out the rows that overflow.",
        )
    bad = [name for name, ok in zip(objective.names, np.isfinite(sums.gradient), strict=True) if not ok]
    if bad:
        raise DataError(
            f"the derivative of the cost by `{bad[0]}` is not finite at the start values",
            why="on some row the program is not differentiable there, or its derivative overflows.",
            fix=f"start `{bad[0]}` from another value, or do not learn it.",
        )
    return sums, Log(start.copy(), float(sums.cost), callback, evaluations=1)


def _free(objective: Objective, first: Sums, log: Log) -> tuple[Mask, tuple[str, ...]]:
    """Which parameters to search for, and a sentence for each that is held."""
    held = objective.lower == objective.upper
    dead = ~held & (np.diag(first.jtj) == 0.0) & (first.gradient == 0.0)
    notes = [f"`{name}` is held by its bounds" for name in _chosen(objective, held)]
    cost = float(first.cost)
    notes += [_dead_sentence(objective, int(index), cost, log) for index in np.flatnonzero(dead)]
    return np.asarray(~held & ~dead), tuple(notes)


def _dead_sentence(objective: Objective, index: int, cost: float, log: Log) -> str:
    """What to say of a parameter whose derivative is zero on every row, and whether it matters at all."""
    name, start = objective.names[index], np.asarray(objective.start, dtype=np.float64)
    for move in (0.01, -0.01, 1.0, -1.0):
        x = start.copy()
        x[index] += move * (abs(x[index]) or 1.0)
        x = np.clip(x, objective.lower, objective.upper)
        other = attempt(log, _costing(objective, x))
        if other is None or other != cost:
            return (
                f"`{name}` was left at its value: its derivative is zero on every row, though changing it "
                "changes predictions (it is only compared or rounded, or its value is a flat place)"
            )
    return f"`{name}` does not matter: changing it does not change any prediction"


def _costing(objective: Objective, x: Array) -> Callable[[], float]:
    return lambda: objective.cost(x)


def _chosen(objective: Objective, mask: Mask) -> list[str]:
    return [name for name, chosen in zip(objective.names, mask, strict=True) if chosen]


def _searched(
    objective: Objective, name: str, free: Mask, log: Log, limit: int, step: float | None
) -> tuple[Search, Outcome]:
    """Run the solver; once more if a parameter held for its zero derivative turns out to matter."""
    search = Search(objective, free, log.best.copy(), log)
    if not free.any():
        return search, Outcome(np.zeros(0), "no parameter changes any prediction: there is nothing to learn")
    outcome = _run(search, name, log.best[free], limit, step)
    x = search.full(outcome.z)
    wider = Search(objective, np.asarray(objective.lower < objective.upper), x, log)
    if wider.free.sum() == free.sum():
        return search, outcome
    sums = wider.sums(x[wider.free])
    if sums is None or not (np.diag(sums.jtj) > 0.0)[~free[wider.free]].any():
        return search, outcome
    return wider, _run(wider, name, x[wider.free], limit, step)


def _run(search: Search, name: str, z: Array, limit: int, step: float | None) -> Outcome:
    match name:
        case "descent":
            return descent(search, z, limit, step)
        case "adam":
            return adam(search, z, limit, step)
        case "lbfgsb":
            return lbfgsb(search, z, limit)
        case _:
            return least_squares(search, z, limit)


def _judged(search: Search, outcome: Outcome, first: Sums, name: str, notes: tuple[str, ...]) -> Solution:
    """The solution, with our own verdict on whether it is one."""
    log, objective = search.log, search.objective
    x = search.full(outcome.z)
    normal = search.normal(outcome.z) if outcome.z.size else None
    if normal is None:
        return replace(_plain(objective, log, first, name, outcome.reason), undetermined=notes)
    found, moving = search.spectrum(outcome.z, normal)
    fault = _fault(search, outcome, first, normal, found)
    where = np.flatnonzero(search.free)[moving]
    covariance = np.full((len(x), len(x)), np.nan)
    if objective.squared:
        covariance[np.ix_(where, where)] = found.covariance()
    jtj = np.zeros((len(x), len(x)))
    jtj[np.ix_(search.free, search.free)] = normal.root.T @ normal.root
    return Solution(
        names=objective.names,
        start=np.asarray(objective.start, dtype=np.float64),
        values=x,
        errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        cost_before=float(first.cost),
        cost=normal.cost if objective.squared else float(objective.cost(x)),
        rows=objective.rows,
        iterations=log.iterations,
        evaluations=log.evaluations,
        solver=name,
        converged=not fault,
        reason=fault or "the next step is below the noise",
        undetermined=(*_still_true(notes, search), *_unsure(search, x, found, where, moving)),
        history=tuple(log.history),
        sensitivities=sensitivities(objective, jtj, x),
    )


def _fault(search: Search, outcome: Outcome, first: Sums, normal: Normal, found: Spectrum) -> str:
    """Why the end point is not to be trusted; empty if it is."""
    if not search.settled(outcome.z, normal):
        return outcome.reason or "no better point was found, yet the gradient is not zero"
    # exactly zero slopes were set aside at the start; one that vanished since, or underflowed, is no minimum
    slope = ((np.diag(first.jtj) != 0.0) | (first.gradient != 0.0))[search.free]
    lost = [
        n
        for n, gone in zip(_chosen(search.objective, search.free), slope & (normal.norms == 0.0), strict=True)
        if gone
    ]
    if lost and normal.cost > EXACT * first.cost:
        return f"`{lost[0]}` is where it has no effect on any prediction; start it elsewhere or set bounds"
    at_start = search.spectrum(search.start, _start_normal(search, first, normal))[0].rank
    if found.rank < min(at_start, len(found.scale)) and normal.cost > EXACT * first.cost:
        return (
            "it ran to where some parameters have no effect any more; start from other values or set bounds"
        )
    return ""


def _start_normal(search: Search, first: Sums, default: Normal) -> Normal:
    """The compressed problem at the start; `default` where it cannot be had."""
    z = np.asarray(search.objective.start, dtype=np.float64)[search.free]
    begin = Search(
        search.objective, search.free, np.asarray(search.objective.start, dtype=np.float64), search.log
    )
    return begin.normal(z) or default if first.rows else default


def _still_true(notes: tuple[str, ...], search: Search) -> list[str]:
    """Drop what was said of parameters that were searched for after all."""
    searched = _chosen(search.objective, search.free)
    return [note for note in notes if not any(note.startswith(f"`{name}`") for name in searched)]


def _unsure(search: Search, x: Array, found: Spectrum, where: Indices, moving: Mask) -> list[str]:
    """Sentences on bounds, trade-offs, and too few rows."""
    objective = search.objective
    pinned = np.flatnonzero(search.free)[~moving]
    said = [f"`{objective.names[index]}` is at its bound {x[index]:g}" for index in pinned]
    p, rows = len(where), objective.rows
    if rows < p:
        return [
            *said,
            f"{rows} row{'s' * (rows != 1)} cannot determine {p} parameters: add rows or learn fewer",
        ]
    if found.rank < p:
        said += _tradeoffs(search, x, found, where)
    if objective.squared and found.freedom <= 0:
        said.append(
            f"no standard errors: {rows} rows for {found.rank} parameters leave none to measure the noise"
        )
    return said


def _tradeoffs(search: Search, x: Array, found: Spectrum, where: Indices) -> tuple[str, ...]:
    def cost(values: Array) -> float:
        full = x.copy()
        full[where] = values
        result = attempt(search.log, _costing(search.objective, full))
        return float("inf") if result is None else float(result)

    names = tuple(search.objective.names[index] for index in where)
    return sentences(names, x[where], found.null, found.scale, cost)


def _plain(objective: Objective, log: Log, first: Sums, name: str, reason: str) -> Solution:
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
        history=tuple(log.history),
        sensitivities=sensitivities(objective, first.jtj, np.asarray(objective.start, dtype=np.float64)),
    )
