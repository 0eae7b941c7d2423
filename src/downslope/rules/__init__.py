"""RULES: the rule table, checked when it is loaded. `rule` adds a row; nothing else changes it."""

import ast
import math
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from downslope.errors import UsageError
from downslope.rules.elementwise import ROWS, Region, elementwise
from downslope.rules.kinds import OPERATORS, Elementwise, parsed


def calls_in(formula: str) -> frozenset[tuple[str, int]]:
    """The rows that a partial calls, each with the number of arguments it gets."""
    found: set[tuple[str, int]] = set()
    for node in ast.walk(parsed(formula)):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args):
                found.add((name, len(args)))
            case ast.BinOp(op=op) | ast.Compare(ops=[op]):
                found.add((OPERATORS[type(op)], 2))
            case ast.UnaryOp(op=unary):
                found.add((OPERATORS[type(unary)], 1))
            case ast.IfExp():
                found.add(("where", 3))
    return frozenset(found)


def ops_in(formula: str) -> frozenset[str]:
    """The names of the rows that a partial calls.

    >>> sorted(ops_in("1 / sqrt(x)"))
    ['divide', 'sqrt']
    """
    return frozenset(name for name, _ in calls_in(formula))


def faults(row: Elementwise, table: Mapping[str, Elementwise]) -> tuple[str, ...]:
    """What is wrong with a row, given the whole table; nothing if it is sound."""
    found = []
    if len(row.partials) != len(row.args):
        found.append(f"{len(row.args)} arguments but {len(row.partials)} partials")
    if len(row.sample) != len(row.args):
        found.append(f"{len(row.args)} arguments but {len(row.sample)} regions to sample")
    if set(re.findall(r"{(\d+)}", row.python)) != {str(i) for i in range(len(row.args))}:
        found.append(f"the template {row.python!r} does not use each argument")
    for formula in row.partials:
        calls = calls_in(formula)
        called = {node.func for node in ast.walk(parsed(formula)) if isinstance(node, ast.Call)}
        names = {n.id for n in ast.walk(parsed(formula)) if isinstance(n, ast.Name) and n not in called}
        found += [f"unknown name {name}" for name in sorted(names - {*row.args, "y", "pi"})]
        found += [f"no row {name}" for name, _ in sorted(calls) if name not in table]
        found += [
            f"{name} takes {len(table[name].args)} arguments, not {count}"
            for name, count in sorted(calls)
            if name in table and len(table[name].args) != count
        ]
    return tuple(found)


def checked(rows: Iterable[Elementwise]) -> dict[str, Elementwise]:
    """The rows by name. Raises `UsageError` for a row that is malformed or names an unknown op."""
    table: dict[str, Elementwise] = {}
    for row in rows:
        if row.name in table:
            raise UsageError(
                f"there are two rules for {row.name}", why="names are unique.", fix="rename one of them."
            )
        table[row.name] = row
    for row in table.values():
        if wrong := faults(row, table):
            raise UsageError(
                f"the rule for {row.name} is malformed",
                why=f"{'; '.join(wrong)}.",
                fix="give one partial per argument, over its arguments and y (docs/adding-a-rule.md).",
            )
    return table


def spelled(table: Mapping[str, Elementwise]) -> dict[str, str]:
    """What a user may write -> the row it means. Raises `UsageError` where it means two."""
    found: dict[str, str] = {}
    for row in table.values():
        for spelling in row.spellings:
            if spelling in found:
                raise UsageError(
                    f"{spelling} means two rows",
                    why=f"both {found[spelling]} and {row.name} have this spelling.",
                    fix="leave it to one of them.",
                )
            found[spelling] = row.name
    return found


_table = checked(ROWS)
_spellings = spelled(_table)

RULES: Mapping[str, Elementwise] = MappingProxyType(_table)
SPELLINGS: Mapping[str, str] = MappingProxyType(_spellings)
"""What a user may write -> the row it means."""


def rule(
    signature: str,
    *partials: str,
    python: str,
    spellings: str = "",
    sample: tuple[Region, ...] = (),
    singular: bool = False,
    note: str = "",
) -> Elementwise:
    """Add a row to the table, for a function that it does not have, and return it.

    `signature` is as in `"softplus(x)"`; then one formula per argument, over the arguments, the output
    `y`, numbers and other rows. `python` is the function itself, with `{0}`, `{1}` for the arguments:
    operators, `math.*` and names that rows use. `spellings` are the dotted names by which programs call
    it. Add rows before the first program is read: the reader looks spellings up once. Raises `UsageError`, and adds nothing,
    for a name or spelling that is taken, or a row that is malformed.

    >>> row = rule("bump_doc(x)", "-2 * x * y", python="math.exp(-{0} * {0})")
    >>> RULES["bump_doc"] is row
    True
    """
    closed = "(" + re.sub(r"({\d+})", r"(\1)", python) + ")"  # operands and result keep together anywhere
    row = elementwise(
        signature,
        *partials,
        python=closed,
        spellings=spellings,
        sample=sample,
        singular=singular,
        note=note,
    )
    _check_template(row)
    table = checked([*_table.values(), row])
    words = spelled(table)
    _table.update(table)
    _spellings.update(words)
    return row


def arity() -> dict[str, int]:
    """How many arguments each op takes.

    >>> arity()["add"]
    2
    """
    return {name: len(row.args) for name, row in RULES.items()}


def template_names(row: Elementwise) -> frozenset[str]:
    """The names that a row's emitted call needs, besides its arguments: `math`, or one of the runtime's.

    >>> sorted(template_names(RULES["cbrt"]))
    ['cbrt']
    """
    tree = ast.parse(row.python.format(*row.args), mode="eval")
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - set(row.args)


ADDED = ("mul0", "muladd", "where", "float_power")
"""Rows that derivatives use whatever the program does."""


def helpers_of(ops: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """Those of `names` that code made of these ops, or of their derivatives of any order, calls as functions.

    >>> sorted(helpers_of(["absolute"], ["sign", "cbrt", "speed"])), sorted(helpers_of(["exp"], ["sign"]))
    (['sign'], [])
    """
    called = _called() & frozenset(names)
    if not called:  # nearly always: the derivatives of all orders need not be looked at
        return called
    seen: set[str] = set()
    todo = {*ops, *ADDED}
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= {op for partial in RULES[name].partials for op in ops_in(partial)} - seen
    return called & frozenset[str]().union(*(template_names(RULES[name]) for name in seen))


def _called() -> frozenset[str]:
    """Every word of every template."""
    return frozenset(word for row in RULES.values() for word in re.findall(r"\b[a-z]\w*", row.python))


def _check_template(row: Elementwise) -> None:
    """The template is an expression over the arguments, `math`, and names that rows already use."""
    known = frozenset[str]().union(*map(template_names, ROWS))
    try:
        tree = ast.parse(row.python.format(*row.args), mode="eval")
        names = template_names(row)
    except (SyntaxError, IndexError, KeyError, ValueError) as error:
        raise UsageError(
            f"the template of {row.name} is not Python: {row.python}",
            why=f"{error}.",
            fix="write an expression with {0}, {1} for the arguments.",
        ) from error
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    missing = {attribute for attribute in attributes if not hasattr(math, attribute)}
    if names - known or missing:
        raise UsageError(
            f"the template of {row.name} uses {', '.join(sorted(names - known | missing))}",
            why="emitted code has operators, math and the functions of the table.",
            fix="write it with those.",
        )
