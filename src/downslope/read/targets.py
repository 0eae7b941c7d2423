"""The variables that the user's statement at a place sets."""

import ast
import linecache
from functools import cache

from downslope.errors import Loc

_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.Assert)


def target(loc: Loc | None) -> str:
    """What the statement at a place sets, as it is written there; `return`; the index of a range; or nothing.

    >>> target(None)
    ''
    """
    if loc is None:
        return ""
    lines = linecache.getlines(loc.file)
    text = "".join(lines) if loc.line <= len(lines) and lines[loc.line - 1].rstrip("\n") == loc.text else ""
    return _by_line(text or _alone(loc)).get(loc.line if text else 1, "")


def _alone(loc: Loc) -> str:
    """The place's own line, for text that is in no file."""
    return loc.text.strip()


@cache
def _by_line(text: str) -> dict[int, str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}
    found: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, _SIMPLE):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found.update(dict.fromkeys(lines, _name(node)))
        elif isinstance(node, ast.For) and ast.unparse(node.iter).startswith("range("):
            found[node.lineno] = ast.unparse(node.target)
    return found


def _name(node: ast.AST) -> str:
    match node:
        case ast.Assign(targets=targets):
            return " = ".join(ast.unparse(each) for each in targets)
        case ast.AugAssign(target=one) | ast.AnnAssign(target=one):
            return ast.unparse(one)
        case ast.Return():
            return "return"
    return ""
