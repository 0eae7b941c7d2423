"""Stores that nothing reads: zeros before the first loop writes each element, and zeros after the last one took it."""

from collections import Counter
from dataclasses import replace

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Dim,
    For,
    Function,
    Let,
    Like,
    Lit,
    Load,
    New,
    Stmt,
    Store,
    blocks,
    names_of,
    operands,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed
from downslope.ir.types import ArrayType

Zeros = New | Like


def filled(function: Function) -> Function:
    """The function without such stores.

    An array of zeros that the first loop adds to, each element once, is left empty where it is made. A zero is still
    added, so that a sum of -0.0 stays 0.0.
    """
    made = _Filler(function)
    return replace(function, body=made.block(function.body))


class _Filler:
    def __init__(self, function: Function) -> None:
        self.names = Names(names_of(function))
        self.made = {s.name: s for s in walk(function.body) if isinstance(s, Let | Dim | New | Like)}
        self.uses = Counter(arg for arg in function.body.yields if isinstance(arg, str))
        for stmt in walk(function.body):
            self.uses.update(arg for arg in _read(stmt) if isinstance(arg, str))

    def block(self, block: Block) -> Block:
        """The block with loops that write what they added to."""
        zeros = {s.name: s for s in block.body if isinstance(s, New | Like) and _zero(s)}
        body: list[Stmt] = []
        empty: set[str] = set()
        for stmt in block.body:
            new = with_blocks(stmt, self.block)
            new = self.taken(new) if isinstance(new, For) else new
            for position, carry in enumerate(new.carried if isinstance(new, For) else ()):
                given = zeros.get(str(carry.init))
                if given is not None and self.uses[given.name] == 1 and isinstance(new, For):
                    written = self.written(new, position) if self.covered(new, given) else None
                    empty |= {given.name} if written is not None else set()
                    new = written or new
            body.append(new)
        out = [
            part
            for s in body
            for part in (self.empty(s) if isinstance(s, New | Like) and s.name in empty else [s])
        ]
        return replace(block, body=tuple(out))

    def covered(self, loop: For, zeros: Zeros) -> bool:
        """Whether the loop's index takes each place of the array, upwards or downwards, to the end."""
        match loop:
            case For(start=Lit(value=0), stop=length, step=Lit(value=1), until=None):
                return self.length(length, zeros)
            case For(start=str() as last, stop=Lit(value=-1), step=Lit(value=-1), until=None):
                return self.length(self.before_last(last), zeros)
        return False

    def before_last(self, last: str) -> Arg:
        """The length that a last place belongs to."""
        match self.made.get(last):
            case Let(op="subtract", args=(str() as length, Lit(value=1))):
                match self.made.get(length):
                    case Let(op="range_length", args=(Lit(value=0), bound, Lit(value=1))):
                        return bound
                return length
        return Lit(None)

    def length(self, length: Arg, zeros: Zeros) -> bool:
        """Whether this is how long the array is; it has one dimension."""
        if isinstance(zeros, New):
            return zeros.shape == (length,)
        match self.made.get(str(length)):
            case Dim(array=array, axis=0):
                return array == zeros.array
        return False

    def written(self, loop: For, position: int) -> For | None:
        """The loop that writes, in place of one that adds; None where it does more with the array."""
        carry, end = loop.carried[position].name, loop.body.yields[position]
        own = [s for s in loop.body.body if isinstance(s, Load | Store) and s.array == carry]
        match own:
            case [Load(index=(str() as one,)) as load, Store(index=(str() as other,)) as store]:
                alone = self.uses[carry] == 2 and self.uses[store.name] == 1 and store.name == end
                if alone and one == other == loop.index:
                    rest = replace(loop.body, body=tuple(s for s in loop.body.body if s is not load))
                    return replace(loop, body=renamed(rest, {load.name: Lit(0.0)}))
        return None

    def taken(self, loop: For) -> For:
        """The loop without what it stores into an array that nothing reads after it, at places of their own."""
        for position, (carry, result) in enumerate(zip(loop.carried, loop.results, strict=True)):
            own = [s for s in loop.body.body if isinstance(s, Load | Store) and s.array == carry.name]
            match own:
                case [Load(index=(str() as one,)), Store(index=(str() as other,)) as store]:
                    alone = self.uses[carry.name] == 2 and self.uses[store.name] == 1
                    ends = loop.body.yields[position] == store.name and not self.uses[result]
                    if alone and ends and one == other == loop.index:
                        loop = replace(loop, body=_without(loop.body, store, position, carry.name))
        return loop

    def empty(self, zeros: Zeros) -> list[Stmt]:
        """The array without a number in it."""
        if isinstance(zeros, New):
            return [replace(zeros, fill=Lit(None))]
        length = self.names.fresh("length")
        kind = ArrayType("f", 1)
        return [
            Dim(length, zeros.array, 0, zeros.loc),
            New(zeros.name, (length,), kind, Lit(None), zeros.loc),
        ]


def _without(block: Block, store: Store, position: int, array: str) -> Block:
    yields = (*block.yields[:position], array, *block.yields[position + 1 :])
    return Block(tuple(s for s in block.body if s is not store), yields)


def _read(stmt: Stmt) -> tuple[Arg, ...]:
    return (*operands(stmt), *(arg for block in blocks(stmt) for arg in block.yields))


def _zero(stmt: Zeros) -> bool:
    return isinstance(stmt, Like) or (stmt.fill == Lit(0.0) and stmt.type == ArrayType("f", 1))
