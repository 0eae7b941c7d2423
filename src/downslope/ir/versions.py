"""Whether versions of arrays are linear, for tests: none is read after a store has replaced it."""

from collections.abc import Iterable

from downslope.errors import DownslopeError
from downslope.ir.calls import measured_only
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Dim,
    For,
    Function,
    Grow,
    If,
    Like,
    Stmt,
    Store,
    While,
    defined,
    operands,
)


def linear(function: Function) -> Function:
    """The function itself. Raises `DownslopeError` where emitted code would read what a store overwrote.

    >>> from downslope.ir.nodes import Lit, Load, Param
    >>> from downslope.ir.types import ArrayType
    >>> body = (Store("b", "a", (Lit(0),), Lit(1.0)), Load("y", "a", (Lit(0),)))
    >>> linear(Function("f", (Param("a", "a", ArrayType("f", 1)),), Block(body, ("y",))))
    Traceback (most recent call last):
        ...
    downslope.errors.DownslopeError: the IR of f reads 'a' after a store replaced it
      why: a pass is wrong.
      fix: report this.
    """
    _Check(function.name).block(function.body, {param.name for param in function.params}, set())
    return function


class _Check:
    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: set[str] = set()

    def fault(self, what: str) -> DownslopeError:
        return DownslopeError(f"the IR of {self.name} {what}", why="a pass is wrong.", fix="report this.")

    def define(self, names: Iterable[str], visible: set[str]) -> None:
        for name in names:
            if name in self.seen:
                raise self.fault(f"defines {name!r} twice")
            self.seen.add(name)
            visible.add(name)

    def read(self, args: Iterable[Arg], visible: set[str], stored: set[str]) -> None:
        for arg in args:
            if isinstance(arg, str) and arg not in visible:
                raise self.fault(f"reads {arg!r}, which is not defined there")
            if isinstance(arg, str) and arg in stored:
                raise self.fault(f"reads {arg!r} after a store replaced it")

    def block(self, block: Block, visible: set[str], stored: set[str]) -> None:
        """`stored` are the versions that a store has replaced on the way here."""
        for stmt in block.body:
            self.statement(stmt, visible, stored)
        self.read(block.yields, visible, stored)

    def statement(self, stmt: Stmt, visible: set[str], stored: set[str]) -> None:
        lengths_only = isinstance(stmt, Dim | Like)
        if isinstance(stmt, Call):
            unread = measured_only(stmt.callee)
            self.read((arg for i, arg in enumerate(stmt.args) if i not in unread), visible, stored)
            self.read((stmt.args[i] for i in unread), visible, set())
        else:
            self.read(operands(stmt), visible, set() if lengths_only else stored)
        match stmt:
            case Store(array=array) | Grow(array=array):
                stored.add(array)
            case Call(callee=callee, args=args):
                stored |= {str(args[place]) for place in callee.memory if place is not None}
            case If():
                sides = []
                for side in (stmt.then, stmt.orelse):
                    here = set(stored)
                    self.block(side, set(visible), here)
                    sides.append(here)
                stored |= sides[0] | sides[1]
            case For() | While():
                self.loop(stmt, visible, stored)
        self.define(defined(stmt), visible)

    def loop(self, stmt: For | While, visible: set[str], stored: set[str]) -> None:
        inside, here = set(visible), set(stored)
        self.define([carry.name for carry in stmt.carried], inside)
        if isinstance(stmt, For):
            self.define([stmt.index], inside)
        else:
            self.block(stmt.test, set(inside), set(here))
        self.block(stmt.body, inside, here)
        if outer := (here - stored) & visible:
            raise self.fault(f"stores into {sorted(outer)} in a loop that does not carry it")
