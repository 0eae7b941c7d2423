"""A program, a table and a target -> the problem that a fit solves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from downslope.data.frames import Frame, frame_of
from downslope.data.stream import Stream
from downslope.data.stream import chosen as chosen_rows
from downslope.data.table import Table, check_share, find, open_table
from downslope.errors import DataError, UsageError
from downslope.fitting.distributed import DaskTable, dealt, distributed, is_dask
from downslope.fitting.parts import Bounds, PriorsByName, Values
from downslope.fitting.problem import Problem
from downslope.fitting.statement import Statement, check_names, learnable, state, tied
from downslope.fitting.streamed import counted, streamed
from downslope.fitting.ties import Tie, Ties
from downslope.read.constants import Constant
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
    ties: Ties | None = None


def pose(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    learn: Sequence[str] | None = None,
    *,
    loss: Callable[..., float] | str = "squared",
    bounds: Bounds | None = None,
    holdout: float = 0.0,
    missing: str = "error",
    seed: int = 0,
    threads: int | None = None,
    group: str | None = None,
    weights: str | None = None,
    priors: PriorsByName | None = None,
    start: Values | None = None,
    fixed: Values | None = None,
    tie: Tie | None = None,
) -> Posed:
    """The problem that `fit` solves, with the same arguments and errors: for a look at its cost.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> pose(trip, {"d": [1.0], "minutes": [3.0]}, "minutes").problem.cost(np.array([20.0]))
    0.0
    """
    source = read_source(f)
    read = _opened(table)
    inputs = tuple(name for name in source.arguments if name in read.names)
    check_names(source, read, inputs, target)
    chosen = learnable(source, learn, inputs)
    ties = tied(source, chosen, tie, inputs)
    stated = state(
        source, ties.free if ties else chosen, inputs, target, loss=loss, weights=weights, bounds=bounds,
        priors=priors, start=start, fixed=fixed, threads=threads, missing=missing, ties=ties,
    )  # fmt: skip
    if not isinstance(read, Frame):
        return _elsewhere(stated, read, holdout, seed, group)
    opened = stated.readying.ready(open_table(read, stated.readying.columns, missing))
    rows, held = opened.split(holdout, seed)
    problem = stated.problem(rows)
    problem.check(problem.start)
    groups = None if group is None else groups_of(read, group, rows)
    kept_back = problem.on(held).like(priors=None) if held.rows else None
    return Posed(problem, kept_back, source, stated.chosen, opened.dropped, groups, stated.kept, ties)


def _opened(table: object) -> Frame | Stream | DaskTable:
    if isinstance(table, Stream):
        return table
    return DaskTable(table) if is_dask(table) else frame_of(table)


def _elsewhere(
    stated: Statement, read: Stream | DaskTable, holdout: float, seed: int, group: str | None
) -> Posed:
    """The problem on rows that are not all here."""
    if group is not None:
        raise UsageError(
            f"a column of groups with {read.source}", why="groups of rows are found in a whole table.",
            fix="read the table into memory, or use errors='robust'.",
        )  # fmt: skip
    check_share(holdout, seed)
    problem, held, dropped = (
        _streamed(stated, read, holdout, seed)
        if isinstance(read, Stream)
        else _dealt(stated, read, holdout, seed)
    )
    problem.check(problem.start)
    return Posed(problem, held, stated.source, stated.chosen, dropped, None, stated.kept, stated.ties)


def _dealt(
    stated: Statement, read: DaskTable, holdout: float, seed: int
) -> tuple[Problem, Problem | None, int]:
    """The problem on the partitions of a cluster, the same on those held out, and how many rows were left out."""
    learn, held = dealt(read.data, stated.readying, holdout, seed)
    inner = stated.problem(learn.sample)
    kept_back = distributed(inner.on(held.sample).like(priors=None), held) if holdout else None
    return distributed(inner, learn), kept_back, learn.dropped


def _streamed(
    stated: Statement, read: Stream, holdout: float, seed: int
) -> tuple[Problem, Problem | None, int]:
    """The problem on a stream, the same on the rows held out, and how many were left out."""
    readying = stated.readying

    def side(index: int) -> Callable[[], Iterator[Table]]:
        def batches() -> Iterator[Table]:
            first = 0
            for batch in read.batches(readying.columns, readying.missing):
                yield readying.ready(chosen_rows(batch, first, holdout, seed)[index], part=True)
                first += batch.rows + batch.dropped

        return batches

    sample, total, dropped = counted(side(0))
    inner = stated.problem(sample)
    kept_back = None
    if holdout:
        few, count, _ = counted(side(1))
        kept_back = streamed(inner.on(few).like(priors=None), side(1), count)
    return streamed(inner, side(0), total), kept_back, dropped


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


def with_fixed(table: Table, fixed: Mapping[str, float]) -> Table:
    """The table with a constant column for each argument that keeps its default."""
    return table.adding({name: np.full(table.rows, value) for name, value in fixed.items()})
