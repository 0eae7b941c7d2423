"""Values of one variable that meet: after a branch, and from pass to pass of a loop.

Numbers are merged by the statement itself. A variable that refers to one array on one path and to
another on the other gets a buffer of its own; where it could share memory with an array that still has
a name, no store into either is allowed any more.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from downslope.errors import Loc
from downslope.ir.nodes import Arg, Dim, Lit, Stmt
from downslope.ir.types import ArrayType
from downslope.read.arrays import Arrays
from downslope.read.choices import Key, cases, key_of
from downslope.read.frames import UNSET, Choice, Closure, Frame, Known, Record, Thing, Value, shown
from downslope.read.views import Buffer, Gone, Listed, View, whole_view
from downslope.read.whole_numbers import Sum


def leaves(value: Value) -> tuple[Value, ...]:
    """The numbers and arrays in a value, in order."""
    parts = value.parts if isinstance(value, Record) else value
    if isinstance(parts, tuple):
        return tuple(leaf for part in parts for leaf in leaves(part))
    return (value,)


def hints(name: str, value: Value) -> list[str]:
    """What to call the leaves of a variable's value."""
    if isinstance(value, Record):
        named = zip(value.keys, value.parts, strict=True)
        return [hint for key, part in named for hint in hints(f"{shown(name)}_{key}", part)]
    if isinstance(value, tuple):
        return [hint for part in value for hint in hints(name, part)]
    return [name]


def with_leaves(shape: Value, new: Iterator[Value]) -> Value:
    """A value of the same shape with other leaves."""
    if isinstance(shape, tuple):
        return tuple(with_leaves(part, new) for part in shape)
    if isinstance(shape, Record):
        return replace(shape, parts=tuple(with_leaves(part, new) for part in shape.parts))
    return next(new)


def fitting(left: Value, right: Value) -> bool:
    """Whether two values may be merged: alike in shape, and numbers with numbers, arrays with arrays."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(fitting, left, right))
    if isinstance(left, Record) and isinstance(right, Record):
        same = (left.holder, left.cls, left.keys) == (right.holder, right.cls, right.keys)
        return same and all(map(fitting, left.parts, right.parts))
    if isinstance(left, Thing) and isinstance(right, Thing):
        return left.cls is right.cls
    if isinstance(left, Known) and isinstance(right, Known):
        return left == right
    if isinstance(left, View) and isinstance(right, View):
        return _kind(left) == _kind(right)
    if isinstance(left, Listed) and isinstance(right, Listed):
        return True
    if UNSET in (left, right):
        return not isinstance(left, tuple | Record) and not isinstance(right, tuple | Record)
    return isinstance(left, str | Lit) and isinstance(right, str | Lit)


def _kind(view: View) -> tuple[str, int]:
    return view.buffer.type.element, view.rank


def holds_array(value: Value) -> bool:
    """Whether an array is somewhere in a value."""
    return any(isinstance(leaf, View | Listed | Gone | Choice) for leaf in leaves(value))


def structural(value: Value) -> bool:
    """Whether a value is or holds one that is known when the program is read: an object, or text."""
    return isinstance(value, Record) or any(isinstance(leaf, Thing | Known) for leaf in leaves(value))


def gone(name: str, why: str, causes: frozenset[Key] = frozenset()) -> Gone:
    """What a variable becomes that cannot be known here."""
    what = f"{shown(name)!r} may be one value or another here"
    return Gone(what, why, "give each a name of its own.", causes)


def unsettled(name: str, why: str) -> Gone:
    """What the name of a nested function becomes where the run decides which definition it has."""
    return Gone(f"{name!r} is called, but what it is depends on the run", why, "define it once, before.")


def nothing(name: str) -> Gone:
    """What a call gives that only changes something."""
    return Gone(f"{name} returns nothing", "its value is None.", "call it on a line of its own.")


@dataclass(frozen=True)
class Group:
    """The buffers and objects of one variable, rebound at a place (`own`), and those that they may be."""

    name: str
    place: Loc | None
    own: "Sequence[Buffer | Thing]"
    sources: "Sequence[Buffer | Thing]"


def _freeze(group: Group) -> bool:
    """Allow no more stores into what a group is or may be; whether that is news."""
    why = f"{shown(group.name)!r} may be the same as what another name means, depending on the run."
    causes = frozenset({key_of(group.place, group.name)}).union(*(b.causes for b in group.sources))
    news = False
    for buffer in (*group.own, *group.sources):
        news |= not buffer.frozen or not causes <= buffer.causes
        buffer.frozen = buffer.frozen or why
        buffer.causes |= causes
    return news


class Merging:
    """Buffers for variables that are rebound, and the rule of what may be stored into."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.frames: list[Frame] = []
        self.held: list[Buffer] = []  # what `for` loops that are under way go over

    def buffer(self, name: str, kind: View, lengths: Sequence[Arg]) -> View:
        """A buffer for a variable that is rebound."""
        array = ArrayType(kind.buffer.type.element, kind.rank)
        return whole_view(Buffer(array, tuple(lengths), shown(name)))

    def measured(self, name: str, kind: View, result: str) -> tuple[View, list[Stmt]]:
        """A buffer for the result of a branch, and the statements after it that take its lengths."""
        lengths: list[Arg] = []
        taken: list[Stmt] = []
        for axis in range(kind.rank):
            length = self.arrays.host.names.fresh(f"{name}_len")
            taken.append(Dim(length, result, axis, self.arrays.host.place))
            self.arrays.numbers.whole(length, Sum(0))
            lengths.append(length)
        return self.buffer(name, kind, lengths), taken

    def freeze_shared(self, groups: Sequence[Group], reached: set[int]) -> None:
        """Allow no more stores into buffers that may be one memory, where another name reaches it.

        `reached` are the buffers that other variables refer to.
        """
        uses = Counter(id(buffer) for group in groups for buffer in set(group.sources))
        news = True
        while news:  # a variable may be what another one was a pass before, and so on
            news = False
            for group in groups:
                if any(uses[id(b)] > 1 or id(b) in reached or b.frozen for b in group.sources):
                    news |= _freeze(group)

    def reached(self, frame: Frame) -> set[int]:
        """The buffers and objects that variables and loops refer to, in every call under way, by identity."""
        found = {id(buffer) for buffer in self.held}
        todo = [*self.frames, frame]
        done: set[int] = set()
        while todo:
            one = todo.pop()
            if id(one) in done:
                continue
            done.add(id(one))
            if one.parent is not None:
                todo.append(one.parent)
            for name, value in one.env.items():
                if isinstance(value, Closure):
                    todo.append(value.frame)
                    for default in value.defaults.values():
                        self._reach(default, frame.env, found)
                elif not name.startswith("@"):  # what an object holds is reached through the object
                    self._reach(value, frame.env, found)
        return found

    def _reach(self, value: Value, env: Mapping[str, Value], found: set[int]) -> None:
        """Take note of the buffers and objects that a value refers to."""
        found.update(id(buffer) for buffer in buffers_of(value))
        for leaf in leaves(value):
            if isinstance(leaf, Thing) and id(leaf) not in found:
                found.add(id(leaf))
                if leaf.hidden in env:
                    self._reach(env[leaf.hidden], env, found)


def buffers_of(value: Value) -> list[Buffer]:
    """The buffers that a value refers to."""
    found = (case for leaf in leaves(value) for case in cases(leaf))
    return [leaf.buffer for leaf in found if isinstance(leaf, View | Listed)]
