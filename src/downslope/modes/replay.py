"""Which statements of a loop's pass the reverse sweep runs again, and which results it keeps instead.

The reverse of a pass starts from what the pass computed. Most of it is computed again from the values
carried into the pass. What is loaded from an array that a later store has overwritten cannot be: such
loads, and branches and loops with such loads, run in the forward sweep only, and their results are kept.
So no array ever has to be restored.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from downslope.ir.calls import recursive
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Dim,
    For,
    Grow,
    If,
    Load,
    Loop,
    Stmt,
    Store,
    While,
    blocks,
    defined,
    walk,
)
from downslope.passes.buffers import in_place


@dataclass(frozen=True)
class Plan:
    """The positions in a loop's body that run in the forward sweep only, and the arrays lost by then."""

    once: frozenset[int]
    lost: frozenset[str]


def planned(loop: Loop, replaced: frozenset[str], enclosing: frozenset[str]) -> Plan:
    """What the reverse sweep runs again of a loop's pass.

    `replaced` are arrays that are overwritten later, `enclosing` those lost to the loops around. The
    tape is last in, first out: where a loop runs once only, so do the loops before it in the pass.
    """
    lost = _Lost(loop, replaced, enclosing)
    body = loop.body.body
    once: set[int] = set()
    while True:
        more = {i for i, stmt in enumerate(body) if lost.touches(stmt)}
        last = max((i for i in once | more if _has_loop(body[i])), default=-1)
        more |= {i for i in range(last) if _has_loop(body[i])}
        if more <= once:
            return Plan(frozenset(once), frozenset(lost.names))
        once |= more
        for i in once:
            lost.add(_made(body[i]))


class _Lost:
    """The arrays whose contents the reverse of a pass does not find again."""

    def __init__(self, loop: Loop, replaced: frozenset[str], enclosing: frozenset[str]) -> None:
        self._replaced = replaced
        self._inside = _names(loop.body)
        self.names = {*enclosing, *(carry.name for carry in loop.carried)}

    def add(self, names: Iterable[str]) -> None:
        """Take note of arrays that cannot be computed again."""
        self.names.update(names)

    def has(self, array: Arg) -> bool:
        """Whether what an array held is lost: overwritten later, or made of what is lost."""
        if not isinstance(array, str):
            return False
        return array in self.names or (array not in self._inside and array in self._replaced)

    def touches(self, stmt: Stmt) -> bool:
        """Whether a statement loads from a lost array; the arrays that it makes of lost ones are noted."""
        found = False
        while True:
            before = len(self.names)
            found |= self._walk(stmt)
            if len(self.names) == before:
                return found

    def _walk(self, stmt: Stmt) -> bool:
        match stmt:
            case Load(array=array):
                return self.has(array)
            case Dim(array=array):
                return array in self.names  # the array is not made again, so its length is kept
            case Store(name=name, array=array) | Grow(name=name, array=array):
                self._follow([name], [array])
                return False
            case Call(callee=callee, args=args):
                # One that calls itself would be run again at every depth.
                for name, array in in_place(stmt):
                    self._follow([name], [array])
                return recursive(callee) or any(map(self.has, args))
            case For() | While():
                for carry in stmt.carried:
                    self._follow([carry.name], [carry.init])
        found = [self._walk(inner) for block in blocks(stmt) for inner in block.body]
        match stmt:
            case If():
                for name, *ends in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    self._follow([name], ends)
            case For() | While():
                for result, carry, end in zip(stmt.results, stmt.carried, stmt.body.yields, strict=True):
                    self._follow([result, carry.name], [carry.name, end])
        return any(found)

    def _follow(self, names: Iterable[str], sources: Iterable[Arg]) -> None:
        if any(map(self.has, sources)):
            self.add(names)


def _has_loop(stmt: Stmt) -> bool:
    """Whether a statement may use the tape."""
    return any(isinstance(inner, For | While | Call) for inner in walk(Block((stmt,))))


def _made(stmt: Stmt) -> frozenset[str]:
    """What a statement makes, also inside its branches; a loop inside makes its own again in each pass."""
    inner = (
        [made for block in blocks(stmt) for s in block.body for made in _made(s)]
        if isinstance(stmt, If)
        else []
    )
    return frozenset((*defined(stmt), *inner))


def _names(block: Block) -> frozenset[str]:
    """Everything that a block and the blocks in it define."""
    names: set[str] = set()
    for stmt in walk(block):
        names.update(defined(stmt))
        if isinstance(stmt, For | While):
            names.update(carry.name for carry in stmt.carried)
    return frozenset(names)
