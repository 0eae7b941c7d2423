"""The bootstrap: the fit repeated on tables drawn from the table, to see how far its values scatter.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), sections 9.5 (pairs and
residuals) and 13.3 (percentile intervals).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from downslope.errors import DataError, NotConverged, ProgramError, UsageError
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.progress import Progress
from downslope.fitting.solution import Step
from downslope.fitting.solve import solve

KINDS = ("pairs", "residuals")


@dataclass(frozen=True)
class Draws:
    """The values learnt from each drawn table, (draws, p), and why the others gave none."""

    values: Array
    failed: dict[str, int]

    @property
    def said(self) -> tuple[str, ...]:
        """A sentence on the draws that did not converge, if there are any."""
        lost = sum(self.failed.values())
        if not lost:
            return ()
        why = max(self.failed, key=lambda reason: self.failed[reason])
        return (
            f"{lost} of {lost + len(self.values)} draws did not converge and are left out; mostly: {why}",
        )


class Counting(Progress):
    """Shows which draw it is."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self.total, self.draw = total, 0

    def _said(self) -> str:
        return f"draw {self.draw:,} of {self.total:,}"


def bootstrap(
    problem: Problem,
    values: Array,
    count: int,
    seed: int,
    *,
    kind: str = "pairs",
    freedom: int | None = None,
    groups: npt.NDArray[np.intp] | None = None,
) -> Draws:
    """The values learnt from `count` drawn tables, each fit started at `values`.

    "pairs" draws rows with replacement, or whole groups of rows where `groups` (n,) is given. It assumes
    independent rows (or groups) and no more. "residuals" keeps the rows and adds drawn residuals,
    centred and widened by √(n / freedom), to the predictions: noise that is the same everywhere. Raises
    `UsageError` for a bad count, seed or kind, `NotConverged` if no draw converges.

    >>> from downslope.fitting.pose import pose
    >>> def mean(x, a=2.0):
    ...     return a + 0.0 * x
    >>> problem = pose(mean, {"x": [0.0] * 3, "y": [1.0, 2.0, 3.0]}, "y", ["a"]).problem
    >>> bootstrap(problem, np.array([2.0]), 4, 0).values.round(3).ravel().tolist()
    [2.333, 1.0, 1.0, 2.667]
    """
    _check(count, seed, kind, groups)
    rng = np.random.default_rng(seed)
    started = problem.like(start=np.clip(values, problem.lower, problem.upper))
    tables = (
        _residuals(started, values, rng, freedom) if kind == "residuals" else _pairs(started, rng, groups)
    )
    kept, failed = [], Counter[str]()
    with Counting(count) as progress:
        for drawn, progress.draw in zip(tables, range(1, count + 1), strict=False):
            found = _learnt(drawn, progress)
            if isinstance(found, str):
                failed[found] += 1
            else:
                kept.append(found)
    if not kept:
        raise NotConverged(
            f"none of {count} drawn tables could be fitted",
            why=f"mostly: {failed.most_common(1)[0][0]}.",
            fix="use the profile method, or learn fewer constants.",
        )
    return Draws(np.array(kept), dict(failed))


def _learnt(drawn: Problem, progress: Progress) -> Array | str:
    """The learnt values, or why there are none."""
    try:
        solution = solve(drawn, callback=progress)
        drawn.check(solution.values)
    except (ProgramError, DataError) as error:
        return error.problem.what
    progress(Step(solution.values, solution.cost))
    return solution.values if solution.converged else solution.reason


def _pairs(
    problem: Problem, rng: np.random.Generator, groups: npt.NDArray[np.intp] | None
) -> Iterator[Problem]:
    if groups is None:
        while True:
            yield problem.on(problem.table.take(rng.integers(problem.rows, size=problem.rows)))
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(groups))[:-1])
    while True:
        chosen = rng.integers(len(members), size=len(members))
        yield problem.on(problem.table.take(np.concatenate([members[index] for index in chosen])))


def _residuals(
    problem: Problem, values: Array, rng: np.random.Generator, freedom: int | None
) -> Iterator[Problem]:
    predicted = problem.predictions(values)
    even = np.sqrt(problem.weight)  # makes the noise of all rows alike
    left = (problem.observed - predicted) * even
    spread = (left - left.mean()) * np.sqrt(problem.rows / (freedom or problem.rows))
    while True:
        target = predicted + spread[rng.integers(problem.rows, size=problem.rows)] / even
        yield problem.on(replace(problem.table, columns={**problem.table.columns, problem.target: target}))


def check_count(count: int) -> None:
    """Raise `UsageError` unless so many tables can be drawn."""
    if not isinstance(count, int) or count < 2:
        raise UsageError(f"draws is {count!r}", why="it is a number of tables, two or more.", fix="use 1000.")


def _check(count: int, seed: int, kind: str, groups: npt.NDArray[np.intp] | None) -> None:
    check_count(count)
    if not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed is {seed!r}", why="it is a whole number from 0.", fix="use e.g. 0.")
    if kind not in KINDS:
        raise UsageError(
            f"there is no resampling {kind!r}", why=f"there is {' and '.join(KINDS)}.", fix="use pairs."
        )
    if kind == "residuals" and groups is not None:
        raise UsageError(
            "residuals cannot be drawn where rows of a group go together",
            why="a residual is drawn for each row by itself.",
            fix="use pairs: they are drawn as whole groups.",
        )
