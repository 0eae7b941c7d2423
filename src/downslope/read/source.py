"""From a function object, or `file.py:function`, to its source text, syntax tree and places."""

import ast
import builtins
import difflib
import hashlib
import importlib.util
import inspect
import linecache
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from downslope.errors import Loc, SourceUnavailable, StaleSource, UnsupportedError, UsageError

Definition = ast.FunctionDef | ast.Lambda
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Source:
    """A program's text and everything needed to read it. Node positions are positions in `text`."""

    name: str
    file: str
    text: str
    tree: ast.Module
    node: Definition
    function: Callable[..., Any]
    namespace: Mapping[str, object]
    defaults: Mapping[str, object]
    arguments: tuple[str, ...]
    first_line: int = 1
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def digest(self) -> str:
        """A fingerprint of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def loc(self, node: ast.AST) -> Loc:
        """The place of a syntax node. Columns count characters, not bytes."""
        default = getattr(self.node, "lineno", 1)
        return loc_in(self.file, self.lines, node, self.first_line, default)


def loc_in(file: str, lines: Sequence[str], node: ast.AST, first_line: int = 1, default_line: int = 1) -> Loc:
    """The place of a syntax node in a text whose line 1 is line `first_line` of the file."""
    line = getattr(node, "lineno", default_line)
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    col = _characters(text, getattr(node, "col_offset", 0)) + 1
    end_line = getattr(node, "end_lineno", line) or line
    end_text = lines[end_line - 1] if 0 < end_line <= len(lines) else ""
    end_col = _characters(end_text, getattr(node, "end_col_offset", 0) or 0) + 1
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        end_line, end_col = line, len(text) + 1
    offset = first_line - 1
    return Loc(file, line + offset, col, end_line + offset, end_col, text)


def split_lines(text: str) -> list[str]:
    r"""Lines as Python's parser counts them: a form feed or a Unicode separator does not end one.

    >>> split_lines("a = 1\r\nb = '\x0c'")
    ['a = 1\r\n', "b = '\x0c'"]
    """
    return LINE.findall(text)


def _characters(line: str, offset: int) -> int:
    return len(line.encode()[:offset].decode(errors="ignore"))


def read_source(program: Callable[..., Any] | str) -> Source:
    """The source of a function, or of `file.py:function`.

    Raises `SourceUnavailable` where there is no text, `UsageError` for a file or name that does not
    exist, `UnsupportedError` for functions whose inputs are not fixed (`*args`, generators).

    >>> def area(width, height=2.0):
    ...     return width * height
    >>> read_source(area).arguments
    ('width', 'height')
    """
    if isinstance(program, str):
        return _from_path(program)
    if isinstance(attached := getattr(program, "downslope_source", None), Source):
        return attached
    return _from_function(program)


def _from_function(program: Callable[..., Any]) -> Source:
    function = getattr(program, "py_func", program)
    if not isinstance(function, FunctionType):
        raise UnsupportedError(
            f"{program!r} is not a Python function",
            why="only functions written with def or lambda can be read.",
            fix="wrap it in a function.",
        )
    file, text, first_line = _text_of(function)
    tree = ast.parse(text)
    return _source(function, file, text, tree, _matching(function, tree, first_line), first_line)


def _source(
    function: FunctionType, file: str, text: str, tree: ast.Module, node: Definition, first_line: int
) -> Source:
    arguments = node.args
    source = Source(
        function.__name__ if isinstance(node, ast.FunctionDef) else "program",
        file, text, tree, node, function, _namespace(function), _defaults(function),
        tuple(a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)),
        first_line, tuple(line.rstrip("\r\n") for line in split_lines(text)),
    )  # fmt: skip
    odd = arguments.vararg or arguments.kwarg
    if odd:
        raise UnsupportedError(
            "a program with *args or **kwargs",
            loc=source.loc(odd),
            why="its inputs are not known.",
            fix="name them.",
        )
    if function.__code__.co_flags & (
        inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    ):
        raise UnsupportedError(
            "a generator or coroutine",
            loc=source.loc(node),
            why="it keeps its state between calls.",
            fix="return a number.",
        )
    return source


def _namespace(function: FunctionType) -> dict[str, object]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closed = {}
    for name, cell in cells:
        try:
            closed[name] = cell.cell_contents
        except ValueError:  # a name that its enclosing function has not set yet
            continue
    return {**vars(builtins), **function.__globals__, **closed}


def _defaults(function: FunctionType) -> dict[str, object]:
    signature = inspect.signature(function)
    return {n: p.default for n, p in signature.parameters.items() if p.default is not inspect.Parameter.empty}


def _text_of(function: FunctionType) -> tuple[str, str, int]:
    """File name, text and first line: of the whole file where there is one."""
    file = function.__code__.co_filename
    linecache.checkcache(file)
    lines = linecache.getlines(file, function.__globals__)
    if lines:
        return file, "".join(lines), 1
    typed = _from_history(function)
    if typed is not None:
        return "<prompt>", typed, 1
    raise SourceUnavailable(
        f"the function {function.__name__!r} has no source text",
        why=f"it was made by exec or python -c ({file}), which keep no text.",
        fix="put it into a file.",
    )


def _from_history(function: FunctionType) -> str | None:
    """The text typed at the interactive prompt, found in readline's history by its compiled code."""
    readline: Any = sys.modules.get("readline")
    if readline is None:
        return None
    lines = [readline.get_history_item(i + 1) or "" for i in range(readline.get_current_history_length())]
    for start in range(len(lines) - 1, -1, -1):
        for stop in range(start + 1, len(lines) + 1):
            text = textwrap.dedent("\n".join(lines[start:stop])) + "\n"
            try:
                tree = ast.parse(text)
            except SyntaxError:
                continue
            if any(_same_code(code, function.__code__) for code in _codes(compile(tree, "<prompt>", "exec"))):
                return text
    return None


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


def _matching(function: FunctionType, tree: ast.Module, first_line: int) -> Definition:
    """The definition that compiles to the function's code: never another one on the same line."""
    wanted = function.__code__
    kind = ast.Lambda if wanted.co_name == "<lambda>" else (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [n for n in ast.walk(tree) if isinstance(n, kind)]
    if wanted.co_name != "<lambda>":
        found = [n for n in found if getattr(n, "name", "") == wanted.co_name]
    codes = [c for c in _codes(compile(tree, "<match>", "exec")) if _same_code(c, wanted)]
    lines = {c.co_firstlineno for c in codes}
    exact = [
        n
        for n in found
        if _first_line(n) in lines and (first_line != 1 or _first_line(n) == wanted.co_firstlineno)
    ]
    exact = exact or [n for n in found if _first_line(n) in lines]
    alike = [n for n in exact if _encloses(n, wanted)] if len(exact) > 1 and first_line == 1 else exact
    if not alike:
        raise StaleSource(
            f"the source of {function.__name__!r} has changed since it was loaded",
            why=f"no definition in {wanted.co_filename} compiles to the code that is running.",
            fix="reload the module.",
        )
    return alike[0]  # type: ignore[return-value]  # `found` holds definitions of one kind


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
    return all(first <= (p[0], p[2]) and (p[1], p[3]) <= last for p in places)


def _from_path(spec: str) -> Source:
    path, _, name = spec.rpartition(":")
    if not path or not name.isidentifier():
        raise UsageError(
            f"{spec!r} names no program", why="a program is FILE.py:FUNCTION.", fix="e.g. taxi.py:duration"
        )
    if not Path(path).is_file():
        raise UsageError(
            f"the file {path} does not exist", why="nothing is there to read.", fix="check the path."
        )
    module = _loaded(Path(path))
    functions = {
        n: v
        for n, v in vars(module).items()
        if callable(getattr(v, "py_func", v)) and not isinstance(v, type)
    }
    if name not in functions:
        close = difflib.get_close_matches(name, functions, 1)
        raise UsageError(
            f"{path} has no function {name!r}",
            why=f"it defines: {', '.join(sorted(functions)) or 'none'}.",
            fix=f"did you mean {close[0]}?" if close else "check the name.",
        )
    return read_source(functions[name])


def _loaded(path: Path) -> Any:
    """The file as a module; its folder is importable while it loads, as when Python runs it."""
    name = f"_downslope_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file", why="its name must end in .py.", fix="rename it.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        line = (error.text or "").rstrip("\n")
        place = Loc(
            str(path), error.lineno or 1, error.offset or 1, error.lineno or 1, (error.offset or 1) + 1, line
        )
        raise UsageError(
            f"{error.msg}", loc=place, why="the file is not valid Python.", fix="correct it."
        ) from error
    except (Exception, SystemExit) as error:  # whatever the user's own file raises is reported as its fault
        raise UsageError(
            f"{path} cannot be loaded: {type(error).__name__}: {error}", why="running its top level failed.",
            fix="make it importable: python -c 'import ...' must work.",
        ) from error  # fmt: skip
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module
