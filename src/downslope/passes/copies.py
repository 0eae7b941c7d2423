"""A copy of an array, and a piece of a program that changes only copies of what is around it."""

from collections.abc import Mapping
from dataclasses import replace

from downslope.errors import Loc
from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Carry,
    Dim,
    For,
    Grow,
    If,
    Lit,
    Load,
    New,
    Stmt,
    Store,
    While,
    walk,
)
from downslope.ir.rename import renamed
from downslope.ir.types import ArrayType, Kind
from downslope.passes.buffers import in_place


def copied(array: str, kind: ArrayType, names: Names, loc: Loc | None) -> tuple[list[Stmt], str]:
    """The statements that copy an array, and the name of the copy."""
    lengths = [names.fresh(f"{array}_len") for _ in range(kind.rank)]
    start = names.fresh(array)
    out: list[Stmt] = [Dim(length, array, axis, loc) for axis, length in enumerate(lengths)]
    out.append(New(start, tuple(lengths), kind, Lit(None), loc))
    filled, name = _filled(start, array, lengths, [], names, loc)
    return [*out, *filled], name


def _filled(
    target: str, source: str, lengths: list[str], index: list[Arg], names: Names, loc: Loc | None
) -> tuple[list[Stmt], str]:
    if len(index) == len(lengths):
        value, after = names.fresh("t"), names.fresh(target)
        return [Load(value, source, tuple(index), loc), Store(after, target, tuple(index), value, loc)], after
    counter, carry, result = names.fresh("k"), names.fresh(target), names.fresh(target)
    body, last = _filled(carry, source, lengths, [*index, counter], names, loc)
    block = Block(tuple(body), (last,))
    carried = (Carry(carry, target),)
    return [For(counter, Lit(0), lengths[len(index)], Lit(1), carried, block, (result,), None, loc)], result


def on_copies(block: Block, own: frozenset[str], kinds: Mapping[str, Kind], names: Names) -> Block:
    """The block with a copy in place of each array from outside that it may store into; `own` are its names."""
    handed: set[Arg] = set()
    for stmt in walk(block):
        match stmt:
            case Store(array=array) | Grow(array=array):
                handed.add(array)
            case Call():
                handed.update(array for _, array in in_place(stmt))
            case If():
                handed.update((*stmt.then.yields, *stmt.orelse.yields))
            case For() | While():
                handed.update(carry.init for carry in stmt.carried)
    before: list[Stmt] = []
    new: dict[str, str] = {}
    for name in sorted(arg for arg in handed if isinstance(arg, str) and arg not in own):
        kind = kinds.get(name)
        if isinstance(kind, ArrayType):
            made, new[name] = copied(name, kind, names, None)
            before += made
    inner = renamed(block, new)
    return replace(inner, body=(*before, *inner.body))
