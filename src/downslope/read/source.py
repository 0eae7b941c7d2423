"""From a function object, or `file.py:function`, to its source text, syntax tree and places."""

import ast
import builtins
import functools
import hashlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from downslope.errors import Loc, UnsupportedError, UsageError, close_to
from downslope.read.callables import Callee, callee, row_text
from downslope.read.resolve import number
from downslope.read.rewriting import readable
from downslope.read.text import Definition, matching, parsed, text_of
from downslope.rules.custom import CustomDerivative

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
ROW_FILE = "<rule table>"
"""Where a function of the rule table stands that is a program by itself."""


@dataclass(frozen=True)
class Source:
    """A program's text and everything needed to read it. Node positions are positions in `text`.

    `function` is what runs: a function, or a method, partial or callable object with `preset` arguments
    (`rewrap` makes another one of another function).
    """

    name: str
    file: str
    text: str
    tree: ast.Module
    written: Definition
    function: Callable[..., Any]
    namespace: Mapping[str, object]
    defaults: Mapping[str, object]
    arguments: tuple[str, ...]
    preset: Mapping[str, object] = field(default_factory=dict)
    rewrap: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda function: function
    lines: tuple[str, ...] = field(default=(), repr=False)
    leaves: bool = False
    """Whether `function` takes the leaves of the program's structures one by one, called as in `arguments`."""

    @functools.cached_property
    def node(self) -> Definition:
        """The function in the reader's language; `written` is as it stands in the text."""
        return readable(self.written, self.namespace)

    @property
    def digest(self) -> str:
        """A fingerprint of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def loc(self, node: ast.AST) -> Loc:
        """The place of a syntax node. Columns count characters, not bytes."""
        return loc_in(self.file, self.lines, node, getattr(self.written, "lineno", 1))


def loc_in(file: str, lines: Sequence[str], node: ast.AST, default_line: int = 1) -> Loc:
    """The place of a syntax node in the text of a file."""
    line = getattr(node, "lineno", default_line)
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    col = _characters(text, getattr(node, "col_offset", 0)) + 1
    end_line = getattr(node, "end_lineno", line) or line
    end_text = lines[end_line - 1] if 0 < end_line <= len(lines) else ""
    end_col = _characters(end_text, getattr(node, "end_col_offset", 0) or 0) + 1
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        end_line, end_col = line, len(text) + 1
    return Loc(file, line, col, end_line, end_col, text)


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
    return _from_callable(program)


def _from_callable(program: Callable[..., Any]) -> Source:
    if isinstance(program, CustomDerivative):
        name, arguments = program.function.__name__, ", ".join(program.arguments)
        return from_text(f"def {name}({arguments}):\n    return given({arguments})\n", {"given": program})
    if not isinstance(program, FunctionType | MethodType | functools.partial):
        row = row_text(program)
        if row is not None:
            return from_text(*row)
    taken = callee(program)
    file, text = text_of(taken.function)
    return _source(taken, file, text, parsed(text), matching(taken.function, text))


def from_text(text: str, namespace: Mapping[str, object], file: str = ROW_FILE) -> Source:
    r"""The program that a text of our own defines, in which names mean what `namespace` says.

    >>> twice = from_text("def twice(x):\n    return 2.0 * x\n", {})
    >>> twice.function(3.0), twice.arguments
    (6.0, ('x',))
    """
    tree = ast.parse(text)
    node = tree.body[0]
    assert isinstance(node, ast.FunctionDef)
    scope: dict[str, Any] = {}
    exec(compile(tree, file, "exec"), scope)  # our own text: one function
    # In a scope of its own: the program has the name of the function that it calls.
    made = scope[node.name]
    function = FunctionType(made.__code__, dict(namespace))
    function.__kwdefaults__ = made.__kwdefaults__
    source = _source(Callee(function, function), file, text, tree, node)
    function.downslope_source = source  # type: ignore[attr-defined]  # functions have attributes
    return source


def _source(taken: Callee, file: str, text: str, tree: ast.Module, node: Definition) -> Source:
    arguments = node.args
    function = taken.function
    parameters = inspect.signature(taken.program).parameters
    source = Source(
        function.__name__ if isinstance(node, ast.FunctionDef) else "program",
        file, text, tree, node, taken.program, _namespace(function) | _objects(taken.preset), _defaults(taken.program),
        tuple(parameters), taken.preset, taken.rewrap, tuple(line.rstrip("\r\n") for line in split_lines(text)),
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


def _objects(preset: Mapping[str, object]) -> dict[str, object]:
    """The given arguments that are no numbers: they are known when the program is read, as constants are."""
    return {name: value for name, value in preset.items() if number(value) is None}


def _defaults(function: Callable[..., Any]) -> dict[str, object]:
    signature = inspect.signature(function)
    return {n: p.default for n, p in signature.parameters.items() if p.default is not inspect.Parameter.empty}


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
    functions = {n: v for n, v in vars(module).items() if callable(v) and not isinstance(v, type)}
    if name not in functions:
        raise UsageError(
            f"{path} has no function {name!r}",
            why=f"it defines: {', '.join(sorted(functions)) or 'none'}.",
            fix=close_to(name, functions, "check the name."),
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
