"""Structures made anew at the start of a function, from numbers that are lifted out of them."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from downslope.read.elements import Maker, Path
from downslope.read.literals import Place, place
from downslope.read.outside_wholes import default_wholes, outside_uses
from downslope.read.reach import Unit
from downslope.read.scopes import defaults
from downslope.read.text import Definition
from downslope.read.wholes import Whole


@dataclass(frozen=True)
class Remaking:
    """What is made at the start of one function: variables with their expressions, and what these name."""

    made: Mapping[str, ast.expr] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # symbols
    gone: tuple[str, ...] = ()  # arguments that are made in place of being given
    uses: Mapping[Place, str] = field(default_factory=dict)  # where variables made here are read

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
    found = {id(unit): _remaking(unit, units, symbols, keeping) for unit in units}
    return {key: remaking for key, remaking in found.items() if remaking.made}


def _remaking(
    unit: Unit,
    units: Sequence[Unit],
    symbols: Mapping[tuple[object, ...], str],
    keeping: Sequence[str],
) -> Remaking:
    made: dict[str, ast.expr] = {}
    scope: dict[str, Any] = {}
    needs: dict[str, None] = {}
    uses: dict[Place, str] = {}
    gone: list[str] = []

    def make(name: str, whole: Whole, where: ast.AST) -> None:
        own = _lifted(whole, symbols)
        maker = Maker(where, name)
        made[name] = maker.made(whole.value, own)
        scope.update(maker.scope)
        needs.update(dict.fromkeys(own.values()))

    for name, whole in default_wholes(unit, units).items():
        if _lifted(whole, symbols) or (name in keeping and not unit.name):
            make(name, whole, whole.node)
            gone.append(name)
    for here, whole in outside_uses(unit):
        if _lifted(whole, symbols):
            assert isinstance(here.node, ast.expr)
            local = _free(whole.name, unit)
            if local not in made:
                make(local, whole, here.node)
            uses[place(here.node)] = local
    return Remaking(made, scope, tuple(needs), tuple(gone), uses)


def _free(name: str, unit: Unit) -> str:
    """The variable for a structure: its own name, or for `module.name` one that the function does not use."""
    local = name.replace(".", "_")
    while local != name and any(isinstance(h.node, ast.Name) and h.node.id == local for h in unit.nodes):
        local += "_"
    return local


def _lifted(whole: Whole, symbols: Mapping[tuple[object, ...], str]) -> dict[Path, str]:
    """The symbols of the numbers in a structure that are lifted, by their paths."""
    keys = {each.path: whole.key_of(each) for each in whole.elements}
    return {path: symbols[key] for path, key in keys.items() if key in symbols}
