"""Structures made anew at the start of a function, from numbers that are lifted out of them."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from downslope.read.elements import Maker
from downslope.read.reach import Unit
from downslope.read.scopes import arguments, defaults
from downslope.read.text import Definition
from downslope.read.wholes import Whole, structured_defaults


@dataclass(frozen=True)
class Remaking:
    """What is made at the start of one function: variables with their expressions, and what these name."""

    made: Mapping[str, ast.expr] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # symbols
    gone: tuple[str, ...] = ()  # arguments that are made in place of being given

    def begun(self, node: Definition) -> Definition:
        """The definition with the structures made at its start. It is changed in place."""
        if not self.made:
            return node
        _drop(node, self.gone)
        if isinstance(node, ast.Lambda):
            return _Instead(self.made).visit(node)  # type: ignore[no-any-return]  # a lambda stays one
        node.body[:0] = [
            ast.fix_missing_locations(
                ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], made), made)
            )
            for name, made in self.made.items()
        ]
        return node


NOTHING = Remaking()


class _Instead(ast.NodeTransformer):
    """Puts expressions in place of names, where there is no line to set them."""

    def __init__(self, made: Mapping[str, ast.expr]) -> None:
        self.made = made

    def visit_Name(self, node: ast.Name) -> ast.expr:  # the name ast requires
        return self.made.get(node.id, node)


def _drop(node: Definition, gone: Sequence[str]) -> None:
    """Take arguments out of a definition, with their defaults."""
    args = node.args
    left = [(argument, default) for argument, default in defaults(node) if argument.arg not in gone]
    named = {argument.arg for argument in args.kwonlyargs}
    by_keyword = [
        (argument, default)
        for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if argument.arg not in gone
    ]
    args.defaults = [default for argument, default in left if argument.arg not in named]
    args.kwonlyargs = [argument for argument, _ in by_keyword]
    args.kw_defaults = [default for _, default in by_keyword]
    args.posonlyargs = [argument for argument in args.posonlyargs if argument.arg not in gone]
    args.args = [argument for argument in args.args if argument.arg not in gone]


def remakings(
    units: Sequence[Unit], symbols: Mapping[tuple[object, ...], str], keeping: Sequence[str]
) -> dict[int, Remaking]:
    """For each function, by its identity, what it makes at its start; nothing for most."""
    found = {}
    for unit in units:
        defaults_here = {} if unit.name else structured_defaults(unit.source)
        wholes = [
            (name, whole)
            for name, whole in defaults_here.items()
            if name in keeping or any(whole.key_of(each) in symbols for each in whole.elements)
        ]
        if wholes:
            found[id(unit)] = _remaking(unit, wholes, symbols)
    return found


def _remaking(
    unit: Unit, wholes: Sequence[tuple[str, Whole]], symbols: Mapping[tuple[object, ...], str]
) -> Remaking:
    made: dict[str, ast.expr] = {}
    scope: dict[str, Any] = {}
    needs: list[str] = []
    for name, whole in wholes:
        own = {
            each.path: symbols[whole.key_of(each)] for each in whole.elements if whole.key_of(each) in symbols
        }
        maker = Maker(whole.node if whole.argument else unit.source.node, name)
        made[name] = maker.made(whole.value, own)
        scope |= maker.scope
        needs += own.values()
    taken = {argument.arg for argument in arguments(unit.source.node)}
    return Remaking(made, scope, tuple(needs), tuple(name for name in made if name in taken))
