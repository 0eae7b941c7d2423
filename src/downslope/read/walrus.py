"""`:=` as assignments of their own, where the order in which Python computes surely stays the same."""

import ast
import copy
from collections.abc import Iterator, Sequence

PURE = frozenset({"abs", "min", "max", "sum", "len", "float", "int", "round", "bool", "range"})
LATER = ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp


class Conditional(Exception):  # no error: the fence refuses the place
    """An assignment that may not run, or that cannot be moved before what is computed first."""


def assigns(node: ast.AST) -> bool:
    """Whether an expression contains `:=`."""
    return any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node))


def hoisted(node: ast.expr, read: Sequence[str] = ()) -> tuple[list[ast.stmt], ast.expr]:
    """The assignments in an expression, and the expression without them; `read` are names read before.

    Raises `Conditional` where an assignment may not run, or changes what is read before it.

    >>> before, rest = hoisted(ast.parse("(y := x * x) + y", mode="eval").body)
    >>> ast.unparse(before[0]), ast.unparse(rest)
    ('y = x * x', 'y + y')
    """
    if not assigns(node):
        return [], node
    walk = _Walk(read)
    new = walk.visit(copy.deepcopy(node))
    return walk.before, new


def conditions(test: ast.expr) -> list[tuple[list[ast.stmt], ast.expr]]:
    """The parts of `a and b and c`, each with the assignments before it. Raises `Conditional` as `hoisted`."""
    is_and = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)
    return [hoisted(part) for part in (test.values if is_and else [test])]  # type: ignore[attr-defined]  # a BoolOp


def in_order(node: ast.stmt) -> list[ast.stmt]:
    """A statement after the assignments in its expression; itself where they cannot be moved."""
    name = next((n for n in ("value", "test", "iter") if isinstance(getattr(node, n, None), ast.expr)), "")
    if not name or not assigns(getattr(node, name)):
        return [node]
    read = (
        [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)]
        if isinstance(node, ast.AugAssign)
        else []
    )
    try:
        before, value = hoisted(getattr(node, name), read)
    except Conditional:
        return [node]
    setattr(node, name, value)
    return [*before, node]


class _Walk:
    """Goes through an expression in the order in which Python computes it."""

    def __init__(self, read: Sequence[str]) -> None:
        self.before: list[ast.stmt] = []
        self.read = set(read)
        self.changed = False  # whether a call has run that may change something

    def visit(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.NamedExpr):
            return self.assignment(node)
        if isinstance(node, ast.Name):
            self.read.add(node.id)
        elif isinstance(node, ast.BoolOp):
            node.values[0] = self.visit(node.values[0])
            self.surely_not(node.values[1:])
        elif isinstance(node, ast.IfExp):
            node.test = self.visit(node.test)
            self.surely_not([node.body, node.orelse])
        elif isinstance(node, ast.Compare):
            node.left, node.comparators[0] = self.visit(node.left), self.visit(node.comparators[0])
            self.surely_not(node.comparators[1:])
        elif isinstance(node, LATER):
            self.surely_not([node])
        else:
            self.parts(node)
        return node

    def parts(self, node: ast.AST) -> None:
        """What an expression computes first, in order."""
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, name, self.visit(value))
            elif isinstance(value, list):
                setattr(node, name, [self.visit(v) if isinstance(v, ast.expr) else v for v in value])
                for keyword in (v for v in value if isinstance(v, ast.keyword)):
                    keyword.value = self.visit(keyword.value)
            elif isinstance(value, ast.AST):
                self.parts(value)
        self.changed |= any(_may_change([node]))

    def assignment(self, node: ast.NamedExpr) -> ast.expr:
        earlier, changed, name = set(self.read), self.changed, node.target.id
        value = self.visit(node.value)
        if name in earlier or changed or (earlier and any(_may_change([value]))):
            raise Conditional(name)
        target = ast.copy_location(ast.Name(name, ast.Store()), node.target)
        self.before.append(ast.copy_location(ast.Assign([target], value), node))
        self.read, self.changed = earlier | {name}, False  # what the value reads, it reads in its own line
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def surely_not(self, nodes: Sequence[ast.expr]) -> None:
        """What may not run holds no assignment; what it reads is read before what comes later."""
        if any(assigns(node) for node in nodes):
            raise Conditional("")
        for node in nodes:
            self.read |= _names(node)
        self.changed |= any(_may_change(nodes))


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _may_change(nodes: Sequence[ast.AST]) -> Iterator[bool]:
    """For each call of anything but a plain function of a module or a builtin: it may change an array or list."""
    for inner in (inner for node in nodes for inner in ast.walk(node)):
        if isinstance(inner, ast.Call):
            module = isinstance(inner.func, ast.Attribute) and isinstance(inner.func.value, ast.Name)
            known = module and inner.func.value.id in ("math", "np", "numpy")  # type: ignore[attr-defined]  # a Name
            yield not (known or (isinstance(inner.func, ast.Name) and inner.func.id in PURE))
