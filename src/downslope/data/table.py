"""Any table -> named columns of numbers.

The readers (pyarrow, duckdb, narwhals) are loaded where they are used: they are slow to import.
"""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from downslope.errors import DataError, UsageError

Column = npt.NDArray[Any]


@dataclass(frozen=True)
class Table:
    """Columns of equal length: one-dimensional, contiguous, float64, int64 or bool."""

    columns: Mapping[str, Column]
    source: str
    dropped: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))

    def take(self, rows: npt.NDArray[np.intp]) -> "Table":
        """The table with these rows only."""
        return Table(
            {n: np.ascontiguousarray(c[rows]) for n, c in self.columns.items()}, self.source, self.dropped
        )

    def split(self, holdout: float, seed: int = 0) -> tuple["Table", "Table"]:
        """Rows to learn from, and a random share held out. Raises `UsageError` for a share outside [0, 1)."""
        if not 0.0 <= holdout < 1.0:
            raise UsageError(f"holdout is {holdout}", why="it is a share of the rows.", fix="use e.g. 0.2.")
        order = np.random.default_rng(seed).permutation(self.rows)
        count = round(holdout * self.rows)
        return self.take(np.sort(order[count:])), self.take(np.sort(order[:count]))


def open_table(data: object, columns: Collection[str] | None = None, missing: str = "error") -> Table:
    """Read the named columns of a table.

    `data` is a CSV, Parquet or Arrow file, `file.duckdb:query`, a pandas, polars or Arrow frame, a
    DuckDB relation, or a dict of arrays. Rows with NaN or infinity are an error that names the first;
    `missing="drop"` leaves them out and counts them. Raises `DataError` for anything unusable.

    >>> open_table({"x": [1, 2], "y": [0.5, 1.5]}).columns["y"]
    array([0.5, 1.5])
    """
    if missing not in ("error", "drop"):
        raise UsageError(
            f"missing={missing!r}", why="missing rows are an error or dropped.", fix="use error or drop."
        )
    source, raw = raw_columns(data)
    wanted = list(raw) if columns is None else list(columns)
    for name in wanted:
        if name not in raw:
            close = difflib.get_close_matches(name, raw, 1)
            raise DataError(
                f"{source} has no column {name!r}",
                why=f"its columns are {', '.join(map(str, raw)) or 'none'}.",
                fix=f"did you mean {close[0]}?" if close else "check the name.",
            )
    found = {name: _numbers(raw[name], name, source) for name in wanted}
    lengths = {name: len(column) for name, column in found.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"the columns of {source} differ in length", why=f"{lengths}.", fix="give each row every column."
        )
    if not found or not next(iter(lengths.values())):
        raise DataError(
            f"{source} has no rows", why="there is nothing to learn from.", fix="check the file or query."
        )
    return _finite(Table(found, source), missing)


def _finite(table: Table, missing: str) -> Table:
    bad = np.zeros(table.rows, dtype=bool)
    for name, column in table.columns.items():
        if column.dtype != np.float64:
            continue
        wrong = ~np.isfinite(column)
        if wrong.any() and missing == "error":
            row = int(np.argmax(wrong))
            raise DataError(
                f"column {name!r} of {table.source} is {column[row]} in row {row + 1}",
                why=f"{int(wrong.sum())} of {table.rows} rows have no finite number there.",
                fix="fill them, or leave these rows out with --missing drop (missing='drop').",
            )
        bad |= wrong
    dropped = int(bad.sum())
    if dropped == table.rows:
        raise DataError(
            f"every row of {table.source} has a missing number", why="none is left.", fix="check the columns."
        )
    if not dropped:
        return table
    kept = table.take(np.flatnonzero(~bad))
    return Table(kept.columns, table.source, dropped)


def raw_columns(data: object) -> tuple[str, Mapping[str, Any]]:
    """What a table is called in messages, and its columns before they are converted."""
    if isinstance(data, str | Path):
        return str(data), _from_path(str(data))
    if isinstance(data, Mapping):
        return "the table", {str(name): np.asarray(column) for name, column in data.items()}
    if type(data).__module__.split(".")[0] in ("duckdb", "_duckdb"):
        return "the relation", _from_arrow(data.arrow())  # type: ignore[attr-defined]  # a DuckDB relation
    import narwhals

    try:
        frame: Any = narwhals.from_native(data, eager_only=True)
    except TypeError as error:
        raise DataError(
            f"a {type(data).__name__} is not a table",
            why=str(error),
            fix="pass a file name, a frame or a dict of arrays.",
        ) from error
    return "the table", _from_arrow(frame.to_arrow())


def _from_arrow(table: Any) -> dict[str, Any]:
    if hasattr(table, "read_all"):
        table = table.read_all()
    return dict(zip(table.column_names, table.columns, strict=True))


def _from_path(path: str) -> Mapping[str, Any]:
    import duckdb
    import pyarrow as pa
    from pyarrow import csv, feather, parquet

    readers = {
        ".csv": csv.read_csv, ".gz": csv.read_csv, ".parquet": parquet.read_table, ".arrow": feather.read_table,
        ".feather": feather.read_table, ".tsv": lambda p: csv.read_csv(p, parse_options=csv.ParseOptions(delimiter="\t")),
    }  # fmt: skip
    base, _, query = path.partition(".duckdb:")
    file = Path(f"{base}.duckdb" if query else path)
    if not file.is_file():
        raise DataError(f"{file} is not a file", why="there is nothing to read.", fix="check the path.")
    try:
        if query:
            with duckdb.connect(str(file), read_only=True) as connection:
                text = query if " " in query else f'SELECT * FROM "{query}"'
                return _from_arrow(connection.execute(text).to_arrow_table())
        if file.suffix not in readers:
            raise DataError(
                f"{path}: unknown kind of table {file.suffix!r}", why=f"known are {', '.join(readers)}, .duckdb:query.",
                fix="convert it, or pass a data frame.",
            )  # fmt: skip
        return _from_arrow(readers[file.suffix](str(file)))
    except (pa.ArrowException, duckdb.Error, OSError) as error:
        raise DataError(
            f"{path} cannot be read", why=str(error), fix="check that the file is whole."
        ) from error


def _numbers(column: Any, name: str, source: str) -> Column:
    """One column as contiguous float64, int64 or bool."""
    array = _array(column)
    if array.ndim != 1:
        raise DataError(
            f"column {name!r} of {source} has {array.ndim} dimensions", why="a row needs one number.", fix=""
        )
    if array.dtype == object or array.dtype.kind in "US":
        for row, value in enumerate(array.tolist()):
            if value is not None and not isinstance(value, int | float):
                raise DataError(
                    f"column {name!r} of {source} holds {value!r} in row {row + 1}",
                    why="a program works on numbers.", fix="convert the text to numbers, or use another column.",
                )  # fmt: skip
        array = np.array([np.nan if value is None else float(value) for value in array.tolist()])
    if array.dtype.kind == "b":
        return np.ascontiguousarray(array)
    if array.dtype.kind in "iu":
        return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, dtype=np.float64)
    raise DataError(
        f"column {name!r} of {source} is {array.dtype}", why="a program works on numbers.",
        fix="convert it, e.g. dates to days since a start.",
    )  # fmt: skip


def _array(column: Any) -> Column:
    if isinstance(column, np.ndarray):
        return column
    import pyarrow as pa

    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if column.null_count and (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
        column = column.cast(pa.float64())
    return np.asarray(column.to_numpy())
