"""Loops that look for the best of their values ask block by block whether any value beats the best so far.

That question is SIMD code, for the best so far stands still in it; only a block with a yes is gone through one by one, by
the loop as it was. So the result is that of the loop, to the last bit, with its first of equals and its NaN.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

BLOCK = 512
"""Passes of a block; the first one is gone through without being asked, so short loops cost what they did."""
EXACT = frozenset({"at", "abs", "float", "math.isfinite", "math.sqrt", "math.fabs"})
"""Calls that give the same bits whether they are compiled to SIMD code or not."""


def with_blocks_searched(tree: ast.Module) -> ast.Module:
    """The tree of emitted code with such loops in blocks."""
    searched: ast.Module = _Searches().visit(tree)
    return searched


class _Searches(ast.NodeTransformer):
    def __init__(self) -> None:
        self.count = 0

    def visit_For(self, node: ast.For) -> ast.stmt:  # the name ast requires
        self.generic_visit(node)
        search = _search(node)
        if search is None:
            return node
        self.count += 1
        return _blocks(node, search, f"_{self.count}")


@dataclass(frozen=True)
class _Search:
    """Bounds of a loop, what a pass computes before it compares, and the comparison."""

    start: str
    stop: str
    before: Sequence[ast.stmt]
    better: ast.expr


def _search(loop: ast.For) -> _Search | None:
    """The parts of a loop that changes nothing but faults where a pass is not better."""
    bounds = _bounds(loop) if _plain(loop) else None
    carried = _carried(loop.body)
    answers = [name for name, reads in _tests(loop.body) if reads & carried]
    if bounds is None or len(answers) != 1:
        return None
    better = answers[0]
    faults = {name for stmt in loop.body for name in carried if _fault(stmt, name)}
    moved = carried - faults
    same = _unchanged(loop.body, better, moved)
    if same is None or not moved:
        return None
    before = [s for s in loop.body if not _stores(s) & same.keys() or ast.unparse(better) in _stores(s)]
    if not all(map(_exact, before)) or any(_stores(s) & moved for s in before):
        return None
    if any(_loads(s) & moved for s in before if ast.unparse(better) not in _stores(s)):
        return None
    return _Search(*bounds, before, better)


def _plain(loop: ast.For) -> bool:
    """Whether a loop runs to its end, over bounds that it does not set, and only assigns where it does not branch."""
    leaves = any(isinstance(node, ast.Break | ast.Continue) for node in ast.walk(loop))
    other = [s for stmt in loop.body if isinstance(stmt, ast.If) for s in stmt.orelse]
    assigned = all(isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) for s in other)
    return assigned and not leaves and not _loads(loop.iter) & _stores(loop)


def _bounds(loop: ast.For) -> tuple[str, str] | None:
    """The first and the last bound of a loop over `range` in steps of one."""
    match loop.iter:
        case ast.Call(ast.Name(id="range"), [stop]):
            return "0", ast.unparse(stop)
        case ast.Call(ast.Name(id="range"), [start, stop]):
            return ast.unparse(start), ast.unparse(stop)
    return None


def _carried(body: Sequence[ast.stmt]) -> frozenset[str]:
    """Variables that a pass reads before it sets them, and sets."""
    written: set[str] = set()
    early: set[str] = set()
    for stmt in body:
        early |= _loads(stmt) - written
        written |= _stores(stmt)
    return frozenset(early & written)


def _tests(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.expr, frozenset[str]]]:
    """Each comparison that a pass makes, and what it reads."""
    for stmt in body:
        match stmt:
            case ast.Assign([ast.Name() as name], ast.Compare() | ast.BoolOp(ast.And()) as value):
                yield name, _loads(value)
            case ast.If(ast.Compare() | ast.BoolOp() as test):
                yield test, _loads(test)


def _unchanged(body: Sequence[ast.stmt], better: ast.expr, moved: frozenset[str]) -> Mapping[str, str] | None:
    """The variables that are those of the pass before where `better` is false; None unless all of `moved` are."""
    answer = ast.unparse(better)
    rule = next(
        (ast.unparse(s.value) for s in body if isinstance(s, ast.Assign) and answer in _stores(s)), ""
    )
    same = {name: name for name in moved}
    for stmt in body:
        for name, value in _where_false(stmt, answer, rule):
            if value in same:
                same[name] = same[value]
            elif name in moved:
                return None
    return same if all(same[name] == name for name in moved) else None


def _where_false(stmt: ast.stmt, answer: str, rule: str) -> Iterator[tuple[str, str]]:
    """The copies that a statement makes where the answer is false."""
    match stmt:
        case ast.If(test, _, orelse) if ast.unparse(test) == answer:
            for inner in orelse:
                yield from _where_false(inner, answer, rule)
        case ast.Assign([ast.Name(id=name)], value):
            yield name, _value_where_false(value, answer, rule)


def _value_where_false(value: ast.expr, answer: str, rule: str) -> str:
    match value:
        case ast.IfExp(test, _, other) if ast.unparse(test) == answer:
            return ast.unparse(other)
        case ast.BoolOp(ast.Or(), [one, test]) if ast.unparse(test) == answer:
            return ast.unparse(one)
        case ast.Call(ast.Name(id="maximum" | "minimum" as op), [one, two]):
            old, new = ast.unparse(one), ast.unparse(two)
            sign = ">=" if op == "maximum" else "<="
            if rule == f"not {old} {sign} {new} and {old} == {old}":
                return old
    return ast.unparse(value)


def _fault(stmt: ast.stmt, name: str) -> bool:
    """Whether a statement is `name = name | …`."""
    match stmt:
        case ast.Assign([ast.Name(id=target)], ast.BinOp(ast.Name(id=left), ast.BitOr(), right)):
            return target == left == name and name not in _loads(right)
    return False


def _exact(stmt: ast.stmt) -> bool:
    """Whether a statement sets a variable, to what SIMD code gives to the last bit."""
    calls = [node for node in ast.walk(stmt) if isinstance(node, ast.Call)]
    powers = any(isinstance(node, ast.Pow) for node in ast.walk(stmt))
    named = isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name)
    return named and not powers and all(ast.unparse(call.func) in EXACT for call in calls)


def _blocks(loop: ast.For, search: _Search, mark: str) -> ast.stmt:
    index, begin, end, beaten = ast.unparse(loop.target), f"begin{mark}", f"end{mark}", f"beaten{mark}"
    outer = ast.parse(
        f"for {begin} in range({search.start}, {search.stop}, {BLOCK}):\n"
        f"    {end} = min({begin} + {BLOCK}, {search.stop})\n"
        f"    {beaten} = 1\n"
        f"    if {begin} > {search.start}:\n"
        f"        {beaten} = 0\n"
        f"        for {index} in range({begin}, {end}):\n"
        f"            {beaten} = {beaten} | (1 if {ast.unparse(search.better)} else 0)\n"
        f"    if {beaten} != 0:\n"
        f"        for {index} in range({begin}, {end}):\n"
        f"            pass\n"
    ).body[0]
    asked, walked = [node for node in ast.walk(outer) if isinstance(node, ast.For)][1:]
    asked.body = [*map(deepcopy, search.before), *asked.body]
    walked.body = loop.body
    return outer


def _loads(node: ast.AST) -> frozenset[str]:
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    return frozenset(n.id for n in names if isinstance(n.ctx, ast.Load))


def _stores(node: ast.AST) -> frozenset[str]:
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    return frozenset(n.id for n in names if isinstance(n.ctx, ast.Store))
