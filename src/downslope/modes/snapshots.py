"""Snapshots of what a loop carries, in arrays: how much room they take, how they are made and put back."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from downslope.ir.calls import tapes
from downslope.ir.nodes import Arg, Block, Call, Carry, Dim, For, If, Lit, Loop, New, Push, Stmt, While
from downslope.ir.types import ArrayType
from downslope.passes.build import Builder
from downslope.passes.census import ASSUMED

WORD = 8
"""Bytes of a number, on the tape and in a snapshot."""
Which = Literal["none", "outer", "every"]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Which loops keep snapshots and run again in the reverse sweep, and the bytes that one of them may take.

    A loop that is known to have no more than `short` passes keeps none.
    """

    loops: Which = "none"
    memory: int = 2**30
    short: int = 64

    @property
    def words(self) -> int:
        """The budget in numbers."""
        return self.memory // WORD


WHOLE_TAPE = Checkpoints()
"""The whole tape."""


def looped(
    build: Builder,
    starts: Sequence[tuple[str, Arg]],
    test: Callable[[list[str]], Arg],
    body: Callable[[list[str]], Sequence[Arg]],
) -> list[str]:
    """Emit a `while` loop that carries values with these names and starts; what it ends with."""
    fresh = build.names.fresh
    names = [fresh(hint) for hint, _ in starts]
    with build.scope() as tested:
        answer = test(names)
    with build.scope() as inside:
        ends = body(names)
    results = [fresh(hint) for hint, _ in starts]
    carried = tuple(Carry(name, start) for name, (_, start) in zip(names, starts, strict=True))
    blocks = Block(tuple(tested), (answer,)), Block(tuple(inside), tuple(ends))
    build.keep(While(carried, *blocks, tuple(results), None, build.place))
    return results


def copied(
    build: Builder, target: str, to: tuple[Arg, ...], source: str | None, at: tuple[Arg, ...], lengths: Sequence[Arg]
) -> str:  # fmt: skip
    """Emit `target[to, ...] = source[at, ...]`, element by element; the target is its own source if none is given."""
    if not lengths:
        value = build.load(source or target, at)
        return build.store(target, to, value, target)
    fresh = build.names.fresh
    counter, carry, result = fresh("k"), fresh(target), fresh(target)
    with build.scope() as body:
        last = copied(build, carry, (*to, counter), source, (*at, counter), lengths[1:])
    block = Block(tuple(body), (last,))
    build.keep(
        For(counter, Lit(0), lengths[0], Lit(1), (Carry(carry, target),), block, (result,), None, build.place)
    )
    return result


def duplicate(build: Builder, array: str, kind: ArrayType, lengths: Sequence[Arg]) -> str:
    """Emit a copy of an array."""
    fresh = build.names.fresh(array)
    build.keep(New(fresh, tuple(lengths), kind, Lit(None), build.place))
    return copied(build, fresh, (), array, (), lengths)


def lengths_of(build: Builder, array: str, kind: ArrayType) -> tuple[Arg, ...]:
    """Emit the lengths of an array."""
    names = [build.names.fresh(f"{array}_len") for _ in range(kind.rank)]
    for axis, name in enumerate(names):
        build.keep(Dim(name, array, axis, build.place))
    return tuple(names)


@dataclass(frozen=True)
class Shelf:
    """The snapshots of one loop: an array per carry, with one dimension more, and where each was taken.

    `kinds` and `lengths` are those of the carries that are arrays (None and nothing for numbers).
    """

    loop: Loop
    kinds: tuple[ArrayType | None, ...]
    lengths: tuple[tuple[Arg, ...], ...]

    def made(self, build: Builder, room: Arg) -> list[str]:
        """Emit the empty shelf."""
        names = []
        for carry, lengths in zip(self.loop.carried, self.lengths, strict=True):
            names.append(build.names.fresh(f"{carry.name}_kept"))
            kind = ArrayType("f", 1 + len(lengths))
            build.keep(New(names[-1], (room, *lengths), kind, Lit(None), build.place, fits=True))
        names.append(build.names.fresh("kept_at"))
        build.keep(New(names[-1], (room,), ArrayType("i", 1), Lit(None), build.place))
        return names

    def saved(
        self, build: Builder, shelf: Sequence[str], slot: Arg, at: Arg, values: Sequence[Arg]
    ) -> list[str]:
        """Emit a snapshot of the values before pass `at`; the shelf after it."""
        after = []
        for place, value, lengths in zip(shelf, values, self.lengths, strict=False):
            if lengths:
                after.append(copied(build, place, (slot,), str(value), (), lengths))
            else:
                after.append(build.store(place, (slot,), value, place))
        return [*after, build.store(shelf[-1], (slot,), at, shelf[-1])]

    def taken(self, build: Builder, shelf: Sequence[str], slot: Arg) -> list[str]:
        """Emit what a snapshot holds; arrays are new ones."""
        values = []
        for carry, place, kind, lengths in zip(
            self.loop.carried, shelf, self.kinds, self.lengths, strict=False
        ):
            if kind is None:
                values.append(build.load(place, (slot,), carry.name))
                continue
            fresh = build.names.fresh(carry.name)
            build.keep(New(fresh, lengths, kind, Lit(None), build.place))
            values.append(copied(build, fresh, (), place, (slot,), lengths))
        return values

    def thinned(self, build: Builder, shelf: Sequence[str], count: Arg) -> list[str]:
        """Emit that every second of so many snapshots is kept, the first one too."""
        counter = build.names.fresh("slot")
        carries = [build.names.fresh(name) for name in shelf]
        results = [build.names.fresh(name) for name in shelf]
        with build.scope() as body:
            twice = build.apply("multiply", (counter, Lit(2)), "twice")
            ends = [
                copied(build, place, (counter,), None, (twice,), lengths)
                for place, lengths in zip(carries, (*self.lengths, ()), strict=True)
            ]
        carried = tuple(Carry(name, start) for name, start in zip(carries, shelf, strict=True))
        block = Block(tuple(body), tuple(ends))
        build.keep(For(counter, Lit(1), count, Lit(1), carried, block, tuple(results), None, build.place))
        return results

    def size(self, build: Builder) -> Arg:
        """Emit how many numbers a snapshot has."""
        total: Arg = Lit(1 + sum(1 for lengths in self.lengths if not lengths))
        for lengths in self.lengths:
            if lengths:
                total = build.apply("add", (total, product(build, lengths)), "size")
        return total


def product(build: Builder, numbers: Sequence[Arg]) -> Arg:
    """Emit the product of whole numbers."""
    if Lit(0) in numbers:
        return Lit(0)
    total: Arg = Lit(1)
    for number in numbers:
        total = build.apply("multiply", (total, number), "size")
    return total


def leaves(stmt: Stmt) -> bool:
    """Whether a statement itself leaves something on the tape."""
    return isinstance(stmt, Push) or (isinstance(stmt, Call) and tapes(stmt.callee))


def tape_of(build: Builder, block: Block, inside: Set[str]) -> Arg:
    """Emit how many numbers a block leaves on the tape; `inside` are names that are not known yet.

    A loop in it whose length is not known is taken to have `ASSUMED` passes, and a branch to take both sides.
    """
    total: Arg = Lit(0)
    for stmt in block.body:
        match stmt:
            case Push(values=values):
                part: Arg = Lit(len(values))
            case For():
                part = product(build, (_passes(build, stmt, inside), tape_of(build, stmt.body, inside)))
            case Call(callee=callee) if tapes(callee):
                part = Lit(ASSUMED)
            case While():
                part = product(build, (Lit(ASSUMED), tape_of(build, stmt.body, inside)))
            case If():
                sides = tape_of(build, stmt.then, inside), tape_of(build, stmt.orelse, inside)
                part = build.apply("add", sides, "size")
            case _:
                continue
        total = build.apply("add", (total, part), "size")
    return total


def _passes(build: Builder, loop: For, inside: Set[str]) -> Arg:
    bounds = (loop.start, loop.stop, loop.step)
    if any(bound in inside for bound in bounds if isinstance(bound, str)):
        return Lit(ASSUMED)
    if (count := literal_passes(loop)) is not None:
        return Lit(count)
    return build.apply("range_length", bounds, "count")


def literal_passes(loop: Loop) -> int | None:
    """The most passes of a loop whose bounds are numbers in the source."""
    if not isinstance(loop, For):
        return None
    bounds = [
        arg.value for arg in (loop.start, loop.stop, loop.step) if isinstance(arg, Lit) and type(arg.value) is int
    ]  # fmt: skip
    return len(range(*bounds)) if len(bounds) == len((loop.start, loop.stop, loop.step)) else None
