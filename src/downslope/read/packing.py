"""Values taken apart for a call: what is known when the program is read, and numbers and arrays.

The template of a value says everything about it but its numbers and the memory of its arrays. Two
calls with equal templates run the same function. An array is passed as its buffer, with the numbers
that say which part of it is meant; arrays that share memory are one buffer.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from downslope.ir.nodes import Arg, Dim, Lit, Param
from downslope.read.arrays import Arrays
from downslope.read.frames import Closure, Derived, Frame, Known, Record, Value
from downslope.read.source import Source
from downslope.read.surroundings import changed_around, derivative_of
from downslope.read.views import Along, Buffer, Fixed, Mixed, Place, View, Word, whole_view
from downslope.read.whole_numbers import Sum

Template: TypeAlias = tuple[Any, ...]
ONE = Lit(1)
WHOLE, NUMBER = "whole", "number"


class Held:
    """A value in a template that does not count when templates are compared; what counts stands before it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held)

    def __hash__(self) -> int:
        return 0


class Unpackable(Exception):
    """A value that cannot be passed to a function that is called."""


@dataclass
class Packed:
    """Values taken apart. `views` are the arrays in them, in order."""

    templates: list[tuple[str, Template]] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    numbers: list[Arg] = field(default_factory=list)
    views: list[View] = field(default_factory=list)

    @property
    def key(self) -> Template:
        """What makes two calls calls of the same function."""
        return tuple(self.templates), tuple(map(_memory, self.buffers))


def _memory(buffer: Buffer) -> Template:
    ones = tuple(length == ONE for length in buffer.lengths)
    return buffer.type, ones, buffer.frozen, buffer.rows


class Packer:
    """Takes values apart. With `fixed`, numbers that are known stay part of the template."""

    def __init__(self, arrays: Arrays, fixed: bool) -> None:
        self.arrays, self.fixed = arrays, fixed
        self.packed = Packed()
        self._closures: dict[int, int] = {}

    def pack(self, values: Mapping[str, Value]) -> Packed:
        """Take named values apart."""
        for name, value in values.items():
            self.packed.templates.append((name, self.template(value)))
        return self.packed

    def template(self, value: Value) -> Template:
        """The template of one value; its numbers and arrays are noted."""
        match value:
            case tuple():
                return ("tuple", *map(self.template, value))
            case View():
                return self.view(value)
            case Derived():
                return self.derived(value)
            case Closure():
                return self.closure(value)
            case Known(value=known):
                return "known", id(known), Held(known)
            case Record():
                parts = tuple(map(self.template, value.parts))
                return "record", value.holder, id(value.cls), Held(value), value.keys, parts
            case Word(text=text):
                return "word", text
            case Lit(value=None):
                return ("unset",)
            case Lit() if self.fixed:
                return "literal", repr(value.value), value
            case str() | Lit():
                return self.number(value)
        raise Unpackable(type(value).__name__)

    def number(self, value: Arg) -> Template:
        """A number, and whether it is known to be whole."""
        self.packed.numbers.append(value)
        return (WHOLE,) if self.arrays.numbers.sum_of(value) is not None else (NUMBER,)

    def view(self, view: View) -> Template:
        """An array: which buffer, and which part of it."""
        if view.buffer not in self.packed.buffers:
            self.packed.buffers.append(view.buffer)
        self.packed.views.append(view)
        group = self.packed.buffers.index(view.buffer)
        if view.whole:
            return "whole array", group
        places = tuple(self.place(place) for place in view.places)
        return "view", group, places, tuple(map(self.unless_one, view.lengths)), view.readonly

    def unless_one(self, value: Arg) -> Template:
        """A length or a step: 1 is known, any other is not."""
        return ("one",) if value == ONE else self.number(value)

    def place(self, place: Place) -> Template:
        """What a dimension of the buffer is in a view."""
        match place:
            case Fixed(index=index):
                return "fixed", self.number(index)
            case Along(axis=axis, start=start, step=step):
                return "along", axis, self.number(start), self.unless_one(step)
            case Mixed():
                terms = tuple((axis, self.unless_one(step)) for axis, step in place.terms)
                rest = (self.number(place.start), self.number(place.first), self.unless_one(place.divisor))
                modulus = ("none",) if place.modulus is None else self.number(place.modulus)
                return "mixed", terms, rest, modulus, self.unless_one(place.by)

    def closure(self, closure: Closure) -> Template:
        """A nested function: its text, and the variables around it that it may read."""
        if id(closure.node) in self._closures:
            return "again", self._closures[id(closure.node)]
        self._closures[id(closure.node)] = len(self._closures)
        free = tuple((name, self.template(value)) for name, value in free_values(closure).items())
        defaults = tuple((name, self.template(value)) for name, value in closure.defaults.items())
        return "closure", id(closure.node), Held(closure), free, defaults

    def derived(self, one: Derived) -> Template:
        """A derivative that the program takes itself: of what, and how."""
        if changed_around(one):
            raise Unpackable("a derivative of a function around which something has changed")
        of = (
            self.template(one.of)
            if isinstance(one.of, Closure)
            else ("source", id(one.of.node), Held(one.of))
        )
        defaults = one.defaults if one.kind == "pull" else {}
        kept = tuple((name, self.template(value)) for name, value in defaults.items())
        return "derived", one.kind, one.options, of, kept


def free_values(closure: Closure) -> dict[str, Value]:
    """What a nested function may read of the variables around it."""
    names = sorted({n.id for n in ast.walk(closure.node) if isinstance(n, ast.Name)})
    found = {name: closure.frame.find(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


class Unpacker:
    """The same values inside the function that is called, made of its parameters."""

    def __init__(self, arrays: Arrays, packed: Packed) -> None:
        self.arrays = arrays
        fresh = arrays.host.names.fresh
        self.params: list[Param] = []
        self.views: list[View] = []
        self.buffers = [self._buffer(buffer) for buffer in packed.buffers]
        names = [fresh(value if isinstance(value, str) else "n") for value in packed.numbers]
        self.params += [Param(name, name) for name in names]
        self._numbers: Iterator[str] = iter(names)
        self._closures: list[Closure] = []

    def _buffer(self, buffer: Buffer) -> Buffer:
        host = self.arrays.host
        name = host.names.fresh(buffer.label)
        self.params.append(Param(name, name, buffer.type))
        lengths: list[Arg] = []
        for axis, length in enumerate(buffer.lengths):
            lengths.append(ONE)
            if length != ONE:
                lengths[-1] = taken = host.names.fresh(f"{buffer.label}_len")
                host.out.append(Dim(taken, name, axis, host.place))
                self.arrays.numbers.whole(taken, Sum(0))
        new = replace(buffer, lengths=tuple(lengths), inside=None)
        self.arrays.current[new] = name
        return new

    def value(self, template: Template) -> Value:
        """The value of a template."""
        match template:
            case ("tuple", *parts):
                return tuple(map(self.value, parts))
            case ("whole array", group):
                return self._seen(whole_view(self.buffers[group]))
            case ("view", group, places, lengths, readonly):
                at = tuple(map(self._place, places))
                sizes = tuple(self._whole(length, Sum(0)) for length in lengths)
                return self._seen(View(self.buffers[group], at, sizes, readonly))
            case ("closure", *_):
                return self._closure(template)
            case ("derived", kind, options, of, kept):
                one = derivative_of(kind, self._differentiated(of), options)
                return replace(one, defaults={name: self.value(t) for name, t in kept}) if kept else one
            case ("again", position):
                return self._closures[position]
            case ("known", _, held):
                return Known(held.value)
            case ("record", _, _, held, _, parts):
                record: Record = held.value
                return replace(record, parts=tuple(map(self.value, parts)))
            case ("word", text):
                return Word(text)
            case ("unset",):
                return Lit(None)
            case ("literal", _, value):
                literal: Lit = value
                return literal
        return self._whole(template)

    def _seen(self, view: View) -> View:
        self.views.append(view)
        return view

    def _whole(self, template: Template, low: Sum | None = None) -> Arg:
        if template == ("one",):
            return ONE
        name = next(self._numbers)
        if template == (WHOLE,):
            self.arrays.numbers.whole(name, low)
        return name

    def _place(self, template: Template) -> Place:
        match template:
            case ("fixed", index):
                return Fixed(self._whole(index, Sum(0)))
            case ("along", axis, start, step):
                return Along(axis, self._whole(start, Sum(0)), self._whole(step))
        _, terms, rest, modulus, by = template
        steps = tuple((axis, self._whole(step)) for axis, step in terms)
        start, first, divisor = map(self._whole, rest)
        limit = None if modulus == ("none",) else self._whole(modulus)
        return Mixed(steps, start, divisor, limit, first, self._whole(by))

    def _differentiated(self, template: Template) -> Closure | Source:
        if template[0] == "source":
            source: Source = template[-1].value
            return source
        found = self.value(template)
        assert isinstance(found, Closure)  # its template is that of one
        return found

    def _closure(self, template: Template) -> Closure:
        _, _, held, free, defaults = template
        frame = Frame(held.value.frame.source, {})
        given: dict[str, Value] = {}
        closure = Closure(held.value.node, frame, given)
        self._closures.append(closure)
        frame.env.update((name, self.value(part)) for name, part in free)
        given.update((name, self.value(part)) for name, part in defaults)
        return closure
