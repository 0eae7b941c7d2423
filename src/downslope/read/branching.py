"""What the two paths of a branch leave in variables and arrays, merged."""

from dataclasses import dataclass, replace

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Lit, Stmt
from downslope.read.array_reader import ArrayReader
from downslope.read.choices import Outward, either, key_of, plain
from downslope.read.frames import UNSET, Choice, Closure, Known, Thing, Value, shown
from downslope.read.merging import (
    Group,
    Merging,
    buffers_of,
    fitting,
    gone,
    hints,
    holds_array,
    leaves,
    structural,
    unsettled,
    with_leaves,
)
from downslope.read.objects import HIDDEN, Objects
from downslope.read.views import Buffer, Gone, Listed, View
from downslope.read.whole_numbers import Sum


@dataclass
class Side:
    """One path of a branch: its statements, variables and arrays at its end."""

    body: tuple[Stmt, ...]
    env: dict[str, Value]
    arrays: dict[Buffer, str]


class Merge:
    """The results of one branch."""

    def __init__(
        self, reader: ArrayReader, merging: Merging, objects: Objects, cond: Arg, then: Side, orelse: Side
    ) -> None:
        self.reader, self.merging, self.then, self.orelse = reader, merging, then, orelse
        self.cond, self.objects = cond, objects
        self.things: dict[tuple[Thing, Thing], Thing] = {}
        self.held: dict[str, Value] = {}
        self.lefts: list[Arg] = []
        self.rights: list[Arg] = []
        self.results: list[str] = []
        self.groups: list[Group] = []
        self._joined: dict[tuple[Value, Value], View | Listed] = {}
        self._versions: dict[Buffer, str] = {}
        self._handed: dict[Buffer, str] = {}  # arrays that one path has made, for variables told apart
        self._lengths: list[Stmt] = []
        before, out = reader.arrays.current, self._handed
        self._outward = (
            Outward(then.body, then.arrays, before, lambda hint, arg: self._number(hint, arg, UNSET), out),
            Outward(
                orelse.body, orelse.arrays, before, lambda hint, arg: self._number(hint, UNSET, arg), out
            ),
        )

    def result(self, hint: str, left: Arg, right: Arg) -> str:
        """A result of the branch."""
        name = self.reader.names.fresh(hint)
        self.lefts.append(left)
        self.rights.append(right)
        self.results.append(name)
        return name

    def value(self, name: str, left: Value, right: Value) -> Value:
        """A variable's value after the branch."""
        if isinstance(left, Closure | Known) or isinstance(right, Closure | Known):
            return unsettled(name, "the paths of a branch define it differently, or only one does.")
        if isinstance(left, Gone) or isinstance(right, Gone):
            return left if isinstance(left, Gone) else right
        if self._apart(name, left, right):
            sides = [out.value(v) for out, v in zip(self._outward, (left, right), strict=True)]
            if UNSET in sides:  # it is read only where it is set
                return sides[1] if left == UNSET else sides[0]
            return either(self.cond, *sides)
        if UNSET in (left, right):
            shape = right if left == UNSET else left
            blank = with_leaves(shape, iter([UNSET] * len(leaves(shape))))
            left, right = (blank, right) if left == UNSET else (left, blank)
        if not fitting(left, right):
            if name.startswith(HIDDEN):
                raise UnsupportedError(
                    f"{shown(name)!r} holds one thing on one path and another on the other",
                    loc=self.reader.place, why="what an object holds must be known when the program is read.",
                    fix="give it the same attributes, keys and kinds of values on every path.",
                )  # fmt: skip
            if structural(left) or structural(right):
                return gone(name, "on one path of a branch it is of another class or structure.")
            if holds_array(left) or holds_array(right):
                why = "on one path of a branch it is an array of another kind, or no array."
                number = next((side for side in (left, right) if isinstance(side, str)), "")
                return replace(gone(name, why), number=number)
            raise UnsupportedError(
                f"{shown(name)!r} is one number on one path and several on another",
                loc=self.reader.place, why="the shape of a value must be known when the program is read.",
                fix="give it the same form on every path.",
            )  # fmt: skip
        pairs = zip(leaves(left), leaves(right), strict=True)
        named = zip(hints(name, left), pairs, strict=True)
        return with_leaves(left, iter([self._leaf(hint, one, other) for hint, (one, other) in named]))

    def finish(self) -> None:
        """After the branch: its arrays have their buffers."""
        self.reader.out += self._lengths
        self.reader.arrays.current |= self._versions | self._handed

    def _apart(self, name: str, left: Value, right: Value) -> bool:
        """Whether a variable is told apart when it runs, and can be."""
        asked = key_of(self.reader.place, name) in self.reader.arrays.apart
        if not asked and not isinstance(left, Choice) and not isinstance(right, Choice):
            return False
        arrays = [value for value in (left, right) if value != UNSET]
        return all(holds_array(value) and plain(value) for value in arrays)

    def _number(self, hint: str, left: Arg, right: Arg) -> str:
        """A number of one path as a result of the branch; what is known of it is kept."""
        name = self.result(hint, left, right)
        known, source = self.reader.arrays.numbers, left if right == UNSET else right
        if known.sum_of(source) is not None:
            known.whole(name, Sum(0) if known.at_least(source, Lit(0)) else None)
        return name

    def _leaf(self, name: str, left: Value, right: Value) -> Value:
        if left == right:
            return left
        if isinstance(left, Known) or isinstance(right, Known):
            return right if left == UNSET else left
        if isinstance(left, Thing) or isinstance(right, Thing):
            return self._thing(name, left, right)
        if not isinstance(left, View | Listed) and not isinstance(right, View | Listed):
            return self.result(name, left, right)  # type: ignore[arg-type]  # numbers: they are fitting
        if (left, right) not in self._joined:
            lists = isinstance(left, Listed) or isinstance(right, Listed)
            self._joined[left, right] = (self._list if lists else self._array)(name, left, right)
        return self._joined[left, right]

    def _thing(self, name: str, left: Value, right: Value) -> Thing:
        """An object that is the one or the other; where it is set on one path only, that one."""
        if not isinstance(left, Thing) or not isinstance(right, Thing):
            return left if isinstance(left, Thing) else right  # type: ignore[return-value]  # one of them is
        if (left, right) not in self.things:
            hidden = f"{HIDDEN}{shown(name)}#{self.objects.scope()}"
            both = self.objects.named(self.then.env[left.hidden], shown(name), hidden)  # type: ignore[arg-type]
            self.things[left, right] = both
            self.held[hidden] = self.value(hidden, self.then.env[left.hidden], self.orelse.env[right.hidden])
            self.groups.append(Group(name, self.reader.place, [both], [left, right]))
        return self.things[left, right]

    def _array(self, name: str, left: Value, right: Value) -> View:
        """A buffer that is the one or the other."""
        versions = [self._version(value, side) for value, side in ((left, self.then), (right, self.orelse))]
        result = self.result(name, *versions)
        kind = left if isinstance(left, View) else right
        assert isinstance(kind, View)
        view, lengths = self.merging.measured(name, kind, result)
        self._lengths += lengths
        self._versions[view.buffer] = result
        self.groups.append(
            Group(name, self.reader.place, [view.buffer], [*buffers_of(left), *buffers_of(right)])
        )
        return view

    def _list(self, name: str, left: Value, right: Value) -> Listed:
        """A list that is the one or the other."""
        pairs = [
            (side.arrays[v.buffer], side.arrays[v.count]) if isinstance(v, Listed) else (UNSET, UNSET)
            for v, side in ((left, self.then), (right, self.orelse))
        ]
        array, count = (self.result(name, one, other) for one, other in zip(*pairs, strict=True))
        found = self.reader.lists.named(array, count, name.strip("_") or "result")
        self._versions |= {
            buffer: self.reader.arrays.current[buffer] for buffer in (found.buffer, found.count)
        }
        self.groups.append(
            Group(name, self.reader.place, [found.buffer], [*buffers_of(left), *buffers_of(right)])
        )
        return found

    def _version(self, value: Value, side: Side) -> Arg:
        """The name of an array at the end of a path; a part of another array is copied there."""
        if not isinstance(value, View):
            return UNSET
        if value.whole:
            return side.arrays[value.buffer]
        reader = self.reader
        outer, reader.arrays.current = reader.arrays.current, side.arrays
        copies: list[View] = []
        extra = reader.captured(lambda: copies.append(reader.whole.materialised(value)))
        side.body = (*side.body, *extra)
        side.arrays, reader.arrays.current = reader.arrays.current, outer
        return side.arrays[copies[0].buffer]
