"""Numbers as they are written, and where: the place of a node is what names it in every copy of a tree."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

from downslope.ir.nodes import Lit

Place: TypeAlias = tuple[int, int, int, int]
"""Line and byte column of a node's start, then of its end."""


def literal(node: ast.AST | None) -> float | int | None:
    """The number a literal stands for, with an optional minus.

    >>> literal(ast.parse("-30.0", mode="eval").body), literal(ast.parse("True", mode="eval").body)
    (-30.0, None)
    """
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return None if isinstance(value, bool) else -value
    return None


def place(node: ast.expr) -> Place:
    """Where an expression stands in its text."""
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0


def parents_of(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """The node around each node of a tree."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


_COMPARED: Mapping[type[ast.cmpop], Callable[..., bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


def decided(op: ast.cmpop, left: object, right: object) -> Lit | None:
    """What a comparison of two numbers that are known gives, as in `a.ndim == 1`; None where one is not.

    >>> decided(ast.Lt(), Lit(1), Lit(2)), decided(ast.Lt(), "x", Lit(2))
    (Lit(value=True), None)
    """
    if not isinstance(left, Lit) or not isinstance(right, Lit) or None in (left.value, right.value):
        return None
    return Lit(bool(_COMPARED[type(op)](left.value, right.value)))
