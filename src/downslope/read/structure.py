"""Rewrite a function body so that every block has one way in and one way out.

`break`, `continue` and early `return` become boolean flags and nested branches, so that the reverse
sweep can run each block backwards. A loop that may be left early keeps the flag's name
(`Structured.until`); it is tested after each iteration. Positions of the user's nodes survive.
"""

import ast
from dataclasses import dataclass, field
from typing import TypeVar

Node = TypeVar("Node", bound=ast.stmt)

RETURNED = "__returned"
RESULT = "__result"


@dataclass
class Structured:
    """A body without jumps; `until` names, per loop node, the flag that ends the loop."""

    body: list[ast.stmt]
    until: dict[ast.stmt, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Scope:
    """The flags that jumps inside the current loop set; the function's own scope has none."""

    broke: str = ""
    skipped: str = ""
    in_loop: bool = False

    def flag(self, kind: type[ast.stmt]) -> str:
        """The flag that a jump of this kind sets in this scope."""
        if kind is ast.Continue:
            return self.skipped
        return self.broke if self.in_loop else RETURNED


def structured(body: list[ast.stmt]) -> Structured:
    """The body with jumps turned into flags; the value returned is in `RESULT`."""
    rewriter = _Rewriter()
    start = _assign(RETURNED, False, body[0])
    return Structured([start, *rewriter.block(body, _Scope())], rewriter.until)


def jumps(statements: list[ast.stmt]) -> set[type[ast.stmt]]:
    """The kinds of jump that may leave a list of statements."""
    found: set[type[ast.stmt]] = set()
    for statement in statements:
        match statement:
            case ast.Return() | ast.Break() | ast.Continue():
                found.add(type(statement))
            case ast.If(body=body, orelse=orelse):
                found |= jumps(body) | jumps(orelse)
            case ast.For(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse):
                found |= (jumps(body) & {ast.Return}) | jumps(orelse)
    return found


def leaves(statements: list[ast.stmt]) -> bool:
    """Whether control surely does not fall out of the end of these statements."""
    if not statements:
        return False
    match statements[-1]:
        case ast.Return() | ast.Break() | ast.Continue() | ast.Raise():
            return True
        case ast.If(body=body, orelse=orelse):
            return leaves(body) and leaves(orelse)
        case _:
            return False


def is_procedure(node: ast.FunctionDef) -> bool:
    """Whether a function only changes its arguments: no `return` of its own has a value."""
    todo: list[ast.AST] = list(node.body)
    while todo:
        each = todo.pop()
        if isinstance(each, ast.FunctionDef | ast.Lambda):
            continue
        if isinstance(each, ast.Return) and not _is_none(each.value):
            return False
        todo.extend(ast.iter_child_nodes(each))
    return True


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


class _Rewriter:
    def __init__(self) -> None:
        self.until: dict[ast.stmt, str] = {}
        self._count = 0

    def block(self, statements: list[ast.stmt], scope: _Scope) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            match statement:
                case ast.Return() | ast.Break() | ast.Continue():
                    return out + self._jump(statement, scope)
                case ast.If() if jumps([statement]):
                    return out + self._branch(statement, rest, scope)
                case ast.For() | ast.While():
                    return out + self._loop(statement, rest, scope)
                case ast.If():
                    out.append(
                        _at(
                            ast.If(
                                statement.test,
                                self.block(statement.body, scope),
                                self.block(statement.orelse, scope),
                            ),
                            statement,
                        )
                    )
                case ast.Raise():
                    return [*out, statement]
                case _:
                    out.append(statement)
        return out

    def _jump(self, statement: ast.Return | ast.Break | ast.Continue, scope: _Scope) -> list[ast.stmt]:
        if isinstance(statement, ast.Break):
            return [_assign(scope.broke, True, statement)]
        if isinstance(statement, ast.Continue):
            return [_assign(scope.skipped, True, statement)]
        value = statement.value or ast.copy_location(ast.Constant(None), statement)
        store = _at(ast.Assign([ast.Name(RESULT, ast.Store())], value), statement)
        flags = [_assign(RETURNED, True, statement)]
        if scope.in_loop:
            flags.append(_assign(scope.broke, True, statement))
        return [store, *flags]

    def _branch(self, statement: ast.If, rest: list[ast.stmt], scope: _Scope) -> list[ast.stmt]:
        """Put the rest of the block where control falls through; flags only where neither side leaves."""
        body, orelse = statement.body, statement.orelse
        if leaves(body) and leaves(orelse):
            return [
                _at(ast.If(statement.test, self.block(body, scope), self.block(orelse, scope)), statement)
            ]
        if leaves(body):
            other = self.block([*orelse, *rest], scope)
            return [_at(ast.If(statement.test, self.block(body, scope), other), statement)]
        if leaves(orelse):
            then = self.block([*body, *rest], scope)
            return [_at(ast.If(statement.test, then, self.block(orelse, scope)), statement)]
        return self._guarded(statement, rest, scope)

    def _guarded(self, statement: ast.If, rest: list[ast.stmt], scope: _Scope) -> list[ast.stmt]:
        """Either side may jump or fall through: run the rest only if no jump has set its flag."""
        body, orelse = self.block(statement.body, scope), self.block(statement.orelse, scope)
        branch = _at(ast.If(statement.test, body, orelse), statement)
        following = self.block(rest, scope)
        if not following:
            return [branch]
        flags = {scope.flag(kind) for kind in jumps([statement])}
        names: list[ast.expr] = [ast.Name(flag, ast.Load()) for flag in sorted(flags)]
        left = names[0] if len(names) == 1 else ast.BoolOp(ast.Or(), names)
        guard = ast.If(ast.UnaryOp(ast.Not(), left), following, [])
        return [branch, _at(guard, statement)]

    def _loop(self, loop: ast.For | ast.While, rest: list[ast.stmt], scope: _Scope) -> list[ast.stmt]:
        kinds = jumps(loop.body)
        returns = ast.Return in kinds
        ends = bool(kinds & {ast.Return, ast.Break})
        broke = self._fresh("broke") if ends else ""
        skipped = self._fresh("skipped") if ast.Continue in kinds else ""
        before: list[ast.stmt] = [_assign(broke, False, loop)] if ends else []
        inner = _Scope(broke, skipped, True)
        body = self.block(loop.body, inner)
        if skipped:
            body = [_assign(skipped, False, loop), *body]
        new: ast.For | ast.While
        if isinstance(loop, ast.For):
            new = _at(ast.For(loop.target, loop.iter, body, []), loop)
        else:
            new = _at(ast.While(loop.test, body, []), loop)
        if ends:
            self.until[new] = broke
        after = self._after(loop, rest, scope, broke, returns)
        return [*before, new, *after]

    def _after(
        self, loop: ast.For | ast.While, rest: list[ast.stmt], scope: _Scope, broke: str, returns: bool
    ) -> list[ast.stmt]:
        """The loop's `else`, then the rest, which a return inside the loop passes over."""
        if loop.orelse and broke:
            untouched = ast.UnaryOp(ast.Not(), ast.Name(broke, ast.Load()))
            rest = [_at(ast.If(untouched, loop.orelse, []), loop), *rest]
        elif loop.orelse:
            rest = [*loop.orelse, *rest]
        following = self.block(rest, scope)
        if not returns:
            return following
        passed = self._pass_on(scope, loop)
        if not following and not passed:
            return []
        return [_at(ast.If(ast.Name(RETURNED, ast.Load()), passed or [_pass(loop)], following), loop)]

    def _pass_on(self, scope: _Scope, node: ast.stmt) -> list[ast.stmt]:
        """After a return in an inner loop, the outer loop ends too."""
        return [_assign(scope.broke, True, node)] if scope.in_loop else []

    def _fresh(self, kind: str) -> str:
        self._count += 1
        return f"__{kind}_{self._count}"


def _at(node: Node, place: ast.stmt) -> Node:
    return ast.copy_location(node, place)


def _assign(name: str, value: bool, place: ast.stmt) -> ast.stmt:
    constant = ast.copy_location(ast.Constant(value), place)
    return _at(ast.Assign([ast.Name(name, ast.Store())], constant), place)


def _pass(place: ast.stmt) -> ast.stmt:
    return _at(ast.Pass(), place)
