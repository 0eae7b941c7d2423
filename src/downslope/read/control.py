"""Branches and loops of a program: which values each changes, numbers and arrays alike."""

import ast
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from downslope.errors import Loc, UnsupportedError
from downslope.ir.nodes import Arg, Block, For, If, Lit, Stmt, While, defined
from downslope.ir.rename import renamed
from downslope.read.array_reader import ArrayReader, Passes
from downslope.read.assigned import stored, stored_target
from downslope.read.branching import Merge, Side
from downslope.read.carrying import Carrying
from downslope.read.choices import MOST, Again, Undecided, decided
from downslope.read.frames import UNSET, Choice, Frame, Record, Thing, Value
from downslope.read.looping import Entering, Loop, ReadTooEarly, Rebinding, read_after
from downslope.read.merging import Merging
from downslope.read.notyet import NotYet
from downslope.read.objects import Objects
from downslope.read.views import Buffer, Cell, Gone

State: TypeAlias = tuple[
    dict[str, Value], dict[Buffer, str], Loc | None, list[Stmt], dict[Thing, Record | Gone], Counter[Thing]
]


class ControlReader(ArrayReader):
    """What the reader does with branches and loops."""

    def __init__(self) -> None:
        super().__init__()
        self.objects = Objects(self)
        self.indices: list[str] = []  # what counts the passes of the loops that are being read
        self.merging = Merging(self.arrays)
        self.assumed: dict[Arg, bool] = {}  # conditions, in the statements that are read once for each case

    @abstractmethod
    def block(self, body: Sequence[ast.stmt], frame: Frame) -> None:
        """Read statements."""

    @abstractmethod
    def truth(self, value: Value) -> Arg:
        """A value as a boolean."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Give a target a value."""

    @abstractmethod
    def leave_out(self, unknown: NotYet) -> None:
        """Take note of a path that is not read now."""

    # ---- branches ------------------------------------------------------------------------------

    def branch(self, node: ast.If, frame: Frame) -> None:
        """`if`: both paths, and the variables that either changes."""
        cond = self.truth(self.expression(node.test, frame))
        if isinstance(cond, Lit):
            self.block(node.body if cond.value else node.orelse, frame)
            return
        sides = self.sides(
            frame, lambda: self.block(node.body, frame), lambda: self.block(node.orelse, frame)
        )
        self.merged(cond, *sides, frame)

    def sides(self, frame: Frame, then: Callable[[], None], orelse: Callable[[], None]) -> tuple[Side, Side]:
        """Both paths, each from the variables and arrays before the branch."""
        place, env, arrays = self.place, dict(frame.env), dict(self.arrays.current)
        held = dict(self.objects.state)
        found: list[Side] = []
        unknown: list[NotYet] = []
        for run in (then, orelse):
            frame.env, self.arrays.current, self.place = dict(env), dict(arrays), place
            self.objects.state = dict(held)
            try:
                body = self.captured(run)
                found.append(Side(body, frame.env | self.objects.hidden(), self.arrays.current))
            except NotYet as error:
                unknown.append(error)
        frame.env, self.arrays.current, self.place, self.objects.state = env, arrays, place, held
        if not found:
            raise NotYet(unknown[0].unknown | unknown[1].unknown)
        for one in unknown:
            self.leave_out(one)
        return found[0], found[-1]

    def merged(self, cond: Arg, then: Side, orelse: Side, frame: Frame) -> None:
        """Emit the branch, with what differs between its paths as results."""
        before = dict(self.arrays.current)
        merge = Merge(self, self.merging, self.objects, cond, then, orelse)
        env: dict[str, Value] = {}
        for name in dict.fromkeys((*then.env, *orelse.env)):
            left, right = then.env.get(name, UNSET), orelse.env.get(name, UNSET)
            env[name] = left if left == right else merge.value(name, left, right)
        changed = [b for b in before if then.arrays[b] != before[b] or orelse.arrays[b] != before[b]]
        updated = {
            buffer: merge.result(buffer.label, then.arrays[buffer], orelse.arrays[buffer])
            for buffer in changed
        }
        blocks = Block(then.body, tuple(merge.lefts)), Block(orelse.body, tuple(merge.rights))
        self.out.append(If(cond, *blocks, tuple(merge.results), self.place))
        self.arrays.current = then.arrays | orelse.arrays | before | updated
        merge.finish()
        frame.env = env | merge.held
        self.merging.freeze_shared(merge.groups, self.merging.reached(frame))
        self.objects.take(frame.env)

    def chosen(self, test: ast.expr, body: ast.expr, orelse: ast.expr, frame: Frame, hint: str) -> Value:
        """`body if test else orelse`."""
        cond = self.truth(self.expression(test, frame))
        if isinstance(cond, Lit):
            return self.expression(body if cond.value else orelse, frame, hint)
        slot = "__chosen"

        def path(node: ast.expr) -> Callable[[], None]:
            def run() -> None:
                frame.env[slot] = self.settled(self.expression(node, frame), hint)

            return run

        self.merged(cond, *self.sides(frame, path(body), path(orelse)), frame)
        return self.known(frame.env.pop(slot))

    def joined(self, value: Choice, frame: Frame) -> Value:
        """One array that is the one or the other, for an expression."""
        slot = "__joined"

        def path(one: Value) -> Callable[[], None]:
            def run() -> None:
                frame.env[slot] = self.joined(one, frame) if isinstance(one, Choice) else one

            return run

        self.merged(value.cond, *self.sides(frame, path(value.then), path(value.orelse)), frame)
        return self.known(frame.env.pop(slot))

    def known(self, value: Value) -> Value:
        """A value that is read here; refused where its variable may hold one array or another."""
        value = decided(value, self.assumed)
        if isinstance(value, Choice):
            raise Undecided(value.cond)
        if isinstance(value, Entering):
            raise ReadTooEarly(value)
        if isinstance(value, Gone):
            if new := value.causes - self.arrays.apart:
                raise Again(new)
            raise self.unfit([value.number or UNSET], value.what, value.why, value.fix)
        return value

    # ---- variables that are told apart -----------------------------------------------------------

    def told_apart(self, run: Callable[[], None], frame: Frame) -> None:
        """Read a statement; where it reads a variable that is told apart, once for each case in a branch."""
        if not self.arrays.apart:
            run()
            return
        start, size = self.out, len(self.out)
        arrays, place, env = self.arrays, self.place, dict(frame.env)
        held = (dict(arrays.current), Counter(arrays.stores), arrays.checked, dict(arrays.loaded))
        objects = dict(self.objects.state), Counter(self.objects.changes)
        known = self.names.known()
        try:
            run()
        except Undecided as found:
            if found.cond not in known:  # made by the statement itself: it would be another one next time
                raise self.unsupported(
                    "one array or another, chosen and read in one statement",
                    "which it is must be known before the statement.",
                    "choose in a line of its own, before.",
                ) from None
            self.out, self.place, frame.env = start, place, env
            del self.out[size:]
            arrays.current, arrays.stores, arrays.checked, arrays.loaded = held
            self.objects.state, self.objects.changes = objects
            self.split(found.cond, run, frame)

    def tested(self, test: ast.expr, frame: Frame) -> Arg:
        """The condition of a `while`, which is read once for each case as a statement is."""
        slot = "__tested"

        def read() -> None:
            frame.env[slot] = self.truth(self.expression(test, frame))

        self.told_apart(read, frame)
        return self.truth(frame.env.pop(slot))

    def split(self, cond: Arg, run: Callable[[], None], frame: Frame) -> None:
        """A branch with the same statement on both paths, each with what the condition tells."""
        if len(self.assumed) >= MOST:
            raise self.unsupported(
                "a statement with so many variables that may be one array or another",
                f"it is read once for each case, of {MOST} conditions at most.",
                "give the arrays names of their own, or copy them.",
            )

        def path(holds: bool) -> Callable[[], None]:
            def read() -> None:
                self.assumed[cond] = holds
                try:
                    self.told_apart(run, frame)
                finally:
                    del self.assumed[cond]

            return read

        self.merged(cond, *self.sides(frame, path(True), path(False)), frame)

    # ---- loops ---------------------------------------------------------------------------------

    def index_name(self, node: ast.For, passes: Passes) -> str:
        """A name for what counts the passes of a loop: that of its variable, where it is the same."""
        plain = passes.is_range and isinstance(node.target, ast.Name)
        return self.names.fresh(node.target.id if plain else "k")  # type: ignore[attr-defined]  # a Name if plain

    def looped(self, node: ast.For, frame: Frame, passes: Passes, index: str) -> None:
        """`for`: over a range, or over the elements of arrays by their index."""
        place = self.place
        self.arrays.numbers.index(index, passes.start, passes.stop, passes.step)

        def body() -> None:
            self.told_apart(lambda: self.assign(node.target, passes.item(index), frame), frame)
            self.block(node.body, frame)

        self.merging.held += passes.over
        counts = {buffer: self.arrays.current[buffer] for buffer in passes.over}
        before = self.state(frame)
        try:
            loop = self.carried(node, frame, body, index)
        except NotYet as error:
            self.without_passes(error, frame, before)
            return
        finally:
            del self.merging.held[len(self.merging.held) - len(passes.over) :]
        for buffer in passes.over:
            if isinstance(buffer, Cell) and self.arrays.current[buffer] != counts[buffer]:
                raise UnsupportedError(
                    "a list that gets longer or shorter while a loop goes over it", loc=place,
                    why="how many passes there are is settled before the first.",
                    fix="go over a copy, list(...), or use `while`.",
                )  # fmt: skip
        block = Block(loop.body, tuple(loop.yields))
        self.out.append(
            For(
                index, passes.start, passes.stop, passes.step, tuple(loop.carries), block, tuple(loop.results),
                loop.until, place,
            )
        )  # fmt: skip
        loop.settle()

    def conditional(self, node: ast.While, frame: Frame) -> None:
        """`while`."""
        place = self.place
        tests: list[Block] = []

        def body() -> None:
            tests.clear()
            outer, entering = self.out, tuple(self.out)
            self.out = []
            holds = self.tested(node.test, frame)
            fresh = {name: self.names.fresh(name) for stmt in entering for name in defined(stmt)}
            tests.append(renamed(Block((*entering, *self.out), (holds,)), fresh))
            self.out = outer
            self.block(node.body, frame)

        before = self.state(frame)
        try:
            loop = self.carried(node, frame, body)
        except NotYet as error:
            self.without_passes(error, frame, before)
            return
        block = Block(loop.body, tuple(loop.yields))
        test = renamed(tests[0], loop.kept)
        self.out.append(While(tuple(loop.carries), test, block, tuple(loop.results), loop.until, place))
        loop.settle()

    def carried(
        self, node: ast.For | ast.While, frame: Frame, body: Callable[[], None], index: str = ""
    ) -> Loop:
        """Read a loop's body with every variable and array that it changes carried from pass to pass.

        An array variable that refers to another array after a pass makes the body be read once more.
        """
        names = sorted(stored(node.body) | stored_target(node))
        place = frame.source.loc(node)
        asked = frozenset(name for where, name in self.arrays.apart if where == str(place))
        rebinding = Rebinding(read_after(node, frame), asked)
        carrying = Carrying(self.objects, self.merging, names, place)
        start = self.state(frame)
        while True:
            carrying.enter(frame)
            loop = Loop(self, self.merging, node, frame, carrying.names, rebinding, index)
            try:
                loop.read(lambda: carrying.one_pass(frame, body))
                changed = carrying.add(loop) | (loop.learnt() or rebinding.add(loop.moved()))
            except ReadTooEarly as early:
                changed = rebinding.carry(early)
            if not changed:
                carrying.keep(loop)
                loop.finish()
                carrying.finish(loop, frame)
                return loop
            self.back_to(start, frame)

    def state(self, frame: Frame) -> State:
        """What reading changes, to come back to."""
        return (
            dict(frame.env), dict(self.arrays.current), self.place, list(self.out),
            dict(self.objects.state), Counter(self.objects.changes),
        )  # fmt: skip

    def back_to(self, state: State, frame: Frame) -> None:
        """Forget what was read since."""
        env, arrays, self.place, out, objects, changes = state
        frame.env, self.arrays.current, self.out = dict(env), dict(arrays), list(out)
        self.objects.state, self.objects.changes = dict(objects), Counter(changes)

    def without_passes(self, error: NotYet, frame: Frame, before: State) -> None:
        """Leave a loop out for now, as if it made no pass: its body calls what is not known yet."""
        self.leave_out(error)
        self.back_to(before, frame)
