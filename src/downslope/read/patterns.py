"""`match` on numbers and tuples of numbers as branches."""

import ast
from collections.abc import Callable
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)


class Unmatched(Exception):  # no error: the fence refuses the place
    """A pattern that does not only compare with constants."""


def as_branches(node: ast.Match, fresh: Callable[[str], str]) -> list[ast.stmt]:
    r"""The statements that a `match` stands for. Raises `Unmatched` for other patterns.

    >>> tree = ast.parse("match n:\n    case 0 | 1: y = 1.0\n    case k: y = k * 2.0")
    >>> print(ast.unparse(as_branches(tree.body[0], lambda hint: hint)[0]))
    if n == 0 or n == 1:
        y = 1.0
    else:
        k = n
        y = k * 2.0
    """
    subjects = node.subject.elts if isinstance(node.subject, ast.Tuple) else [node.subject]
    before: list[ast.stmt] = []
    held: list[ast.expr] = []
    for subject in subjects:
        alone = isinstance(subject, ast.Name) and len(subjects) == 1  # of several, names may swap
        name = subject.id if isinstance(subject, ast.Name) and alone else fresh("subject")
        if not alone:
            before.append(placed(ast.Assign([ast.Name(name, ast.Store())], subject), subject))
        held.append(placed(ast.Name(name, ast.Load()), subject))
    whole = ast.copy_location(ast.Tuple(held, ast.Load()), node.subject)
    subject = whole if isinstance(node.subject, ast.Tuple) else held[0]
    rest: list[ast.stmt] = []
    for case in reversed(node.cases):
        rest = _one_case(case, subject, rest, node)
    return [*before, *(rest or [ast.copy_location(ast.Pass(), node)])]


def _one_case(
    case: ast.match_case, subject: ast.expr, rest: list[ast.stmt], node: ast.Match
) -> list[ast.stmt]:
    tests, names = _pattern(case.pattern, subject)
    if tests and names and case.guard:
        raise Unmatched
    binds: list[ast.stmt] = [
        placed(ast.Assign([ast.Name(name, ast.Store())], value), case.pattern) for name, value in names
    ]
    if not tests:
        guarded: list[ast.stmt] = (
            [placed(ast.If(case.guard, case.body, rest), node)] if case.guard else case.body
        )
        return [*binds, *guarded]
    tests += [case.guard] if case.guard else []
    return [placed(ast.If(_joined(ast.And(), tests, case.pattern), [*binds, *case.body], rest), node)]


def _pattern(pattern: ast.pattern, subject: ast.expr) -> tuple[list[ast.expr], list[tuple[str, ast.expr]]]:
    """What must hold for a pattern to match, and the names that it gives to parts."""
    match pattern:
        case ast.MatchValue(value=value):
            return [placed(ast.Compare(subject, [ast.Eq()], [value]), pattern)], []
        case ast.MatchAs(pattern=None, name=name):
            return [], [(name, subject)] if name else []
        case ast.MatchAs(pattern=ast.pattern() as inner, name=str() as name):
            tests, names = _pattern(inner, subject)
            return tests, [*names, (name, subject)]
        case ast.MatchOr(patterns=patterns):
            found = [_pattern(one, subject) for one in patterns]
            if any(names for _, names in found):
                raise Unmatched
            if not all(tests for tests, _ in found):
                return [], []
            return [_joined(ast.Or(), [_joined(ast.And(), t, pattern) for t, _ in found], pattern)], []
        case ast.MatchSequence(patterns=patterns) if isinstance(subject, ast.Tuple):
            if len(patterns) != len(subject.elts) or any(isinstance(p, ast.MatchStar) for p in patterns):
                raise Unmatched
            found = [_pattern(p, part) for p, part in zip(patterns, subject.elts, strict=True)]
            return [t for tests, _ in found for t in tests], [n for _, names in found for n in names]
    raise Unmatched


def _joined(op: ast.boolop, tests: list[ast.expr], place: ast.AST) -> ast.expr:
    return tests[0] if len(tests) == 1 else placed(ast.BoolOp(op, tests), place)


def placed(node: Node, place: ast.AST) -> Node:
    """A new node, and what is new in it, at a place."""
    for child in ast.walk(node):
        if not hasattr(child, "lineno"):
            ast.copy_location(child, place)
    return ast.copy_location(node, place)
