"""A program with given constants, run over the rows of a table."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from downslope.data.frames import Frame, frame_of
from downslope.data.table import Table, open_table
from downslope.errors import DataError, DownslopeError, ProgramError, UsageError
from downslope.fitting.faults import asked, shown, stopped, suspects, unusable
from downslope.fitting.objective import Array
from downslope.ir.nodes import Function, names_of
from downslope.ir.types import Type
from downslope.native.rows import RowError, RowKernel, row_kernel
from downslope.passes.guard import TOO_LARGE
from downslope.read.source import Source


@dataclass(frozen=True)
class Predictor:
    """`program(inputs from columns, fixed numbers, constants)` for each row of a table.

    `source` is the program itself, which says what it raises on a row; without it, messages are shorter.
    """

    function: Function
    inputs: tuple[str, ...]
    numbers: Mapping[str, float | int | bool]  # arguments that keep a number, by label
    constants: Mapping[str, float]  # learnt values, by label
    source: Source | None = None
    _kernels: dict[tuple[Type, ...], RowKernel] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, data: object, missing: str = "error") -> Array:
        """(n,) predictions. Raises `DataError`, `ProgramError` and `UsageError` as the fit does."""
        if missing not in ("error", "nan"):
            why = "a row without a number is an error, or its prediction is NaN."
            raise UsageError(f"missing={missing!r}", why=why, fix="use error or nan.")
        frame = frame_of(data)
        check_columns(frame, self.inputs)
        table = open_table(frame, self.inputs, "drop" if missing == "nan" else "error")
        found = self.over(table)
        if not table.dropped:
            return found
        whole = np.full(table.rows + table.dropped, np.nan)
        whole[table.origin] = found
        return whole

    def __reduce__(self) -> tuple[Any, ...]:
        """As numbers and operations only: native code and the user's own function are not pickled."""
        return Predictor, (self.function, self.inputs, dict(self.numbers), dict(self.constants))

    def over(self, table: Table) -> Array:
        """(n,) predictions for a table that has every input as a column of numbers."""
        columns = {name: table.columns[name] for name in self.inputs}
        columns |= {name: np.full(table.rows, value) for name, value in self.numbers.items()}
        x = np.array(list(self.constants.values()), dtype=float)
        try:
            out, faults = self._kernel(columns).rows(x, columns)
        except RowError as error:
            row = self._row(columns, error.row)
            raise self._stopped(table, row, error) from error.__cause__
        predictions = np.ascontiguousarray(out[:, 0])
        for number in suspects(predictions, faults):
            self._ask(table, self._row(columns, number), number)
        bad = np.flatnonzero((faults & TOO_LARGE != 0) | ~np.isfinite(predictions))
        if bad.size:
            first = int(bad[0])
            raise self._unusable(table, self._row(columns, first), first, int(faults[first]), bad.size)
        return predictions

    def _kernel(self, columns: Mapping[str, Any]) -> RowKernel:
        kinds: dict[str, Type] = {"f": "f", "i": "i", "b": "b"}
        types = {name: kinds[column.dtype.kind] for name, column in columns.items()}
        key = tuple(types.values())
        if key not in self._kernels:
            labels = list(self.constants)
            self._kernels[key] = row_kernel(self.function, types, labels, names_of(self.function))
        return self._kernels[key]

    def _row(self, columns: Mapping[str, Any], row: int) -> dict[str, Any]:
        return {name: column[row].item() for name, column in columns.items()} | dict(self.constants)

    def _ask(self, table: Table, row: Mapping[str, Any], number: int) -> None:
        error = asked(self.source, table, row, number) if self.source else None
        if error is not None:
            raise error

    def _stopped(self, table: Table, row: Mapping[str, Any], error: RowError) -> Exception:
        if self.source is not None:
            return stopped(self.source, table, row, error)
        why = "a `while` loop does not end" if isinstance(error.__cause__, StopIteration) else "it raises"
        return ProgramError(
            f"the program fails on row {table.number(error.row)} of {table.source}",
            why=f"{why}; the row is {shown(row)}.",
            fix="leave this row out, or give the program to `load`, to see where it fails.",
        )

    def _unusable(
        self, table: Table, row: Mapping[str, Any], number: int, code: int, count: int
    ) -> DownslopeError:
        if self.source is not None:
            return unusable(self.source, table, row, number, code, count)
        return DataError(
            f"there is no finite prediction for row {table.number(number)} of {table.source}",
            why=f"for {count} of {table.rows} rows; that row is {shown(row)}.",
            fix="leave these rows out, or give the program to `load`, to see where it fails.",
        )


def check_columns(frame: Frame, wanted: tuple[str, ...]) -> None:
    """Raise `DataError` that names every input which is no column."""
    lacking = [name for name in wanted if name not in frame.names]
    if not lacking:
        return
    close = {name: difflib.get_close_matches(name, frame.names, 1) for name in lacking}
    hints = [f"{near[0]!r} for {name!r}" for name, near in close.items() if near]
    raise DataError(
        f"{frame.source} has no column{'s' * (len(lacking) > 1)} {', '.join(map(repr, lacking))}",
        why=f"the program takes {', '.join(wanted)}; the columns are {', '.join(frame.names) or 'none'}.",
        fix=f"did you mean {', '.join(hints)}?" if hints else "add or rename columns.",
    )
