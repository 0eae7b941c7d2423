"""Objects in a loop: what they hold is carried from pass to pass, and so is what a variable refers to.

A variable that refers to another object after a pass gets an object of its own for the loop. The first
pass finds in it what the object before the loop holds, each further pass what the pass before left there.
No change of it is allowed where another name could reach one of these objects.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from downslope.errors import Loc, UnsupportedError
from downslope.read.frames import Frame, Thing, Value, shown
from downslope.read.looping import Loop
from downslope.read.merging import Group, Merging, fitting, leaves, with_leaves
from downslope.read.objects import HIDDEN, Objects


class Carrying:
    """The objects that one loop changes, and the variables that it makes refer to other objects."""

    def __init__(self, objects: Objects, merging: Merging, names: Sequence[str], loc: Loc | None) -> None:
        self.objects, self.merging, self.loc = objects, merging, loc
        self._names = names
        self._changed: set[str] = set()
        self._rebound: set[str] = set()
        self._scope = objects.scope()
        self._before = Counter(objects.changes)
        self._entry: dict[str, Value] = {}
        self._held: dict[Thing, Value] = {}
        self._groups: dict[tuple[str, Thing], list[Thing]] = {}

    @property
    def names(self) -> list[str]:
        """The variables that a pass changes, those of objects among them."""
        return sorted({*self._names, *self._changed, *(copy.hidden for copy in self._held)})

    def enter(self, frame: Frame) -> None:
        """Before a reading of the loop: copies for what is rebound; what objects hold is in variables."""
        self._entry, self._held, self._groups = {}, {}, {}
        for name in sorted(self._rebound):
            old = self._value(name, frame)
            known = set(self.objects.state)
            new = self.objects.again(old, shown(name), f"{self._scope}.{name}", shared=False)
            self._set(name, new, frame)
            self._entry[name] = new
            self._held |= {t: held for t, held in self.objects.state.items() if t not in known}
            for copy, original in self._beside(new, old):
                self._groups[name, copy] = [original]
        self.objects.give(frame.env)

    def one_pass(self, frame: Frame, body: Callable[[], None]) -> None:
        """Read the body; then each rebound variable refers to its copy again, which holds what it should."""
        self.objects.take(frame.env)
        body()
        after: list[tuple[Thing, Value]] = []
        for name, entry in self._entry.items():
            last = self._value(name, frame)
            for copy, other in self._beside(entry, last):
                self._groups[name, copy].append(other)
                after.append((copy, self._with_own(self._held[copy], self.objects.state[other])))
            self._set(name, self._with_own(entry, last), frame)
        self.objects.state |= after  # type: ignore[arg-type]  # records again
        self.objects.give(frame.env)

    def add(self, loop: Loop) -> bool:
        """Take note of what a reading showed to be changed or rebound; whether that is news."""
        known = self._changed | self._rebound
        for name in {*loop.names, *(name for name in loop.before if name.startswith(HIDDEN))}:
            first, last = loop.passed(name)
            if first is None or last is None or first == last:
                continue
            if name.startswith(HIDDEN) and name not in loop.names:
                self._changed.add(name)
            if name not in self._rebound and fitting(first, last) and _things(first) != _things(last):
                self._rebound.add(name)
        return known != self._changed | self._rebound

    def keep(self, loop: Loop) -> None:
        """Objects made in the loop that variables still refer to hold on to what they hold."""
        env = loop.after
        reached = {
            thing.hidden
            for name in loop.names
            if name in env
            for thing in self.objects.things(env[name], env)
        }
        for hidden in sorted(reached - set(loop.names) - set(loop.before)):
            loop.leaves_behind(hidden)

    def finish(self, loop: Loop, frame: Frame) -> None:
        """After the loop: no change is allowed where names cannot be told apart; none may have been made."""
        env, reached = frame.env, set[int]()
        passing = set(self._names) - set(loop.before) - loop.rebinding.read_later
        for values in (loop.before, loop.after):
            frame.env = {n: v for n, v in values.items() if n not in self._rebound | passing}
            reached |= self.merging.reached(frame)
        frame.env = env
        groups = [Group(name, self.loc, [copy], others) for (name, copy), others in self._groups.items()]
        self.merging.freeze_shared(groups, reached)
        for group in groups:
            for thing in (*group.own, *group.sources):
                assert isinstance(thing, Thing)
                outside = thing.hidden in loop.before
                if thing.frozen and outside and self.objects.changes[thing] > self._before[thing]:
                    raise UnsupportedError(
                        f"a change of {thing.label!r} in a loop where it may be the same object as another",
                        loc=self.loc, why=thing.frozen,
                        fix="make a new object in each pass, and change no other.",
                    )  # fmt: skip
        self.objects.take(frame.env)

    def _value(self, name: str, frame: Frame) -> Value:
        return self.objects.state[self.objects.behind(name)] if name.startswith(HIDDEN) else frame.env[name]

    def _set(self, name: str, value: Value, frame: Frame) -> None:
        if name.startswith(HIDDEN):
            self.objects.state[self.objects.behind(name)] = value  # type: ignore[assignment]  # a record again
        else:
            frame.env[name] = value

    def _beside(self, entry: Value, last: Value) -> Iterator[tuple[Thing, Thing]]:
        """The copies in a value of the loop's start, each with the object that takes its place."""
        todo, done = [(entry, last)], set[tuple[Thing, Thing]]()
        while todo:
            one, other = todo.pop()
            if not fitting(one, other):
                raise UnsupportedError(
                    "an object that changes its structure in the loop", loc=self.loc,
                    why="what an object holds must be known when the program is read.",
                    fix="give it the same attributes, keys and kinds of values before and in the loop.",
                )  # fmt: skip
            for copy, thing in zip(leaves(one), leaves(other), strict=True):
                if isinstance(copy, Thing) and isinstance(thing, Thing) and (copy, thing) not in done:
                    done.add((copy, thing))
                    yield copy, thing
                    todo.append((self._held[copy], self.objects.state[thing]))

    def _with_own(self, entry: Value, last: Value) -> Value:
        """The value of the pass's end, with the objects of its start."""
        both = zip(leaves(entry), leaves(last), strict=True)
        return with_leaves(entry, iter([a if isinstance(a, Thing) else b for a, b in both]))


def _things(value: Value) -> list[Thing]:
    return [leaf for leaf in leaves(value) if isinstance(leaf, Thing)]
