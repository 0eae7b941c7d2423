"""Numbers as they are written, and where: the place of a node is what names it in every copy of a tree."""

import ast
from typing import TypeAlias

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
