"""Which names are bound around each node of a function; any other name is its module's or a closure's."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from downslope.read.assigned import stored
from downslope.read.comprehensions import bound_by
from downslope.read.text import Definition

UNREAD = frozenset({"annotation", "returns", "type_comment", "decorator_list", "type_params", "pattern"})
"""Fields of a node that do not take part in a run, or where only a literal may stand."""


@dataclass(frozen=True, slots=True)
class Here:
    """A node, the names bound where it stands, and the nested functions around it."""

    node: ast.AST
    bound: frozenset[str]
    inside: tuple[str, ...]


def nodes(definition: Definition) -> Iterator[Here]:
    r"""Every node that a call of a function may run, in source order; its own defaults are not among them.

    >>> tree = ast.parse("def f(x):\n    def g(y): return K * y\n    return g(x)")
    >>> [h.inside for h in nodes(tree.body[0]) if isinstance(h.node, ast.Name) and h.node.id == "K"]
    [('g',)]
    """
    body = definition.body if isinstance(definition.body, list) else [definition.body]
    local = bound_in(definition)
    for node in body:
        yield from _below(node, local, ())


def closures(definition: Definition) -> dict[str, frozenset[str]]:
    r"""The nested functions by name, each with the variables that a call of it reads from around it.

    >>> tree = ast.parse("def f(x):\n    def g(y): return K * y\n    def h(): return g(x)\n    return h()")
    >>> sorted(closures(tree.body[0])["h"])
    ['K', 'g', 'x']
    """
    free: dict[str, set[str]] = {}
    for here in nodes(definition):
        if isinstance(here.node, ast.FunctionDef):
            own = (below for child in here.node.body for below in _below(child, bound_in(here.node), ()))
            read = {h.node.id for h in own if isinstance(h.node, ast.Name) and h.node.id not in h.bound}
            free.setdefault(here.node.name, set()).update(read)
    while any(len(free[name]) < len(free[name] | _called(name, free)) for name in free):
        free = {name: free[name] | _called(name, free) for name in free}
    return {name: frozenset(names) for name, names in free.items()}


def _called(name: str, free: dict[str, set[str]]) -> set[str]:
    """What the nested functions that one may call read from around them."""
    return set().union(*(free[other] for other in free[name] if other in free))


def bound_in(definition: Definition) -> frozenset[str]:
    """The names that a function binds itself: its arguments and what it assigns."""
    names = frozenset(argument.arg for argument in arguments(definition))
    return names | (stored(definition.body) if isinstance(definition.body, list) else frozenset())


def arguments(definition: Definition) -> list[ast.arg]:
    """All arguments of a function, in order."""
    args = definition.args
    starred = [argument for argument in (args.vararg, args.kwarg) if argument]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *starred]


def defaults(definition: Definition) -> list[tuple[ast.arg, ast.expr]]:
    """The arguments that have a default, with it."""
    args = definition.args
    positional = [*args.posonlyargs, *args.args]
    first = len(positional) - len(args.defaults)
    pairs = list(zip(positional[first:], args.defaults, strict=True))
    named = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    return pairs + [(argument, default) for argument, default in named if default is not None]


def _below(node: ast.AST, bound: frozenset[str], inside: tuple[str, ...]) -> Iterator[Here]:
    if isinstance(node, ast.JoinedStr):
        return  # text is not part of the result, and old Pythons place its parts wrongly
    yield Here(node, bound, inside)
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        for _, default in defaults(node):
            yield from _below(default, bound, inside)
        within = (*inside, node.name) if isinstance(node, ast.FunctionDef) else inside
        for child in node.body if isinstance(node.body, list) else [node.body]:
            yield from _below(child, bound | bound_in(node), within)
        return
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        bound |= bound_by(node)
    for name, value in ast.iter_fields(node):
        if name in UNREAD:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _below(child, bound, inside)
