"""Variables that are one array or another, told apart when the program runs.

Where a branch leaves two arrays in one variable and a store needs to know which it is, the variable
becomes a `Choice`: the condition, and both values. A statement that reads it is then read twice, once for
each, inside a branch on that condition; so every store goes to the memory that Python stores to. Which
variables need that is found out late: the program is read again with what was learnt (`Again`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from downslope.errors import Loc
from downslope.ir.nodes import Arg, Lit, Stmt, defined
from downslope.read.frames import UNSET, Choice, Value
from downslope.read.views import Along, Buffer, Fixed, Gone, Listed, Mixed, Place, View

Key: TypeAlias = tuple[str, str]
"""A place in the source, and the variable that may be one array or another there."""
MOST = 4
"""How many conditions one statement may be read apart for: it is read once for each of their combinations."""


class Again(Exception):  # no error: the program is read again with these variables told apart
    """A store needs to know which array a variable is."""

    def __init__(self, keys: frozenset[Key]) -> None:
        super().__init__(keys)
        self.keys = keys


class Undecided(Exception):  # no error: the statement is read once for each case
    """A variable is read that is one array or another."""

    def __init__(self, cond: Arg) -> None:
        super().__init__(cond)
        self.cond = cond


def key_of(place: Loc | None, name: str) -> Key:
    """The key of a variable at a place."""
    return str(place), name


def decided(value: Value, assumed: Mapping[Arg, bool]) -> Value:
    """The value as far as the conditions that are assumed tell it."""
    while isinstance(value, Choice) and value.cond in assumed:
        value = value.then if assumed[value.cond] else value.orelse
    return value


def either(cond: Arg, then: Value, orelse: Value) -> Value:
    """One value or the other."""
    left, right = decided(then, {cond: True}), decided(orelse, {cond: False})
    return left if left == right else Choice(cond, left, right)


def cases(value: Value) -> Iterator[Value]:
    """What a value may be."""
    if isinstance(value, Choice):
        yield from cases(value.then)
        yield from cases(value.orelse)
    else:
        yield value


def holds_choice(value: Value) -> bool:
    """Whether a value is told apart only when it runs."""
    return isinstance(value, Choice)


def plain(value: Value) -> bool:
    """Whether a value can be told apart: arrays and lists, nothing that cannot be known."""
    return all(isinstance(case, View | Listed) or case == UNSET for case in cases(value))


@dataclass
class Outward:
    """Hands what one path of a branch has made to what follows the branch."""

    body: tuple[Stmt, ...]
    arrays: Mapping[Buffer, str]  # at the end of the path
    before: Mapping[Buffer, str]
    hand: Callable[[str, Arg], str]  # makes a result of the branch, given what this path yields
    handed: dict[Buffer, str]  # the buffers after the branch, to be filled

    def __post_init__(self) -> None:
        self._local = {name for stmt in self.body for name in defined(stmt)}
        self._numbers: dict[Arg, Arg] = {}
        self._buffers: dict[Buffer, Buffer] = {}

    def value(self, value: Value) -> Value:
        """The value as it is seen after the branch."""
        match value:
            case Choice():
                return Choice(self.number(value.cond), self.value(value.then), self.value(value.orelse))
            case View():
                places = tuple(self._place(place) for place in value.places)
                return replace(
                    value, buffer=self.buffer(value.buffer), places=places, lengths=self._each(value.lengths)
                )
            case Listed():
                return Listed(self.buffer(value.buffer), self.buffer(value.count))  # type: ignore[arg-type]  # a cell gives a cell
        return value

    def number(self, arg: Arg) -> Arg:
        """A number that the path may have computed."""
        if arg not in self._local:
            return arg
        if arg not in self._numbers:
            self._numbers[arg] = self.hand(str(arg), arg)
        return self._numbers[arg]

    def buffer(self, buffer: Buffer) -> Buffer:
        """An array that the path may have made."""
        if buffer in self.before:
            return buffer
        if buffer not in self._buffers:
            made = replace(buffer, lengths=self._each(buffer.lengths))
            self._buffers[buffer] = made
            self.handed[made] = self.hand(buffer.label, self.arrays[buffer])
        return self._buffers[buffer]

    def _each(self, args: Iterable[Arg]) -> tuple[Arg, ...]:
        return tuple(map(self.number, args))

    def _place(self, place: Place) -> Place:
        return with_numbers(place, map(self.number, numbers_of(place)))


def numbers_of(place: Place) -> tuple[Arg, ...]:
    """The numbers in a place of a view."""
    match place:
        case Fixed():
            return (place.index,)
        case Along():
            return place.start, place.step
    modulus = () if place.modulus is None else (place.modulus,)
    steps = tuple(step for _, step in place.terms)
    return (*steps, place.start, place.divisor, place.first, place.by, *modulus)


def with_numbers(place: Place, numbers: Iterable[Arg]) -> Place:
    """The place with other numbers, in the order of `numbers_of`."""
    new = iter(numbers)
    match place:
        case Fixed():
            return Fixed(next(new))
        case Along():
            return replace(place, start=next(new), step=next(new))
    terms = tuple((axis, next(new)) for axis, _ in place.terms)
    start, divisor, first, by = (next(new) for _ in range(4))
    modulus = None if place.modulus is None else next(new)
    return Mixed(terms, start, divisor, modulus, first, by)


def form_of(view: View | Listed) -> tuple[object, ...]:
    """What two views have in common that differ only in numbers; a list is itself."""
    if isinstance(view, Listed):
        return (view,)
    blank = tuple(with_numbers(place, [Lit(0)] * len(numbers_of(place))) for place in view.places)
    return view.buffer, blank, len(view.lengths), view.readonly


def all_numbers(view: View | Listed) -> tuple[Arg, ...]:
    """The numbers of a view: of its places, then its lengths; a list has none."""
    if isinstance(view, Listed):
        return ()
    return (*(number for place in view.places for number in numbers_of(place)), *view.lengths)


def renumbered(view: View | Listed, numbers: Iterable[Arg]) -> View | Listed:
    """The view with other numbers, in the order of `all_numbers`."""
    if isinstance(view, Listed):
        return view
    new = iter(numbers)
    places = tuple(with_numbers(p, [next(new) for _ in numbers_of(p)]) for p in view.places)
    return replace(view, places=places, lengths=tuple(next(new) for _ in view.lengths))


def gone_or(value: Value) -> bool:
    """Whether a value cannot be known at all."""
    return any(isinstance(case, Gone) for case in cases(value))
