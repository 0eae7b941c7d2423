"""Which variables may be read before they are set.

Python raises `UnboundLocalError` at run time; native code would read garbage. So it is refused when
the program is read. The analysis is the usual one of definite assignment (Aho et al., "Compilers",
section 9.2), with the facts of `while True` and of ranges that surely run.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from downslope.read.comprehensions import bound_by

State = frozenset[str] | None  # the names surely set; None where control cannot be


@dataclass
class _Loop:
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


class Assigned:
    """Walks a function body; `unset` collects the names read where they may be unset.

    `closures` are the variables that each nested function reads from around it, which a call of it reads.
    """

    def __init__(self, local: Iterable[str], closures: Mapping[str, frozenset[str]] | None = None) -> None:
        self.local = frozenset(local)
        self.closures = closures or {}
        self.unset: list[ast.Name] = []

    def block(self, body: list[ast.stmt], state: State, loop: _Loop | None = None) -> State:
        """The names set after `body`, given those set before it."""
        for statement in body:
            if state is None:
                return None
            state = self._statement(statement, state, loop)
        return state

    def _statement(self, node: ast.stmt, state: frozenset[str], loop: _Loop | None) -> State:
        match node:
            case ast.If():
                self._read(node.test, state)
                return _meet(self.block(node.body, state, loop), self.block(node.orelse, state, loop))
            case ast.While() | ast.For():
                return self._loop(node, state, loop)
            case ast.Break():
                if loop:
                    loop.breaks.append(state)
                return None
            case ast.Continue():
                if loop:
                    loop.continues.append(state)
                return None
            case ast.Return() | ast.Raise():
                self._read(node, state)
                return None
            case ast.FunctionDef():
                return state | {node.name}
            case ast.Delete(targets=targets):
                self._read(node, state)
                return state - {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AugAssign(target=ast.Name(id=name)):
                self._read(node.value, state)
                self._check(ast.copy_location(ast.Name(name, ast.Load()), node.target), state)
                return state
            case _:
                self._read(node, state)
                return state | stored([node])

    def _loop(self, node: ast.While | ast.For, state: frozenset[str], outer: _Loop | None) -> State:
        self._read(node.test if isinstance(node, ast.While) else node.iter, state)
        inside = state | stored_target(node)
        here = _Loop()
        ended = self.block(node.body, inside, here)
        for continued in here.continues:
            ended = _meet(ended, continued)
        runs = surely_runs(node)
        if isinstance(node, ast.While) and runs:
            exhausted: State = None
        elif runs and ended is not None:
            exhausted = ended
        else:
            exhausted = state
        after = None if exhausted is None else self.block(node.orelse, exhausted, outer)
        for broken in here.breaks:
            after = _meet(after, broken)
        return after

    def _read(self, node: ast.AST, state: frozenset[str]) -> None:
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            state |= bound_by(node)  # they are set by then, and no variables of the function
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self._check(node, state)
        for child in ast.iter_child_nodes(node):
            self._read(child, state)

    def _check(self, name: ast.Name, state: frozenset[str]) -> None:
        if name.id in self.local and name.id not in state:
            self.unset.append(name)
            return
        for free in sorted((self.closures.get(name.id, frozenset()) & self.local) - state):
            self.unset.append(ast.copy_location(ast.Name(free, ast.Load()), name))


def _meet(left: State, right: State) -> State:
    if left is None or right is None:
        return left if right is None else right
    return left & right


def stored(body: Iterable[ast.AST]) -> frozenset[str]:
    """The names that statements assign, not counting those of nested functions."""
    names: set[str] = set()
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        todo.extend(ast.iter_child_nodes(node))
    return frozenset(names)


def stored_target(node: ast.While | ast.For) -> frozenset[str]:
    """The loop's variables, if there are any."""
    return stored([node.target]) if isinstance(node, ast.For) else frozenset()


def surely_runs(node: ast.While | ast.For) -> bool:
    """Whether the loop is `while True`, or a range of literals with at least one pass."""
    if isinstance(node, ast.While):
        return isinstance(node.test, ast.Constant) and bool(node.test.value)
    called = node.iter.func if isinstance(node.iter, ast.Call) else None
    if not isinstance(node.iter, ast.Call) or not (isinstance(called, ast.Name) and called.id == "range"):
        return False
    try:
        bounds = [ast.literal_eval(arg) for arg in node.iter.args]
        return len(range(*bounds)) > 0
    except (ValueError, TypeError):
        return False
