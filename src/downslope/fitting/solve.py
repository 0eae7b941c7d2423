"""Solvers behind one interface; what they find is judged here, not by the solver itself."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np

from downslope.errors import DataError, UsageError, close_to
from downslope.fitting.absolute import absolute
from downslope.fitting.cost_verdict import cost_verdict
from downslope.fitting.covariance import Errors, Pulled
from downslope.fitting.curvature import downhill, polished
from downslope.fitting.descent import adam, descent, lbfgsb
from downslope.fitting.flat import Flat, flat
from downslope.fitting.judge import End, judged, plain
from downslope.fitting.least_squares import least_squares
from downslope.fitting.minibatch import Sampling, minibatches
from downslope.fitting.newton import newton
from downslope.fitting.objective import Array, Objective, Sums
from downslope.fitting.reweighted import reweighted
from downslope.fitting.search import Callback, Log, Outcome, Search
from downslope.fitting.solution import Interrupted, Solution

SOLVERS = ("auto", "least_squares", "reweighted", "absolute", "newton", "lbfgsb", "descent", "adam")
LIMITS = {
    "least_squares": 2_000, "reweighted": 2_000, "absolute": 5_000, "newton": 1_000, "lbfgsb": 5_000, "descent": 10_000, "adam": 20_000,
}  # fmt: skip
RESIDUAL_ONLY = ("least_squares", "reweighted", "absolute", "descent", "adam")
STEPPED = ("descent", "adam")
MANY = 200  # parameters: their second derivatives would cost 400 passes over the rows
Pace: TypeAlias = float | Sampling | None
"""How a stepped solver walks."""
NEWTON = 10  # steps at the end, where the solver's own are too poor
RESTARTS = 3  # from a saddle or a maximum, down along the direction that curves down


def solve(
    objective: Objective,
    solver: str = "auto",
    *,
    max_iterations: int | None = None,
    step: float | None = None,
    sampling: Sampling | None = None,
    callback: Callback | None = None,
    errors: Errors | None = None,
) -> Solution:
    """Minimise an objective from its start within its bounds.

    `solver`: "least_squares" (SciPy trf; squared loss only), "reweighted" (damped Gauss-Newton for any
    smooth loss), "absolute" (least absolute deviations), "newton" (exact second derivatives), "lbfgsb"
    (SciPy), "descent" (gradient descent with the constant `step`), "adam"; "auto" is the one of the first
    four that fits the loss. `step` is
    the learning rate of descent (default 1 / the largest curvature at the start, halved where the cost
    rises) and adam (default 0.01 of each value). `sampling` lets adam draw batches of rows. `callback` gets every iteration as a `Step`. `errors`
    says which standard errors (default: `Errors("model")`).

    `converged` is our own judgement (`spectrum.settled`, or the same of a Newton step), not the
    solver's: a search cut short, a saddle, a maximum, a parameter that ran to where it has no effect, or
    that changes predictions only in jumps, is no success. Trial points without a finite cost are
    rejected. Raises UsageError, DataError if the start has no finite cost or gradient, Interrupted on
    Ctrl-C.

    >>> from downslope.fitting.example import Line
    >>> solution = solve(Line(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])))
    >>> solution.converged, [round(float(value), 9) for value in solution.values]
    (True, [1.0, 2.0])
    """
    name = _checked(objective, solver, step, max_iterations, sampled=sampling is not None)
    pace: Pace = sampling or step
    limit = LIMITS[name] if max_iterations is None else max_iterations
    first, log = _begin(objective, callback)
    try:
        # Trial points far out may overflow; they are rejected for their cost.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            begin = flat(objective, first, log)
            if _costed(objective):
                return _of_cost(objective, name, begin, first, log, limit, pace, errors or Errors())
            more = max_iterations is None
            end = _searched(objective, name, begin, first, log, limit, pace, more)
            awake = begin.woken(objective, end.search.full(end.outcome.z), log)
            if awake is not None and (more or not end.outcome.exhausted):
                found = log.cost
                later = _searched(objective, name, awake, first, log, limit, pace, more)
                end = later if log.cost < found else end
            return judged(end, errors or Errors())
    except KeyboardInterrupt:
        raise Interrupted(plain(objective, log, first, name, "interrupted")) from None


def _of_cost(
    objective: Objective, name: str, begin: Flat, first: Sums, log: Log, limit: int, step: Pace, errors: Errors,
) -> Solution:  # fmt: skip
    search = Search(objective, begin.free, begin.start.copy(), log)
    if not begin.free.any():
        outcome = Outcome(np.zeros(0), "there is nothing to learn: no parameter changes the cost")
    else:
        outcome = _run(search, name, begin.start[begin.free], limit, step)
    return cost_verdict(search, outcome, first, name, begin.notes, errors)


def _costed(objective: Objective) -> bool:
    """Whether the cost of a row is no function of a residual."""
    return bool(getattr(objective, "costed", False))


def _checked(
    objective: Objective, solver: str, step: float | None, limit: int | None, sampled: bool = False
) -> str:
    """The solver's name, after everything that can be wrong with the call."""
    if _costed(objective) and solver in RESIDUAL_ONLY and not sampled:
        why = f"{solver} needs residuals, and this loss has none."
        raise UsageError(f"{solver} cannot minimise this loss", why=why, fix="use solver='auto' or 'lbfgsb'.")
    if solver not in SOLVERS:
        fix = close_to(str(solver), SOLVERS, f"use one of {', '.join(SOLVERS)}.", quoted=True)
        raise UsageError(f"there is no solver {solver!r}", why="its name is not known.", fix=fix)
    name = _fitting(objective) if solver == "auto" else solver
    if name == "absolute" and _fitting(objective) != "absolute":
        why = "its method is for sums of absolute residuals only."
        raise UsageError(
            "the solver 'absolute' needs the absolute loss, or a quantile", why=why, fix="use solver='auto'."
        )
    if name == "least_squares" and not objective.squared:
        why = "least_squares minimises a sum of squares, and the loss is another."
        raise UsageError("least_squares needs the squared loss", why=why, fix="use solver='auto'.")
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


def _fitting(objective: Objective) -> str:
    """The solver made for an objective's loss."""
    if _costed(objective):
        return "newton"
    if objective.squared:
        return "least_squares"
    return "absolute" if isinstance(objective, Pulled) and not objective.smooth else "reweighted"


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


def _searched(
    objective: Objective, name: str, begin: Flat, first: Sums, log: Log, limit: int, step: Pace, more: bool,
) -> End:  # fmt: skip
    """Run the solver, finish with Newton steps, and go on where the end is a saddle or a maximum.

    `more` allows this after the solver's own limit of iterations: it is not the user's.
    """
    search = Search(objective, begin.free, begin.start.copy(), log)
    if not begin.free.any():
        reason = "there is nothing to learn: no parameter is free to move and changes predictions"
        return End(search, Outcome(np.zeros(0), reason), first, name, begin.notes, begin.jumps)
    z = begin.start[begin.free]
    if search.sums(z) is None:  # two flat places left at once may meet a wall
        z = search.start
    for _ in range(RESTARTS):
        outcome = _run(search, name, z, limit, step)
        end = End(search, outcome, first, name, begin.notes, begin.jumps)
        if name == "absolute" or (outcome.exhausted and not more):
            return end
        end = _finished(end)
        lower = None if end.curved is None else downhill(search, end.outcome.z, end.curved)
        if lower is None:
            return end
        z, line = lower
        if name in STEPPED:  # their way is theirs: nothing is added to it
            break
    size = np.maximum(np.abs(end.outcome.z), np.abs(search.start))
    part = np.abs(line) / np.where(size > 0.0, size, 1.0)
    moved = part > 0.1 * np.max(part)
    along = np.array(objective.names)[begin.free][moved]
    return replace(end, falling=" and ".join(f"`{each}`" for each in along))


def _finished(end: End) -> End:
    """The end with its second derivatives, after Newton steps where the solver's own were too poor."""
    search, outcome = end.search, end.outcome
    normal = search.normal(outcome.z)
    if outcome.z.size > MANY:
        note = f"with more than {MANY} parameters it is not checked whether the end is a saddle"
        return replace(end, notes=(*end.notes, note))
    done = normal is None or search.settled(outcome.z, normal) or end.solver in STEPPED
    rounds = 0 if done else NEWTON
    z, curved = polished(search, outcome.z, rounds)
    return replace(end, outcome=replace(outcome, z=z), curved=curved)


def _run(search: Search, name: str, z: Array, limit: int, step: Pace) -> Outcome:
    if isinstance(step, Sampling):
        return minibatches(search, z, step)
    match name:
        case "descent":
            return descent(search, z, limit, step)
        case "adam":
            return adam(search, z, limit, step)
        case "lbfgsb":
            return lbfgsb(search, z, limit)
        case "reweighted":
            return reweighted(search, z, limit)
        case "absolute":
            return absolute(search, z, limit)
        case "newton":
            return newton(search, z, limit)
        case _:
            return least_squares(search, z, limit)
