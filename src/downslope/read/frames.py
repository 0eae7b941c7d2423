"""The values of a program's variables while it is read, and the frame of one call."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from downslope.ir.nodes import Arg, Lit
from downslope.ir.structure import Holder
from downslope.read.source import Source
from downslope.read.transforms import Options
from downslope.read.views import Gone, Lazy, Listed, View, Word

Value: TypeAlias = (
    "Arg | View | Lazy | Listed | Gone | Word | Choice | tuple[Value, ...] | Record | Thing | Known | Closure"
)
UNSET = Lit(None)


class Literal(tuple["Value", ...]):
    """A list as it is written: it becomes one in memory where a variable or an argument holds it."""

    __slots__ = ()


@dataclass(frozen=True)
class Record:
    """Values held together: a named tuple, a frozen object, or what an object that can change holds now."""

    holder: Holder
    cls: type
    keys: tuple[Any, ...]
    parts: tuple["Value", ...]

    def find(self, key: object) -> "Value | None":
        """What is held under a key, a position or an attribute."""
        held = zip(self.keys, self.parts, strict=True)
        return next((part for known, part in held if known == key and type(known) is type(key)), None)


@dataclass(eq=False)
class Thing:
    """An object that can change. What it holds now is kept in one place, so that all its names see a change.

    `hidden` is the variable that stands for what it holds; `frozen` says why it may not be changed any more.
    """

    cls: type
    label: str
    hidden: str
    frozen: str = ""
    causes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Known:
    """A value that is no number and is known when the program is read: text, None, a class."""

    value: object


@dataclass(frozen=True)
class Closure:
    """A nested function and the frame it was defined in; `ours` says that it is a program of ours."""

    node: ast.FunctionDef | ast.Lambda
    frame: "Frame"
    defaults: Mapping[str, Value]
    ours: bool = False


@dataclass(frozen=True)
class Choice:
    """A variable that is one array or another, by a condition that is known when it runs; see `choices`."""

    cond: Arg
    then: "Value"
    orelse: "Value"


@dataclass(frozen=True, kw_only=True)
class Derived(Closure):
    """A derivative of a function, `of`; its arguments are those of the innermost function.

    `seen` is what that function read from around it when the derivative was made. What pulls cotangents
    back (`kind` is "pull") has the arguments in `defaults`.
    """

    kind: str
    of: "Closure | Source"
    options: Options
    seen: Mapping[str, Value]


@dataclass
class Frame:
    """The variables of one call: what each name is now."""

    source: Source
    env: dict[str, Value]
    until: Mapping[ast.stmt, str] = field(default_factory=dict)
    parent: "Frame | None" = None

    def find(self, name: str) -> "Value | None":
        """The value of a variable, here or in an enclosing function."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.env:
                return frame.env[name]
            frame = frame.parent
        return None


def shown(name: str) -> str:
    """What the user calls a variable: the reader has names of its own for results and for objects.

    >>> shown("__result"), shown("@body#3")
    ('result', 'body')
    """
    return name.partition("#")[0].strip("_@") or "result"


def flat(value: Value) -> tuple[Arg, ...]:
    """The numbers in a value, in order."""
    if isinstance(value, tuple):
        return tuple(arg for part in value for arg in flat(part))
    assert isinstance(value, str | Lit)
    return (value,)
