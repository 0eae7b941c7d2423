"""Structures of numbers that a program takes from its defaults and from modules: each number may be learnt by itself.

A number in a structure is lifted as any other. The function that reads the structure gets a line at its
start that makes it anew from the lifted numbers.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any, Literal

from downslope.ir.structure import holder_of
from downslope.read.elements import Element, Path, can_be_made, elements
from downslope.read.literals import place
from downslope.read.origin import Page
from downslope.read.resolve import is_array
from downslope.read.role import FREE, Role, role
from downslope.read.scopes import defaults
from downslope.read.source import Source

Kind = Literal["default", "module constant", "closure variable", "attribute", "assigned", "inline"]
"""Where a number of a program is written."""
MANY = 32
"""Structures with more numbers are learnt only if they are asked for."""
MOST = 256
"""Larger ones are data."""
UNWRITABLE = "no literal of the user's files sets it, so it cannot be written back"
COUNTS = "it is a whole number in a structure that is used as one, and may count"
SHAPES = frozenset({"shape", "size", "ndim", "dtype"})


@dataclass(frozen=True)
class Whole:
    """A structure that a program reads: where it comes from, what it is called, and its numbers."""

    key: tuple[object, ...]
    name: str
    value: Any = field(compare=False, repr=False)
    page: Page = field(compare=False, repr=False)
    node: ast.expr = field(compare=False, repr=False)  # what makes it, or where it is read
    kind: Kind = "default"
    argument: str = ""  # of the program, whose default it is
    off: str = ""

    @property
    def elements(self) -> tuple[Element, ...]:
        """Its numbers, each with the literal that sets it."""
        return elements(self.value, self.node)

    @property
    def many(self) -> bool:
        """Whether it holds more numbers than are learnt unasked."""
        return len(self.elements) > MANY

    def key_of(self, element: Element) -> tuple[object, ...]:
        """What tells a number from every other number of the program."""
        return (*self.key, *element.path) if element.node is None else (self.page.file, place(element.node))


@dataclass(frozen=True)
class Part:
    """Where a constant stands in a structure."""

    whole: Whole
    path: Path
    suffix: str  # what it is called after the structure


def is_whole(value: object) -> bool:
    """Whether a value is a structure of numbers that can be made anew.

    >>> is_whole([1.0, 2.0]), is_whole(3.0), is_whole("text")
    (True, False, False)
    """
    structured = is_array(value) or holder_of(type(value)) is not None
    return structured and not why_not(value) and bool(elements(value))


def why_not(value: object) -> str:
    """Why a structure cannot be made anew from its numbers; empty where it can.

    >>> why_not([1.0] * 1000)
    'it holds 1000 numbers, and more than 256 are data'
    """
    if _size(value) > MOST:
        return f"it holds {_size(value)} numbers, and more than {MOST} are data"
    if not can_be_made(value):
        return "something in it is no number, text or None, and no list, tuple, dict, array, named tuple or plain dataclass"
    return ""


def _size(value: Any) -> int:
    """How much a value holds, of which the outermost may be data."""
    return int(value.size) if is_array(value) else len(value) if isinstance(value, Sized) else 1


def structured_defaults(source: Source) -> dict[str, Whole]:
    """The arguments of a function whose default is a structure of numbers."""
    found = {}
    page = Page.of(source)
    for argument, node in defaults(source.node):
        name = argument.arg
        value = source.defaults.get(name)
        structured = is_array(value) or holder_of(type(value)) is not None
        if name not in source.preset and name in source.arguments and structured and not why_not(value):
            found[name] = Whole((page.file, place(node)), name, value, page, node, argument=name)
    return found


def settled(source: Source, inputs: Sequence[str]) -> tuple[str, ...]:
    """The arguments that keep a structure as their default, where a table gives the `inputs`."""
    return tuple(name for name in structured_defaults(source) if name not in inputs)


def part_role(
    whole: Whole, element: Element, uses: Sequence[tuple[ast.expr, Mapping[ast.AST, ast.AST]]]
) -> Role:
    """The role of a number in a structure, from every place where the structure is read."""
    if element.counted:
        return Role("it is in an array of whole numbers", True)
    roles = [each for use, parents in uses for each in _roles(whole, use, parents, element)]
    if not roles:
        return Role("it is not used")
    stays = next((each for each in roles if each.whole), None)
    if stays is not None:
        return stays
    if all(each.why for each in roles):
        return roles[0]
    if whole.off:
        return Role(whole.off)
    if whole.many:
        return Role(f"it is one of {len(whole.elements)} numbers in {whole.name}")
    return FREE


def _roles(
    whole: Whole, use: ast.expr, parents: Mapping[ast.AST, ast.AST], element: Element
) -> Iterator[Role]:
    """What one use of a structure does with one of its numbers; nothing where it uses another one."""
    node: ast.AST = use
    held = whole.value
    for key in element.path:
        asked = _asked(node, parents.get(node), held)
        if asked is None:
            break
        if asked != (key,):
            return
        node, held = parents[node], _member(held, key)
    else:
        yield role(node, parents, element.value)
        return
    found = role(node, parents, element.value)
    yield Role(COUNTS) if found is FREE and node is use and _may_count(whole, parents.get(node)) else found


def _asked(node: ast.AST, parent: ast.AST | None, held: Any) -> tuple[Any, ...] | None:
    """The member of a structure that the node around it asks for; none where it asks only how long it is.

    None where it is used as one, or which member is meant depends on the run.
    """
    record = holder_of(type(held)) in ("named", "object")
    match parent:
        case ast.Subscript(value=inner, slice=ast.Constant(value=key)) if inner is node:
            return (key,)
        case ast.Attribute(attr=name) if record:
            return (name,)
        case ast.Attribute(attr=name) if name in SHAPES:
            return ()
        case ast.Call(func=ast.Name(id="len")):
            return ()
    return None


def _member(held: Any, key: Any) -> Any:
    return getattr(held, key) if holder_of(type(held)) in ("named", "object") else held[key]


def _may_count(whole: Whole, parent: ast.AST | None) -> bool:
    """Whether a list, tuple or dict holds whole numbers only, and is gone over or given away as one."""
    plain = holder_of(type(whole.value)) in ("list", "tuple", "dict")
    return (
        plain
        and not isinstance(parent, ast.Attribute | ast.Subscript)
        and all(isinstance(each.value, int) for each in whole.elements)
    )
