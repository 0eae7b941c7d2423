"""Tables larger than memory: read in batches, as often as asked, the next batch while one is worked on."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from downslope.data.files import KINDS, Raw, duckdb_text, faults, kind_of, query_columns, quoted
from downslope.data.frames import Frame
from downslope.data.table import Table, check_missing, find, open_table
from downslope.errors import DataError, UsageError

ROWS = 1_000_000
"""Rows of a batch: 32 MB for four columns of floats."""
AHEAD = 2
"""So many batches are read before they are asked for."""

GOLDEN = 0x9E3779B97F4A7C15
WORD = 64

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """Some columns of some rows: the file they are from, and how many of its rows are before them."""

    file: str
    before: int
    columns: Raw


@dataclass(frozen=True)
class Stream:
    """A table that is read in batches. `batches` reads it from its beginning each time."""

    source: str
    names: tuple[str, ...]
    parts: Callable[[Sequence[str]], Iterator[Part]]

    def batches(self, columns: Sequence[str], missing: str = "error") -> Iterator[Table]:
        """The named columns as numbers, a batch of rows after the other.

        Raises `DataError` with file and row for what is no number, and what `open_table` raises.
        """
        check_missing(missing)
        whole = Frame(self.source, self.names, lambda _: {})
        for name in columns:
            find(whole, name)
        for part in ahead(self.parts(columns)):
            columns_read = part.columns
            frame = Frame(part.file, tuple(columns_read), lambda _, raw=columns_read: raw, part.before)  # type: ignore[misc]
            yield open_table(frame, columns, missing)


def stream(path: str | Path, *, filters: Any = None, rows: int = ROWS) -> Stream:
    """A table that need not fit into memory: `fit` reads it in batches, in each pass over the rows.

    `path` is a folder of Parquet, Arrow or CSV files (of Parquet also in hive partitions, whose keys are columns),
    one such file, or `file.duckdb:query`. `filters` is a `pyarrow.dataset` expression that rows must
    meet; files and row groups that cannot meet it are not read. Only the columns that a program needs are
    read. `rows` is the size of a batch. Raises `DataError` for files that cannot be read, `UsageError`.

    >>> import pyarrow as pa, pyarrow.parquet as pq, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> pq.write_table(pa.table({"km": [1.0, 2.0, 3.0]}), f"{folder}/a.parquet")
    >>> [batch.columns["km"].tolist() for batch in stream(folder, rows=2).batches(["km"])]
    [[1.0, 2.0], [3.0]]
    """
    if not isinstance(rows, int) or rows < 1:
        raise UsageError(f"rows is {rows!r}", why="a batch has 1 row or more.", fix="leave it out.")
    text = str(path)
    if ".duckdb:" in text or text.endswith(".duckdb"):
        if filters is not None:
            raise UsageError(
                "filters for a DuckDB query", why="a query says itself which rows.", fix="add WHERE."
            )
        return _of_query(text, rows)
    return _of_files(Path(path), filters, rows)


def _of_files(path: Path, filters: Any, rows: int) -> Stream:
    from pyarrow import dataset, fs

    with faults(str(path)):
        if not path.exists():
            raise DataError(f"{path} does not exist", why="there is nothing to read.", fix="check the path.")
        # Mapped into memory, a file that the system has cached is read a third faster.
        disk = fs.LocalFileSystem(use_mmap=True)
        data: Any = dataset.dataset(str(path), format=_format(path), partitioning="hive", filesystem=disk)

    def parts(wanted: Sequence[str]) -> Iterator[Part]:
        for fragment in data.get_fragments(filter=filters):
            yield from _of_fragment(fragment, data.schema, wanted, filters, rows)

    return Stream(str(path), tuple(data.schema.names), parts)


def _format(path: Path) -> Any:
    """Arrow's format of a file, or of the files in a folder, which are of one kind."""
    from pyarrow import csv, dataset

    kind = kind_of(path if path.is_file() else _first_file(path))
    if kind in "\t,;":
        return dataset.CsvFileFormat(csv.ParseOptions(delimiter=kind))
    return kind


def _first_file(folder: Path) -> Path:
    """The first data file in a folder. Raises `DataError` where there is none, or they are of several kinds."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name[0] not in "._")
    kinds = {
        "".join(file.suffixes[-2:]).lower() if file.suffix == ".gz" else file.suffix.lower() for file in files
    }
    if len(kinds) != 1:
        raise DataError(
            f"{folder} holds files of {len(kinds)} kinds" if kinds else f"{folder} holds no files",
            why=f"they are {', '.join(sorted(kinds))}." if kinds else f"known are {KINDS}.",
            fix="keep the files of a table in a folder of their own.",
        )
    return files[0]


def _of_fragment(
    fragment: Any, schema: Any, wanted: Sequence[str], filters: Any, rows: int
) -> Iterator[Part]:
    """One file's rows. A column that is not there, or of another type than in the first file, is an error."""
    from pyarrow.dataset import get_partition_keys

    file, before = str(fragment.path), 0
    met = file if filters is None else f"{file}, of the rows that meet the filter,"
    with faults(file):
        here = {*fragment.physical_schema.names, *get_partition_keys(fragment.partition_expression)}
        gone = [name for name in wanted if name not in here]
        if gone:
            raise DataError(
                f"{file} has no column {gone[0]!r}",
                why=f"the first file has it; this one has {', '.join(sorted(here))}.",
                fix="give every file the same columns.",
            )
        batches = fragment.to_batches(schema=schema, columns=list(wanted), filter=filters, batch_size=rows)
        for columns, count in _joined(batches, rows // 2):
            yield Part(met, before, dict(zip(wanted, columns, strict=True)))
            before += count


def _joined(batches: Iterator[Any], least: int) -> Iterator[tuple[Any, int]]:
    """The columns of batches put together until they have enough rows: row groups may be small."""
    import pyarrow as pa

    waiting: list[Any] = []
    count = 0
    for batch in batches:
        if batch.num_rows:
            waiting.append(batch)
            count += batch.num_rows
        if count and count >= least:
            yield (waiting[0] if len(waiting) == 1 else pa.Table.from_batches(waiting)).columns, count
            waiting, count = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting).columns, count


def _of_query(path: str, rows: int) -> Stream:
    import duckdb

    file, text = duckdb_text(path)
    with faults(path):
        names = query_columns(file, text)

    def parts(wanted: Sequence[str]) -> Iterator[Part]:
        columns = ", ".join(quoted(name, whole=True) for name in wanted)
        before = 0
        with faults(path), duckdb.connect(str(file), read_only=True) as connection:
            for batch in connection.sql(f"SELECT {columns} FROM ({text})").to_arrow_reader(rows):
                yield Part(path, before, dict(zip(wanted, batch.columns, strict=True)))
                before += batch.num_rows

    return Stream(path, names, parts)


def ahead(items: Iterator[T], depth: int = AHEAD) -> Iterator[T]:
    """The same items, the next ones made in a thread while one is worked on.

    >>> list(ahead(iter(range(5))))
    [0, 1, 2, 3, 4]
    """
    made: queue.Queue[tuple[bool, Any]] = queue.Queue(depth)
    stop = threading.Event()

    def put(entry: tuple[bool, Any]) -> bool:
        while not stop.is_set():
            try:
                made.put(entry, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def make() -> None:
        try:
            for item in items:
                if not put((True, item)):
                    return
            put((False, None))
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            put((False, error))

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            more, item = made.get()
            if more:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        stop.set()
        thread.join()


def chosen(table: Table, first: int, share: float, seed: int) -> tuple[Table, Table]:
    """Rows to learn from, and those held out: by a hash of each row's number, whatever the size of batches.

    The hash is splitmix64 (Steele, Lea & Flood 2014).
    """
    if not share:
        return table, table.take(np.empty(0, np.int64))
    begin = np.uint64(seed * GOLDEN % 2**WORD)
    mixed = (np.arange(first, first + table.rows, dtype=np.uint64) + begin) * np.uint64(GOLDEN)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    held = (mixed ^ (mixed >> np.uint64(31))) < np.uint64(int(share * 2.0**WORD))
    return table.take(np.flatnonzero(~held)), table.take(np.flatnonzero(held))
