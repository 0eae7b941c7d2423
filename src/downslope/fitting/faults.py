"""Rows on which the program raises, does not end, or needs an integer that native code cannot hold.

Native code says which rows are suspect (`passes.guard`); whether the program raises there is asked
of the program itself, so a NumPy function that only warns is no fault.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from downslope.calculus.run import raised_at
from downslope.data.table import Table
from downslope.emit.python import LIMIT
from downslope.errors import DataError, DownslopeError, ProgramError
from downslope.fitting.objective import Array
from downslope.native.rows import RowError
from downslope.passes.guard import TOO_LARGE
from downslope.read.source import Source

ASKED = 1_000
"""So many suspect rows are run by the program itself; when none of them raises, the others are trusted."""


def stopped(source: Source, table: Table, row: Mapping[str, Any], error: RowError) -> Exception:
    """What to raise for a row at which native code stopped; `row` has the values of all inputs."""
    if not isinstance(error.__cause__, StopIteration):
        return asked(source, table, row, error.row) or error
    return ProgramError(
        f"a `while` loop does not end on row {table.number(error.row)} of {table.source}",
        loc=source.loc(source.node),
        why=f"it was stopped after {LIMIT:,} passes; the row is {shown(row)}.",
        fix="check the loop's condition for these inputs.",
    )


def asked(source: Source, table: Table, row: Mapping[str, Any], number: int) -> ProgramError | None:
    """Run the program itself on a row; the error that says what it raises, if it does."""
    place = f"on row {table.number(number)} of {table.source}"
    try:
        result = source.function(**row)
    except Exception as error:  # noqa: BLE001  # whatever the program raises
        return ProgramError(
            f"{source.name} raised {type(error).__name__} {place}: {error}",
            loc=raised_at(source, error),
            why=f"the row is {shown(row)}.",
            fix="guard the operation, or drop the row.",
        )
    if isinstance(result, complex):
        return ProgramError(
            f"{source.name} returned a complex number {place}",
            loc=source.loc(source.node),
            why=f"a negative number has a power that is not whole; the row is {shown(row)}.",
            fix="guard the power, or drop the row.",
        )
    return None


def suspects(predictions: Array, faults: npt.NDArray[np.uint8]) -> list[int]:
    """The first rows that the program itself must be asked about."""
    return [int(row) for row in np.flatnonzero((faults != 0) | ~np.isfinite(predictions))[:ASKED]]


def unusable(
    source: Source, table: Table, row: Mapping[str, Any], number: int, code: int, count: int
) -> DownslopeError:
    """The error for a row that Python can run and native code cannot, or that has no finite prediction."""
    if code & TOO_LARGE:
        return ProgramError(
            f"an integer outgrows 64 bits on row {table.number(number)} of {table.source}",
            loc=source.loc(source.node),
            why=f"it comes to 9.2e18 or more, and native integers have 64 bits; the row is {shown(row)}.",
            fix="compute with floats there (write 1.0 instead of 1).",
        )
    return DataError(
        f"the prediction is not finite in row {table.number(number)} of {table.source}",
        why=f"for {count} of {table.rows} rows; that row is {shown(row)}.",
        fix="start from other values, or guard the operation in the program.",
    )


def shown(row: Mapping[str, Any]) -> str:
    """The values of a row by name."""
    return ", ".join(f"{name}={value!r}" for name, value in row.items())
