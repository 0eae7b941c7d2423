"""The reverse of a long loop in bounded memory: snapshots of what it carries, and segments that run again.

The forward sweep keeps what the loop carries before some of its passes and leaves nothing on the tape.
The reverse sweep goes back from snapshot to snapshot. It runs the loop on from the last one, with more
snapshots on the way as long as there is room, to the segment that is next; that runs once more with its
tape and is reversed at once. Where the number of passes is known, the places are those of binomial
checkpointing (Griewank & Walther, ACM TOMS 26, 2000); otherwise every second snapshot gives way when
there are too many (after Wang, Moin & Iaccarino, SIAM J. Sci. Comput. 31, 2009).
"""

from collections.abc import Sequence

from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Carry, For, Function, Grow, If, Lit, Loop, Stmt, While, walk
from downslope.ir.rename import renamed
from downslope.modes.reverse_arrays import Bars
from downslope.modes.reverse_loops import ReverseLoops, defined_deep
from downslope.modes.snapshot_runs import Run, Sizes, bounds_of, counted_run, watched_run
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
        sizes = Sizes(segment, room, shelf)
        if known == Lit(-1):
            run = watched_run(build, stmt, sizes, passes)
        else:
            run = counted_run(build, stmt, sizes, known)
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

    def swept_back(self, stmt: Loop, bars: Bars, sizes: Sizes, run: Run, originals: dict[str, str]) -> None:
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
        self, stmt: Loop, sizes: Sizes, last: Arg, used: Arg, shelf: list[str], originals: dict[str, str]
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
        self, sizes: Sizes, shelf: list[str], used: Arg, at: Arg, values: Sequence[Arg]
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
        index, bounds = bounds_of(self.build, stmt, first, last)
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
        index, bounds = bounds_of(self.build, stmt, *passes)
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
