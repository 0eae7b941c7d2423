"""Comprehensions, and `sum`, `any` and `all` of one, as nested functions with the loops that they stand for."""

import ast
from typing import TypeAlias

Comprehension: TypeAlias = ast.ListComp | ast.GeneratorExp
TAKERS = frozenset({"sum", "max", "min", "any", "all", "list"})
"""Builtins that take a generator expression."""
FOLDED = frozenset({"sum", "any", "all"})
"""Those that need no list of its values."""
KEPT = "__kept"


def bound_by(node: Comprehension) -> frozenset[str]:
    """The names that a comprehension binds; they are its own.

    >>> sorted(bound_by(ast.parse("[a * b for a, b in zip(x, y)]").body[0].value))
    ['a', 'b']
    """
    targets = [generator.target for generator in node.generators]
    return frozenset(n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))


def counted(node: Comprehension) -> bool:
    """Whether it has as many values as what it goes over."""
    return len(node.generators) == 1 and not node.generators[0].ifs


def as_function(node: Comprehension, taker: str, start: ast.expr | None = None) -> ast.FunctionDef:
    """A function without arguments that computes what `taker` of the comprehension is; `list` makes a list.

    >>> print(ast.unparse(as_function(ast.parse("(a for a in x if a > 1)").body[0].value, "sum")))
    def sum():
        __kept = 0
        for a in x:
            if a > 1:
                __kept = __kept + a
        return __kept
    """
    body: list[ast.stmt] = [_step(node, taker)]
    for generator in reversed(node.generators):
        for test in reversed(generator.ifs):
            body = [ast.If(test, body, [])]
        body = [ast.For(generator.target, generator.iter, body, [])]
    before: list[ast.stmt] = []
    if taker == "list":
        before = [_set(ast.List([], ast.Load()))]
    elif taker == "sum":
        before = [_set(start or ast.Constant(0))]
    result: ast.expr = ast.Constant(taker == "all") if taker in ("any", "all") else _kept()
    made = ast.parse(f"def {taker}(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = [*before, *body, ast.Return(result)]
    for child in ast.walk(made):  # what is new stands where the comprehension does
        if not hasattr(child, "lineno") or child is made:
            ast.copy_location(child, node)
    return made


def _step(node: Comprehension, taker: str) -> ast.stmt:
    """What is done with one value."""
    match taker:
        case "sum":
            return _set(ast.BinOp(_kept(), ast.Add(), node.elt))
        case "any":
            return ast.If(node.elt, [ast.Return(ast.Constant(True))], [])
        case "all":
            return ast.If(ast.UnaryOp(ast.Not(), node.elt), [ast.Return(ast.Constant(False))], [])
    append = ast.Attribute(_kept(), "append", ast.Load())
    return ast.Expr(ast.Call(append, [node.elt], []))


def _set(value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(KEPT, ast.Store())], value)


def _kept() -> ast.Name:
    return ast.Name(KEPT, ast.Load())
