"""Replace files by new text: all of them, verified, or none."""

import codecs
import importlib.util
import os
import shutil
import stat
import tempfile
import tokenize
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from downslope.errors import WriteError
from downslope.read.source import split_lines
from downslope.report.writeback import Rewrite, edited

Verify = Callable[[Mapping[str, str]], None]
CHECKING = "DOWNSLOPE_CHECKING"
"""Set in the process that runs a changed program, which must not change files in turn."""


@dataclass
class _Swap:
    """A file, what it holds now, what it shall hold, and the copies of both beside it."""

    path: Path
    old: bytes
    new: bytes
    temporary: Path | None = None
    backup: Path | None = None
    done: bool = field(default=False)


def write(rewrites: Sequence[Rewrite], verify: Verify) -> tuple[str, ...]:
    """Replace each file by its new text; gives the paths written.

    `verify` gets the copies that hold the new text, by the path of the file that each is to replace,
    and raises what is wrong with them. A link keeps pointing to its file. Encoding, byte-order mark,
    line ends and permissions are kept. Raises `WriteError`, with nothing changed, where a file changed
    meanwhile or cannot be written. A rename that fails puts back the files that were renamed before it.
    """
    if os.environ.get(CHECKING):
        raise WriteError(
            "a program that is being checked writes files", why="its top level runs --write or write().",
            fix='put that under `if __name__ == "__main__":`.',
        )  # fmt: skip
    swaps = [_swap(each) for each in rewrites]
    if len({swap.path for swap in swaps}) < len(swaps):
        raise WriteError(
            "one file is read by two names", why="a link leads to it, and its numbers would be written twice.",
            fix="import it by one name.",
        )  # fmt: skip
    try:
        for swap in swaps:
            _prepare(swap)
        verify({str(swap.path): str(swap.temporary) for swap in swaps})
        for swap in swaps:
            _unchanged(swap.path, swap.path.read_bytes() == swap.old)
        _commit(swaps)
    except OSError as error:
        raise WriteError(
            f"{error.filename or swaps[0].path} cannot be written",
            why=f"{error.strerror or error}.",
            fix="apply the diff by hand.",
        ) from error
    finally:
        for swap in swaps:
            _remove(swap.temporary)
            _remove(swap.backup)
    return tuple(str(swap.path) for swap in swaps)


def _swap(rewrite: Rewrite) -> _Swap:
    path = Path(rewrite.file)
    if not path.is_file():
        raise WriteError(
            f"{rewrite.file} is not a file", why="the program was typed at a prompt, in a notebook, or its file is gone.",
            fix="copy the values from the diff.",
        )  # fmt: skip
    path = path.resolve()
    try:
        old = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise WriteError(f"{path} cannot be read", why=f"{error.strerror}.", fix="check the file.") from error
    text, encoding, mark = _decoded(path, old)
    _unchanged(path, _as_read(text) == _as_read(rewrite.page.text))
    if not os.access(path, os.W_OK) or not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise WriteError(
            f"{path} is not writable", why="its permissions forbid it.", fix="change them, or apply the diff."
        )
    new = edited(text, rewrite.edits)
    assert _as_read(new) == _as_read(rewrite.after)  # the same edits of the same text
    return _Swap(path, old, mark + new.encode(encoding))


def _unchanged(path: Path, same: bool) -> None:
    if not same:
        raise WriteError(
            f"{path} has changed since it was read",
            why="the new numbers belong to the old text.",
            fix="run tune again.",
        )


def _decoded(path: Path, raw: bytes) -> tuple[str, str, bytes]:
    """Text with its line ends, encoding, and byte-order mark of a source file."""
    mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
    try:
        with path.open("rb") as stream:
            encoding, _ = tokenize.detect_encoding(stream.readline)
        encoding = "utf-8" if mark else encoding
        return raw[len(mark) :].decode(encoding), encoding, mark
    except (SyntaxError, UnicodeDecodeError) as error:
        raise WriteError(f"{path} cannot be read", why=f"{error}.", fix="check its encoding.") from error


def _as_read(text: str) -> str:
    """The text as Python's own reader gives it: newlines, the last one too."""
    lines = [line.rstrip("\r\n") for line in split_lines(text)]
    return "".join(f"{line}\n" for line in lines)


def _prepare(swap: _Swap) -> None:
    """The new text, and a copy of the old, safe on the disk beside the file."""
    swap.temporary = _beside(swap.path, swap.new)
    swap.backup = _beside(swap.path, swap.old)


def _beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".downslope_", suffix=".tmp")
    copy = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copymode(path, copy)
        status = path.stat()
        with suppress(OSError, AttributeError):  # only an administrator may give files away
            os.chown(copy, status.st_uid, status.st_gid)
    except BaseException:
        _remove(copy)
        raise
    return copy


def _commit(swaps: Sequence[_Swap]) -> None:
    """Rename all; where one fails, put back those before it."""
    try:
        for swap in swaps:
            assert swap.temporary is not None  # made by _prepare
            swap.temporary.replace(swap.path)
            swap.done = True
            _forget_bytecode(swap.path)
    except BaseException:
        _restore(swaps)
        raise


def _restore(swaps: Sequence[_Swap]) -> None:
    for swap in swaps:
        # A rename that was interrupted may have happened: the content tells.
        if swap.backup is None or not (swap.done or swap.path.read_bytes() == swap.new):
            continue
        try:
            swap.backup.replace(swap.path)
        except OSError as error:
            backup, swap.backup = swap.backup, None  # kept for the user
            raise WriteError(
                f"{swap.path} was changed and could not be put back", why=f"{error.strerror}.",
                fix=f"its old text is in {backup}.",
            ) from error  # fmt: skip
        _forget_bytecode(swap.path)


def _forget_bytecode(path: Path) -> None:
    """Remove cached bytecode: Python takes it for current where time (to the second) and size agree."""
    with suppress(OSError, NotImplementedError):
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def _remove(path: Path | None) -> None:
    if path is not None:
        with suppress(OSError):
            path.unlink(missing_ok=True)
