"""The text of a function: of its file, its notebook cell, or what was typed at the prompt; and its place there."""

import ast
import linecache
import os
import sys
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from downslope.errors import SourceUnavailable, StaleSource

Definition = ast.FunctionDef | ast.Lambda
LONGEST = 200
"""How many typed lines one definition may have."""
REWRITTEN = "@pytest_ar"
"""The name that pytest adds to test modules, whose asserts it compiles in its own way."""


def text_of(function: FunctionType) -> tuple[str, str]:
    """File name and text: the whole file, cell or prompt entry. Raises `SourceUnavailable` where there is none."""
    file = function.__code__.co_filename
    linecache.checkcache(file)
    lines = linecache.getlines(file, function.__globals__)
    if lines:
        return file, "".join(lines)
    typed = _from_history(function)
    if typed is not None:
        return "<prompt>", typed
    made = file.startswith("<") or not os.path.isabs(file)  # noqa: PTH117  # a name, not a path to open
    raise SourceUnavailable(
        f"the function {function.__name__!r} has no source text",
        why=f"it was made by exec or python -c ({file}), which keep no text."
        if made
        else f"{file} is not there.",
        fix="put it into a file.",
    )


def _from_history(function: FunctionType) -> str | None:
    """The text typed at the interactive prompt, found in readline's history by its compiled code."""
    readline: Any = sys.modules.get("readline")
    if readline is None:
        return None
    name = function.__code__.co_name
    key = "lambda" if name == "<lambda>" else f"def {name}"
    lines = [readline.get_history_item(i + 1) or "" for i in range(readline.get_current_history_length())]
    for start in range(len(lines) - 1, -1, -1):
        for stop in range(start + 1, min(len(lines), start + LONGEST) + 1):
            if not any(key in line for line in lines[start:stop]):
                continue
            text = textwrap.dedent("\n".join(lines[start:stop])) + "\n"
            try:
                tree = ast.parse(text)
            except SyntaxError:
                continue
            if any(_same_code(code, function.__code__) for code in _codes(compile(tree, "<prompt>", "exec"))):
                return text
    return None


@lru_cache(maxsize=32)
def parsed(text: str) -> ast.Module:
    """The tree of a text. It is shared by all that read from the same text, so nothing may change it.

    >>> parsed("a = 1") is parsed("a = 1")
    True
    """
    return ast.parse(text)


@lru_cache(maxsize=32)
def _definitions(text: str) -> tuple[ast.AST, ...]:
    kinds = ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef
    return tuple(node for node in ast.walk(parsed(text)) if isinstance(node, kinds))


@lru_cache(maxsize=32)
def _code_objects(text: str) -> tuple[CodeType, ...]:
    """The code of every function in a text: compiled once, however many of them a program calls."""
    return tuple(_codes(compile(parsed(text), "<match>", "exec")))


def matching(function: FunctionType, text: str) -> Definition:
    """The definition in a text that compiles to the function's code: never another one on the same line.

    Raises `StaleSource` where the text has changed since the function was made.
    """
    wanted = function.__code__
    found = [node for node in _definitions(text) if _named(node, wanted.co_name)]
    if REWRITTEN in wanted.co_names:
        lines = {wanted.co_firstlineno}
    else:
        lines = {code.co_firstlineno for code in _code_objects(text) if _same_code(code, wanted)}
    exact = [n for n in found if _first_line(n) in lines]
    exact = [n for n in exact if _first_line(n) == wanted.co_firstlineno] or exact
    alike = [n for n in exact if _encloses(n, wanted)] if len(exact) > 1 else exact
    if not alike:
        raise StaleSource(
            f"the source of {function.__name__!r} has changed since it was loaded",
            why=f"no definition in {wanted.co_filename} compiles to the code that is running.",
            fix="reload the module.",
        )
    return alike[0]  # type: ignore[return-value]  # all are definitions


def _named(node: ast.AST, name: str) -> bool:
    if name == "<lambda>":
        return isinstance(node, ast.Lambda)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _same_code(left: CodeType, right: CodeType) -> bool:
    """Whether two code objects do the same, wherever they were compiled."""
    if (left.co_code, left.co_names, left.co_varnames, left.co_freevars) != (
        right.co_code, right.co_names, right.co_varnames, right.co_freevars,
    ):  # fmt: skip
        return False
    if len(left.co_consts) != len(right.co_consts):
        return False
    return all(
        _same_code(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else repr(a) == repr(b)
        for a, b in zip(left.co_consts, right.co_consts, strict=True)
    )


def _first_line(node: ast.AST) -> int:
    lines: list[int] = [d.lineno for d in getattr(node, "decorator_list", [])]
    own: int = node.lineno  # type: ignore[attr-defined]  # definitions have lines
    return min([*lines, own])


def _encloses(node: ast.AST, wanted: CodeType) -> bool:
    """Whether the code's own positions lie in a lambda's body: tells apart those on one line."""
    if not isinstance(node, ast.Lambda):
        return True
    body = node.body
    first, last = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    places = [p for p in wanted.co_positions() if None not in p and (p[0], p[2]) != (p[1], p[3])]
    return bool(places) and all(first <= (p[0], p[2]) and (p[1], p[3]) <= last for p in places)
