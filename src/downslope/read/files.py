"""The user's own files that a program is made of: its file, and those it imports, directly or not."""

import ast
import importlib.util
import linecache
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from downslope.read.callables import plain
from downslope.read.reach import is_users
from downslope.read.source import Source


@dataclass(frozen=True)
class File:
    """A file as it was read: `path` is relative to the folder of the program's own file."""

    path: str
    text: str


def files_of(source: Source) -> tuple[File, ...]:
    """The program's file first, then each file of the user's that it imports; each once.

    Files of installed packages and of the standard library are left out, and so is what a program
    imports by a name that is computed.

    >>> from downslope.read.source import read_source
    >>> def half(x):
    ...     return 0.5 * x
    >>> [file.text.count("0.5 * x") for file in files_of(read_source(half))]
    [1]
    """
    function: Any = plain(source.function)
    scope = function.__globals__
    package = scope.get("__package__") or str(scope.get("__name__", "")).rpartition(".")[0]
    found = {source.file: source.text}
    todo = [(source.text, package)]
    while todo:
        for module in _modules(*todo.pop()):
            file = getattr(module, "__file__", None)
            if file is None or file in found or not is_users(file, source.file):
                continue
            linecache.checkcache(file)
            found[file] = "".join(linecache.getlines(file))
            todo.append((found[file], module.__package__ or ""))
    folder = Path(source.file).parent
    return tuple(File(_relative(file, folder), text) for file, text in found.items())


def _relative(file: str, folder: Path) -> str:
    """A path that says nothing about the machine it is on."""
    return Path(os.path.relpath(file, folder)).as_posix()


def _modules(text: str, package: str) -> Iterator[ModuleType]:
    """The loaded modules that a text imports; of `from a import b`, `a` and, where it is one, `a.b`."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        yield from (module for name in names if (module := sys.modules.get(name)) is not None)


def _absolute(name: str, package: str) -> str:
    try:
        return importlib.util.resolve_name(name, package)
    except ImportError:
        return name
