"""Arrays in a program: buffers and their versions, elements, and loops over them.

The reader knows which buffer every variable refers to. A store replaces the buffer's current version
for all of them at once, so names for the same array and views of it need no analysis later on.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from downslope.errors import Loc, UnsupportedError
from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Carry, Dim, Fail, For, If, Lit, Load, New, Stmt, Store
from downslope.ir.rename import renamed
from downslope.ir.types import ArrayType, Type
from downslope.read.choices import Again, Key
from downslope.read.frames import Value
from downslope.read.views import Along, Buffer, Fixed, Place, View, whole_view
from downslope.read.whole_numbers import Sum, WholeNumbers


class Host(Protocol):
    """What arrays need of the reader: fresh names, a place for statements, and scalar ops."""

    names: Names
    out: list[Stmt]
    place: Loc | None

    def row(self, op: str, values: Sequence[Arg], hint: str = "t") -> Arg:
        """Emit an op on numbers."""

    def expanded(self, program: str, values: "Sequence[Value]") -> "Value":
        """What a program of ours (`rules.programs`) gives for these arguments."""

    def captured(self, run: Callable[[], None]) -> tuple[Stmt, ...]:
        """The statements that `run` emits, as a body of their own."""


@dataclass
class Looped:
    """A loop's body, and the arrays that it changes: as it sees them, yields them and leaves them."""

    body: tuple[Stmt, ...]
    carries: list[Carry] = field(default_factory=list)
    yields: list[Arg] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


class Arrays:
    """The buffers of one program, and the statements that read and change them."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.numbers = WholeNumbers()
        self.current: dict[Buffer, str] = {}
        self.stores: Counter[Buffer] = Counter()
        self.apart: frozenset[Key] = frozenset()  # variables that are told apart (`choices`)
        self.checked: frozenset[tuple[Arg, Arg]] = frozenset()  # indices and lengths compared on this path
        self.loaded: dict[tuple[str, tuple[Arg, ...]], str] = {}  # elements known on this path
        self.truths: set[Arg] = set()  # names of truth values

    # ---- whole numbers -------------------------------------------------------------------------

    def whole(self, op: str, left: Arg, right: Arg, hint: str = "k") -> Arg:
        """`left op right` on whole numbers, for add, subtract and multiply; literals are folded."""
        match op, left, right:
            case "add" | "subtract", _, Lit(value=0):
                return left
            case ("add", Lit(value=0), _) | ("multiply", Lit(value=1), _):
                return right
            case ("multiply", Lit(value=0), _) | ("multiply", _, Lit(value=0)):
                return Lit(0)
            case "multiply", _, Lit(value=1):
                return left
        one, other = self.numbers.sum_of(left), self.numbers.sum_of(right)
        if one is not None and other is not None and op != "multiply":
            total = one.plus(other, 1 if op == "add" else -1)
            if total.known:
                return Lit(total.constant)
            if list(total.factors.values()) == [1] and not total.constant:
                return next(iter(total.factors))
        if isinstance(left, Lit) and isinstance(right, Lit):
            assert isinstance(left.value, int)
            assert isinstance(right.value, int)
            return Lit(left.value * right.value)
        return self.host.row(op, [left, right], hint)

    def product(self, lengths: Sequence[Arg]) -> Arg:
        """The number of elements."""
        total: Arg = Lit(1)
        for length in lengths:
            total = self.whole("multiply", total, length)
        if isinstance(total, str):
            self.numbers.whole(total, Sum(0))
        return total

    def fail(self, bad: Arg, exception: str) -> None:
        """The program raises here if `bad` holds."""
        if bad == Lit(False):
            return
        failure = Block((Fail(exception, self.host.place),))
        self.host.out.append(If(bad, failure, Block(()), (), self.host.place))

    # ---- buffers -------------------------------------------------------------------------------

    def parameter(self, name: str, label: str, kind: ArrayType) -> View:
        """An argument that is an array."""
        lengths: list[Arg] = []
        for axis in range(kind.rank):
            length = self.host.names.fresh(f"{label}_len" if kind.rank == 1 else f"{label}_len{axis}")
            self.host.out.append(Dim(length, name, axis, self.host.place))
            self.numbers.whole(length, Sum(0))
            lengths.append(length)
        buffer = Buffer(kind, tuple(lengths), label)
        self.current[buffer] = name
        return whole_view(buffer)

    def new(self, element: Type, lengths: Sequence[Arg], fill: Lit, hint: str) -> View:
        """A fresh array."""
        for length in lengths:
            if not self.numbers.at_least(length, Lit(0)):
                self.fail(self.host.row("less", [length, Lit(0)]), "ValueError")
            if isinstance(length, str) and self.numbers.sum_of(length) is None:
                self.numbers.whole(length, Sum(0))  # what is no whole number is refused as a length
        kind = ArrayType(element, len(lengths))
        name = self.host.names.fresh(hint)
        self.host.out.append(New(name, tuple(lengths), kind, fill, self.host.place))
        buffer = Buffer(kind, tuple(lengths), hint)
        self.current[buffer] = name
        return whole_view(buffer)

    def place_of(self, view: View, index: Sequence[Arg]) -> tuple[Arg, ...]:
        """The index in the buffer of an element of a view."""
        return tuple(self._index_at(place, index) for place in view.places)

    def _index_at(self, place: Place, index: Sequence[Arg]) -> Arg:
        match place:
            case Fixed(index=only):
                return only
            case Along(axis=axis, start=start, step=step):
                return self.whole("add", start, self.whole("multiply", step, index[axis]))
        total = place.start
        for axis, step in place.terms:
            total = self.whole("add", total, self.whole("multiply", step, index[axis]))
        if place.divisor != Lit(1):
            total = self.host.row("floor_divide", [total, place.divisor], "k")
        if place.modulus is not None:
            total = self.host.row("remainder", [total, place.modulus], "k")
        return self.whole("add", place.first, self.whole("multiply", place.by, total))

    def load(self, view: View, index: Sequence[Arg], hint: str = "t") -> Arg:
        """The element of a view; each index is known to be in it."""
        place = self.place_of(view, index)
        key = (self.current[view.buffer], place)
        if key in self.loaded:
            return self.loaded[key]
        name = self.host.names.fresh(hint)
        self.loaded[key] = name
        self.host.out.append(Load(name, self.current[view.buffer], place, self.host.place))
        if view.buffer.type.element == "i":
            self.numbers.whole(name, *(view.buffer.inside or ()))
        if view.buffer.type.element == "b":
            self.truths.add(name)
        return name

    def store(self, view: View, index: Sequence[Arg], value: Arg) -> None:
        """Set the element of a view; whole numbers and truth values are made of what is not one."""
        buffer = view.buffer
        if view.readonly:
            raise UnsupportedError(
                f"a store into {buffer.label!r} through a view that NumPy gives for reading only",
                loc=self.host.place,
                why="several of its elements may be one place in memory.",
                fix="store into a copy, or into the array itself.",
            )
        if buffer.frozen:
            self.tell_apart(buffer)
            raise UnsupportedError(
                f"a store into {buffer.label!r}, which may share its memory with another array",
                loc=self.host.place,
                why=buffer.frozen,
                fix=f"store into a copy: {buffer.label} = {buffer.label}.copy().",
            )
        place = self.place_of(view, index)
        if buffer.type.element != "f":
            value = self.host.row("to_int" if buffer.type.element == "i" else "to_bool", [value])
        name = self.host.names.fresh(buffer.label)
        self.host.out.append(Store(name, self.current[buffer], place, value, self.host.place))
        self.current[buffer] = name
        self.stores[buffer] += 1

    def tell_apart(self, buffer: Buffer) -> None:
        """Have the program read again where a frozen buffer could be told from the others it may be."""
        if new := buffer.causes - self.apart:
            raise Again(new)

    # ---- indices -------------------------------------------------------------------------------

    def index(self, value: Arg, length: Arg) -> Arg:
        """An index as Python takes it (negative ones count from the end), within bounds or IndexError."""
        known = self.numbers
        if known.at_least(value, Lit(0)):
            if not known.less(value, length) and (value, length) not in self.checked:
                self.fail(self.host.row("greater_equal", [value, length]), "IndexError")
                self.checked |= {(value, length)}
            return value
        if isinstance(value, Lit) or known.less(value, Lit(0)):
            from_start = self.whole("add", length, value)
            if not known.at_least(from_start, Lit(0)):
                self.fail(self.host.row("less", [from_start, Lit(0)]), "IndexError")
            return from_start
        row = self.host.row
        below = row("less", [value, Lit(0)])
        wrapped = row("where", [below, row("add", [value, length]), value], "k")
        outside = [row("less", [wrapped, Lit(0)]), row("greater_equal", [wrapped, length])]
        self.fail(row("logical_or", outside), "IndexError")
        if isinstance(wrapped, str):
            self.numbers.whole(wrapped, Sum(0))
        return wrapped

    # ---- control flow ----------------------------------------------------------------------------

    def looped(self, run: Callable[[], None]) -> Looped:
        """What a loop's body does to arrays: those it stores into are carried from pass to pass."""
        before = self.current
        given = {buffer: self.host.names.fresh(buffer.label) for buffer in before}
        self.current = dict(given)
        body = self.host.captured(run)
        after, self.current = self.current, dict(before)
        kept = {given[buffer]: name for buffer, name in before.items() if after[buffer] == given[buffer]}
        looped = Looped(renamed(Block(body), kept).body, kept=kept)
        for buffer, name in before.items():
            if given[buffer] not in kept:
                looped.carries.append(Carry(given[buffer], name))
                looped.yields.append(after[buffer])
                result = self.host.names.fresh(buffer.label)
                looped.results.append(result)
                self.current[buffer] = result
        return looped

    def accumulated(
        self,
        lengths: Sequence[Arg],
        start: Sequence[Arg],
        step: Callable[[list[Arg], list[Arg]], Sequence[Arg]],
    ) -> list[Arg]:
        """Numbers that `step(index, numbers)` replaces for every index of a shape, the last axis innermost."""
        return self._accumulated(list(lengths), [], list(start), step)

    def _accumulated(
        self,
        lengths: list[Arg],
        index: list[Arg],
        start: list[Arg],
        step: Callable[[list[Arg], list[Arg]], Sequence[Arg]],
    ) -> list[Arg]:
        if not lengths:
            return list(step(index, start))
        place, names = self.host.place, self.host.names
        counter = names.fresh("k")
        self.numbers.index(counter, Lit(0), lengths[0], Lit(1))
        carries = [names.fresh("total") for _ in start]
        after: list[Arg] = []
        body = self.host.captured(
            lambda: after.extend(self._accumulated(lengths[1:], [*index, counter], list(carries), step))
        )
        results = tuple(names.fresh("total") for _ in start)
        carried = tuple(Carry(name, init) for name, init in zip(carries, start, strict=True))
        self.host.out.append(
            For(counter, Lit(0), lengths[0], Lit(1), carried, Block(body, tuple(after)), results, None, place)
        )
        return list(results)

    def counted(self, lengths: Sequence[Arg], body: Callable[[list[Arg]], None]) -> None:
        """Loops over every index of a shape, the last axis innermost."""
        self._nested(list(lengths), [], body)

    def _nested(self, lengths: list[Arg], index: list[Arg], body: Callable[[list[Arg]], None]) -> None:
        if not lengths:
            body(index)
            return
        place = self.host.place
        name = self.host.names.fresh("k")
        self.numbers.index(name, Lit(0), lengths[0], Lit(1))
        inner = self.looped(lambda: self._nested(lengths[1:], [*index, name], body))
        block = Block(inner.body, tuple(inner.yields))
        self.host.out.append(
            For(
                name,
                Lit(0),
                lengths[0],
                Lit(1),
                tuple(inner.carries),
                block,
                tuple(inner.results),
                None,
                place,
            )
        )
