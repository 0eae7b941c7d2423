"""New text for the user's files: only the literals change, each file as one unified diff."""

import ast
import difflib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from downslope.errors import WriteError
from downslope.read.constants import Constant
from downslope.read.literals import Place, literal, parents_of, place
from downslope.read.origin import Page
from downslope.read.source import split_lines

OPERATORS = frozenset("+-*/%@~")


@dataclass(frozen=True)
class Change:
    """A constant and the text of its new value."""

    constant: Constant
    text: str


@dataclass(frozen=True)
class Rewrite:
    """One file's change: the new text of each literal, by its place. Lines end in a newline."""

    page: Page
    edits: Mapping[Place, str]
    after: str

    @property
    def file(self) -> str:
        """The file that changes."""
        return self.page.file


def rounded(value: float, error: float, more: int = 0) -> str:
    """The value with the digits that its standard error supports (two of the error's), as a float.

    `more` digits are added; without a standard error there are six.

    >>> rounded(27.41382, 0.031), rounded(1234.5, math.nan), rounded(30.0, 0.0)
    ('27.414', '1234.5', '30.0')
    """
    if math.isfinite(error) and error > 0.0:
        digits = max(2, 2 + math.floor(math.log10(abs(value) or error)) - math.floor(math.log10(error)))
    else:
        digits = 6
    return repr(float(f"{value:.{min(17, digits + more)}g}"))


def writable(constant: Constant) -> bool:
    """Whether one literal in a text sets a constant.

    >>> from downslope.read.constants import find_constants
    >>> from downslope.read.source import read_source
    >>> [writable(c) for c in find_constants(read_source(lambda x: 3.5 * x))]
    [True]
    """
    return literal(constant.node) is not None


def rewritten(changes: Sequence[Change]) -> tuple[Rewrite, ...]:
    """The new text of each file: exact literal tokens replaced, everything else kept to the character.

    Raises `WriteError` where a constant is not one literal, or its new value has none.
    """
    by_page: dict[Page, list[Change]] = {}
    for change in changes:
        _check(change)
        by_page.setdefault(change.constant.page, []).append(change)
    return tuple(_of_page(page, own) for page, own in by_page.items())


def _check(change: Change) -> None:
    constant = change.constant
    node = constant.node
    if not writable(constant):
        raise WriteError(
            f"{constant.name} cannot be written back", loc=constant.loc, why=constant.why,
            fix="give it a literal of its own.",
        )  # fmt: skip
    if node.end_lineno != node.lineno:
        raise WriteError(
            f"{constant.name} cannot be written back", loc=constant.loc,
            why="its minus and its digits are on different lines.", fix="put them on one line.",
        )  # fmt: skip
    if not math.isfinite(float(change.text)):
        raise WriteError(
            f"{constant.name} = {change.text} cannot be written back", loc=constant.loc,
            why="Python has no literal for it.", fix="set bounds for it.",
        )  # fmt: skip


def _of_page(page: Page, changes: Sequence[Change]) -> Rewrite:
    tree = ast.parse(page.text)
    parents = parents_of(tree)
    found = {
        place(node): node
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and literal(node) is not None
    }
    lines = split_lines(page.text)
    edits = {}
    for change in changes:
        where = place(change.constant.node)
        edits[where] = _fitted(change.text, found[where], parents.get(found[where]), lines[where[0] - 1])
    after = edited(page.text, edits)
    wanted = _numbers(page.text, {place(c.constant.node): float(c.text) for c in changes})
    if shape(after) != shape(page.text) or _numbers(after, {}) != wanted:
        raise WriteError(f"{page.file}: the new text is another program", why="more than numbers changed.", fix="report this.")  # fmt: skip
    return Rewrite(page, edits, after)


def edited(text: str, edits: Mapping[Place, str]) -> str:
    r"""A text with literals replaced at their places; line ends are kept.

    >>> edited("a = 1.0\r\nb = a", {(1, 4, 1, 7): "2.5"})
    'a = 2.5\r\nb = a'
    """
    lines = split_lines(text)
    for (line, first, _, last), new in sorted(edits.items(), reverse=True):
        raw = lines[line - 1].encode()
        lines[line - 1] = (raw[:first] + new.encode() + raw[last:]).decode()
    return "".join(lines)


def _fitted(text: str, node: ast.expr, parent: ast.AST | None, line: str) -> str:
    """The text of a number in parentheses where its neighbours would change what it means or hide the sign."""
    raw = line.encode()
    before, after = raw[: node.col_offset].decode(), raw[node.end_col_offset :].decode()
    touching = _of_word(before[-1:]) or _of_word(after[:1])
    new_minus = text.startswith("-") and isinstance(node, ast.Constant)
    left = before.rstrip()
    operand = left[-1:] in OPERATORS and not left.endswith("**") if left else False
    operand |= isinstance(parent, ast.UnaryOp | ast.Attribute)
    operand |= isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.left is node
    enclosed = before.rstrip().endswith("(") and after.lstrip().startswith(")")
    return f"({text})" if touching or (new_minus and operand and not enclosed) else text


def _of_word(character: str) -> bool:
    return character == "_" or character.isalnum() or character == "."


def shape(text: str) -> str:
    """The syntax tree with every number blanked, and the minuses before it.

    >>> shape("x = -1.0") == shape("x = 2.5"), shape("x - 1") == shape("x + 1")
    (True, False)
    """

    class Blank(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return self.generic_visit(node) if _signed(node, {}) is None else ast.Constant(0)

    return ast.dump(Blank().visit(ast.parse(text)))


def _numbers(text: str, instead: Mapping[Place, float]) -> list[str]:
    """The numbers of a text in the order of its tree, some replaced by others."""
    found: list[str] = []
    todo: list[ast.AST] = [ast.parse(text)]
    while todo:
        node = todo.pop()
        value = _signed(node, instead)
        if value is None:
            todo += ast.iter_child_nodes(node)
        else:
            found.append(repr(value))
    return found


def _signed(node: ast.AST, instead: Mapping[Place, float]) -> float | int | None:
    """A number with all its minuses: the sign of a new value may merge with one before it."""
    value = literal(node)
    if value is not None and isinstance(node, ast.expr):
        return instead.get(place(node), value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _signed(node.operand, instead)
        return None if inner is None else -inner
    return None


def diff(rewrites: Sequence[Rewrite]) -> str:
    """A unified diff for each file, with paths from the folder that holds them all."""
    return "".join(_diff(each, _common([r.file for r in rewrites])) for each in rewrites)


def _diff(each: Rewrite, folder: str) -> str:
    name = Path(each.file).name if not folder else Path(os.path.relpath(each.file, folder)).as_posix()
    old, new = split_lines(each.page.text), split_lines(each.after)
    return "".join(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"))


def _common(files: Sequence[str]) -> str:
    parents = [Path(file).resolve().parent for file in files]
    try:
        return os.path.commonpath(parents) if len(set(parents)) > 1 else ""
    except ValueError:  # on different drives
        return ""
