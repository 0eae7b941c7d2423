"""The functions that emitted code calls: each is written once for the types of its arguments."""

from collections.abc import Callable, Mapping

from downslope.ir.calls import bodies
from downslope.ir.names import RESERVED, Names
from downslope.ir.nodes import Callee, Function, Let, names_of, walk
from downslope.ir.types import ArrayType, Kind
from downslope.rules import helpers_of

STACK, DEEPEST = 4_000_000, 10_000
"""Bytes of the stack that calls inside one another may take, and how many of them there may be at most."""
HEADER = 8
"""Words that native code passes for an array."""

Kinds = tuple[Kind, ...]
Write = Callable[[Callee, Kinds, str], list[str]]


class Parts:
    """The functions that a program calls, with the names they have in its text."""

    def __init__(self, function: Function, write: Write, prefix: str = "") -> None:
        """With a `prefix`, names are unlike those of another program in the same file."""
        every = list(bodies(function))
        taken = frozenset[str]().union(*(names_of(body) for body in every))
        self._ops = {stmt.op for body in every for stmt in walk(body.body) if isinstance(stmt, Let)}
        self._names = Names(taken | {function.name})
        self._write, self._prefix = write, prefix
        self._found: dict[tuple[Callee, Kinds], str] = {}
        self._lines: dict[str, list[str]] = {}

    def name(self, callee: Callee, kinds: Kinds) -> str:
        """What the callee is called in the text, for arguments of these types."""
        if (callee, kinds) not in self._found:
            clash = callee.name in RESERVED or helpers_of(self._ops, {callee.name})
            name = self._names.fresh(f"call_{callee.name}" if clash else callee.name)
            name = f"{self._prefix}{name}"
            self._found[callee, kinds] = name
            self._lines[name] = self._write(callee, kinds, name)
        return self._found[callee, kinds]

    def lines(self) -> list[str]:
        """The functions as lines of text."""
        return [line for lines in self._lines.values() for line in lines]


def deepest(kinds: Mapping[str, Kind]) -> int:
    """How many calls of a function with values of these types fit on the stack."""
    words = sum(HEADER if isinstance(kind, ArrayType) else 1 for kind in kinds.values())
    return min(DEEPEST, STACK // (16 * words + 256))
