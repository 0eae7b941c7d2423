"""Numbers of the passes of nested loops: where each pass keeps what it keeps, in plain arrays.

A loop whose length is known before the outermost loop runs numbers its passes by a product. Any other
loop has a running number, and an array of the numbers that each of its runs starts with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Carry,
    For,
    If,
    Let,
    Lit,
    Load,
    Loop,
    Pop,
    Push,
    Stmt,
    While,
    blocks,
    walk,
)
from downslope.ir.nodes import defined as made

Key: TypeAlias = tuple[Arg, ...]
"""What a push puts on the tape: its values name it."""
MOST = 10_000
"""Passes of a loop that may be left early, up to which room is made for all of them."""


@dataclass(frozen=True)
class Site:
    """A push or a pop, and the loops around it inside one statement, outermost first."""

    key: Key
    loops: tuple[Loop, ...]


@dataclass
class Steps:
    """Whole-number steps, appended to a list of statements; what is known is folded."""

    names: Names
    out: list[Stmt] = field(default_factory=list)

    def __call__(self, op: str, *args: Arg, hint: str = "at") -> Arg:
        """`op(*args)`."""
        match op, args:
            case ("add", (Lit(value=0), other)) | ("multiply", (Lit(value=1), other)):
                return other
            case ("add" | "subtract", (other, Lit(value=0))) | ("multiply", (other, Lit(value=1))):
                return other
            case "multiply", (Lit(value=int() as a), Lit(value=int() as b)):
                return Lit(a * b)
            case "range_length", (Lit(value=int() as a), Lit(value=int() as b), Lit(value=int() as c)):
                return Lit(len(range(a, b, c)))
            case "range_length", (Lit(value=0), other, Lit(value=1)) if hint == "at":
                return other  # an index that counts from 0
        name = self.names.fresh(hint)
        self.out.append(Let(name, op, args))
        return name

    def load(self, array: str, index: Arg) -> str:
        """`array[index]`."""
        name = self.names.fresh("at")
        self.out.append(Load(name, array, (index,)))
        return name


def sites(stmt: Stmt, kind: "type[Push] | type[Pop]", loops: tuple[Loop, ...] = ()) -> Iterator[Site]:
    """The pushes or the pops in a statement."""
    match stmt:
        case Push(values=key) | Pop(pushed=key):
            if isinstance(stmt, kind):
                yield Site(key, loops)
        case For() | While():
            for inner in (*stmt.body.body, *(stmt.test.body if isinstance(stmt, While) else ())):
                yield from sites(inner, kind, (*loops, stmt))
        case _:
            for block in blocks(stmt):
                for inner in block.body:
                    yield from sites(inner, kind, loops)


def inside(stmt: Stmt) -> frozenset[str]:
    """Every name that a statement and what is in it make."""
    names: set[str] = set()
    for one in walk(Block((stmt,))):
        names.update(made(one))
        if isinstance(one, For | While):
            names.update(carry.name for carry in one.carried)
        if isinstance(one, For):
            names.add(one.index)
    return frozenset(names)


def steady(loop: Loop, local: frozenset[str]) -> bool:
    """Whether every run of a loop has as many passes, known before the statement that makes `local`."""
    if not isinstance(loop, For):
        return False
    bounds = (loop.start, loop.stop, loop.step)
    if any(bound in local for bound in bounds):
        return False
    if loop.until is None:
        return True
    numbers = [bound.value for bound in bounds if isinstance(bound, Lit) and isinstance(bound.value, int)]
    return len(numbers) == len(bounds) and len(range(*numbers)) <= MOST


def loops_of(found: Sequence[Site]) -> dict[int, tuple[Loop, Loop | None]]:
    """The loops around pushes by identity, outer before inner, each with the next one around it."""
    loops: dict[int, tuple[Loop, Loop | None]] = {}
    for site in found:
        for position, loop in enumerate(site.loops):
            loops.setdefault(id(loop), (loop, site.loops[position - 1] if position else None))
    return loops


def pass_of(loop: For, steps: Steps) -> Arg:
    """How many passes a loop has made before this one."""
    return steps("range_length", loop.start, loop.index, loop.step)


def left_of(loop: For, steps: Steps) -> Arg:
    """How many passes a loop has still to make after this one."""
    match loop:
        case For(stop=Lit(value=-1), step=Lit(value=-1)):
            return loop.index
        case For(stop=Lit(value=int() as last), step=Lit(value=-1)):
            return steps("subtract", loop.index, Lit(last + 1))
    return steps("subtract", steps("range_length", loop.index, loop.stop, loop.step, hint="left"), Lit(1))


def carried_by(
    loop: Loop, body: Block, carries: Sequence[Carry], ends: Sequence[Arg], after: Sequence[str]
) -> Loop:
    """The loop with another body, and further carries."""
    block = Block(body.body, (*body.yields, *ends))
    carried, results = (*loop.carried, *carries), (*loop.results, *after)
    if isinstance(loop, For):
        return For(
            loop.index, loop.start, loop.stop, loop.step, carried, block, results, loop.until, loop.loc
        )
    return While(carried, loop.test, block, results, loop.until, loop.loc)


def yielding(stmt: If, then: Block, orelse: Block, more: Sequence[tuple[str, Arg, Arg]]) -> If:
    """The branch with other sides, and further results: a name, and what each side gives it."""
    sides = (
        Block(then.body, (*then.yields, *(left for _, left, _ in more))),
        Block(orelse.body, (*orelse.yields, *(right for _, _, right in more))),
    )
    return If(stmt.cond, *sides, (*stmt.results, *(name for name, _, _ in more)), stmt.loc)
