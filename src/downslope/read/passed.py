"""Functions passed to helpers: a lambda, a nested function, one from outside, or one of the rule table."""

import ast
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence

from downslope.read.callables import is_helper
from downslope.read.frames import Closure, Frame, Value
from downslope.read.library.table import function
from downslope.read.resolve import ITERATORS, resolve, root, row_of
from downslope.read.source import Source, read_source
from downslope.read.surroundings import names_of_arguments
from downslope.read.transforms import is_derivative
from downslope.rules import RULES
from downslope.rules.custom import stop_gradient

DEEPEST = 40
"""Calls of one passed function inside one another that are expanded: one that is given itself has no end."""


def is_elementary(target: object) -> bool:
    """Whether a value is a function of the rule table that works on single numbers.

    >>> is_elementary(abs), is_elementary(len)
    (True, False)
    """
    row = row_of(target)
    simple = row is not None and not (row.array or row.library or row.builtin) and row.name not in ITERATORS
    return simple and row is not None and row.name in RULES


def names_function(node: ast.expr, source: Source) -> bool:
    """Whether an expression names a function from outside that may be passed."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    target = resolve(node, source.namespace)
    helper = row_of(target) is None and callable(target) and is_helper(target) and target is not stop_gradient
    return is_elementary(target) or is_derivative(target) or helper


def is_partial(node: ast.expr, source: Source) -> bool:
    """Whether an expression is a call of `functools.partial`, of one function and plain arguments."""
    return (
        isinstance(node, ast.Call)
        and resolve(node.func, source.namespace) is functools.partial
        and bool(node.args)
        and not any(isinstance(argument, ast.Starred) for argument in node.args)
        and all(keyword.arg for keyword in node.keywords)
    )


def passed(node: ast.expr, frame: Frame, read: Callable[[ast.expr, Frame], Value]) -> "Value | None":
    """The function that an argument is, as a value of the program; None for any other argument.

    `read` gives the values that a `functools.partial` holds.
    """
    if is_partial(node, frame.source):
        assert isinstance(node, ast.Call)
        return _partial(node, frame, read)
    if isinstance(node, ast.Name | ast.Attribute) and frame.find(root(node)) is None:
        names = _wrapped(resolve(node, frame.source.namespace))
        if names is not None and root(node) not in names:
            return Closure(_written(node, names), frame, {})
    return function(node, frame)


def _wrapped(target: object) -> list[str] | None:
    """The arguments of what is passed as a lambda that calls it; None for what is passed as it is."""
    row = row_of(target)
    if row is not None:
        return [f"value_{k}" for k in range(len(RULES[row.name].args))] if is_elementary(target) else None
    if is_derivative(target):
        return list(target.program.source.arguments)  # type: ignore[attr-defined]  # as `is_derivative` says
    if not callable(target) or not is_helper(target):
        return None
    source = read_source(target)
    left = [name for name in source.arguments if name not in source.preset and name not in source.defaults]
    return left if source.preset else None


def _partial(node: ast.Call, frame: Frame, read: Callable[[ast.expr, Frame], Value]) -> Closure | None:
    """`functools.partial(f, …)`: what is given already is read now, as Python does."""
    found = passed(node.args[0], frame, read)
    if not isinstance(found, Closure):
        return None
    values = {f"given_{k}": read(argument, frame) for k, argument in enumerate(node.args[1:])}
    named = {str(keyword.arg): read(keyword.value, frame) for keyword in node.keywords}
    env = {"partial_of": found, **values, **{f"given_{name}": value for name, value in named.items()}}
    called = ast.copy_location(ast.Name("partial_of", ast.Load()), node)
    names, later = _left(found, len(values), named)
    written = _written(called, names, list(values), {**{name: f"given_{name}" for name in named}, **later})
    return Closure(written, Frame(frame.source, env, parent=frame), {})


def _left(function: Closure, count: int, named: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """The arguments that a partial function is called with: those by position, and those by name.

    One that was given by name still has its position, so those after it can be given by name only.
    """
    alone = {argument.arg for argument in function.node.args.kwonlyargs}
    names = names_of_arguments(function)[count:]
    cut = next((k for k, name in enumerate(names) if name in {*named, *alone}), len(names))
    left = [name for name in names if name not in named and name not in function.defaults]
    return [n for n in left if n in names[:cut]], {n: n for n in left if n not in names[:cut]}


def _written(
    node: ast.expr, names: Sequence[str], before: Sequence[str] = (), named: Mapping[str, str] | None = None
) -> ast.Lambda:
    """A function as a lambda that calls it; of `named`, what is given by its own name is an argument."""
    pairs = named or {}
    later = [name for name, value in pairs.items() if name == value]
    arguments = [*names, *(["*", *later] if later else [])]
    given = [*before, *names, *(f"{name}={value}" for name, value in pairs.items())]
    text = f"lambda {', '.join(arguments)}: {ast.unparse(node)}({', '.join(given)})"
    written = ast.parse(text, mode="eval").body
    assert isinstance(written, ast.Lambda)
    for inner in ast.walk(written):
        ast.copy_location(inner, node)
    return written
