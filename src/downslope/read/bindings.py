"""Every way in which a block of statements binds a name: what it is set to, or where it is imported from."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from downslope.read.literals import literal


@dataclass(frozen=True, slots=True)
class Import:
    """`from module import original`; `module` has a dot in front for each level up."""

    module: str
    original: str


DISPLAYS = (ast.List, ast.Tuple, ast.Dict, ast.Call)
"""Expressions that show the numbers of a structure."""
Bound = ast.expr | Import | None
"""The value assigned, the import, or None for any other way of binding a name."""


def bindings(body: Sequence[ast.stmt], name: str) -> list[Bound]:
    r"""How statements bind a name, in order; those of nested functions and classes are not theirs.

    >>> tree = ast.parse("A = B = 1.0\nfrom config import C as A")
    >>> len(bindings(tree.body, "A")), len(bindings(tree.body, "B"))
    (2, 1)
    """
    return [bound for statement in body for bound in _of(statement, name)]


def one_literal(found: Sequence[Bound], value: object) -> ast.expr | None:
    """The literal that alone binds a name, if there is one and it has this value; for a structure, its expression."""
    if len(found) != 1 or not isinstance(found[0], ast.expr):
        return None
    if not isinstance(value, int | float):
        return found[0] if isinstance(found[0], DISPLAYS) else None
    return found[0] if literal(found[0]) == value else None


def _of(node: ast.AST, name: str) -> Iterator[Bound]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _target(target, value, name)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _target(target, value, name)
        case ast.ImportFrom(module=module, names=names, level=level):
            for alias in names:
                if name in (alias.asname, alias.name) and (alias.asname or alias.name) == name:
                    yield Import("." * level + (module or ""), alias.name)
                elif alias.name == "*":
                    yield Import("." * level + (module or ""), "*")
        case ast.FunctionDef(name=own) | ast.AsyncFunctionDef(name=own) | ast.ClassDef(name=own):
            if own == name:
                yield None
            if any(isinstance(n, ast.Global | ast.Nonlocal) and name in n.names for n in ast.walk(node)):
                yield None
        case ast.Name(id=own, ctx=ast.Store() | ast.Del()):
            if own == name:
                yield None
        case ast.AnnAssign() | ast.Lambda():
            return
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _of(child, name)


def _target(target: ast.expr, value: ast.expr, name: str) -> Iterator[Bound]:
    match target, value:
        case ast.Name(id=own), _:
            if own == name:
                yield value
        case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
            for each, part in zip(names, values, strict=True):
                yield from _target(each, part, name)
        case _:
            yield from _of(target, name)
