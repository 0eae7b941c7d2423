"""The forward sweep of a loop with snapshots: in pieces, with a snapshot of what it carries before each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from downslope.ir.nodes import Arg, Block, Carry, For, If, Let, Lit, Loop, While
from downslope.modes.snapshots import Shelf, looped
from downslope.passes.build import Builder


@dataclass(frozen=True)
class Sizes:
    """What the sweeps know of a loop with snapshots: passes of a segment, places for snapshots, its shelf."""

    segment: Arg
    room: Arg
    shelf: Shelf


@dataclass(frozen=True)
class Run:
    """What the forward sweep of such a loop ends with: its passes, and the snapshots taken."""

    passes: Arg
    used: Arg
    shelf: list[str]


def bounds_of(build: Builder, stmt: Loop, first: Arg, last: Arg) -> tuple[str, tuple[Arg, Arg, Arg]]:
    """The index of passes `first` to `last`, and its start, stop and step."""
    if not isinstance(stmt, For):
        return build.names.fresh("step"), (first, last, Lit(1))

    def at(count: Arg) -> Arg:
        if isinstance(count, Lit) and not count.value:
            return stmt.start
        return build.apply("add", (stmt.start, build.apply("multiply", (count, stmt.step), "bound")), "bound")

    return stmt.index, (at(first), at(last), stmt.step)


def counted_run(build: Builder, stmt: Loop, sizes: Sizes, passes: Arg) -> Run:
    """Emit a loop whose passes are counted beforehand, in pieces with a snapshot before each."""
    assert isinstance(stmt, For)
    empty = sizes.shelf.made(build, sizes.room)
    many = len(stmt.carried)
    starts = [
        ("done", Lit(0)), ("used", Lit(0)), *((carry.name, carry.init) for carry in stmt.carried),
        *((name, name) for name in empty),
    ]  # fmt: skip
    apply = build.apply

    def body(names: list[str]) -> list[Arg]:
        done, used, *others = names
        values, shelf = others[:many], others[many:]
        after = sizes.shelf.saved(build, shelf, used, done, values)
        more = apply("add", (used, Lit(1)), "used")
        free = apply("subtract", (sizes.room, more), "free")
        left = apply("subtract", (passes, done), "left")
        step = apply("snapshot_split", (left, free, sizes.segment, Lit(0)), "step")
        then = apply("add", (done, step), "done")
        index, bounds = bounds_of(build, stmt, done, then)
        ends = [build.names.fresh(name) for name in stmt.results]
        carried = tuple(Carry(c.name, v) for c, v in zip(stmt.carried, values, strict=True))
        build.keep(For(index, *bounds, carried, stmt.body, tuple(ends), None, stmt.loc))
        return [then, more, *ends, *after]

    found = looped(build, starts, lambda names: apply("less", (names[0], passes), "more"), body)
    return _named(build, stmt, found[0], found[1], found[2:])


def watched_run(build: Builder, stmt: Loop, sizes: Sizes, most: Arg | None) -> Run:
    """Emit a loop that ends by itself (after `most` passes if it is counted), a snapshot every so many passes."""
    empty = sizes.shelf.made(build, sizes.room)
    many = len(stmt.carried)
    starts = [
        ("more", Lit(True)), ("done", Lit(0)), ("used", Lit(0)), ("gap", sizes.segment),
        *((carry.name, carry.init) for carry in stmt.carried), *((name, name) for name in empty),
    ]  # fmt: skip
    quarter = build.apply("floor_divide", (sizes.room, Lit(4)), "spare")
    full = build.apply("subtract", (sizes.room, quarter), "full")

    def body(names: list[str]) -> list[Arg]:
        _, done, used, gap, *others = names
        used, gap, *shelf = _thinned(build, sizes, full, used, gap, others[many:])
        after = sizes.shelf.saved(build, shelf, used, done, others[:many])
        more = build.apply("add", (used, Lit(1)), "used")
        count, again, ends = _piece(build, stmt, done, gap, others[:many], most)
        return [again, build.apply("add", (done, count), "done"), more, gap, *ends, *after]

    found = looped(build, starts, lambda names: names[0], body)
    return _named(build, stmt, found[1], found[2], found[4:])


def _thinned(build: Builder, sizes: Sizes, full: Arg, used: str, gap: str, shelf: list[str]) -> list[str]:
    """Emit that every second snapshot gives way where there are too many: their number, their distance, the shelf."""
    with build.scope() as then:
        half = build.apply("floor_divide", (build.apply("add", (used, Lit(1)), "half"), Lit(2)), "half")
        fewer = sizes.shelf.thinned(build, shelf, half)
        twice = build.apply("multiply", (gap, Lit(2)), "gap")
    results = [build.names.fresh(name) for name in ("used", "gap", *shelf)]
    sides = Block(tuple(then), (half, twice, *fewer)), Block((), (used, gap, *shelf))
    cond = build.apply("equal", (used, full), "crowded")
    build.keep(If(cond, *sides, tuple(results), build.place))
    return results


def _piece(
    build: Builder, stmt: Loop, done: str, gap: str, values: Sequence[str], most: Arg | None
) -> tuple[str, Arg, list[str]]:
    """Emit at most `gap` passes: how many there were, whether there may be more, and what is carried."""
    count, after, total = (build.names.fresh("passes") for _ in range(3))
    ends = [build.names.fresh(name) for name in stmt.results]
    carried = (*(Carry(c.name, v) for c, v in zip(stmt.carried, values, strict=True)), Carry(count, Lit(0)))
    body = Block((*stmt.body.body, Let(after, "add", (count, Lit(1)), stmt.loc)), (*stmt.body.yields, after))
    if isinstance(stmt, For):
        assert most is not None
        left = build.apply("subtract", (most, done), "left")
        short = build.apply("less", (left, gap), "short")
        last = build.apply("add", (done, build.apply("where", (short, left, gap), "step")), "last")
        index, bounds = bounds_of(build, stmt, done, last)
        build.keep(For(index, *bounds, carried, body, (*ends, total), stmt.until, stmt.loc))
        again = build.apply("less", (build.apply("add", (done, total), "done"), most), "more")
    else:
        within, both = build.names.fresh("within"), build.names.fresh("more")
        test = (
            *stmt.test.body,
            Let(within, "less", (count, gap), stmt.loc),
            Let(both, "logical_and", (within, stmt.test.yields[0]), stmt.loc),
        )
        build.keep(While(carried, Block(test, (both,)), body, (*ends, total), stmt.until, stmt.loc))
        again = build.apply("equal", (total, gap), "more")
    if stmt.until is not None:
        going = build.apply("logical_not", (ends[stmt.until],), "going")
        again = build.apply("logical_and", (again, going), "more")
    return total, again, ends


def _named(build: Builder, stmt: Loop, passes: Arg, used: Arg, others: list[str]) -> Run:
    """What a loop ends with, under the names that the program has for it."""
    last = build.out[-1]
    assert isinstance(last, While)
    many = len(stmt.results)
    front = len(last.results) - len(others)
    build.out[-1] = replace(
        last, results=(*last.results[:front], *stmt.results, *last.results[front + many :])
    )
    return Run(passes, used, others[many:])
