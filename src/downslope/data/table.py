"""Any table -> named columns of finite numbers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from downslope.data.frames import Frame, frame_of, twin
from downslope.data.numbers import Column, Mask, numbers
from downslope.errors import DataError, UsageError, close_to

Rows = npt.NDArray[np.intp]


def _none() -> Rows:
    return np.zeros(0, dtype=np.intp)


@dataclass(frozen=True)
class Table:
    """Columns of equal length: one-dimensional, contiguous, float64, int64 or bool."""

    columns: Mapping[str, Column]
    source: str
    dropped: int = 0  # rows left out for a missing number
    origin: Rows = field(default_factory=_none)  # where each row was, counted from 0; empty: unchanged
    before: int = 0  # rows of the file before the first of these

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))

    def number(self, row: int) -> int:
        """A row's number in the table as it came, counted from 1: what messages name.

        >>> Table({"x": np.arange(3.0)}, "t").take(np.array([2])).number(0)
        3
        """
        return self.before + (int(self.origin[row]) if len(self.origin) else row) + 1

    def take(self, rows: Rows) -> "Table":
        """The table with these rows only."""
        columns = {n: np.ascontiguousarray(c[rows]) for n, c in self.columns.items()}
        return replace(self, columns=columns, origin=self.origin[rows] if len(self.origin) else rows)

    def between(self, first: int, end: int) -> "Table":
        """The rows from `first` to before `end`, in the same memory."""
        columns = {n: c[first:end] for n, c in self.columns.items()}
        if len(self.origin):
            return replace(self, columns=columns, origin=self.origin[first:end])
        return replace(self, columns=columns, before=self.before + first)

    def adding(self, columns: Mapping[str, Column]) -> "Table":
        """The table with more columns."""
        return replace(self, columns={**self.columns, **columns})

    def split(self, holdout: float, seed: int = 0) -> tuple["Table", "Table"]:
        """Rows to learn from, and a random share held out.

        Raises `UsageError` for a share outside [0, 1), or one that leaves no row on either side.
        """
        check_share(holdout, seed)
        if not holdout:
            return self, self.take(_none())
        order = np.random.default_rng(seed).permutation(self.rows)
        count = round(holdout * self.rows)
        if not 0 < count < self.rows:
            raise UsageError(
                f"a holdout of {holdout} of {self.rows} row{'s' * (self.rows != 1)} is {count}",
                why=f"no row is left to {'learn from' if count else 'judge by'}.",
                fix="give more rows, another share, or a holdout of 0.",
            )
        return self.take(np.sort(order[count:])), self.take(np.sort(order[:count]))


def open_table(data: object, columns: Collection[str] | None = None, missing: str = "error") -> Table:
    """Read the named columns of a table (default: all).

    `data` is a CSV, TSV, Parquet or Arrow file, `file.duckdb:query` (or `:table`), a pandas, polars
    or Arrow frame, a DuckDB relation, or a dict of columns. A row that lacks a number (NULL, NaN) or
    has an infinite one is an error that names the first; `missing="drop"` leaves such rows out and
    counts them. Raises `DataError` for anything unusable, `UsageError` for an unknown `missing`.

    >>> open_table({"x": [1, 2], "y": [0.5, 1.5]}).columns["y"]
    array([0.5, 1.5])
    """
    check_missing(missing)
    frame = frame_of(data)
    wanted = list(frame.names) if columns is None else list(columns)
    for name in wanted:
        find(frame, name)
    raw = frame.read(wanted)
    found = {name: numbers(raw[name], name, frame.source, frame.before) for name in wanted}
    lengths = {name: len(column) for name, (column, _) in found.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"the columns of {frame.source} differ in length",
            why=", ".join(f"{name!r} has {length}" for name, length in lengths.items()) + ".",
            fix="give each row every column.",
        )
    if not found or not next(iter(lengths.values())):
        raise DataError(
            f"{frame.source} has no rows",
            why="there is nothing to learn from.",
            fix="check the file or query.",
        )
    table = Table({name: column for name, (column, _) in found.items()}, frame.source, before=frame.before)
    return _finite(table, {name: mask for name, (_, mask) in found.items()}, missing)


def check_share(holdout: float, seed: int) -> None:
    """Raise `UsageError` for a share outside [0, 1), or a seed that is none."""
    if not isinstance(holdout, int | float) or not 0.0 <= holdout < 1.0:
        raise UsageError(f"holdout is {holdout!r}", why="it is a share of the rows.", fix="use e.g. 0.2.")
    if not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed is {seed!r}", why="it is a whole number from 0.", fix="use e.g. 0.")


def check_missing(missing: str) -> None:
    """Raise `UsageError` for what `missing` cannot be."""
    if missing not in ("error", "drop"):
        raise UsageError(
            f"missing={missing!r}", why="missing rows are an error or dropped.", fix="use error or drop."
        )


def find(frame: Frame, name: str) -> None:
    """Raise `DataError`, with the closest name, unless exactly one column has this name."""
    count = frame.names.count(name)
    if count > 1:
        raise twin(repr(name), frame.source)
    if not count:
        raise DataError(
            f"{frame.source} has no column {name!r}",
            why=f"its columns are {', '.join(frame.names) or 'none'}.",
            fix=close_to(name, frame.names, "check the name."),
        )


def _finite(table: Table, masks: Mapping[str, Mask], missing: str) -> Table:
    """The rows where every column has a finite number."""
    bad = np.logical_or.reduce(list(masks.values()))
    dropped = int(bad.sum())
    if not dropped:
        return table
    if missing == "error":
        row = int(np.argmax(bad))
        name = next(name for name, mask in masks.items() if mask[row])
        value = table.columns[name][row]
        raise DataError(
            f"column {name!r} of {table.source} is {'empty' if np.isfinite(value) else value} in row {table.number(row)}",
            why=f"{dropped:,} of {table.rows:,} rows lack a finite number.",
            fix="fill them, or leave these rows out with --missing drop (missing='drop').",
        )
    if dropped == table.rows:
        raise DataError(
            f"every row of {table.source} lacks a number",
            why="; ".join(f"{name!r} in {int(mask.sum())} rows" for name, mask in masks.items() if mask.any())
            + f", of {table.rows}.",
            fix="check the columns.",
        )
    return replace(table.take(np.flatnonzero(~bad)), dropped=dropped)
