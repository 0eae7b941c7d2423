"""Cross-validation: how well a program that learns predicts rows that it has not seen; two of them compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from downslope.errors import DataError, UsageError
from downslope.fitting.objective import Array
from downslope.fitting.pose import pose
from downslope.fitting.solution import Solution, aligned
from downslope.fitting.solve import solve

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class CrossValidation:
    """Errors on rows that the fit of their fold has not seen, and each fold's fit."""

    target: str
    rows: Rows  # (n,) where each row was in the table, counted from 0
    errors: Array  # (n,) prediction − target, by the fit that has not seen the row
    before: Array  # (n,) the same with the values of the source
    fold: Rows  # (n,) the fold of each row
    groups: Rows  # (n,) the group of each row; each row its own without `group`
    solutions: tuple[Solution, ...]

    @property
    def rms(self) -> float:
        """Root mean square error on rows not seen, in units of the target."""
        return float(np.sqrt(np.mean(self.errors**2)))

    @property
    def converged(self) -> bool:
        """Whether the fit of every fold ended at a minimum."""
        return all(solution.converged for solution in self.solutions)

    def __str__(self) -> str:
        head = ("fold", "rows", "rms error before", "after")
        lines = [head, *(self._line(index) for index in range(len(self.solutions)))]
        old = float(np.sqrt(np.mean(self.before**2)))
        lines.append(("all", str(len(self.rows)), f"{old:.5g}", f"{self.rms:.5g}"))
        stuck = [
            f"fold {index + 1} did NOT converge: {solution.reason}"
            for index, solution in enumerate(self.solutions)
            if not solution.converged
        ]
        return "\n".join([*aligned(list(lines)), *stuck])

    def _line(self, index: int) -> tuple[str, ...]:
        own = self.fold == index
        sizes = [f"{float(np.sqrt(np.mean(each[own] ** 2))):.5g}" for each in (self.before, self.errors)]
        return (str(index + 1), str(int(own.sum())), *sizes)


@dataclass(frozen=True)
class Comparison:
    """Two programs on the same folds: how much more the second's mean squared error is than the first's."""

    first: CrossValidation
    second: CrossValidation
    difference: float  # mean squared error of the second minus the first's: below 0, the second is better
    error: float  # standard error of the difference over rows, or over groups

    def __str__(self) -> str:
        side = "better" if self.difference < 0.0 else "worse"
        clear = "" if abs(self.difference) > 2.0 * self.error else ", which is within two standard errors"
        return (
            f"rms error on rows not seen: {self.first.rms:.5g} and {self.second.rms:.5g}\n"
            f"mean squared error: the second is {side} by {abs(self.difference):.3g} ± {self.error:.2g}{clear}"
        )


def cross_validate(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    folds: int = 5,
    seed: int = 0,
    *,
    group: str | None = None,
    learn: Sequence[str] | None = None,
    loss: str = "squared",
    weights: str | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    missing: str = "error",
    threads: int | None = None,
) -> CrossValidation:
    """Learn on all folds but one, predict that one, for each of `folds` parts of the rows.

    Rows are dealt at random by `seed`; rows with one value of the column `group` stay together. The other
    options are those of `fit`. Raises `UsageError`, `DataError`, `ProgramError` (also where a fit fails on
    a row that it has not seen); a fold whose fit does not converge is said.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> table = {"d": [1, 2, 3, 4], "minutes": [3.6, 5.2, 9.9, 11.2]}
    >>> round(cross_validate(trip, table, "minutes", folds=2).rms, 3)
    0.956
    """
    posed = pose(
        f, table, target, learn, loss=loss, weights=weights, bounds=bounds, missing=missing, threads=threads,
        group=group,
    )  # fmt: skip
    problem = posed.problem
    rows = problem.table.origin if len(problem.table.origin) else np.arange(problem.rows)
    groups = np.arange(problem.rows) if posed.groups is None else posed.groups
    fold = _dealt(groups, folds, seed)
    errors, before = np.empty(problem.rows), problem.predictions(problem.start) - problem.observed
    solutions = []
    for index in range(folds):
        unseen = np.flatnonzero(fold == index)
        solution = solve(problem.on(problem.table.take(np.flatnonzero(fold != index))))
        held = problem.on(problem.table.take(unseen))
        held.check(solution.values)
        errors[unseen] = held.predictions(solution.values) - held.observed
        solutions.append(solution)
    return CrossValidation(target, rows, errors, before, fold, groups, tuple(solutions))


def _dealt(groups: Rows, folds: int, seed: int) -> Rows:
    """The fold of each row: groups are dealt out like cards, after a shuffle."""
    if not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed is {seed!r}", why="it is a whole number from 0.", fix="use e.g. 0.")
    count = int(groups.max()) + 1
    if not isinstance(folds, int) or not 2 <= folds <= count:
        raise UsageError(
            f"folds is {folds!r}",
            why=f"it is a whole number from 2 to the number of rows or groups, {count} here.",
            fix="use e.g. 5, or give more rows.",
        )
    place = np.empty(count, dtype=np.intp)
    place[np.random.default_rng(seed).permutation(count)] = np.arange(count) % folds
    return place[groups]


def compare(
    f: Callable[..., Any] | str,
    g: Callable[..., Any] | str,
    table: object,
    target: str,
    folds: int = 5,
    seed: int = 0,
    *,
    group: str | None = None,
    loss: str = "squared",
    missing: str = "error",
) -> Comparison:
    """Cross-validate two programs, or two versions of one, on the same folds.

    The standard error of the difference is that of a mean over rows, or over groups of them. It takes the
    fits of the folds as given, and is somewhat too small, since they share rows (Bengio and Grandvalet
    2004). Raises what `cross_validate` does, `DataError` where the programs leave out different rows.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> def waits(d, speed=30.0, wait=0.0):
    ...     return wait + 60.0 * d / speed
    >>> table = {"d": [1, 2, 3, 4, 5, 6], "minutes": [5.1, 8.0, 11.1, 13.9, 17.0, 20.1]}
    >>> print(compare(trip, waits, table, "minutes", folds=3))
    rms error on rows not seen: 0.97039 and 0.14407
    mean squared error: the second is better by 0.921 ± 0.4
    """
    first, second = (
        cross_validate(each, table, target, folds, seed, group=group, loss=loss, missing=missing)
        for each in (f, g)
    )
    if not np.array_equal(first.rows, second.rows):
        raise DataError(
            "the two programs leave out different rows",
            why="they read different columns, and these lack numbers in different rows.",
            fix="drop the rows that lack a number before comparing.",
        )
    gain = second.errors**2 - first.errors**2
    mean = float(gain.mean())
    parts = np.bincount(first.groups, gain - mean)
    count = len(parts)
    error = float(np.sqrt(count / max(1, count - 1) * np.sum(parts**2)) / len(gain))
    return Comparison(first, second, mean, error)
