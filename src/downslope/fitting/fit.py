"""fit: a program, a table and a target -> learnt constants."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.calculus.program import Program
from downslope.data.table import Table, open_table, raw_columns
from downslope.errors import UsageError
from downslope.fitting.problem import Problem, bounded
from downslope.fitting.solution import Solution
from downslope.fitting.solve import solve
from downslope.passes.simplify import simplified
from downslope.read.constants import Constant, find_constants, pick
from downslope.read.lift import lifted
from downslope.read.lower import lower
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
    problem, held = posed.problem, posed.held
    solution = solve(problem, solver, step=step, max_iterations=max_iterations)
    if held.rows:
        other = problem.on(held)
        before, after = other.cost(problem.start), other.cost(solution.values)
        solution = solution.with_holdout(before, after, held.rows)
    return Fit(solution, problem, posed.source, posed.chosen, posed.dropped)


@dataclass(frozen=True)
class Posed:
    """A problem before it is solved, and all that it was made of."""

    problem: Problem
    held: Table  # rows kept for judging
    source: Source
    chosen: tuple[Constant, ...]
    dropped: int


def pose(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    learn: Sequence[str] | None = None,
    *,
    loss: str = "squared",
    bounds: Mapping[str, tuple[float, float]] | None = None,
    holdout: float = 0.0,
    missing: str = "error",
    seed: int = 0,
    threads: int | None = None,
) -> Posed:
    """The problem that `fit` solves, with the same arguments and errors: for a look at its cost.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> pose(trip, {"d": [1.0], "minutes": [3.0]}, "minutes").problem.cost(np.array([20.0]))
    0.0
    """
    source = read_source(f)
    available = column_names(table)
    inputs = tuple(name for name in source.arguments if name in available and name != target)
    chosen = learnable(source, learn, inputs)
    opened = open_table(table, list(dict.fromkeys([*inputs, target])), missing)
    raised = lifted(source, chosen)
    check_inputs(raised, inputs, chosen)
    program = Program(raised, simplified(lower(raised)))
    rows, held = opened.split(holdout, seed)
    labels = tuple(constant.symbol for constant in chosen)
    names = tuple(constant.name for constant in chosen)
    start = np.array([float(constant.value) for constant in chosen])
    lower_, upper = bounded(names, bounds or {}, start)
    fixed = fixed_inputs(raised, inputs, chosen)
    problem = Problem(
        program, with_fixed(rows, fixed), (*inputs, *fixed), target, labels, names, start, lower_, upper, loss, threads
    )  # fmt: skip
    problem.check_start()
    return Posed(problem, with_fixed(held, fixed), source, chosen, opened.dropped)


def column_names(table: object) -> tuple[str, ...]:
    """The names of a table's columns."""
    if isinstance(table, Mapping):
        return tuple(map(str, table))
    columns = getattr(table, "columns", None)
    if columns is not None and not callable(columns):
        found = getattr(table, "column_names", None) or columns
        return tuple(map(str, found))
    return tuple(names_in_file(table))


def names_in_file(table: object) -> tuple[str, ...]:
    """The columns of a file, without converting them."""
    return tuple(raw_columns(table)[1])


def learnable(source: Source, learn: Sequence[str] | None, inputs: Sequence[str]) -> tuple[Constant, ...]:
    """The constants to learn: those asked for, or all that are proposed and are not columns."""
    found = find_constants(source)
    if learn is not None:
        return pick(found, learn)
    chosen = tuple(c for c in found if c.proposed and c.name not in inputs)
    if not chosen:
        raise UsageError(
            f"{source.name} has no constant to learn",
            why="none of its numbers is proposed: "
            + ("; ".join(f"{c.name}: {c.why}" for c in found) or "it has none")
            + ".",
            fix="name some with learn=[...] (--learn NAME), or give the program a keyword default.",
        )
    return chosen


def check_inputs(source: Source, inputs: Sequence[str], chosen: Sequence[Constant]) -> None:
    """Every argument is a column, learnt, or has a numeric default."""
    learnt = {constant.symbol for constant in chosen}
    for name in source.arguments:
        default = source.defaults.get(name)
        if name in inputs or name in learnt or isinstance(default, int | float):
            continue
        raise UsageError(
            f"the argument {name!r} is neither a column nor a number with a default",
            why=f"its default is {default!r}."
            if name in source.defaults
            else "the table has no column of this name.",
            fix="rename the column, or give the argument a numeric default.",
        )


def fixed_inputs(source: Source, inputs: Sequence[str], chosen: Sequence[Constant]) -> dict[str, float]:
    """Arguments that keep their default."""
    learnt = {constant.symbol for constant in chosen}
    return {
        name: value
        for name, value in source.defaults.items()
        if name not in inputs and name not in learnt and isinstance(value, int | float)
    }


def with_fixed(table: Table, fixed: Mapping[str, float]) -> Table:
    """The table with a constant column for each argument that keeps its default."""
    extra = {name: np.full(table.rows, value) for name, value in fixed.items()}
    return Table({**table.columns, **extra}, table.source, table.dropped)
