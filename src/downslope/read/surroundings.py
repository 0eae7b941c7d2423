"""What a derivative inside a program is of, and what that function reads from around it."""

import ast

from downslope.read.frames import Closure, Derived, Frame, Value
from downslope.read.scopes import arguments, nodes
from downslope.read.source import Source
from downslope.read.transforms import Options


def derivative_of(kind: str, function: Closure | Source, options: Options) -> Derived:
    """A derivative of a function."""
    if isinstance(function, Source):
        frame, defaults, seen = Frame(function, {}), dict[str, Value](), dict[str, Value]()
    else:
        frame, defaults, seen = function.frame, dict(function.defaults), around(function)
    return Derived(function.node, frame, defaults, kind=kind, of=function, options=options, seen=seen)


def changed_around(derived: Derived) -> list[str]:
    """The variables that its function reads and that are others than when the derivative was made."""
    now = around(derived.of) if isinstance(derived.of, Closure) else {}
    return [name for name, value in derived.seen.items() if now.get(name) != value]


def innermost(function: Closure | Source) -> Closure | Source:
    """The function under derivatives of it."""
    while isinstance(function, Derived):
        function = function.of
    return function


def names_of_arguments(function: Closure | Source) -> list[str]:
    """The names of the arguments of a function that a call gives."""
    preset = function.preset if isinstance(function, Source) else ()
    return [argument.arg for argument in arguments(function.node) if argument.arg not in preset]


def around(function: Closure) -> dict[str, Value]:
    """The variables of the program that a function, and those that it calls, read from around them."""
    found: dict[str, Value] = {}
    todo: list[Closure] = [function]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if id(one.node) in seen:
            continue
        seen.add(id(one.node))
        own = {argument.arg for argument in arguments(one.node)}
        for here in nodes(one.node):
            if not isinstance(here.node, ast.Name) or here.node.id in here.bound | own:
                continue
            value = one.frame.find(here.node.id)
            if isinstance(value, Closure):
                todo.append(value)
            elif value is not None:
                found[here.node.id] = value
    return found
