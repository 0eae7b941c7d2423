"""Where a number that a function takes from outside is set: in its module, an imported one, or around it."""

import ast
import importlib.util
import linecache
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal

from downslope.errors import Loc
from downslope.read.bindings import Bound, Import, bindings, one_literal
from downslope.read.callables import plain
from downslope.read.literals import place
from downslope.read.reach import is_users
from downslope.read.resolve import number, resolve
from downslope.read.source import Source, loc_in, split_lines

Outside = Literal["module constant", "closure variable", "attribute"]
UNWRITABLE = "it is not set by one literal in the user's files, so it cannot be written back"
DERIVED = "other values are computed from it before the program runs, and would not follow"


@dataclass(frozen=True)
class Page:
    """A file's text as it was read."""

    file: str
    text: str

    def loc(self, node: ast.expr) -> Loc:
        """The place of a node of this text."""
        lines = [line.rstrip("\r\n") for line in split_lines(self.text)]
        return loc_in(self.file, lines, node)

    @classmethod
    def of(cls, source: Source) -> "Page":
        """The text that a program was read from."""
        return cls(source.file, source.text)


@dataclass(frozen=True)
class Origin:
    """A number, or a structure of numbers, from outside a function. `key` tells two numbers of the same name apart."""

    key: tuple[object, ...]
    name: str
    value: Any
    kind: Outside
    page: Page
    node: ast.expr
    off: str = ""


def origin(source: Source, node: ast.expr) -> Origin | None:
    """Where the number behind a name or `module.name` is set; None for what is not the user's number."""
    value = number(resolve(node, source.namespace))
    return None if value is None or isinstance(value, bool) else set_at(source, node, value)


def set_at(source: Source, node: ast.expr, value: Any) -> Origin | None:
    """Where a number or a structure of numbers, the value of a name or `module.name`, is set."""
    function: Any = plain(source.function)
    match node:
        case ast.Name(id=name) if name in function.__code__.co_freevars:
            return _closed(source, node, value, function)
        case ast.Name(id=name):
            page, tree = Page.of(source), source.tree
            return _global(source, node, name, value, page, tree, function.__globals__)
        case ast.Attribute(value=owner, attr=name):
            held = resolve(owner, source.namespace)
            if isinstance(held, ModuleType):
                return _of_module(source, node, name, value, held)
            page = Page.of(source)  # the object keeps the number, wherever that came from
            return Origin(("attribute", id(held), name), name, value, "attribute", page, node, UNWRITABLE)
    return None


def _closed(source: Source, use: ast.Name, value: Any, function: Any) -> Origin:
    """A variable of an enclosing function."""
    page = Page.of(source)
    cell = function.__closure__[function.__code__.co_freevars.index(use.id)]
    for outer in _enclosing(source.tree, source.written):
        found = bindings(outer.body, use.id)
        if found:
            node = one_literal(found, value)
            if node is not None:
                off = DERIVED if _read_outside(outer.body, use.id) else ""
                return Origin((page.file, place(node)), use.id, value, "closure variable", page, node, off)
            break
    return Origin(("cell", id(cell)), use.id, value, "closure variable", page, use, UNWRITABLE)


def _enclosing(tree: ast.Module, inner: ast.AST) -> list[ast.FunctionDef]:
    """The functions around a node, the closest first."""
    around = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n is not inner]
    return [n for n in reversed(around) if any(child is inner for child in ast.walk(n))]


def _global(
    source: Source, use: ast.expr, name: str, value: Any, page: Page, tree: ast.Module,
    names: Mapping[str, Any],
) -> Origin | None:  # fmt: skip
    """A variable of a module, followed to the module that it is imported from."""
    found = bindings(tree.body, name)
    node = one_literal(found, value)
    if node is not None:
        off = DERIVED if _read_outside(tree.body, name) else ""
        return Origin((page.file, place(node)), name, value, "module constant", page, node, off)
    imported = _imported(found, name, names)
    if imported is not None:
        set_there = _of_module(source, use, imported[1], value, imported[0])
        computed = set_there is not None and not set_there.off and _read_outside(tree.body, name)
        return replace(set_there, off=DERIVED) if set_there is not None and computed else set_there
    here = Page.of(source)
    return Origin((page.file, name), name, value, "module constant", here, use, UNWRITABLE)


def _of_module(source: Source, use: ast.expr, name: str, value: Any, module: ModuleType) -> Origin | None:
    file = getattr(module, "__file__", None)
    if file is None or not is_users(file, source.file):
        return None
    text = _text(file)
    tree = _parsed(text)
    here = Page.of(source)
    unknown = Origin((file, name), name, value, "module constant", here, use, UNWRITABLE)
    if tree is None:
        return unknown
    return _global(source, use, name, value, Page(file, text), tree, vars(module))


def _imported(found: Sequence[Bound], name: str, names: Mapping[str, Any]) -> tuple[ModuleType, str] | None:
    """The module that a name is imported from, and its name there."""
    plain = [bound for bound in found if not (isinstance(bound, Import) and bound.original == "*")]
    if len(plain) > 1 or (plain and not isinstance(plain[0], Import)):
        return None
    candidates = [
        (module, name if bound.original == "*" else bound.original)
        for bound in plain or found
        if isinstance(bound, Import) and (module := _module(bound.module, names)) is not None
    ]
    holding = [(m, n) for m, n in candidates if getattr(m, n, None) is names.get(name)]
    return holding[0] if len(holding) == 1 else None


def _module(name: str, names: Mapping[str, Any]) -> ModuleType | None:
    if name.startswith("."):
        package = names.get("__package__") or str(names.get("__name__", "")).rpartition(".")[0]
        try:
            name = importlib.util.resolve_name(name, package)
        except ImportError:
            return None
    return sys.modules.get(name)


def _text(file: str) -> str:
    linecache.checkcache(file)
    return "".join(linecache.getlines(file))


@lru_cache(maxsize=64)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text) if text else None
    except SyntaxError:
        return None


def _read_outside(body: Sequence[ast.stmt], name: str) -> bool:
    """Whether statements themselves read a name, outside the bodies of the functions that they define."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for statement in body
        for node in _outside_functions(statement)
    )


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Lambda) or _is_main_guard(node):
        return
    yield node
    inner = ast.iter_child_nodes(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        inner = iter([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)])
    for child in inner:
        yield from _outside_functions(child)


def _is_main_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and any(
        isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)
    )
