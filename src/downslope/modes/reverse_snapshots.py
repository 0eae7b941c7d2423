"""The reverse of a long loop in bounded memory: snapshots of what it carries, and segments that run again.

The forward sweep keeps what the loop carries before some of its passes and leaves nothing on the tape.
The reverse sweep goes back from snapshot to snapshot. It runs the loop on from the last one, with more
snapshots on the way as long as there is room, to the segment that is next; that runs once more with its
tape and is reversed at once. Where the number of passes is known, the places are those of binomial
checkpointing (Griewank & Walther, ACM TOMS 26, 2000); otherwise every second snapshot gives way when
there are too many (after Wang, Moin & Iaccarino, SIAM J. Sci. Comput. 31, 2009).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Carry, For, Function, Grow, If, Let, Lit, Loop, Stmt, While, walk
from downslope.ir.rename import renamed
from downslope.modes.reverse_arrays import Bars
from downslope.modes.reverse_loops import ReverseLoops, defined_deep
from downslope.modes.snapshots import (
    WHOLE_TAPE,
    Checkpoints,
    Shelf,
    duplicate,
    leaves,
    lengths_of,
    literal_passes,
    looped,
    tape_of,
)
from downslope.passes.build import ZERO, Builder
from downslope.passes.simplify import live_block, unfailing


@dataclass(frozen=True)
class _Sizes:
    """What the sweeps know of a loop with snapshots: passes of a segment, places for snapshots, its shelf."""

    segment: Arg
    room: Arg
    shelf: Shelf


@dataclass(frozen=True)
class _Run:
    """What the forward sweep of such a loop ends with: its passes, and the snapshots taken."""

    passes: Arg
    used: Arg
    shelf: list[str]


class ReverseSnapshots(ReverseLoops):
    """The reverse of loops, by snapshots where that is asked for."""

    def __init__(
        self, function: Function, wrt: Sequence[str], names: Names, checkpoints: Checkpoints = WHOLE_TAPE
    ) -> None:
        super().__init__(function, wrt, names)
        self.checkpoints = checkpoints

    def loop(self, stmt: Loop, bars: Bars) -> tuple[Stmt, ...]:
        """Emit the reverse of a loop; return its forward."""
        if not self.eligible(stmt) or all(bars.get(name, ZERO) == ZERO for name in stmt.results):
            return super().loop(stmt, bars)
        trial = dict(bars)
        with self.build.scope() as back, self.on_tape():
            ahead = super().loop(stmt, trial)
        if not any(leaves(inner) for inner in walk(Block(ahead))):
            for made in back:
                self.build.keep(made)
            bars.clear()
            bars.update(trial)
            return ahead
        return tuple(self.kept(stmt, bars, ahead))

    def eligible(self, stmt: Loop) -> bool:
        """Whether a loop is to keep snapshots; one that runs in the forward sweep only has to use the tape."""
        grows = any(isinstance(inner, Grow) for inner in walk(stmt.body))  # then snapshots differ in length
        if self.tape_only or grows or any(self.unset(carry) for carry in stmt.carried):
            return False
        passes = literal_passes(stmt)
        if passes is not None and passes <= self.checkpoints.short:
            return False
        return self.checkpoints.loops == "every" or (self.checkpoints.loops == "outer" and self.depth == 0)

    def unset(self, carry: Carry) -> bool:
        """Whether a carry is an array that is not set before the loop, so that its lengths are not known."""
        return self.kind(carry.name) is not None and not isinstance(carry.init, str)

    def kept(self, stmt: Loop, bars: Bars, taped: Sequence[Stmt]) -> list[Stmt]:
        """Emit the reverse of a loop with snapshots; return its forward."""
        build = Builder(self.build.names)  # what the reverse sweep has computed comes later
        build.place = stmt.loc
        originals = self.duplicates(stmt, build)
        shelf = self.shelf_of(stmt, build)
        passes = self.count(build, stmt)
        tape = tape_of(build, _body(taped), frozenset().union(*(defined_deep(made) for made in taped)))
        known = Lit(-1) if passes is None or stmt.until is not None else passes
        budget, size = Lit(self.checkpoints.words), shelf.size(build)
        segment = build.apply("segment_passes", (known, size, tape, budget), "segment")
        room = build.apply("snapshot_room", (known, size, segment, budget), "room")
        sizes = _Sizes(segment, room, shelf)
        if known == Lit(-1):
            run = _watched(build, stmt, sizes, passes)
        else:
            run = _counted(build, stmt, sizes, known)
        self.swept_back(stmt, bars, sizes, run, originals)
        return build.out

    def count(self, build: Builder, stmt: Loop) -> Arg | None:
        """Emit the passes of a counted loop, at most."""
        if not isinstance(stmt, For):
            return None
        count = literal_passes(stmt)
        return (
            build.apply("range_length", (stmt.start, stmt.stop, stmt.step), "passes")
            if count is None
            else Lit(count)
        )

    def shelf_of(self, stmt: Loop, build: Builder) -> Shelf:
        """Emit the lengths of the arrays that a loop carries; its shelf."""
        kinds = tuple(self.kind(carry.name) for carry in stmt.carried)
        lengths = tuple(
            () if kind is None else lengths_of(build, str(carry.init), kind)
            for carry, kind in zip(stmt.carried, kinds, strict=True)
        )
        return Shelf(stmt, kinds, lengths)

    def duplicates(self, stmt: Loop, build: Builder) -> dict[str, str]:
        """Emit copies of the arrays that a loop only reads and that are overwritten after it."""
        _, read = live_block(stmt.body, frozenset())
        names: dict[str, str] = {}
        for array in sorted((read - {carry.name for carry in stmt.carried}) & self.replaced):
            if (kind := self.kind(array)) is not None:
                names[array] = duplicate(build, array, kind, lengths_of(build, array, kind))
                self.alike(names[array], array)
        return names

    def alike(self, name: str, model: str) -> None:
        """Let a new name have the type and the activity of another."""
        if (kind := self.kind(model)) is not None:
            self.kinds[name] = kind
        if model in self.facts:
            self.facts[name] = self.facts[model]

    # ---- the reverse sweep ---------------------------------------------------------------------

    def swept_back(self, stmt: Loop, bars: Bars, sizes: _Sizes, run: _Run, originals: dict[str, str]) -> None:
        """Emit the loop over snapshots, from the last to the first."""
        slots = [i for i, carry in enumerate(stmt.carried) if self.active(carry.name)]
        shared = sorted(self.reads(stmt.body) - {carry.name for carry in stmt.carried})
        for name in (*(stmt.results[i] for i in slots), *shared):
            if self.kind(name):
                self.arrays.needed(bars, name)
        seeds = [bars.pop(name, ZERO) for name in stmt.results]
        starts = [
            ("last", run.passes), ("used", run.used),
            *((f"{stmt.carried[i].name}_bar", seeds[i]) for i in slots),
            *((f"{name}_bar", bars.get(name, ZERO)) for name in shared),
            *((name, name) for name in run.shelf),
        ]  # fmt: skip
        many = len(slots)

        def body(names: list[str]) -> list[Arg]:
            last, used, *others = names
            ends = others[:many], others[many : many + len(shared)]
            first, used, shelf, values = self.advanced(
                stmt, sizes, last, used, others[many + len(shared) :], originals
            )
            after: Bars = dict(zip((stmt.results[i] for i in slots), ends[0], strict=True))
            after |= zip((originals.get(name, name) for name in shared), ends[1], strict=True)
            self.segment(stmt, (first, last), values, originals, after)
            apply = self.build.apply
            top = apply("subtract", (used, Lit(1)), "top")
            reached = apply("equal", (self.build.load(shelf[-1], (top,), "at"), first), "reached")
            left = apply("where", (reached, top, used), "used")
            back = [self.handed_on(after, values[i], stmt.carried[i].name) for i in slots]
            totals = [after.get(originals.get(name, name), ZERO) for name in shared]
            return [first, left, *back, *totals, *shelf]

        results = looped(
            self.build, starts, lambda names: self.build.apply("less", (Lit(0), names[1]), "more"), body
        )[2:]
        for name, result in zip(shared, results[many:], strict=False):
            bars[name] = result
        for i, result in zip(slots, results[:many], strict=True):
            self.accumulate(bars, stmt.carried[i].init, result)

    def advanced(
        self, stmt: Loop, sizes: _Sizes, last: Arg, used: Arg, shelf: list[str], originals: dict[str, str]
    ) -> tuple[str, str, list[str], list[str]]:
        """Emit a run from the top snapshot to the last segment: its first pass, the snapshots, what is carried."""
        build, apply = self.build, self.build.apply
        top = apply("subtract", (used, Lit(1)), "top")
        begin = build.load(shelf[-1], (top,), "first")
        values = sizes.shelf.taken(build, shelf, top)
        starts = [
            ("first", begin), ("used", used), *((carry.name, v) for carry, v in zip(stmt.carried, values, strict=True)),
            *((name, name) for name in shelf),
        ]  # fmt: skip
        many = len(values)

        def far(names: list[str]) -> Arg:
            return apply("less", (sizes.segment, apply("subtract", (last, names[0]), "left")), "far")

        def body(names: list[str]) -> list[Arg]:
            first, used, *others = names
            free = apply("subtract", (sizes.room, used), "free")
            left = apply("subtract", (last, first), "left")
            step = apply("snapshot_split", (left, free, sizes.segment, sizes.segment), "step")
            then = apply("add", (first, step), "first")
            ran = self.run_again(stmt, first, then, others[:many], originals)
            kept = self.saved_if_free(sizes, others[many:], used, then, ran)
            return [then, kept[0], *ran, *kept[1:]]

        first, used, *others = looped(build, starts, far, body)
        return first, used, others[many:], others[:many]

    def saved_if_free(
        self, sizes: _Sizes, shelf: list[str], used: Arg, at: Arg, values: Sequence[Arg]
    ) -> list[str]:
        """Emit one more snapshot if there is room: how many there are, then the shelf."""
        build = self.build
        free = build.apply("less", (used, sizes.room), "free")
        with build.scope() as then:
            more = build.apply("add", (used, Lit(1)), "used")
            after = sizes.shelf.saved(build, shelf, used, at, values)
        results = [build.names.fresh("used"), *(build.names.fresh(name) for name in shelf)]
        sides = Block(tuple(then), (more, *after)), Block((), (used, *shelf))
        build.keep(If(free, *sides, tuple(results), build.place))
        return results

    def run_again(
        self, stmt: Loop, first: Arg, last: Arg, values: Sequence[str], originals: dict[str, str]
    ) -> list[str]:
        """Emit passes of the loop without a tape; what they end with."""
        index, bounds = _bounds(self.build, stmt, first, last)
        carried = tuple(Carry(carry.name, value) for carry, value in zip(stmt.carried, values, strict=True))
        body = Block(tuple(unfailing(stmt.body.body)), stmt.body.yields)
        loop = For(index, *bounds, carried, body, stmt.results, None, stmt.loc)
        (again,) = self.afresh([loop], originals)
        assert isinstance(again, For)
        self.build.keep(again)
        return list(again.results)

    def afresh(
        self, made: Sequence[Stmt], originals: dict[str, str], inside: Sequence[Stmt] = ()
    ) -> list[Stmt]:
        """Statements with new names for all that `inside` (by default they) define."""
        local = sorted(name for stmt in inside or made for name in defined_deep(stmt))
        fresh = {name: self.build.names.fresh(name) for name in local}
        return list(renamed(Block(tuple(made)), {**originals, **fresh}).body)

    def segment(
        self, stmt: Loop, passes: tuple[Arg, Arg], values: Sequence[str], originals: dict[str, str], bars: Bars
    ) -> None:  # fmt: skip
        """Emit one segment with its tape, and its reverse."""
        for carry, value in zip(stmt.carried, values, strict=True):
            self.alike(value, carry.name)
        index, bounds = _bounds(self.build, stmt, *passes)
        carried = tuple(Carry(carry.name, value) for carry, value in zip(stmt.carried, values, strict=True))
        body = renamed(stmt.body, originals)
        loop = For(index, *bounds, carried, body, stmt.results, None, stmt.loc)
        with self.build.scope() as back:
            ahead = super().loop(loop, bars)
        unfailed = unfailing(ahead)
        for made in self.afresh([*unfailed, *back], {}, unfailed):
            self.build.keep(made)


def _body(taped: Sequence[Stmt]) -> Block:
    """The body of the loop among statements."""
    (body,) = (stmt.body for stmt in taped if isinstance(stmt, For | While))
    return body


def _bounds(build: Builder, stmt: Loop, first: Arg, last: Arg) -> tuple[str, tuple[Arg, Arg, Arg]]:
    """The index of passes `first` to `last`, and its start, stop and step."""
    if not isinstance(stmt, For):
        return build.names.fresh("step"), (first, last, Lit(1))

    def at(count: Arg) -> Arg:
        if isinstance(count, Lit) and not count.value:
            return stmt.start
        return build.apply("add", (stmt.start, build.apply("multiply", (count, stmt.step), "bound")), "bound")

    return stmt.index, (at(first), at(last), stmt.step)


# ---- the forward sweep -------------------------------------------------------------------------


def _counted(build: Builder, stmt: Loop, sizes: _Sizes, passes: Arg) -> _Run:
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
        index, bounds = _bounds(build, stmt, done, then)
        ends = [build.names.fresh(name) for name in stmt.results]
        carried = tuple(Carry(c.name, v) for c, v in zip(stmt.carried, values, strict=True))
        build.keep(For(index, *bounds, carried, stmt.body, tuple(ends), None, stmt.loc))
        return [then, more, *ends, *after]

    found = looped(build, starts, lambda names: apply("less", (names[0], passes), "more"), body)
    return _named(build, stmt, found[0], found[1], found[2:])


def _watched(build: Builder, stmt: Loop, sizes: _Sizes, most: Arg | None) -> _Run:
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


def _thinned(build: Builder, sizes: _Sizes, full: Arg, used: str, gap: str, shelf: list[str]) -> list[str]:
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
        index, bounds = _bounds(build, stmt, done, last)
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


def _named(build: Builder, stmt: Loop, passes: Arg, used: Arg, others: list[str]) -> _Run:
    """What a loop ends with, under the names that the program has for it."""
    last = build.out[-1]
    assert isinstance(last, While)
    many = len(stmt.results)
    front = len(last.results) - len(others)
    build.out[-1] = replace(
        last, results=(*last.results[:front], *stmt.results, *last.results[front + many :])
    )
    return _Run(passes, used, others[many:])
