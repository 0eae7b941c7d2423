"""Structures of numbers that functions read from modules, and those that are defaults of helpers."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from downslope.read.elements import Element
from downslope.read.literals import place
from downslope.read.origin import set_at
from downslope.read.reach import Unit, passes
from downslope.read.resolve import is_array, resolve, root
from downslope.read.role import Role
from downslope.read.scopes import Here
from downslope.read.wholes import Whole, is_whole, part_role, structured_defaults

CHANGING = frozenset({
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "setdefault", "fill", "put",
})  # fmt: skip
"""Methods that change a list, a dict or an array."""
Found = tuple[Whole, Element, Role]


def outside_uses(unit: Unit) -> Iterator[tuple[Here, Whole]]:
    """The places where a function reads a structure of numbers from a module or from around it."""
    known: dict[str, Whole | None] = {}
    for here in unit.nodes:
        node = here.node
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        if root(node) in here.bound or root(node) in ("", *unit.source.preset):
            continue
        name = ast.unparse(node)
        if name not in known:
            known[name] = None if _changes(unit, node) else _whole(unit, node, name)
        if (found := known[name]) is not None:
            yield here, found


def _whole(unit: Unit, node: ast.expr, name: str) -> Whole | None:
    value = resolve(node, unit.source.namespace)
    whole_numbers = is_array(value) and value.dtype.kind == "i"  # type: ignore[attr-defined]  # an array
    if whole_numbers or not is_whole(value):
        return None
    found = set_at(unit.source, node, value)
    if found is None or found.kind == "attribute":
        return None
    return Whole(found.key, name, value, found.page, found.node, found.kind, off=found.off)


def _changes(unit: Unit, node: ast.expr) -> bool:
    """Whether a function changes the structure of a name itself, or binds the name in its module."""
    shown = ast.unparse(node)
    for each in unit.nodes:
        match each.node:
            case ast.Global(names=names) | ast.Nonlocal(names=names) if root(node) in names:
                return True
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                inner: ast.expr = each.node
                while isinstance(inner, ast.Subscript | ast.Attribute):
                    inner = inner.value
                    if ast.unparse(inner) == shown:
                        return True
            case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in CHANGING:
                if ast.unparse(inner) == shown:
                    return True
    return False


def outside_parts(units: Sequence[Unit]) -> Iterator[Found]:
    """Each number in the structures of modules; one that several functions read is one."""
    wholes: dict[tuple[object, ...], Whole] = {}
    uses: dict[tuple[object, ...], list[tuple[ast.expr, Mapping[ast.AST, ast.AST]]]] = {}
    for unit in units:
        for here, whole in outside_uses(unit):
            assert isinstance(here.node, ast.expr)
            wholes.setdefault(whole.key, whole)
            uses.setdefault(whole.key, []).append((here.node, unit.parents))
    for key, whole in wholes.items():
        for element in whole.elements:
            yield whole, element, part_role(whole, element, uses[key])


def default_wholes(unit: Unit, units: Sequence[Unit]) -> dict[str, Whole]:
    """The arguments of a program, or of a helper where no call gives them, whose default is a structure."""
    found = structured_defaults(unit.source)
    if not unit.name:
        return found
    calls = [
        here.node
        for each in units
        for here in each.nodes
        if isinstance(here.node, ast.Call) and each.calls.get(place(here.node)) is unit
    ]
    return {
        name: whole
        for name, whole in found.items()
        if not any(passes(call, unit.source, name) for call in calls)
    }


def default_parts(unit: Unit, units: Sequence[Unit]) -> Iterator[Found]:
    """Each number in the defaults of a function, with what it does there."""
    for name, whole in default_wholes(unit, units).items():
        uses = [(use, unit.parents) for use in unit.reads.get(name, ())]
        for element in whole.elements:
            yield whole, element, part_role(whole, element, uses)
