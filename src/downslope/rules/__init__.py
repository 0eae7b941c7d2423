"""RULES: the rule table, checked when it is loaded, and read-only."""

import ast
from collections.abc import Mapping
from types import MappingProxyType

from downslope.errors import UsageError
from downslope.rules.elementwise import ROWS
from downslope.rules.kinds import OPERATORS, Elementwise, parsed


def ops_in(formula: str) -> frozenset[str]:
    """The rows that a partial calls."""
    found = set()
    for node in ast.walk(parsed(formula)):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                found.add(name)
            case ast.BinOp(op=op) | ast.Compare(ops=[op]):
                found.add(OPERATORS[type(op)])
            case ast.IfExp():
                found.add("where")
    return frozenset(found)


def checked(rows: tuple[Elementwise, ...]) -> Mapping[str, Elementwise]:
    """The rows by name. Raises `UsageError` for a row that is malformed or names an unknown op."""
    table = {row.name: row for row in rows}
    for row in rows:
        called = {name for partial in row.partials for name in ops_in(partial)}
        names = {
            node.id
            for partial in row.partials
            for node in ast.walk(parsed(partial))
            if isinstance(node, ast.Name)
        }
        unknown = (names - {*row.args, "y", "pi"} - called) | (called - set(table))
        if unknown or len(row.partials) != len(row.args) or len(table) != len(rows):
            raise UsageError(
                f"the rule for {row.name} is malformed",
                why=f"{len(row.args)} arguments, {len(row.partials)} partials; unknown: {sorted(unknown)}.",
                fix="give one partial per argument, over its arguments and y.",
            )
    return MappingProxyType(table)


RULES: Mapping[str, Elementwise] = checked(ROWS)
SPELLINGS: Mapping[str, str] = MappingProxyType(
    {spelling: row.name for row in RULES.values() for spelling in row.spellings}
)
"""What a user may write -> the row it means."""
