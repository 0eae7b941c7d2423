"""Lists of numbers: a buffer that grows, and a count of the places that are used.

`append` stores behind the last element, `pop` counts one less. What the count is now is kept beside the
versions of arrays, so branches and loops hand it on as they do those, and two names for one list see the same.
"""

from collections.abc import Callable, Sequence
from typing import cast

from downslope.errors import ArrayExpected, UnsupportedError
from downslope.ir.nodes import Arg, Grow, Lit, New
from downslope.ir.types import ArrayType
from downslope.read.arrays import Arrays
from downslope.read.frames import Value
from downslope.read.subscripts import Item, Slice, subscripted
from downslope.read.views import Along, Buffer, Cell, Lazy, Listed, View
from downslope.read.whole_arrays import WholeArrays
from downslope.read.whole_numbers import Sum

LIST_METHODS = frozenset({"append", "pop", "extend", "insert", "clear", "reverse", "copy"})
"""Methods of a list that are read."""
LAST = Lit(-1)
ROOM = Lit(8)
"""Places of a list that starts empty."""
NUMBER = ArrayType("f", 1)


class Lists:
    """What the operations on lists become."""

    def __init__(self, arrays: Arrays, whole: WholeArrays) -> None:
        self.arrays, self.whole = arrays, whole

    # ---- the list as a whole -------------------------------------------------------------------

    def empty(self, room: Arg, hint: str) -> Listed:
        """A list without elements, with room for so many."""
        host = self.arrays.host
        name = host.names.fresh(hint)
        host.out.append(New(name, (room,), NUMBER, Lit(None), host.place, fits=True))
        return self.named(name, Lit(0), hint)

    def named(self, version: str, count: Arg, hint: str) -> Listed:
        """A list whose array and count are these."""
        found = Listed(Buffer(NUMBER, (), hint, growing=True), Cell(ArrayType("i", 0), (), f"{hint}_len"))
        self.arrays.current[found.buffer] = version
        self.counted(found, count)
        return found

    def counted(self, value: Listed, count: Arg) -> None:
        """Say how many elements a list has from now on."""
        self.arrays.current[value.count] = cast("str", count)  # a literal too: see `Cell`

    def count(self, value: Listed) -> Arg:
        """How many elements a list has now."""
        found = cast("Arg", self.arrays.current[value.count])
        if isinstance(found, str) and not self.arrays.numbers.at_least(found, Lit(0)):
            self.arrays.numbers.whole(found, Sum(0))
        return found

    def view(self, value: Listed) -> View:
        """The elements of a list as an array, for reading or for a store to one of them."""
        return View(value.buffer, (Along(0),), (self.count(value),))

    def made(self, values: Sequence[Value], hint: str) -> Listed:
        """A list of these numbers."""
        numbers = [self.number(value) for value in values]
        found = self.empty(Lit(len(numbers)) if numbers else ROOM, hint)
        for place, number in enumerate(numbers):
            self.arrays.store(self.all_of(found), [Lit(place)], number)
        self.counted(found, Lit(len(numbers)))
        return found

    def listed(self, length: Arg, element: Callable[[Sequence[Arg]], Arg], hint: str) -> Listed:
        """A list of so many elements, each computed from its index."""
        found = self.empty(length, hint)
        target = self.all_of(found)
        self.arrays.counted([length], lambda index: self.arrays.store(target, index, element(index)))
        self.counted(found, length)
        return found

    def of(self, value: Value, hint: str) -> Listed:
        """`list(value)`: a new list with the elements of a list, a tuple or a vector."""
        if isinstance(value, tuple):
            return self.made(value, hint)
        part = self.elements(value)
        return self.listed(part.lengths[0], part.element, hint)

    def elements(self, value: Value) -> Lazy:
        """The numbers of a list or vector, to be computed now."""
        if isinstance(value, str | Lit):
            raise ArrayExpected(
                "a list of the elements of a number",
                loc=self.arrays.host.place,
                why="it is a number here: it was passed as one, or computed as one.",
                fix="pass an array, or write [x].",
            )
        source = self.view(value) if isinstance(value, Listed) else value
        if not isinstance(source, View | Lazy) or source.rank != 1:
            raise self.refused("a list of something other than numbers")
        part = self.whole.lazy(source)
        self.whole.unchanged(part)
        return part

    def all_of(self, value: Listed) -> View:
        """The whole buffer, for stores behind the last element."""
        return View(value.buffer, (Along(0),), (Lit(0),))

    def number(self, value: Value) -> Arg:
        """An element of a list."""
        if isinstance(value, str | Lit) and value != Lit(None):
            return value
        raise self.refused("a list of something other than numbers")

    def refused(self, what: str) -> UnsupportedError:
        """The error at this place."""
        return UnsupportedError(
            what,
            loc=self.arrays.host.place,
            why="lists of numbers are read, as stacks and sequences.",
            fix="use a list of numbers, a tuple, or an array.",
        )

    # ---- elements ------------------------------------------------------------------------------

    def append(self, value: Listed, element: Value) -> None:
        """`value.append(element)`."""
        number, count, host = self.number(element), self.count(value), self.arrays.host
        after = self.arrays.whole("add", count, Lit(1))
        self.checked(value)
        name = host.names.fresh(value.buffer.label)
        host.out.append(Grow(name, self.arrays.current[value.buffer], after, host.place))
        self.arrays.current[value.buffer] = name
        self.arrays.store(self.all_of(value), [count], number)
        self.counted(value, after)

    def extend(self, value: Listed, more: Value) -> None:
        """`value.extend(more)`, also for the list itself."""
        if isinstance(more, tuple):
            for element in more:
                self.append(value, element)
            return
        part = self.elements(more)
        count, host = self.count(value), self.arrays.host
        after = self.arrays.whole("add", count, part.lengths[0])
        self.checked(value)
        name = host.names.fresh(value.buffer.label)
        host.out.append(Grow(name, self.arrays.current[value.buffer], after, host.place))
        self.arrays.current[value.buffer] = name
        target = self.all_of(value)

        def store(index: list[Arg]) -> None:
            self.arrays.store(target, [self.arrays.whole("add", count, index[0])], part.element(index))

        self.arrays.counted([part.lengths[0]], store)
        self.counted(value, after)

    def pop(self, value: Listed, index: Arg = LAST, hint: str = "t") -> Arg:
        """`value.pop(index)`: what comes behind moves up."""
        count = self.count(value)
        self.checked(value)
        place = self.arrays.index(index, count)
        found = self.arrays.load(self.all_of(value), [place], hint)
        last = self.arrays.whole("subtract", count, Lit(1))
        if index != LAST:
            behind = self.arrays.whole("subtract", last, place)

            def move(k: list[Arg]) -> None:
                here = self.arrays.whole("add", place, k[0])
                after = self.arrays.load(self.all_of(value), [self.arrays.whole("add", here, Lit(1))])
                self.arrays.store(self.all_of(value), [here], after)

            self.arrays.counted([behind], move)
        self.counted(value, last)
        return found

    def insert(self, value: Listed, index: Arg, element: Value) -> None:
        """`value.insert(index, element)`: what is there or behind moves down; an index outside is an end."""
        number, count, whole = self.number(element), self.count(value), self.arrays.whole
        start = subscripted(self.arrays, self.view(value), [Slice(index)])
        place = whole("subtract", count, start.lengths[0])
        self.append(value, number)

        def move(k: list[Arg]) -> None:
            here = whole("subtract", count, k[0])
            before = self.arrays.load(self.all_of(value), [whole("subtract", here, Lit(1))])
            self.arrays.store(self.all_of(value), [here], before)

        self.arrays.counted([start.lengths[0]], move)
        self.arrays.store(self.all_of(value), [place], number)

    def reverse(self, value: Listed) -> None:
        """`value.reverse()`, in place."""
        count, whole = self.count(value), self.arrays.whole
        half = self.arrays.host.row("floor_divide", [count, Lit(2)], "half")
        target = self.all_of(value)

        def swap(k: list[Arg]) -> None:
            other = whole("subtract", whole("subtract", count, Lit(1)), k[0])
            first, last = self.arrays.load(target, k), self.arrays.load(target, [other])
            self.arrays.store(target, k, last)
            self.arrays.store(target, [other], first)

        self.arrays.counted([half], swap)

    def checked(self, value: Listed) -> None:
        """Refuse to change a list that may be another one too."""
        if value.buffer.frozen:
            self.arrays.tell_apart(value.buffer)
            raise UnsupportedError(
                f"a change of the list {value.buffer.label!r}, which may be another list too",
                loc=self.arrays.host.place,
                why=value.buffer.frozen,
                fix=f"let it be a copy: {value.buffer.label} = list({value.buffer.label}).",
            )

    # ---- expressions ---------------------------------------------------------------------------

    def part(self, value: Listed, items: Sequence[Item], hint: str) -> Value:
        """`value[index]`, or a slice, which is a new list."""
        if len(items) != 1:
            raise self.refused("a list with several indices")
        view = subscripted(self.arrays, self.view(value), items)
        return self.of(view, hint) if view.rank else self.arrays.load(view, [], hint)

    def operation(self, op: str, values: Sequence[Value], hint: str) -> Value:
        """`+` of lists, and `*` of a list and a whole number."""
        match op, values:
            case "add", [Listed() | tuple() as left, Listed() | tuple() as right]:
                found = self.of(left, hint)
                self.extend(found, right)
                return found
            case "multiply", [Listed() | tuple() as pattern, str() | Lit() as times]:
                return self.repeated(pattern, times, hint)
            case "multiply", [str() | Lit() as times, Listed() | tuple() as pattern]:
                return self.repeated(pattern, times, hint)
        raise self.refused(f"{op} of a list")

    def repeated(self, pattern: Value, times: Arg, hint: str) -> Listed:
        """`pattern * times`."""
        row, whole = self.arrays.host.row, self.arrays.whole
        if not self.arrays.numbers.at_least(times, Lit(0)):
            times = row("where", [row("greater", [times, Lit(0)]), times, Lit(0)], "times")
            if isinstance(times, str):
                self.arrays.numbers.whole(times, Sum(0))
        if isinstance(pattern, tuple) and len(pattern) == 1:
            number = self.number(pattern[0])
            return self.listed(times, lambda _: number, hint)
        source = pattern if isinstance(pattern, Listed) else self.of(pattern, hint)
        size = self.count(source)
        length = whole("multiply", size, times)
        if isinstance(length, str):
            self.arrays.numbers.whole(length, Sum(0))
        found = self.empty(length, hint)

        def store(index: list[Arg]) -> None:
            place = whole("add", whole("multiply", index[0], size), index[1])
            self.arrays.store(self.all_of(found), [place], self.arrays.load(self.all_of(source), index[1:]))

        self.arrays.counted([times, size], store)
        self.counted(found, length)
        return found

    def total(self, value: Listed, start: Arg) -> Arg:
        """`sum(value, start)`."""
        view, row = self.view(value), self.arrays.host.row
        return self.arrays.accumulated(
            view.lengths,
            [start],
            lambda index, total: [row("add", [total[0], self.arrays.load(view, index)])],
        )[0]

    def extreme(self, value: Listed, comparison: str) -> Arg:
        """`max(value)` or `min(value)`: the first of equals."""
        view, row = self.view(value), self.arrays.host.row
        if not self.arrays.numbers.at_least(view.lengths[0], Lit(1)):
            self.arrays.fail(row("less", [view.lengths[0], Lit(1)]), "ValueError")
        first = self.arrays.load(view, [Lit(0)])

        def step(index: list[Arg], best: list[Arg]) -> list[Arg]:
            term = self.arrays.load(view, index)
            return [row("where", [row(comparison, [term, best[0]]), term, best[0]])]

        return self.arrays.accumulated(view.lengths, [first], step)[0]
