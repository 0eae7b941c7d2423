"""Counters in closed form: what a loop only adds a constant to is computed from the index.

Then nothing is carried, the reverse sweep needs no tape for it, and an index made of it is checked outside the loop.
"""

from collections.abc import Mapping
from dataclasses import replace

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    For,
    Function,
    Let,
    Lit,
    Stmt,
    defined,
    names_of,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed
from downslope.ir.types import Kind
from downslope.passes.types import inferred, type_of


def counted(function: Function, given: Mapping[str, Kind]) -> Function:
    """The function without carried counters of whole numbers.

    >>> from downslope.ir.nodes import Carry, Param
    >>> step = Block((Let("after", "add", ("at", Lit(2))),), ("after",))
    >>> loop = For("i", Lit(0), "n", Lit(1), (Carry("at", Lit(5)),), step, ("end",))
    >>> whole = Function("f", (Param("n", "n"),), Block((loop,), ("end",)))
    >>> counted(whole, {"n": "i"}).body.body[0].carried
    ()
    """
    counters = _Counters(function, given)
    return replace(function, body=counters.block(function.body))


class _Counters:
    def __init__(self, function: Function, given: Mapping[str, Kind]) -> None:
        self.types = inferred(function, given)
        self.names = Names(names_of(function))

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block.body:
            inner = with_blocks(stmt, self.block)
            if isinstance(inner, For):
                self.loop(inner, out)
            else:
                out.append(inner)
        return replace(block, body=tuple(out))

    def loop(self, stmt: For, out: list[Stmt]) -> None:
        steps = {i: step for i in range(len(stmt.carried)) if (step := self.step(stmt, i)) is not None}
        if stmt.until is not None or stmt.step != Lit(1) or not steps:
            out.append(stmt)
            return
        kept = [i for i in range(len(stmt.carried)) if i not in steps]
        body: list[Stmt] = []
        passes = self.let(body, "subtract", stmt.index, stmt.start)
        # Under names of their own: what is watched for 64 bits is the number after the loop, the largest.
        fresh: dict[str, str] = {}
        for i, step in steps.items():
            carry = stmt.carried[i]
            moved = self.let(body, "multiply", step, passes)
            fresh[carry.name] = self.names.fresh(carry.name)
            body.append(Let(fresh[carry.name], "add", (carry.init, moved), stmt.loc))
        yields = tuple(stmt.body.yields[i] for i in kept)
        inside = renamed(Block(stmt.body.body, yields), fresh)
        out.append(
            replace(
                stmt,
                carried=tuple(stmt.carried[i] for i in kept),
                body=Block((*body, *inside.body), inside.yields),
                results=tuple(stmt.results[i] for i in kept),
            )
        )
        total = self.let(out, "range_length", stmt.start, stmt.stop, stmt.step)
        for i, step in steps.items():
            moved = self.let(out, "multiply", step, total)
            out.append(Let(stmt.results[i], "add", (stmt.carried[i].init, moved), stmt.loc))

    def step(self, stmt: For, position: int) -> Arg | None:
        """What each pass adds to a carry; None where it does more."""
        carry, after = stmt.carried[position], stmt.body.yields[position]
        if type_of(carry.name, self.types) != "i" or type_of(carry.init, self.types) != "i":
            return None
        for inner in stmt.body.body:
            match inner:
                case Let(name=name, op="add", args=(carry.name, step) | (step, carry.name)) if name == after:
                    inside = {n for s in walk(stmt.body) for n in defined(s)} | {stmt.index}
                    own = {c.name for c in stmt.carried} | inside
                    fits = step not in own and type_of(step, self.types) == "i"
                    return step if fits else None
        return None

    def let(self, out: list[Stmt], op: str, left: Arg, *others: Arg) -> Arg:
        if op == "subtract" and others == (Lit(0),):
            return left
        if op == "multiply" and left == Lit(1):
            return others[0]
        if op == "subtract" and others == (left,):
            return Lit(0)
        name = self.names.fresh("passes")
        out.append(Let(name, op, (left, *others)))
        return name
