"""The functions that a program is made of: itself, and the user's own helpers that it calls."""

import ast
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from downslope.errors import DownslopeError
from downslope.read.literals import Place, parents_of, place
from downslope.read.resolve import is_helper, resolve, row_of, unwrapped
from downslope.read.scopes import Here, nodes
from downslope.read.source import Definition, Source, read_source


@dataclass(eq=False)
class Unit:
    """One function of a program, and the helper that each of its calls runs.

    `name` is that of its definition, empty for the program; `called` is what its first caller calls it.
    """

    source: Source
    name: str = ""
    called: str = ""
    calls: dict[Place, "Unit"] = field(default_factory=dict)

    @cached_property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """The node around each node."""
        return parents_of(self.source.node)

    @cached_property
    def nodes(self) -> tuple[Here, ...]:
        """Every node that a call may run."""
        return tuple(nodes(self.source.node))


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
    root = Unit(source)
    found = {id(source.function): root}
    units = [root]
    for unit in units:
        for node, helper in _helpers(unit, source):
            if id(helper.function) not in found:
                found[id(helper.function)] = Unit(helper, _name(helper, node), ast.unparse(node.func))
                units.append(found[id(helper.function)])
            unit.calls[place(node)] = found[id(helper.function)]
    return tuple(units)


def _helpers(unit: Unit, root: Source) -> Iterator[tuple[ast.Call, Source]]:
    """The calls of the user's own functions, with what they call."""
    for here in unit.nodes:
        node = here.node
        if not isinstance(node, ast.Call) or base(node.func) in here.bound:
            continue
        target = unwrapped(resolve(node.func, unit.source.namespace))
        if row_of(target) is not None or not is_helper(target):
            continue
        try:
            helper = read_source(target)  # type: ignore[arg-type]  # a function, by is_helper
        except DownslopeError:
            continue
        if is_users(helper.file, root.file):
            yield node, helper


def base(node: ast.expr) -> str:
    """The name that a dotted name starts with; empty for other expressions."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _name(helper: Source, call: ast.Call) -> str:
    if isinstance(helper.node, ast.FunctionDef):
        return helper.node.name
    return call.func.attr if isinstance(call.func, ast.Attribute) else base(call.func)


def passes(call: ast.Call, definition: Definition, argument: str) -> bool:
    """Whether a call gives an argument a value of its own, so that its default is not used."""
    positional = [a.arg for a in (*definition.args.posonlyargs, *definition.args.args)]
    unclear = any(keyword.arg is None for keyword in call.keywords)
    starred = any(isinstance(value, ast.Starred) for value in call.args)
    given = argument in positional[: len(call.args)] or starred
    return given or unclear or any(keyword.arg == argument for keyword in call.keywords)


def is_users(file: str, program: str) -> bool:
    """Whether a file is the user's: not of an installed package, or beside the program itself."""
    path = Path(file)
    if path.parent == Path(program).parent:
        return True
    if not path.exists():
        return False
    resolved = path.resolve()
    return not any(resolved.is_relative_to(folder) for folder in _installed())


@cache
def _installed() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    folders = {Path(paths[key]).resolve() for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {
        Path(entry).resolve() for entry in sys.path if "site-packages" in entry or "dist-packages" in entry
    }
    return tuple(folders)
