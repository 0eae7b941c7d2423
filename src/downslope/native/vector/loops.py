"""Emitted code of whole programs: vector mathematics and sums in any order, in the loops that become SIMD code.

A loop is one of these if it is innermost, branches nowhere, and hands on nothing from pass to pass but
sums and counters. Elsewhere a single value is computed faster by the C library, and sums keep their order.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache

from downslope.native.vector.choice import _Powers, fused
from downslope.native.vector.search import with_blocks_searched

Loop = ast.For
_PREFIX = "_v_"


def with_vector_loops(text: str) -> tuple[ast.Module, Mapping[str, object]]:
    """The tree of emitted code, and what the further names in it stand for."""
    tree = with_blocks_searched(ast.parse(text))
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For) and _straight(node)]
    for loop in loops:
        sums = _carried(loop)
        if sums is not None:
            loop.body = [_Sums(sums).visit(stmt) for stmt in loop.body]
            if fused():
                _vectorised(loop)
    return ast.fix_missing_locations(tree), _names(tree)


def _straight(loop: ast.For) -> bool:
    return all(isinstance(stmt, ast.Assign | ast.AugAssign) for stmt in loop.body)


def _carried(loop: ast.For) -> frozenset[str] | None:
    """The variables that each pass adds to; None where a pass needs more from the one before."""
    sums: set[str] = set()
    written: set[str] = set()
    early: list[tuple[str, ast.stmt]] = []  # reads before a write, by the statement that reads
    for stmt in loop.body:
        early += [(name, stmt) for name in _reads(stmt) if name not in written]
        written.update(_writes(stmt))
    for name in sorted(written):
        readers = [stmt for read, stmt in early if read == name]
        if not readers or all(_counts(stmt, name) for stmt in readers):
            continue
        if not all(_added(stmt, name) is not None or _ored(stmt, name) for stmt in readers):
            return None
        writes = sum(name in _writes(stmt) for stmt in loop.body)
        if writes != 1 or sum(read == name for stmt in loop.body for read in _reads(stmt)) != 1:
            return None  # a sum that is read as it grows
        sums.add(name)
    return frozenset(sums)


def _reads(stmt: ast.stmt) -> Iterator[str]:
    for node in ast.walk(stmt):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
    if isinstance(stmt, ast.AugAssign) and isinstance(stmt.target, ast.Name):
        yield stmt.target.id


def _writes(stmt: ast.stmt) -> Iterator[str]:
    targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]  # type: ignore[attr-defined]
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _counts(stmt: ast.stmt, name: str) -> bool:
    """Whether all that a statement does to a counter is to move it by a constant, or to use it as an index."""
    if isinstance(stmt, ast.AugAssign) and isinstance(stmt.target, ast.Name) and stmt.target.id == name:
        return isinstance(stmt.value, ast.Constant)
    return name == "top"  # of the tape


def _added(stmt: ast.stmt, name: str) -> ast.expr | None:
    """What `name = name + …` becomes; None for anything else."""
    if not isinstance(stmt, ast.Assign) or not isinstance(stmt.targets[0], ast.Name):
        return None
    value = stmt.value
    if stmt.targets[0].id != name or sum(n == name for n in _reads(stmt)) != 1:
        return None
    match value:
        case ast.BinOp(ast.Name(id=left), ast.Add(), right) if left == name:
            return _call("added", right, value.left)
        case ast.BinOp(right, ast.Add(), ast.Name(id=left)) if left == name:
            return _call("added", right, value.right)
        case ast.BinOp(ast.Name(id=left), ast.Sub(), right) if left == name:
            return _call("added", ast.UnaryOp(ast.USub(), right), value.left)
        case ast.Call(ast.Name(id="muladd"), [a, b, ast.Name(id=left)]) if left == name:
            return _call("summed", a, b, value.args[2])
    return None


def _ored(stmt: ast.stmt, name: str) -> bool:
    """Whether a statement is `name = name | …`."""
    match stmt:
        case ast.Assign([ast.Name(id=target)], ast.BinOp(ast.Name(id=left), ast.BitOr(), _)):
            return target == left == name
    return False


def _call(function: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(function, ast.Load()), list(args), [])


class _Sums(ast.NodeTransformer):
    """Sums whose terms may be added in any order."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:  # the name ast requires
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id in self.names:
            node.value = _added(node, target.id) or node.value
        return node


def _vectorised(loop: ast.For) -> None:
    for i, stmt in enumerate(loop.body):
        loop.body[i] = _Calls().visit(_Powers().visit(stmt))


class _Calls(ast.NodeTransformer):
    """Calls of the C library's functions as calls of vector functions."""

    def visit_Call(self, node: ast.Call) -> ast.expr:  # the name ast requires
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(ast.Name(id="math"), attr=name) if name in _vector():
                node.func = ast.Name(_PREFIX + name, ast.Load())
            case ast.Name(id=name) if name in _vector():
                node.func = ast.Name(_PREFIX + name, ast.Load())
        return node


@cache
def _vector() -> Mapping[str, object]:
    from downslope.native.vector.mathematics import HELPERS, VECTOR, power  # only where code is compiled

    return {**VECTOR, **HELPERS, "float_power": VECTOR["pow"], "_power": power}


def _names(tree: ast.Module) -> Mapping[str, object]:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = {name: _vector()[name.removeprefix(_PREFIX)] for name in used if name.startswith(_PREFIX)}
    return found | {name: _vector()[name] for name in used & {"_power"}}
