"""Table files: which there are, the names of their columns, and the columns.

A reader gives the names first, so that a file with many columns is read only where it is needed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from downslope.errors import DataError

Raw = Mapping[str, Any]  # columns as they come: Arrow arrays, NumPy arrays or lists
Columns = tuple[tuple[str, ...], Callable[[Sequence[str]], Raw]]

KINDS = ".csv, .csv.gz, .tsv, .tsv.gz, .parquet (a file or a folder), .arrow, .feather, .duckdb:query"
NAME = re.compile(r"[^\s(),;'\"]+")


def file_columns(path: str) -> Columns:
    """The names of a file's columns, and how to read some of them.

    Raises `DataError` for a file that is not there, of unknown kind, or broken.
    """
    file = Path(path)
    with faults(path):
        if ".duckdb:" in path or file.suffix == ".duckdb":
            return _duckdb(path)
        if not file.exists():
            raise DataError(f"{file} does not exist", why="there is nothing to read.", fix="check the path.")
        kind = kind_of(file)
        if file.is_dir() and kind != "parquet":
            raise DataError(
                f"{file} is a folder", why="a folder may hold Parquet files only.", fix="name a file."
            )
        return _csv(file, kind) if kind in "\t,;" else _arrow(file, kind)


def kind_of(file: Path) -> str:
    """The delimiter of a text file, or the Arrow name of a binary format."""
    suffixes = [s.lower() for s in file.suffixes[-2:]]
    suffix = suffixes[-1] if suffixes and suffixes[-1] != ".gz" else (suffixes[0] if suffixes else "")
    kinds = {
        ".csv": ",",
        ".tsv": "\t",
        ".gz": ",",
        ".parquet": "parquet",
        ".arrow": "arrow",
        ".feather": "arrow",
    }
    if suffix in kinds:
        return kinds[suffix]
    if file.is_dir() and next(file.rglob("*.parquet"), None):
        return "parquet"
    raise DataError(
        f"{file}: a table of unknown kind {file.suffix!r}",
        why=f"known are {KINDS}.",
        fix="convert it, rename it, or pass a data frame.",
    )


def _csv(file: Path, delimiter: str) -> Columns:
    from pyarrow import csv

    parse = csv.ParseOptions(delimiter=delimiter)
    with csv.open_csv(str(file), parse_options=parse) as stream:
        names = tuple(stream.schema.names)

    def read(wanted: Sequence[str]) -> Raw:
        with faults(str(file)):
            return _csv_columns(file, parse, wanted)

    return names, read


def _csv_columns(file: Path, parse: Any, wanted: Sequence[str]) -> Raw:
    """The columns; where a type guessed from the first block does not hold, numbers are made of text."""
    import pyarrow as pa
    from pyarrow import csv

    try:
        options = csv.ConvertOptions(include_columns=list(wanted))
        table = csv.read_csv(str(file), parse_options=parse, convert_options=options)
    except pa.ArrowInvalid:
        text = csv.ConvertOptions(
            include_columns=list(wanted),
            column_types=dict.fromkeys(wanted, pa.string()),
            strings_can_be_null=True,
        )
        table = csv.read_csv(str(file), parse_options=parse, convert_options=text)
    return {name: _from_text(column) for name, column in zip(wanted, table.columns, strict=True)}


def _from_text(column: Any) -> Any:
    """A text column as numbers where every text is one."""
    import pyarrow as pa

    if not pa.types.is_string(column.type):
        return column
    for kind in (pa.int64(), pa.float64()):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            continue
    return column


def _arrow(file: Path, kind: str) -> Columns:
    import pyarrow as pa
    from pyarrow import dataset

    try:
        data: Any = dataset.dataset(str(file), format=kind, partitioning="hive")
    except pa.ArrowInvalid:
        if kind != "arrow":
            raise
        data = dataset.dataset(pa.ipc.open_stream(str(file)).read_all())  # Arrow's other layout

    def read(wanted: Sequence[str]) -> Raw:
        with faults(str(file)):
            return dict(zip(wanted, data.to_table(columns=list(wanted)).columns, strict=True))

    return tuple(data.schema.names), read


def duckdb_text(path: str) -> tuple[Path, str]:
    """The file and the query of `file.duckdb:query`, where a table's name, or nothing, stands for all of it."""
    import duckdb

    base, _, query = path.partition(".duckdb")
    file, text = Path(f"{base}.duckdb"), query.removeprefix(":").strip().rstrip(";")
    with faults(path):
        if not file.exists():
            raise DataError(f"{file} does not exist", why="there is nothing to read.", fix="check the path.")
        if not text or NAME.fullmatch(text):
            with duckdb.connect(str(file), read_only=True) as connection:
                text = f"SELECT * FROM {quoted(text or _only_table(file, connection))}"
    return file, text


def query_columns(file: Path, text: str) -> tuple[str, ...]:
    """The columns of a query's rows. Raises `DataError` for one that gives none."""
    import duckdb

    with duckdb.connect(str(file), read_only=True) as connection:
        relation = connection.sql(text)
        if relation is None:
            raise DataError(
                f"{file}: the query gives no rows", why=f"it is {text!r}.", fix="write SELECT … FROM …."
            )
        return tuple(relation.columns)


def _duckdb(path: str) -> Columns:
    import duckdb

    file, text = duckdb_text(path)
    names = query_columns(file, text)

    def read(wanted: Sequence[str]) -> Raw:
        columns = ", ".join(quoted(name, whole=True) for name in wanted)
        with faults(str(file)), duckdb.connect(str(file), read_only=True) as connection:
            table = connection.sql(f"SELECT {columns} FROM ({text})").to_arrow_table()
            return dict(zip(wanted, table.columns, strict=True))

    return names, read


def _only_table(file: Path, connection: Any) -> str:
    tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
    if len(tables) == 1:
        return str(tables[0])
    raise DataError(
        f"{file} holds {len(tables)} tables",
        why=f"they are {', '.join(map(str, tables)) or 'none'}.",
        fix=f"name one: {file}:TABLE, or give a query: {file}:SELECT ….",
    )


def quoted(name: str, whole: bool = False) -> str:
    """A name in SQL; unless it is `whole`, its parts between points are names of their own."""
    parts = [name] if whole else name.split(".")
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


@contextmanager
def faults(path: str) -> Iterator[None]:
    """What the readers raise, as a `DataError` that names the file."""
    import duckdb
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, duckdb.Error, OSError, UnicodeError) as error:
        raise DataError(
            f"{path} cannot be read",
            why=" ".join(str(error).split()),
            fix="check that the file is whole, of the kind its name says, and may be read.",
        ) from error
