"""Turn constants of a program into inputs, without touching the file."""

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from downslope.read.constants import Constant
from downslope.read.source import Definition, Source


def lifted(source: Source, constants: Sequence[Constant]) -> Source:
    """The program with each constant as a keyword-only input named by its symbol.

    Its default is the old value. Keyword defaults are inputs already. The new function is compiled
    from the changed syntax tree with the same globals and closure values.
    """
    extra = [constant for constant in constants if constant.symbol not in source.arguments]
    if not extra:
        return source
    places = {
        _key(constant.node): constant.symbol for constant in extra if constant.kind != "module constant"
    }
    named = {constant.symbol for constant in extra if constant.kind == "module constant"}
    node: Definition = _Lift(places, named).visit(copy.deepcopy(source.node))
    for constant in extra:
        node.args.kwonlyargs.append(ast.copy_location(ast.arg(constant.symbol), source.node))
        node.args.kw_defaults.append(ast.copy_location(ast.Constant(float(constant.value)), source.node))
    namespace = dict(source.namespace)
    function = _compiled(node, namespace, source)
    arguments = (*source.arguments, *(constant.symbol for constant in extra))
    defaults: Mapping[str, object] = {**source.defaults, **{c.symbol: float(c.value) for c in extra}}
    return replace(
        source, node=node, function=function, arguments=arguments, defaults=defaults, namespace=namespace
    )


def _compiled(node: Definition, namespace: dict[str, object], source: Source) -> Callable[..., Any]:
    scope = dict(namespace)
    if isinstance(node, ast.Lambda):
        expression = ast.fix_missing_locations(ast.Expression(node))
        return eval(compile(expression, source.file, "eval"), scope)  # type: ignore[no-any-return]  # the user's own lambda
    bare = copy.copy(node)
    bare.decorator_list = []
    module = ast.fix_missing_locations(ast.Module([bare], []))
    exec(compile(module, source.file, "exec"), scope)  # the user's own function
    function: Any = scope[node.name]
    defaults = getattr(source.function, "__defaults__", None)
    function.__defaults__ = defaults  # as evaluated when it was first defined
    return function  # type: ignore[no-any-return]


def _key(node: ast.expr) -> tuple[int, int, int]:
    return node.lineno, node.col_offset, node.end_col_offset or 0


class _Lift(ast.NodeTransformer):
    def __init__(self, places: Mapping[tuple[int, int, int], str], named: set[str]) -> None:
        self.places = places
        self.named = named

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # the name ast requires
        return self._replaced(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:  # the name ast requires
        new = self._replaced(node)
        return new if new is not node else self.generic_visit(node)  # type: ignore[return-value]

    def _replaced(self, node: ast.expr) -> ast.expr:
        symbol = self.places.get(_key(node))
        return node if symbol is None else ast.copy_location(ast.Name(symbol, ast.Load()), node)
