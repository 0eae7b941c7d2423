"""The functions that a program is made of: itself, and the user's own helpers that it calls."""

import ast
import functools
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from downslope.errors import DownslopeError
from downslope.read.callables import is_helper, plain
from downslope.read.literals import Place, parents_of, place
from downslope.read.resolve import resolve, root, row_of
from downslope.read.scopes import Here, nodes
from downslope.read.source import Source, read_source

Store = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For
Known: TypeAlias = dict[int, tuple[object, Source | None]]
"""What was read, by the identity of the callable, which is kept so that no other gets its identity."""


@dataclass(eq=False)
class Unit:
    """One function of a program, and the helper that each of its calls runs.

    `name` is that of its definition, empty for the program; `called` is what its first caller calls it.
    """

    source: Source
    name: str = ""
    called: str = ""
    calls: dict[Place, "Unit"] = field(default_factory=dict)

    @property
    def definition(self) -> tuple[str, int, int]:
        """Where it is defined, which several functions may share."""
        return self.source.file, self.source.written.lineno, self.source.written.col_offset

    @cached_property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """The node around each node."""
        return parents_of(self.source.written)

    @cached_property
    def nodes(self) -> tuple[Here, ...]:
        """Every node that a call may run."""
        return tuple(nodes(self.source.written))

    @cached_property
    def reads(self) -> Mapping[str, list[ast.Name]]:
        """Where each name is read."""
        found: dict[str, list[ast.Name]] = {}
        for here in self.nodes:
            if isinstance(here.node, ast.Name) and isinstance(here.node.ctx, ast.Load):
                found.setdefault(here.node.id, []).append(here.node)
        return found

    @cached_property
    def stores(self) -> Mapping[str, list[Store]]:
        """The statements that set each variable."""
        found: dict[str, list[Store]] = {}
        for here in self.nodes:
            if isinstance(here.node, Store):
                targets = here.node.targets if isinstance(here.node, ast.Assign) else [here.node.target]
                names = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
                for name in names:
                    found.setdefault(name, []).append(here.node)
        return found

    @cached_property
    def arguments(self) -> frozenset[str]:
        """The arguments of the function and of those inside it."""
        return frozenset(node.arg for node in ast.walk(self.source.written) if isinstance(node, ast.arg))


def reached(source: Source) -> tuple[Unit, ...]:
    """The program, then each helper of the user's that it calls, directly or not; each once.

    Functions of installed packages and of the standard library are not the user's to tune. A helper
    that cannot be read is left to the fence, which refuses it where it is called.

    >>> def half(x):
    ...     return 0.5 * x
    >>> def twice(x):
    ...     return half(x) + half(4.0 * x)
    >>> root, helper = reached(read_source(twice))
    >>> helper.name, len(root.calls)
    ('half', 2)
    """
    program = Unit(source)
    found = {_key(source): program}
    units = [program]
    known: Known = {}
    for unit in units:
        for node, helper in _helpers(unit, source, known):
            if _key(helper) not in found:
                found[_key(helper)] = Unit(helper, _name(helper, node), ast.unparse(node.func))
                units.append(found[_key(helper)])
            unit.calls[place(node)] = found[_key(helper)]
    return tuple(units)


def _key(source: Source) -> tuple[int, ...]:
    """The function and the objects it is bound to: each access makes another bound method."""
    if isinstance(source.function, functools.partial):
        return (id(source.function),)
    return id(plain(source.function)), *map(id, source.preset.values())


def _helpers(unit: Unit, program: Source, known: Known) -> Iterator[tuple[ast.Call, Source]]:
    """The calls of the user's own functions, with what they call."""
    for here in unit.nodes:
        node = here.node
        if not isinstance(node, ast.Call) or root(node.func) in here.bound - set(unit.source.preset):
            continue
        target = resolve(node.func, unit.source.namespace)
        if row_of(target) is not None or not is_helper(target):
            continue
        if id(target) not in known:
            known[id(target)] = target, _read(target)
        helper = known[id(target)][1]
        if helper is not None and is_users(helper.file, program.file):
            yield node, helper


def _read(target: Any) -> Source | None:
    try:
        return read_source(target)
    except DownslopeError:
        return None


def _name(helper: Source, call: ast.Call) -> str:
    if isinstance(helper.written, ast.FunctionDef):
        return helper.written.name
    return call.func.attr if isinstance(call.func, ast.Attribute) else root(call.func)


def passes(call: ast.Call, callee: Source, argument: str) -> bool:
    """Whether a call gives an argument a value of its own, so that its default is not used."""
    names = [a.arg for a in (*callee.written.args.posonlyargs, *callee.written.args.args)]
    positional = [name for name in names if name not in callee.preset]
    unclear = any(keyword.arg is None for keyword in call.keywords)
    starred = any(isinstance(value, ast.Starred) for value in call.args)
    given = argument in positional[: len(call.args)] or starred
    fixed = argument in callee.preset or argument in _fixed(callee.function)
    return given or unclear or fixed or any(keyword.arg == argument for keyword in call.keywords)


def _fixed(function: object) -> set[str]:
    """The arguments that partials give by name, around one another."""
    found: set[str] = set()
    while isinstance(function, functools.partial):
        found |= set(function.keywords)
        function = function.func
    return found


def is_users(file: str, program: str) -> bool:
    """Whether a file is the user's: not of an installed package, or beside the program itself."""
    path = Path(file)
    if path.parent == Path(program).parent:
        return True
    if not path.exists():
        return False
    resolved = path.resolve()
    return not any(resolved.is_relative_to(folder) for folder in _installed())


@functools.cache
def _installed() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    folders = {Path(paths[key]).resolve() for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {
        Path(entry).resolve() for entry in sys.path if "site-packages" in entry or "dist-packages" in entry
    }
    return tuple(folders)
