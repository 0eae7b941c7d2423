"""Where batches come from: a folder that files are put in, or a stream of lines."""

import itertools
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from downslope.data.frames import Frame
from downslope.errors import DataError

TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".arrow", ".feather")
LOOK = 0.2
"""Seconds between two looks into a folder, at most."""


def files(folder: Path, *, once: bool, settle: float) -> Iterator[Path]:
    """The table files of a folder by name, each when it has not changed for `settle` seconds.

    With `once` those that are there now, then it ends; otherwise it waits for more without end. Names that
    begin with `.` or `_` are left alone: write a file under such a name and rename it when it is whole.
    Raises `DataError` where the folder is gone.
    """
    taken: dict[Path, tuple[int, int]] = {}
    awaited = set(_listed(folder)) if once else None
    while awaited is None or awaited:
        found = _listed(folder)
        for path in sorted(found if awaited is None else found.keys() & awaited):
            state = found[path]
            if taken.get(path) != state and time.time() - state[0] / 1e9 >= settle:
                taken[path] = state
                yield path
        if awaited is not None:
            awaited = {path for path in awaited & found.keys() if taken.get(path) != found[path]}
        if awaited is None or awaited:
            time.sleep(min(LOOK, max(settle, 0.01)))


def _listed(folder: Path) -> dict[Path, tuple[int, int]]:
    """The table files of a folder, each with its time and size."""
    found = {}
    try:
        for path in folder.iterdir():
            if path.name.endswith(TABLES) and not path.name.startswith((".", "_")) and path.is_file():
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
    except FileNotFoundError as error:
        if folder.is_dir():  # a file was renamed or removed meanwhile
            return _listed(folder)
        raise DataError(
            f"the folder {folder} is gone", why="it cannot be read.", fix="put it back."
        ) from error
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read", why=f"{error}.", fix="check it.") from error
    return found


def lines(stream: BinaryIO, size: int) -> Iterator[Frame]:
    r"""Tables of `size` rows from a stream of CSV with a header, or of JSON objects, one on each line.

    Raises `DataError` for lines that are neither.

    >>> [frame.names for frame in lines(BytesIO(b"a,b\n1,2\n3,4\n5,6\n"), 2)]
    [('a', 'b'), ('a', 'b')]
    """
    first = next((line for line in stream if line.strip()), b"")
    is_json = first.lstrip().startswith(b"{")
    rows = itertools.chain([first], stream) if is_json else stream
    count = 0
    while block := list(itertools.islice((line for line in rows if line.strip()), size)):
        place = f"standard input from row {count + 1:,}" if count else "standard input"
        yield _parsed(block if is_json else [_ended(first), *block], place, is_json=is_json)
        count += len(block)


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _parsed(block: list[bytes], place: str, *, is_json: bool) -> Frame:
    import pyarrow as pa
    from pyarrow import csv, json

    text = BytesIO(b"".join(block))
    try:
        size = sum(map(len, block)) + 1  # one block: a type holds for all rows
        if is_json:
            table = json.read_json(text, read_options=json.ReadOptions(block_size=size))
        else:
            table = csv.read_csv(text, read_options=csv.ReadOptions(block_size=size))
    except (pa.ArrowException, UnicodeError) as error:
        raise DataError(
            f"{place} cannot be read",
            why=" ".join(str(error).split())[:300],
            fix="give CSV with a header, or one JSON object on each line, in UTF-8.",
        ) from error
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return Frame(place, tuple(table.column_names), lambda wanted: {name: columns[name] for name in wanted})
