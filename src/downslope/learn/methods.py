"""The three methods: what a batch does to a learner's state. Each is a function from values to values."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from downslope.errors import DataError
from downslope.fitting.normal import RANK_OF_ROWS, Normal, from_rows
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.spectrum import spectrum
from downslope.learn.settings import Settings
from downslope.learn.state import State
from downslope.learn.steps import gradient, kalman
from downslope.native.rows import RowError
from downslope.native.sequence import Step

HALVINGS = 12
SMALL = 1e-9  # a step of less than 3e-5 standard errors, the root of this, ends the steps of a batch
ROUNDING = 1e-14  # and so does one of less than this part of each value


def started(x: Array, settings: Settings) -> State:
    """The state before the first row."""
    size = np.where(x != 0.0, np.abs(x), 1.0)
    return fresh(State(x, size, np.zeros((len(x) + 1, len(x))), 0.0), settings)


def fresh(state: State, settings: Settings) -> State:
    """The state with its values kept, and all that it is sure of forgotten."""
    matrix = np.zeros_like(state.matrix)
    if settings.method == "ekf":
        np.fill_diagonal(matrix, (settings.prior * state.size) ** 2)
    return replace(state, matrix=matrix, weight=0.0)


def learnt(state: State, problem: Problem, settings: Settings) -> State:
    """The state after the rows of a batch. Raises `ProgramError` or `DataError` with the row."""
    kept = settings.forgetting**problem.rows
    after = METHODS[settings.method](state, problem, settings)
    whole = settings.forgetting == 1.0
    added = problem.rows if whole else (1.0 - kept) / (1.0 - settings.forgetting)
    return replace(after, weight=kept * state.weight + added)


# ---- recursive least squares ---------------------------------------------------------------------


def rls(state: State, problem: Problem, settings: Settings) -> State:
    """Least squares over all rows so far, with row weights λ^age: the past as R, the batch as its rows.

    Minimises ½|R(x − x₀)|² + ½ Σ λ^age r(x)², where x₀ and R are the minimum and the root of what came
    before, by Gauss-Newton steps that each lower it; with one batch this is the fit itself, with a program
    linear in its constants it is the fit of all rows whatever the batches. Sources: the QR form of recursive
    least squares, Björck (1996), Numerical Methods for Least Squares Problems, 3.3; the steps within a
    batch, Bell and Cathey (1993), The iterated Kalman filter update as a Gauss-Newton method.
    """
    count = len(state.x)
    fade = settings.forgetting ** (0.5 * problem.rows)
    root, rest = fade * state.matrix[:count], fade * state.matrix[count, 0]
    weights = settings.forgetting ** (0.5 * np.arange(problem.rows)[::-1])

    rows = problem.rows + round(fade**2 * state.weight)

    def at(x: Array) -> Normal:
        residual, jacobian = problem.jacobian(x)
        past, now = (root @ (x - state.x), root), (weights * residual, weights[:, None] * jacobian)
        normal = from_rows((past, now), count)
        return replace(normal, rest=float(np.hypot(normal.rest, rest)), rows=rows)

    x, normal = state.x, at(state.x)
    for _ in range(settings.repeats):
        found = spectrum(normal)
        gain = float(found.within @ found.within)
        if gain <= SMALL * 2.0 * normal.cost / rows or np.max(np.abs(found.step) / state.size) <= ROUNDING:
            break
        lower = _lower(at, x, found.step, normal.cost)
        if lower is None:
            break
        x, normal = lower
    left = np.zeros(count)
    left[0] = np.sqrt(2.0 * normal.cost)
    return replace(state, x=x, matrix=np.vstack([normal.root, left]))


def _lower(at: Callable[[Array], Normal], x: Array, step: Array, cost: float) -> tuple[Array, Normal] | None:
    """The first point of lower cost along a step, halved as often as needed."""
    for _ in range(HALVINGS):
        with np.errstate(over="ignore", invalid="ignore"):  # a trial point far out is rejected
            normal = at(x + step)
        if normal.finite() and normal.cost < cost:
            return x + step, normal
        step = 0.5 * step
    return None


# ---- row after row -------------------------------------------------------------------------------


def ekf(state: State, problem: Problem, settings: Settings) -> State:
    """The extended Kalman filter on the constants (`steps.kalman`), row after row.

    Passes over one batch go on from each other's covariance (Bertsekas 1996); at the end the batch's
    information is counted once.
    """
    variance = (settings.noise or 1.0) ** 2
    moves = (settings.walk * state.size) ** 2
    options = np.array([variance, settings.forgetting, *moves])
    passes, count = settings.repeats, len(state.x)
    after = _walked(kalman, state, problem, options, passes)
    if passes == 1:
        return after
    matrix = state.matrix + (after.matrix - state.matrix) / passes
    before, now = np.linalg.inv(state.matrix[:count]), np.linalg.inv(after.matrix[:count])
    matrix[:count] = np.linalg.inv(before + (now - before) / passes)
    return replace(after, matrix=matrix)


def sgd(state: State, problem: Problem, settings: Settings) -> State:
    """Stochastic gradient (`steps.gradient`), row after row."""
    options = np.array([settings.rate, settings.forgetting, *state.size])
    return _walked(gradient, state, problem, options, settings.repeats)


def _walked(step: Step, state: State, problem: Problem, options: Array, passes: int) -> State:
    x, matrix = state.x, state.matrix
    try:
        for _ in range(passes):
            x, matrix = problem.walk(step, x, matrix, options)
    except RowError as error:
        number, source = problem.table.number(error.row), problem.table.source
        raise DataError(
            f"the constants leave the finite numbers before row {number} of {source}",
            why="the prediction or its slope is not finite there with what the rows before it taught.",
            fix="use the method rls, whose steps are checked, or a smaller prior (ekf) or rate (sgd).",
        ) from error
    return replace(state, x=x, matrix=matrix)


METHODS: Mapping[str, Callable[[State, Problem, Settings], State]] = {"rls": rls, "ekf": ekf, "sgd": sgd}


def covariance(state: State, settings: Settings) -> Array:
    """(p, p) covariance of the constants, NaN where the rows do not determine them; all NaN for sgd.

    The noise's variance is the (weighted) sum of squares over rows less constants, where it is not given.
    """
    count = len(state.x)
    root, rest = state.matrix[:count], state.matrix[count, 0]
    rows = round(state.weight)
    if settings.method == "rls":
        return spectrum(Normal(root, np.zeros(count), rest, rows, RANK_OF_ROWS)).covariance()
    if settings.method == "sgd" or rows <= count:
        return np.full((count, count), np.nan)
    return root if settings.noise is not None else root * (rest / (rows - count))
