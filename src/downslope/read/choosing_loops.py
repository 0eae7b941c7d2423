"""Variables that a loop rebinds to one or another of the arrays around it, told apart by a number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from downslope.ir.nodes import Arg, Carry, Lit
from downslope.read.array_reader import ArrayReader
from downslope.read.choices import all_numbers, cases, either, form_of, renumbered
from downslope.read.frames import Choice, Value
from downslope.read.views import Buffer, Listed, View
from downslope.read.whole_numbers import Sum


@dataclass
class Option:
    """An array from outside that the variable may be; the numbers at `moving` differ from pass to pass."""

    view: View | Listed
    moving: set[int] = field(default_factory=set)


@dataclass
class Options:
    """What one variable may be, learnt from one reading of the loop after the other."""

    found: list[Option] = field(default_factory=list)

    def place(self, view: View | Listed) -> int | None:
        """The position of the option of a view's form."""
        form = form_of(view)
        return next((k for k, option in enumerate(self.found) if form_of(option.view) == form), None)

    def learn(self, value: Value, visible: Callable[[Arg], bool]) -> bool:
        """Take note of what a pass leaves in the variable; whether that is news."""
        news = False
        for view in cases(value):
            assert isinstance(view, View | Listed)  # `only_outside` lets nothing else through
            k = self.place(view)
            numbers = all_numbers(view)
            if k is None:
                moving = {j for j, number in enumerate(numbers) if not visible(number)}
                self.found.append(Option(view, moving))
                news = True
                continue
            option = self.found[k]
            known = all_numbers(option.view)
            differing = {j for j, number in enumerate(numbers) if number != known[j]} - option.moving
            option.moving |= differing
            news |= bool(differing)
        return news


class ChosenVariable:
    """One such variable in one reading of a loop."""

    def __init__(self, reader: ArrayReader, name: str, options: Options, before: "Value | None") -> None:
        self.reader, self.name, self.options = reader, name, options
        fresh = reader.names.fresh
        self.which = fresh(f"{name}_which")
        self.moving = [(k, j) for k, option in enumerate(options.found) for j in sorted(option.moving)]
        self.carried = {slot: fresh(f"{name}_place") for slot in self.moving}
        first = self._state(before, None) if before is not None else [Lit(0), *(Lit(0) for _ in self.moving)]
        names = [self.which, *self.carried.values()]
        self.carries = [Carry(carry, init) for carry, init in zip(names, first, strict=True)]

    def inside(self, which: Arg, numbers: dict[tuple[int, int], str]) -> Value:
        """The variable's value, by the number of the option; emits the comparisons."""
        arrays = self.reader.arrays
        for slot, name in numbers.items():
            low = Sum(0) if slot[1] >= len(self._places(slot[0])) else None
            arrays.numbers.whole(name, low)
        views: list[View | Listed] = []
        for k, option in enumerate(self.options.found):
            own = [numbers.get((k, j), number) for j, number in enumerate(all_numbers(option.view))]
            views.append(renumbered(option.view, own))
        value: Value = views[-1]
        for k in reversed(range(len(views) - 1)):
            value = either(self.reader.row("equal", [which, Lit(k)]), views[k], value)
        return value

    def _places(self, k: int) -> tuple[Arg, ...]:
        """The numbers of an option that are not lengths."""
        view = self.options.found[k].view
        numbers = all_numbers(view)
        return numbers[: len(numbers) - (view.rank if isinstance(view, View) else 0)]

    def entering(self) -> Value:
        """The value at the start of a pass."""
        return self.inside(self.which, dict(self.carried))

    def after(self, value: Value) -> list[Arg]:
        """What is handed to the next pass."""
        return self._state(value, self.carried)

    def _state(self, value: Value, kept: dict[tuple[int, int], str] | None) -> list[Arg]:
        """The number of the option and the numbers that differ, of a value."""
        row = self.reader.row

        def of(one: Value, pick: Callable[[int, Sequence[Arg]], Arg]) -> Arg:
            if isinstance(one, Choice):
                left, right = of(one.then, pick), of(one.orelse, pick)
                return left if left == right else row("where", [one.cond, left, right], "k")
            assert isinstance(one, View | Listed)
            k = self.options.place(one)
            assert k is not None
            return pick(k, all_numbers(one))

        state = [of(value, lambda k, _: Lit(k))]
        for slot in self.moving:
            old: Arg = kept[slot] if kept else Lit(0)
            state.append(of(value, lambda k, n, slot=slot, old=old: n[slot[1]] if k == slot[0] else old))  # type: ignore[misc]
        return state

    def results(self) -> tuple[list[str], Callable[[], Value]]:
        """Names of what is carried, after the loop; and the value then, whose comparisons are emitted there."""
        fresh = self.reader.names.fresh
        names = [fresh(carry.name) for carry in self.carries]
        return names, lambda: self.inside(names[0], dict(zip(self.moving, names[1:], strict=True)))


def only_outside(value: Value, buffers: set[Buffer]) -> bool:
    """Whether a value is always one of the arrays around the loop."""
    return all(isinstance(view, View | Listed) and view.buffer in buffers for view in cases(value))
