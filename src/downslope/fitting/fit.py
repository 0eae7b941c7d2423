"""fit: a program, a table and a target -> learnt constants."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from downslope.fitting.pose import pose
from downslope.fitting.problem import Problem
from downslope.fitting.solution import Solution
from downslope.fitting.solve import solve
from downslope.read.constants import Constant, find_constants
from downslope.read.source import Source, read_source


def constants(f: Callable[..., Any] | str) -> tuple[Constant, ...]:
    """The constants of a program: name, value, place, kind, and whether learning it is proposed.

    >>> def trip(d, speed=30.0):
    ...     return 60 * d / speed
    >>> constants(trip)[0].name
    'speed'
    """
    return find_constants(read_source(f))


@dataclass(frozen=True)
class Fit:
    """What was learnt: the solution, and all that led to it."""

    solution: Solution
    problem: Problem
    source: Source
    chosen: tuple[Constant, ...]
    dropped: int
    held: Problem | None = None  # the same problem on the rows kept for judging

    def __str__(self) -> str:
        return str(self.solution)

    def __getitem__(self, name: str) -> float:
        """The learnt value of a constant."""
        return self.solution[name]

    @property
    def converged(self) -> bool:
        """Whether the search ended at a minimum."""
        return self.solution.converged


def fit(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    learn: Sequence[str] | None = None,
    *,
    loss: str = "squared",
    bounds: Mapping[str, tuple[float, float]] | None = None,
    solver: str = "auto",
    holdout: float = 0.0,
    missing: str = "error",
    seed: int = 0,
    step: float | None = None,
    max_iterations: int | None = None,
    threads: int | None = None,
) -> Fit:
    """Learn constants of a program from a table: one row is one call.

    Arguments that are columns are inputs; `learn` names the constants (default: all that
    `constants` proposes). The cost is ½ Σ ρ(prediction − target) for `loss` squared, absolute, huber,
    soft_l1 or cauchy. `holdout` is the share of rows kept for judging. Raises `DataError`,
    `UsageError`, `ProgramError` (with the row), `UnsupportedError`.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> done = fit(trip, {"d": [1.0, 2.0, 3.0], "minutes": [3.0, 6.0, 9.0]}, "minutes")
    >>> round(done["speed"], 6), done.converged
    (20.0, True)
    """
    posed = pose(
        f, table, target, learn, loss=loss, bounds=bounds, holdout=holdout, missing=missing, seed=seed, threads=threads
    )  # fmt: skip
    problem = posed.problem
    solution = solve(problem, solver, step=step, max_iterations=max_iterations)
    held = problem.on(posed.held) if posed.held.rows else None
    if held is not None:
        solution = solution.with_holdout(held.cost(problem.start), held.cost(solution.values), held.rows)
    return Fit(solution, problem, posed.source, posed.chosen, posed.dropped, held)
