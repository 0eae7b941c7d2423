"""What may be handed to a fit as a table, behind one interface: names first, then the columns asked for.

The readers (pyarrow, duckdb, narwhals) are loaded where they are used: they are slow to import.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downslope.data.files import Raw, file_columns, quoted
from downslope.errors import DataError


@dataclass(frozen=True)
class Frame:
    """A table whose columns are not read yet."""

    source: str  # what messages call it
    names: tuple[str, ...]
    read: Callable[[Sequence[str]], Raw]
    before: int = 0  # rows of the file before the first of these, for messages


def frame_of(data: object) -> Frame:
    """Recognise a table. Raises `DataError` for a file that cannot be read, or a thing that is no table.

    >>> frame_of({"km": [1.0, 2.0]}).names
    ('km',)
    """
    if isinstance(data, Frame):
        return data
    if isinstance(data, str | Path):
        return Frame(str(data), *file_columns(str(data)))
    if isinstance(data, Mapping):
        by_name = {str(name): column for name, column in data.items()}
        return Frame("the table", tuple(by_name), lambda wanted: {name: by_name[name] for name in wanted})
    if type(data).__module__.split(".")[0] in ("duckdb", "_duckdb"):
        return _relation(data)
    return _data_frame(data)


def _relation(data: Any) -> Frame:
    import duckdb

    def read(wanted: Sequence[str]) -> Raw:
        names = ", ".join(quoted(name, whole=True) for name in wanted)
        try:
            table = data.project(names).to_arrow_table()
        except duckdb.Error as error:
            raise DataError(
                "the relation cannot be read", why=str(error), fix="check its query and its connection."
            ) from error
        return dict(zip(wanted, table.columns, strict=True))

    names = getattr(data, "columns", None)
    if not isinstance(names, list):
        raise DataError(
            f"a {type(data).__name__} is not a table",
            why="of DuckDB, relations are.",
            fix="pass connection.sql('SELECT …').",
        )
    return Frame("the relation", tuple(names), read)


def _data_frame(data: object) -> Frame:
    """A frame of pandas, polars, Arrow, or of any other library that narwhals knows."""
    import narwhals
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    try:
        frame: Any = narwhals.from_native(data)
        by_text = {str(name): name for name in frame.collect_schema().names()}
    except narwhals.exceptions.DuplicateError as error:
        names = " ".join(str(error).split()).partition("got: - ")[2]
        raise twin(names, "the table") from error
    except TypeError as error:
        raise DataError(
            f"a {type(data).__name__} is not a table",
            why="a table is a file name, a data frame, a DuckDB relation or a dict of columns.",
            fix="pass one of these.",
        ) from error

    def read(wanted: Sequence[str]) -> Raw:
        part = frame.select([by_text[name] for name in wanted])
        part = part.collect() if isinstance(part, narwhals.LazyFrame) else part
        return {name: _series(part.get_column(by_text[name])) for name in wanted}

    return Frame("the table", tuple(by_text), read)


def twin(name: str, source: str) -> DataError:
    """The error for a name that two columns have."""
    return DataError(
        f"{source} has two columns {name}",
        why="columns are found by name, and one of the two would be left out.",
        fix="rename or drop one of them.",
    )


def _series(series: Any) -> Any:
    """A column as Arrow data, or as a list where Arrow has no type for it (mixed Python objects)."""
    import pyarrow as pa

    try:
        return series.to_arrow()
    except (pa.ArrowException, TypeError, ValueError):
        return series.to_list()
