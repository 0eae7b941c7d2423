"""What the reverse sweep takes from the forward sweep, and where it is kept: in registers, or on the tape."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from downslope.errors import Loc
from downslope.ir.nodes import (
    Block,
    Fail,
    For,
    Function,
    Pop,
    Push,
    Stmt,
    While,
    blocks,
    defined,
    names_of,
    operands,
    walk,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Values that the reverse sweep reads, by their names in the adjoint program.

    Those on the tape are put there once in each pass of the loop at `loop`; those in registers have none.
    """

    names: tuple[str, ...]
    loop: Loc | None = None

    @property
    def where(self) -> str:
        """`"tape"` or `"register"`."""
        return "register" if self.loop is None else "tape"


def kept(adjoint: Function, primal: Set[str]) -> tuple[Kept, ...]:
    """What an adjoint program keeps; `primal` has the names of the program it was made from.

    >>> from downslope.ir.nodes import Let, Param
    >>> steps = (Let("y", "exp", ("x",)), Let("x_bar", "multiply", ("y", "y")))
    >>> kept(Function("f", (Param("x", "x"),), Block(steps, ("y", "x_bar"))), {"x", "y"})
    (Kept(names=('y',), loop=None),)
    """
    ahead = [stmt for stmt in adjoint.body.body if _of_primal(stmt, primal)]
    read = {name for stmt in adjoint.body.body if stmt not in ahead for name in _reads(stmt)}
    registers = tuple(name for stmt in ahead for name in defined(stmt) if name in read)
    tapes = tuple(_tapes(adjoint.body, None))
    return (*((Kept(registers),) if registers else ()), *tapes)


def _of_primal(stmt: Stmt, primal: Set[str]) -> bool:
    """Whether a statement belongs to the forward sweep: a replay has names of its own."""
    if isinstance(stmt, Fail | Pop):
        return isinstance(stmt, Fail)
    return not primal.isdisjoint(names_of(Function("", (), Block((stmt,)))))


def _reads(stmt: Stmt) -> Iterator[str]:
    for inner in walk(Block((stmt,))):
        args = (*operands(inner), *(arg for block in blocks(inner) for arg in block.yields))
        yield from (arg for arg in args if isinstance(arg, str))


def _tapes(block: Block, loop: Loc | None) -> Iterator[Kept]:
    for stmt in block.body:
        if isinstance(stmt, Push):
            yield Kept(tuple(str(value) for value in stmt.values), loop)
        inside = stmt.loc if isinstance(stmt, For | While) else loop
        for inner in blocks(stmt):
            yield from _tapes(inner, inside)
