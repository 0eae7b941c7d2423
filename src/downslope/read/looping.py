"""What a loop changes: numbers, arrays in place, and variables that refer to another array in each pass."""

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from downslope.errors import ArrayExpected, UnsupportedError
from downslope.ir.nodes import Arg, Block, Carry, Lit, Stmt
from downslope.ir.rename import renamed
from downslope.read.array_reader import ArrayReader
from downslope.read.choices import Again, key_of
from downslope.read.choosing_loops import ChosenVariable, Options, only_outside
from downslope.read.frames import UNSET, Choice, Closure, Frame, Value, shown
from downslope.read.merging import (
    Group,
    Merging,
    fitting,
    gone,
    hints,
    holds_array,
    leaves,
    unsettled,
    with_leaves,
)
from downslope.read.objects import HIDDEN
from downslope.read.views import Buffer, Gone, Listed, View

SET_IN_LOOP = "it is set in a loop, which may not run at all."


@dataclass(frozen=True)
class Entering(Gone):
    """What a rebound array variable holds at the start of a pass, until something reads it."""

    name: str = ""
    owner: "Rebinding | None" = None


class ReadTooEarly(Exception):  # no error: the loop is read again with the array carried
    """A rebound variable is read in a pass before the pass sets it."""

    def __init__(self, entering: Entering) -> None:
        super().__init__(entering.name)
        self.entering = entering


@dataclass(eq=False)
class Rebinding:
    """The array variables that a loop rebinds. Those whose array passes from pass to pass are `carried`."""

    read_later: frozenset[str]
    asked: frozenset[str] = frozenset()  # those that are to be told apart, where that can be done
    carried: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    options: dict[str, Options] = field(default_factory=dict)  # of those that are told apart

    def add(self, moved: set[str]) -> bool:
        """Take note of what a reading showed to be rebound; whether that is news."""
        new = moved - self.carried - self.local - self.options.keys()
        later = {name for name in new if name in self.read_later or name.startswith(HIDDEN)}
        self.carried |= later
        self.local |= new - later
        return bool(new)

    def carry(self, early: ReadTooEarly) -> bool:
        """Carry a variable that a pass reads before it sets it; another loop's is left to that loop."""
        if early.entering.owner is not self:
            raise early
        self.local.discard(early.entering.name)
        self.carried.add(early.entering.name)
        return True


def read_after(node: ast.For | ast.While, frame: Frame) -> frozenset[str]:
    """The variables that are read below a loop, in its function."""
    end = node.end_lineno or node.lineno
    return frozenset(
        child.id
        for child in ast.walk(frame.source.node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load) and child.lineno > end
    )


@dataclass
class _Rebound:
    """An array variable that a loop carries: what it was before, in a pass, and after the pass."""

    name: str
    before: Buffer
    inside: View | Listed
    start: Carry
    count: Carry | None = None  # of a list
    after: Buffer | None = None


class Loop:
    """One reading of a loop's body; then what the loop statement carries."""

    def __init__(
        self,
        reader: ArrayReader,
        merging: Merging,
        node: ast.For | ast.While,
        frame: Frame,
        names: Sequence[str],
        rebinding: Rebinding,
        index: str,
    ) -> None:
        self.reader, self.merging, self.node, self.frame = reader, merging, node, frame
        self.names, self.rebinding = names, rebinding
        self.before = dict(frame.env)
        self.carries: list[Carry] = []
        self.yields: list[Arg] = []
        self.results: list[str] = []
        self.until: int | None = None
        self.body: tuple[Stmt, ...] = ()
        self.kept: dict[str, str] = {}
        self._inside: dict[str, Value] = {}
        self._after: dict[str, Value] = {}
        self._rebound: list[_Rebound] = []
        self._versions: list[tuple[Arg, ...]] = []
        self._outside = set(reader.arrays.current)
        self._known = reader.names.known() - {index} if rebinding.asked else frozenset[str]()
        self._place = frame.source.loc(node)
        self._news = False
        self._new: dict[str, tuple[Arg, ...]] = {}
        self._chosen: dict[str, ChosenVariable] = {}
        self._ends: dict[str, list[Arg]] = {}
        self._settled: dict[str, Callable[[], Value]] = {}
        self._stores = Counter(reader.arrays.stores)
        self._same: dict[str, str] = {}

    def read(self, body: Callable[[], None]) -> None:
        """Read the body from what the variables hold at the start of a pass."""
        frame, reader = self.frame, self.reader
        for name in self.names:
            value = self.before.get(name)
            if name in self.rebinding.options:
                options = self.rebinding.options[name]
                self._chosen[name] = ChosenVariable(reader, name, options, value)
            elif isinstance(value, Closure):
                self._inside[name] = unsettled(name, "each pass of the loop defines it anew.")
            elif value is not None:
                self._inside[name] = self._entering(name, value)

        def run() -> None:
            for one in self._rebound:
                reader.arrays.current[one.inside.buffer] = one.start.name
                if isinstance(one.inside, Listed) and one.count is not None:
                    reader.arrays.current[one.inside.count] = one.count.name
            self._inside |= {name: one.entering() for name, one in self._chosen.items()}
            frame.env.update(self._inside)
            body()
            self._after = dict(frame.env)
            self._news = self._learn()
            if not self._news:
                self._ends = {name: one.after(self._after[name]) for name, one in self._chosen.items()}
                self._new = {name: self._made(name) for name in self.names if self._is_new(name)}
            self._versions = [self._handed_on(one) for one in self._rebound]

        looped = reader.arrays.looped(run)
        frame.env = dict(self.before)
        self.body, self.kept = looped.body, looped.kept
        self._versions = [tuple(self.kept.get(str(v), v) for v in versions) for versions in self._versions]
        self.carries, self.yields, self.results = looped.carries, looped.yields, looped.results

    # ---- variables that are told apart, or set in the loop only ---------------------------------------

    def _learn(self) -> bool:
        """Take note of what the variables that are told apart may be; whether that is news."""
        news = False
        for name in self.rebinding.asked & set(self.names):
            first, last = self.before.get(name), self._after.get(name)
            values = [value for value in (first, last) if value is not None]
            fits = bool(values) and all(only_outside(value, self._outside) for value in values)
            known = self.rebinding.options.get(name)
            if not fits:
                news |= self.rebinding.options.pop(name, None) is not None
                self.rebinding.asked -= {name}
                continue
            options = known or self.rebinding.options.setdefault(name, Options())
            for value in values:
                news |= options.learn(value, self._visible)
        return news

    def learnt(self) -> bool:
        """Whether the last reading has shown more arrays that a variable may be."""
        return self._news

    def _visible(self, arg: Arg) -> bool:
        """Whether a number is known before the loop."""
        return not isinstance(arg, str) or arg in self._known

    def _is_new(self, name: str) -> bool:
        """Whether a variable gets an array in the loop first, and is read after it."""
        used = name in self.rebinding.read_later or name.startswith("__")
        return used and name not in self.before and isinstance(self._after.get(name), View | Listed)

    def _made(self, name: str) -> tuple[Arg, ...]:
        """The version, at the end of a pass, of an array or a list that the loop makes."""
        value, current = self._after[name], self.reader.arrays.current
        if isinstance(value, Listed):
            return current[value.buffer], self.reader.lists.count(value)
        assert isinstance(value, View)  # see `_is_new`
        whole = value if value.whole else self.reader.whole.materialised(value)
        return (self.reader.arrays.current[whole.buffer],)

    def _undecided(self, name: str) -> UnsupportedError:
        """The error for a variable that cannot be told apart. Raises `Again` where that was not tried."""
        key = key_of(self._place, name)
        if key not in self.reader.arrays.apart:
            raise Again(frozenset({key}))
        return UnsupportedError(
            f"{name!r} may be one array or another in the loop, and is stored into", loc=self._place,
            why="some of these arrays are made in the loop, and others are not.",
            fix=f"let it be a copy, {name} = {name}.copy(), or give the arrays names of their own.",
        )  # fmt: skip

    def settle(self) -> None:
        """After the loop statement: what its results make of variables."""
        for name, later in self._settled.items():
            self.frame.env[name] = later()

    def moved(self) -> set[str]:
        """The variables that refer to another array after the pass than before it."""
        return {
            name
            for name, left in self._inside.items()
            if holds_array(left) and not isinstance(left, Gone) and left != self._after.get(name)
        }

    def passed(self, name: str) -> "tuple[Value | None, Value | None]":
        """What a variable holds at the start and at the end of a pass."""
        return self._inside.get(name, self.before.get(name)), self._after.get(name)

    @property
    def after(self) -> dict[str, Value]:
        """The variables at the end of a pass."""
        return self._after

    def leaves_behind(self, name: str) -> None:
        """Keep a variable that is new in the loop for what comes after it."""
        self.names = [*self.names, name]

    def _entering(self, name: str, value: Value) -> Value:
        """What a variable holds at the start of a pass."""
        if name in self.rebinding.local:
            return Entering("", "", "", frozenset(), name, self.rebinding)
        carried = name in self.rebinding.carried

        def leaf(one: Value, hint: str) -> Value:
            if isinstance(one, View):
                return self._carried(name, one) if carried else one
            if isinstance(one, Listed):
                return self._carried_list(name, one) if carried else one
            if isinstance(one, Choice) and carried:
                raise self._undecided(name)
            return self._fresh(hint, one)

        named = zip(leaves(value), hints(name, value), strict=True)
        return with_leaves(value, iter([leaf(one, hint) for one, hint in named]))

    def _carried(self, name: str, view: View) -> View:
        """The array that a rebound variable refers to in a pass; in the first, the one from before."""
        start = view if view.whole else self.reader.whole.materialised(view)
        carry = Carry(self.reader.names.fresh(name), self.reader.arrays.current[start.buffer])
        inside = self.merging.buffer(name, view, view.lengths)
        self._rebound.append(_Rebound(name, view.buffer, inside, carry))
        return inside

    def _carried_list(self, name: str, value: Listed) -> Listed:
        """The list that a rebound variable refers to in a pass; in the first, the one from before."""
        fresh, arrays = self.reader.names.fresh, self.reader.arrays
        start = Carry(fresh(name), arrays.current[value.buffer])
        count = Carry(fresh(f"{name}_len"), self.reader.lists.count(value))
        held = dict(arrays.current)
        inside = self.reader.lists.named(start.name, count.name, name)
        arrays.current = held
        self._rebound.append(_Rebound(name, value.buffer, inside, start, count))
        return inside

    def _handed_on(self, one: _Rebound) -> tuple[Arg, ...]:
        """The array that a rebound variable hands to the next pass; it must have the same shape."""
        value = self._after[one.name]
        inside = leaves(self._inside[one.name])
        last = leaves(value)[inside.index(one.inside)] if fitting(self._inside[one.name], value) else None
        if isinstance(last, Listed) and isinstance(one.inside, Listed):
            one.after = last.buffer
            return self.reader.arrays.current[last.buffer], self.reader.lists.count(last)
        if not isinstance(last, View) or not isinstance(one.inside, View):
            raise self._undecided(one.name) if isinstance(value, Choice) else self._reshaped(one.name)
        for left, right in zip(last.lengths, one.inside.lengths, strict=True):
            self.reader.whole.require_equal(left, right)
        one.after = last.buffer  # a copy of part of it may not outlive a change of it either
        view = last if last.whole else self.reader.whole.materialised(last)
        return (self.reader.arrays.current[view.buffer],)

    def _reshaped(self, name: str) -> UnsupportedError:
        number = isinstance(self._after.get(name), str)  # which may be an array when it is called
        return (ArrayExpected if number else UnsupportedError)(
            f"{shown(name)!r} changes its shape in the loop", loc=self.frame.source.loc(self.node),
            why="the shape of a value must be known when the program is read.",
            fix="give it the same form before and inside the loop.",
        )  # fmt: skip

    # ---- after the loop --------------------------------------------------------------------------

    def finish(self) -> None:
        """Give each variable what the loop leaves in it."""
        groups: list[Group] = []
        for name in self.names:
            last = self._after.get(name)
            if name in self._chosen:
                self._choose(name)
            elif name in self._new:
                groups.append(self._first_made(name))
            elif isinstance(last, Closure):
                self.frame.env[name] = unsettled(name, SET_IN_LOOP)
            elif last is not None:
                self.frame.env[name] = self._left(name, last)
        results: dict[str, list[View | Listed]] = {}
        for one, versions in zip(self._rebound, self._versions, strict=True):
            view = self._result(one, versions)
            results.setdefault(one.name, []).append(view)
            assert one.after is not None
            own = [view.buffer, one.inside.buffer]
            groups.append(Group(one.name, self._place, own, [one.before, one.after]))
        for name, views in results.items():
            self.frame.env[name] = self._with_views(name, views)
        self._share()
        self._freeze(groups)

    def _share(self) -> None:
        """Read what no pass changes from before the loop."""
        self.body = renamed(Block(self.body), self._same).body
        self.yields = [self._same.get(str(each), each) for each in self.yields]
        self.kept |= self._same

    def _choose(self, name: str) -> None:
        """What a variable is that is told apart: the comparisons follow the loop."""
        one = self._chosen[name]
        names, self._settled[name] = one.results()
        for carry, end, result in zip(one.carries, self._ends[name], names, strict=True):
            self._carry(carry, end, result)

    def _first_made(self, name: str) -> Group:
        """An array or a list that the loop makes: the last pass's is there after it."""
        value, fresh = self._after[name], self.reader.names.fresh
        results = [fresh(name) for _ in self._new[name]]
        for version, result in zip(self._new[name], results, strict=True):
            self._carry(Carry(fresh(name), UNSET), self.kept.get(str(version), version), result)
        if isinstance(value, Listed):
            listed = self.reader.lists.named(results[0], results[1], name.strip("_"))
            self.frame.env[name] = listed
            return Group(name, self._place, [listed.buffer], [value.buffer])
        assert isinstance(value, View)  # see `_is_new`
        found, lengths = self.merging.measured(name, value, results[0])
        self.reader.arrays.current[found.buffer] = results[0]

        def later() -> View:
            self.reader.out += lengths
            return found

        self._settled[name] = later
        self.frame.env[name] = found
        return Group(name, self._place, [found.buffer], [value.buffer])

    def _result(self, one: _Rebound, versions: tuple[Arg, ...]) -> View | Listed:
        """What a rebound variable refers to after the loop."""
        names = [self.reader.names.fresh(one.name) for _ in versions]
        for start, version, name in zip(filter(None, (one.start, one.count)), versions, names, strict=True):
            self._carry(start, version, name)
        if isinstance(one.inside, Listed):
            return self.reader.lists.named(names[0], names[1], one.name)
        view = self.merging.buffer(one.name, one.inside, one.inside.lengths)
        self.reader.arrays.current[view.buffer] = names[0]
        return view

    def _left(self, name: str, last: Value) -> Value:
        """A variable after the loop; numbers are carried."""
        inside = self._inside.get(name)
        if isinstance(inside, Gone) or (inside is None and holds_array(last)):
            known = isinstance(last, Gone) and not isinstance(last, Entering)
            return last if known else gone(name, SET_IN_LOOP, frozenset({key_of(self._place, name)}))
        if inside is None:
            named = zip(hints(name, last), leaves(last), strict=True)
            inside = with_leaves(last, iter([self._fresh(hint, leaf) for hint, leaf in named]))
        first = self.before.get(name, with_leaves(last, iter([UNSET] * len(leaves(last)))))
        if not fitting(inside, last):
            raise self._reshaped(name)
        if self.frame.until.get(self.node) == name:
            self.until = len(self.carries)
        new: list[Value] = []
        for label, init, value in zip(leaves(inside), leaves(first), leaves(last), strict=True):
            if (
                name.startswith(HIDDEN)
                and isinstance(label, str)
                and label == value
                and isinstance(init, str)
            ):
                self._same[label] = init  # part of an object that changes, which does not change itself
                new.append(init)
            elif isinstance(label, str):
                result = self.reader.names.fresh(label)
                self._carry(Carry(label, init), value, result)  # type: ignore[arg-type]  # numbers, all three
                new.append(result)
            else:
                new.append(value)
        return with_leaves(last, iter(new))

    def _fresh(self, name: str, leaf: Value) -> Value:
        """What a value that is set in the loop only is at the start of a pass: a number of no use, or itself."""
        return self.reader.names.fresh(name) if isinstance(leaf, str | Lit) else leaf

    def _carry(self, carry: Carry, value: Arg, result: str) -> None:
        self.carries.append(carry)
        self.yields.append(value)
        self.results.append(result)

    def _with_views(self, name: str, views: list[View | Listed]) -> Value:
        """The variable's value with its arrays replaced by the loop's results."""
        new = iter(views)
        value = self.frame.env[name]
        return with_leaves(
            value, iter([next(new) if isinstance(v, View | Listed) else v for v in leaves(value)])
        )

    def _freeze(self, groups: list[Group]) -> None:
        """A rebound array that another name may reach takes no stores."""
        env = self.frame.env
        reached: set[int] = set()
        for values in (self.before, self._after):
            rebound = self.rebinding.carried | self.rebinding.local
            self.frame.env = {n: v for n, v in values.items() if n not in rebound}
            reached |= self.merging.reached(self.frame)
        self.frame.env = env
        self.merging.freeze_shared(groups, reached)
        stores = self.reader.arrays.stores
        for group in groups:
            known = [*group.own, *(buffer for buffer in group.sources if buffer in self._outside)]
            for buffer in (one for one in known if isinstance(one, Buffer)):
                if buffer.frozen and stores[buffer] > self._stores[buffer]:
                    self.reader.arrays.tell_apart(buffer)
                    raise UnsupportedError(
                        f"a store into {buffer.label!r} in a loop where {shown(group.name)!r} may be the same array",
                        loc=self.frame.source.loc(self.node), why=buffer.frozen,
                        fix=f"let {shown(group.name)} be a copy: {shown(group.name)} = {shown(group.name)}.copy().",
                    )  # fmt: skip
