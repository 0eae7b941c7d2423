"""Objects that can change: which one each variable refers to, and what each holds now.

The reader knows the object behind every name, so a change through one name is seen by all others by
construction. For branches and loops, what an object holds is a variable like any other, with a name
that no user can write; so the rules for variables merge it and carry it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Lit
from downslope.ir.structure import Holder, is_frozen
from downslope.read.arrays import Host
from downslope.read.frames import Known, Record, Thing, Value
from downslope.read.merging import leaves, with_leaves
from downslope.read.views import Gone

HIDDEN = "@"
MOST = 1_000
"""Objects in one value that a loop replaces."""


@dataclass
class Objects:
    """What the objects of one program hold now, and how often each has been changed."""

    host: Host
    state: dict[Thing, Record | Gone] = field(default_factory=dict)
    changes: Counter[Thing] = field(default_factory=Counter)
    arguments: frozenset[Thing] = frozenset()
    building: tuple[Thing, ...] = ()
    """The objects whose `__init__` is being read, which may be given new attributes."""
    _known: dict[str, Thing] = field(default_factory=dict)
    _count: int = 0

    def new(self, record: Record, label: str) -> Thing:
        """A fresh object that holds this."""
        self._count += 1
        return self.named(record, label, f"{HIDDEN}{label}#{self._count}")

    def named(self, record: Record, label: str, hidden: str) -> Thing:
        """A fresh object whose hidden variable has a given name."""
        thing = Thing(record.cls, label, hidden)
        self._known[hidden] = thing
        self.state[thing] = record
        return thing

    def scope(self) -> str:
        """A prefix for names of objects that no other has."""
        self._count += 1
        return str(self._count)

    def made(self, holder: Holder, cls: type, held: Mapping[Any, Value], label: str) -> Value:
        """A value of a class: one that can change, or a record where its class does not let it."""
        record = Record(holder, cls, tuple(held), tuple(held.values()))
        if holder == "tuple":
            return record.parts
        return record if is_frozen(cls) else self.new(record, label)

    def held(self, value: Value) -> Record | None:
        """What a value holds now; None for one that holds nothing."""
        if isinstance(value, Thing):
            held = self.state[value]
            if isinstance(held, Gone):
                raise UnsupportedError(held.what, loc=self.host.place, why=held.why, fix=held.fix)
            return held
        if isinstance(value, tuple):
            return Record("tuple", tuple, tuple(range(len(value))), value)
        return value if isinstance(value, Record) else None

    def sequence(self, value: Value) -> tuple[Value, ...] | None:
        """The elements of a tuple, named tuple or list, or the keys of a dict; None for other values."""
        held = self.held(value)
        if held is None or held.holder == "object":
            return None
        if held.holder == "dict":
            return tuple(as_value(key) for key in held.keys)
        return held.parts

    def put(self, thing: Thing, key: object, value: Value) -> None:
        """Change what an object holds under a key. Raises `UnsupportedError` where names cannot be told apart."""
        record = self.held(thing)
        assert record is not None
        held = dict(zip(record.keys, record.parts, strict=True)) | {key: value}
        self.put_all(thing, replace(record, keys=tuple(held), parts=tuple(held.values())))

    def extend(self, base: Value, values: tuple[Value, ...]) -> None:
        """Put values at the end of a list."""
        record = self.held(base)
        assert record is not None
        parts = (*record.parts, *values)
        self.put_all(base, replace(record, keys=tuple(range(len(parts))), parts=parts))

    def put_all(self, thing: Value, record: Record) -> None:
        """Change all that an object holds. Raises `UnsupportedError` where names cannot be told apart."""
        assert isinstance(thing, Thing)
        if thing.frozen:
            raise UnsupportedError(
                f"a change of {thing.label!r}, which may be the same object as another",
                loc=self.host.place,
                why=thing.frozen,
                fix="make a new object of its parts first.",
            )
        self.state[thing] = record
        self.changes[thing] += 1

    # ---- what objects hold, as variables -----------------------------------------------------------

    def hidden(self) -> dict[str, Value]:
        """What each object holds, by the name of its variable."""
        return {thing.hidden: record for thing, record in self.state.items()}

    def behind(self, hidden: str) -> Thing:
        """The object that a variable stands for."""
        return self._known[hidden]

    def take(self, env: dict[str, Value]) -> None:
        """Take what objects hold out of the variables again."""
        for name in [name for name in env if name.startswith(HIDDEN)]:
            held = env.pop(name)
            assert isinstance(held, Record | Gone)
            self.state[self._known[name]] = held

    def give(self, env: dict[str, Value]) -> None:
        """Put what objects hold among the variables, and nowhere else."""
        env.update(self.hidden())
        self.state = {}

    def things(self, value: Value, env: Mapping[str, Value]) -> Iterator[Thing]:
        """The objects that a value reaches."""
        todo, done = [value], set()
        while todo:
            for leaf in leaves(todo.pop()):
                if isinstance(leaf, Thing) and leaf not in done:
                    done.add(leaf)
                    yield leaf
                    held = env.get(leaf.hidden, self.state.get(leaf))
                    if held is not None:
                        todo.append(held)

    def again(self, value: Value, label: str, scope: str, shared: bool = True) -> Value:
        """A value of the same structure with objects of its own, which hold what the others do.

        `shared` says whether one object in two places stays one.
        """
        copies: dict[Thing, Thing] = {}
        around: list[Thing] = []
        count = iter(range(MOST))

        def copied(part: Value) -> Value:
            return with_leaves(part, iter([one(leaf) for leaf in leaves(part)]))

        def one(leaf: Value) -> Value:
            if not isinstance(leaf, Thing):
                return leaf
            if shared and leaf in copies:
                return copies[leaf]
            number = next(count, MOST)
            if number == MOST or (leaf in around and not shared):
                raise UnsupportedError(
                    f"{leaf.label!r} holds itself, or very many objects", loc=self.host.place,
                    why="in a loop that replaces it, each object in it is carried by itself.",
                    fix="leave the reference out.",
                )  # fmt: skip
            held = self.held(leaf)
            assert held is not None
            copies[leaf] = new = self.named(held, label, f"{HIDDEN}{label}#{scope}.{number}")
            around.append(leaf)
            self.state[new] = copied(held)  # type: ignore[assignment]  # a record again
            around.pop()
            return new

        return copied(value)


def as_value(key: object) -> Value:
    """A key of a dict as a value of the program."""
    return Lit(key) if isinstance(key, int) else Known(key)


def key_of(value: Value) -> object:
    """The constant that a value is, as a key; None where it is not known."""
    if isinstance(value, Known):
        return value.value
    return value.value if isinstance(value, Lit) and type(value.value) is int else None
