"""A program, a table and a target -> the problem that a fit solves."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from downslope.calculus.program import Program
from downslope.data.frames import Frame, frame_of
from downslope.data.stream import Stream
from downslope.data.stream import chosen as chosen_rows
from downslope.data.table import Table, check_share, find, open_table
from downslope.errors import DataError, UsageError
from downslope.fitting.cost_problem import CostProblem
from downslope.fitting.costs import composed, is_cost, name_of
from downslope.fitting.objective import Array
from downslope.fitting.priors import priors_of
from downslope.fitting.problem import Priors, Problem, bounded
from downslope.fitting.streamed import counted, streamed
from downslope.passes.simplify import simplified
from downslope.read.constants import Constant, find_constants, pick
from downslope.read.lift import lifted
from downslope.read.lower import lower
from downslope.read.source import Source, read_source


@dataclass(frozen=True)
class Posed:
    """A problem before it is solved, and all that it was made of."""

    problem: Problem
    held: Problem | None  # the same on the rows kept for judging
    source: Source
    chosen: tuple[Constant, ...]
    dropped: int
    groups: npt.NDArray[np.intp] | None = None  # of each row to learn from, if it was asked for
    fixed: Mapping[str, float] = field(default_factory=dict)  # arguments that keep their default


def pose(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    learn: Sequence[str] | None = None,
    *,
    loss: Callable[..., float] | str = "squared",
    bounds: Mapping[str, tuple[float, float]] | None = None,
    holdout: float = 0.0,
    missing: str = "error",
    seed: int = 0,
    threads: int | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    priors: Mapping[str, tuple[float, float]] | None = None,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
) -> Posed:
    """The problem that `fit` solves, with the same arguments and errors: for a look at its cost.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> pose(trip, {"d": [1.0], "minutes": [3.0]}, "minutes").problem.cost(np.array([20.0]))
    0.0
    """
    source = read_source(f)
    read = table if isinstance(table, Stream) else frame_of(table)
    inputs = tuple(name for name in source.arguments if name in read.names)
    check_names(source, read, inputs, target)
    stated = state(
        source, learnable(source, learn, inputs), inputs, target, loss=loss, weights=weights, bounds=bounds,
        priors=priors, start=start, fixed=fixed, threads=threads,
    )  # fmt: skip
    if isinstance(read, Stream):
        return _streamed(stated, read, holdout, missing, seed, cluster)
    opened = stated.ready(open_table(read, stated.columns, missing))
    rows, held = opened.split(holdout, seed)
    problem = stated.problem(rows)
    problem.check(problem.start)
    groups = None if cluster is None else groups_of(read, cluster, rows)
    kept_back = problem.on(held).like(priors=None) if held.rows else None
    return Posed(problem, kept_back, source, stated.chosen, opened.dropped, groups, stated.kept)


def _streamed(
    stated: "Statement", read: Stream, holdout: float, missing: str, seed: int, cluster: str | None
) -> Posed:
    """The problem on a stream."""
    if cluster is not None:
        raise UsageError(
            "a cluster column with a stream", why="groups of rows are found in a whole table.",
            fix="read the table into memory, or use errors='robust'.",
        )  # fmt: skip
    check_share(holdout, seed)

    def side(index: int) -> Callable[[], Iterator[Table]]:
        def batches() -> Iterator[Table]:
            first = 0
            for batch in read.batches(stated.columns, missing):
                yield stated.ready(chosen_rows(batch, first, holdout, seed)[index], part=True)
                first += batch.rows + batch.dropped

        return batches

    sample, total, dropped = counted(side(0))
    inner = stated.problem(sample)
    problem = streamed(inner, side(0), total)
    problem.check(problem.start)
    kept_back = None
    if holdout:
        few, count, _ = counted(side(1))
        kept_back = streamed(inner.on(few).like(priors=None), side(1), count)
    return Posed(problem, kept_back, stated.source, stated.chosen, dropped, None, stated.kept)


@dataclass(frozen=True)
class Statement:
    """A problem without its rows."""

    source: Source
    program: Program
    chosen: tuple[Constant, ...]
    inputs: tuple[str, ...]
    kept: Mapping[str, float]  # arguments that keep their default
    target: str
    start: Array
    lower: Array
    upper: Array
    loss: Callable[..., float] | str
    weights: str | None
    priors: Priors | None
    threads: int | None

    @property
    def columns(self) -> list[str]:
        """The columns to read."""
        return list(dict.fromkeys([*self.inputs, self.target, *([self.weights] if self.weights else [])]))

    def ready(self, table: Table, part: bool = False) -> Table:
        """A table (or a `part` of one) with what the kernels read: checked, without rows of weight 0."""
        table = table if self.weights is None else weighed(table, self.weights, part)
        if self.loss == "poisson":
            no_negative(table, self.target)
        return with_fixed(table, self.kept)

    def problem(self, rows: Table) -> Problem:
        """The problem on some rows."""
        labels = tuple(constant.symbol for constant in self.chosen)
        names = tuple(constant.name for constant in self.chosen)
        inputs = (*self.inputs, *self.kept)
        fields = (self.program, rows, inputs, self.target, labels, names, self.start, self.lower, self.upper)
        if is_cost(self.loss):
            costs = composed(self.program.function, self.loss)
            return CostProblem(
                *fields, name_of(self.loss), self.threads, self.weights, self.priors, row_cost=costs
            )
        return Problem(*fields, str(self.loss), self.threads, self.weights, self.priors)


def state(
    source: Source,
    chosen: tuple[Constant, ...],
    inputs: tuple[str, ...],
    target: str,
    *,
    loss: Callable[..., float] | str,
    weights: str | None,
    bounds: Mapping[str, tuple[float, float]] | None,
    priors: Mapping[str, tuple[float, float]] | None,
    start: Mapping[str, float] | None,
    fixed: Mapping[str, float] | None,
    threads: int | None,
) -> Statement:
    """All of a problem that does not depend on its rows. Raises `UsageError` for what does not fit together."""
    raised = lifted(source, chosen)
    program = Program(raised, simplified(lower(raised)))
    if not is_cost(loss):
        one_result(raised, program)
    names = tuple(constant.name for constant in chosen)
    begin = begun(chosen, {**(start or {}), **(fixed or {})})
    held_at = {name: (value, value) for name, value in (fixed or {}).items()}
    limits = bounded(names, {**(bounds or {}), **held_at}, begin)
    known = priors_of(names, priors or {})
    if known and not (is_cost(loss) or loss == "squared"):
        raise UsageError(
            f"priors with the loss {loss}",
            why="how much a prior counts against a row is known for a likelihood only.",
            fix="use squared, poisson or gaussian, or bounds in place of priors.",
        )
    kept = fixed_inputs(raised, inputs, chosen)
    return Statement(
        source, program, chosen, inputs, kept, target, begin, *limits, loss, weights, known, threads
    )


def begun(chosen: Sequence[Constant], given: Mapping[str, float]) -> Array:
    """(p,) where to start: the values in the source, or those given by name. Raises `UsageError`."""
    names = [constant.name for constant in chosen]
    for name, value in given.items():
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            raise UsageError(
                f"a value for {name!r}, which is not learnt",
                why=f"learnt are {', '.join(names)}.",
                fix=f"did you mean {close[0]}?" if close else "check the name.",
            )
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise UsageError(
                f"the value of {name}, {value!r}, is no finite number",
                why="a constant is one.",
                fix="give one.",
            )
    return np.array([float(given.get(constant.name, constant.value)) for constant in chosen])


def learnable(source: Source, learn: Sequence[str] | None, inputs: Sequence[str]) -> tuple[Constant, ...]:
    """The constants to learn: those asked for, or all that are proposed and are not columns."""
    found = find_constants(source)
    if learn is not None:
        return asked(found, learn, inputs)
    chosen = tuple(c for c in found if c.proposed and c.name not in inputs)
    if not chosen:
        off = [f"{c.name} ({'it is a column' if c.name in inputs else c.why})" for c in found]
        raise UsageError(
            f"{source.name} has no constant to learn",
            why=f"none of its numbers is proposed: {'; '.join(off) or 'it has none'}.",
            fix="name some with learn=[...] (--learn NAME), or give the program a keyword default.",
        )
    return chosen


def asked(found: Sequence[Constant], learn: Sequence[str], inputs: Sequence[str]) -> tuple[Constant, ...]:
    """The constants named by the user, each once and none of them a column. Raises `UsageError`."""
    names = [learn] if isinstance(learn, str) else list(learn)
    if not names:
        raise UsageError(
            "there is no constant to learn", why="learn is empty.", fix="leave it out, or name some."
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(
            f"{twice[0]!r} is to be learnt twice", why="each constant has one value.", fix="name it once."
        )
    chosen = pick(found, names)
    for constant in chosen:
        if constant.symbol in inputs:
            raise UsageError(
                f"{constant.name!r} is to be learnt, and is a column of the table",
                why="a column gives the argument's value row by row, so there is no constant left.",
                fix="drop or rename the column, or do not learn it.",
            )
    return chosen


def check_names(source: Source, frame: Frame | Stream, inputs: Sequence[str], target: str) -> None:
    """The target is a column's name and no input, and every argument is a column or has a numeric default."""
    if not isinstance(target, str):
        raise UsageError(
            f"the target is {target!r}", why="it is named by a text.", fix="name the column to predict."
        )
    if target in inputs:
        raise UsageError(
            f"the target {target!r} is an argument of {source.name}",
            why="a program that is given its answer has nothing to predict.",
            fix="name the column that the program's result is compared with.",
        )
    for name in source.arguments:
        if name in inputs or name in _numeric(source):
            continue
        close = difflib.get_close_matches(name, frame.names, 1)
        columns = f"the columns of {frame.source} are {', '.join(frame.names) or 'none'}"
        default = f"its default is {source.defaults[name]!r}; " if name in source.defaults else ""
        raise UsageError(
            f"the argument {name!r} is neither a column nor a number with a default",
            why=f"{default}{columns}.",
            fix=(f"did you mean the column {close[0]!r}? If so, rename it" if close else "rename a column")
            + ", or give the argument a numeric default.",
        )


def fixed_inputs(source: Source, inputs: Sequence[str], chosen: Sequence[Constant]) -> dict[str, float]:
    """Arguments that keep their default."""
    learnt = {constant.symbol for constant in chosen}
    return {n: v for n, v in _numeric(source).items() if n not in inputs and n not in learnt}


def groups_of(frame: Frame, column: str, rows: Table) -> npt.NDArray[np.intp]:
    """The number of each row's group, (n,), from a column of any type. Raises `DataError`.

    >>> frame = frame_of({"x": [1.0, 2.0, 3.0], "day": ["Mon", "Tue", "Mon"]})
    >>> groups_of(frame, "day", open_table(frame, ["x"])).tolist()
    [0, 1, 0]
    """
    find(frame, column)
    raw = frame.read([column])[column]
    values = raw.to_pylist() if hasattr(raw, "to_pylist") else np.asarray(raw).tolist()
    kept = [values[row] for row in rows.origin] if len(rows.origin) else values
    found = np.unique([str(value) for value in kept], return_inverse=True)[1]
    if found.max() < 1:
        raise DataError(
            f"column {column!r} of {frame.source} is the same on every row",
            why="rows in one group say nothing on how groups differ.",
            fix="group by another column.",
        )
    return np.asarray(found, dtype=np.intp)


def no_negative(table: Table, target: str) -> None:
    """Raise `DataError` for a negative count."""
    negative = np.flatnonzero(table.columns[target] < 0)
    if negative.size:
        row = int(negative[0])
        raise DataError(
            f"the count {table.columns[target][row]:g} in row {table.number(row)} of {table.source}, column {target!r}",
            why="the loss poisson is for counts: 0 or more.",
            fix="correct it, or use another loss.",
        )


def one_result(source: Source, program: Program) -> None:
    """Raise `UsageError` for a program that returns several numbers: there is one target."""
    count = len(program.function.body.yields)
    if count != 1:
        raise UsageError(
            f"{source.name} returns {count} numbers",
            loc=source.loc(source.node),
            why="a residual is one number minus the target.",
            fix="return one, or give a loss that takes them all and the target (loss='gaussian': mean and spread).",
        )


def weighed(table: Table, weights: str, part: bool = False) -> Table:
    """The table without rows of weight 0. Raises `DataError` for a negative weight, or none above 0.

    A `part` of a table may be left without rows.

    >>> weighed(open_table({"x": [1.0, 2.0], "w": [0.0, 3.0]}), "w").columns["x"].tolist()
    [2.0]
    """
    column = table.columns[weights]
    negative = np.flatnonzero(column < 0)
    if negative.size:
        row = int(negative[0])
        raise DataError(
            f"the weight {column[row]:g} in row {table.number(row)} of {table.source}, column {weights!r}",
            why="a weight says how much a row counts, as 1 / variance does: 0 or more.",
            fix="correct it, or weigh by another column.",
        )
    if not part and not column.any():
        raise DataError(
            f"every weight in column {weights!r} of {table.source} is 0",
            why="no row is left to learn from.",
            fix="weigh by another column.",
        )
    return table if column.all() else table.take(np.flatnonzero(column))


def with_fixed(table: Table, fixed: Mapping[str, float]) -> Table:
    """The table with a constant column for each argument that keeps its default."""
    return table.adding({name: np.full(table.rows, value) for name, value in fixed.items()})


def _numeric(source: Source) -> dict[str, Any]:
    return {name: value for name, value in source.defaults.items() if isinstance(value, int | float)}
