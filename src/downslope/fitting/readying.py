"""From a table as it is read to what kernels read, without the program: it can be sent to another process."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from downslope.data.table import Table
from downslope.errors import DataError


@dataclass(frozen=True)
class Readying:
    """Which columns are read, and what is done to them."""

    inputs: tuple[str, ...]  # of kernels: columns, then arguments that keep their default
    kept: Mapping[str, float]
    target: str
    weights: str | None
    counts: bool  # whether the target must not be negative
    missing: str = "error"

    @property
    def columns(self) -> list[str]:
        """The columns to read."""
        read = [name for name in self.inputs if name not in self.kept]
        return list(dict.fromkeys([*read, self.target, *([self.weights] if self.weights else [])]))

    def ready(self, table: Table, part: bool = False) -> Table:
        """A table (or a `part` of one) with what the kernels read: checked, without rows of weight 0."""
        table = table if self.weights is None else weighed(table, self.weights, part)
        if self.counts:
            no_negative(table, self.target)
        return table.adding({name: np.full(table.rows, value) for name, value in self.kept.items()})


def weighed(table: Table, weights: str, part: bool = False) -> Table:
    """The table without rows of weight 0. Raises `DataError` for a negative weight, or none above 0.

    A `part` of a table may be left without rows.

    >>> from downslope.data.table import open_table
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
