"""Write learnt numbers into the user's source: only the literals change, atomically or not at all."""

import ast
import difflib
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from downslope.errors import WriteError
from downslope.read.constants import Constant, literal
from downslope.read.source import Source


@dataclass(frozen=True)
class Change:
    """A constant, its new value, and the value's standard error (NaN where unknown)."""

    constant: Constant
    value: float
    error: float


def rounded(value: float, error: float) -> str:
    """The value with the digits that its standard error supports (two of the error's), as a float.

    >>> rounded(27.41382, 0.031), rounded(1234.5, math.nan), rounded(30.0, 0.0)
    ('27.414', '1234.5', '30.0')
    """
    if math.isfinite(error) and error > 0.0:
        digits = min(
            17, max(2, 2 + math.floor(math.log10(abs(value) or error)) - math.floor(math.log10(error)))
        )
    else:
        digits = 6
    return repr(float(f"{value:.{digits}g}"))


def rewritten(source: Source, changes: Sequence[Change]) -> str:
    """The new text of the file: exact literal tokens replaced, everything else kept to the character."""
    lines = source.text.splitlines(keepends=True)
    for change in sorted(
        changes, key=lambda c: (c.constant.node.lineno, c.constant.node.col_offset), reverse=True
    ):
        node = change.constant.node
        if literal(node) is None or node.end_lineno != node.lineno:
            raise WriteError(
                f"{change.constant.name} cannot be written back", loc=change.constant.loc,
                why=change.constant.why, fix="give it a literal in this file.",
            )  # fmt: skip
        raw = lines[node.lineno - 1].encode()
        before, after = raw[: node.col_offset], raw[node.end_col_offset :]
        text = rounded(change.value, change.error)
        if text.startswith("-") and before.rstrip()[-1:] in b"+-*/" and before.rstrip()[-1:]:
            text = f"({text})"
        lines[node.lineno - 1] = (before + text.encode() + after).decode()
    return "".join(lines)


def diff(source: Source, new_text: str) -> str:
    """A unified diff from the file as it is to the new text."""
    old, new = source.text.splitlines(keepends=True), new_text.splitlines(keepends=True)
    name = Path(source.file).name
    return "".join(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"))


def write(source: Source, new_text: str, verify: Callable[[str], None]) -> None:
    """Replace the file by the new text, after `verify(path)` has accepted a copy beside it.

    Raises `WriteError`, with nothing changed, where the file changed meanwhile, cannot be written,
    or the new program is not the old one but for its numbers.
    """
    path = Path(source.file).resolve()
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            current = stream.read()
    except OSError as error:
        raise WriteError(f"{path} cannot be read", why=str(error), fix="check the file.") from error
    if current.replace("\r\n", "\n") != source.text.replace("\r\n", "\n"):
        raise WriteError(
            f"{path} has changed since it was read",
            why="the new numbers belong to the old text.",
            fix="run tune again.",
        )
    if _shape(new_text) != _shape(source.text):
        raise WriteError(
            f"{path}: the new text is another program", why="more than numbers changed.", fix="report this."
        )
    if "\r\n" in current:
        new_text = new_text.replace("\r\n", "\n").replace("\n", "\r\n")
    _replace(path, new_text, verify)


def _replace(path: Path, text: str, verify: Callable[[str], None]) -> None:
    if not os.access(path, os.W_OK):
        raise WriteError(
            f"{path} is not writable", why="its permissions forbid it.", fix="change them, or apply the diff."
        )
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".downslope_", suffix=".py")
    except OSError as error:
        raise WriteError(
            f"{path.parent} is not writable", why=str(error), fix="apply the diff by hand."
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        verify(temporary)
        shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except OSError as error:
        raise WriteError(
            f"{path} cannot be written", why=str(error), fix="apply the diff by hand."
        ) from error
    finally:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()


def _shape(text: str) -> str:
    """The syntax tree with every number blanked."""

    class Blank(ast.NodeTransformer):
        def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # the name ast requires
            return ast.Constant(0) if literal(node) is not None else self.generic_visit(node)

        def visit_Constant(self, node: ast.Constant) -> ast.AST:  # the name ast requires
            return ast.Constant(0) if literal(node) is not None else node

    return ast.dump(Blank().visit(ast.parse(text)))
