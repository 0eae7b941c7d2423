"""Refuse a `numba.prange` loop whose passes are not independent: Numba would run them side by side."""

import ast
from collections.abc import Iterator
from typing import TypeAlias

from downslope.errors import Problem
from downslope.read.array_names import CHANGING_METHODS
from downslope.read.assigned import Assigned, stored
from downslope.read.resolve import is_parallel, resolve
from downslope.read.source import Source

Found: TypeAlias = tuple[ast.AST, str, str]
SUMS = ast.Add | ast.Sub | ast.Mult
CHANGING = CHANGING_METHODS | {"append", "pop", "insert", "extend", "remove", "clear", "reverse", "update"}
FIX = "use range, or let each pass set only its own elements and add to sums with `+=`."


def dependent(node: ast.For, source: Source) -> Iterator[Problem]:
    """What makes a pass of a parallel loop depend on another; nothing for other loops."""
    call = node.iter
    if not (isinstance(call, ast.Call) and is_parallel(resolve(call.func, source.namespace))):
        return
    for place, what, why in (*_left_early(node.body), *_shared(node), *_elements(node)):
        yield Problem(f"{what} in a prange loop", source.loc(place), why, FIX)


def _left_early(body: list[ast.stmt]) -> Iterator[Found]:
    for statement in body:
        if isinstance(statement, ast.Return | ast.Break):
            yield (
                statement,
                type(statement).__name__.lower(),
                "passes that run side by side cannot end the loop.",
            )
        elif isinstance(statement, ast.If):
            yield from _left_early([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.For | ast.While):
            inner = _left_early([*statement.body, *statement.orelse])
            yield from (found for found in inner if isinstance(found[0], ast.Return))


def _shared(node: ast.For) -> Iterator[Found]:
    """Variables that a pass reads before it sets them, unless each pass only adds to them."""
    local = stored(node.body)
    flow = Assigned(local)
    flow.block(node.body, stored([node.target]))
    sums = _sums(node)
    for name in {one.id: one for one in reversed(flow.unset) if one.id not in sums}.values():
        yield name, f"{name.id!r}, which passes share,", "a pass reads what another pass has set."
    for change in (inner for statement in node.body for inner in ast.walk(statement)):
        method = change.func if isinstance(change, ast.Call) else None
        if isinstance(method, ast.Attribute) and method.attr in CHANGING:
            owner = method.value.id if isinstance(method.value, ast.Name) else ""
            if owner not in local:
                yield change, f"{ast.unparse(method)}", "the order of the passes decides what is there."


def _sums(node: ast.For) -> frozenset[str]:
    """Variables that passes only add to (or multiply), and read nowhere else in the loop."""
    inside = [inner for statement in node.body for inner in ast.walk(statement)]
    added = [
        n.target.id
        for n in inside
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name) and isinstance(n.op, SUMS)
    ]
    used = [n.id for n in inside if isinstance(n, ast.Name)]
    return frozenset(name for name in added if used.count(name) == added.count(name))


def _elements(node: ast.For) -> Iterator[Found]:
    """Stores into arrays from outside the loop that are not surely the own elements of a pass."""
    index = node.target.id if isinstance(node.target, ast.Name) else ""
    local = stored(node.body)
    inside = [inner for statement in node.body for inner in ast.walk(statement)]
    parts = [n for n in inside if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)]
    changed = {
        _root(n) for n in inside if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)
    } - local
    own: dict[str, set[int]] = {}
    for part in parts:
        name = part.value.id  # type: ignore[attr-defined]  # a Name
        if name in changed:
            places = _places(part, index) if index not in local else set()
            own[name] = own.get(name, places) & places
            if not own[name]:
                yield (
                    part,
                    f"{ast.unparse(part)}",
                    f"which elements of {name} are this pass's own is not certain.",
                )
    within = {id(part.value) for part in parts}
    lengths = {
        id(n.value) for n in inside if isinstance(n, ast.Attribute) and n.attr in ("shape", "size", "ndim")
    }
    lengths |= {
        id(a) for n in inside if isinstance(n, ast.Call) and ast.unparse(n.func) == "len" for a in n.args
    }
    for name in (n for n in inside if isinstance(n, ast.Name) and n.id in changed):
        if id(name) not in within | lengths:
            yield (
                name,
                f"{name.id!r} as a whole",
                f"passes set elements of {name.id}, and this reads all of them.",
            )


def _root(part: ast.expr) -> str:
    """The variable that a subscript, or a subscript of one, is of."""
    while isinstance(part, ast.Subscript):
        part = part.value
    return part.id if isinstance(part, ast.Name) else ""


def _places(part: ast.Subscript, index: str) -> set[int]:
    """The positions in a subscript where the loop's index stands by itself."""
    every = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
    return {i for i, one in enumerate(every) if isinstance(one, ast.Name) and one.id == index}
