"""`array[...]`: integers, slices with steps, `...` and `None`, as a view of the buffer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Lit
from downslope.read.arrays import Arrays
from downslope.read.views import Along, Fixed, Index, Mask, Mixed, Place, View


@dataclass(frozen=True)
class Slice:
    """`start:stop:step`; None where it is left out."""

    start: Arg | None = None
    stop: Arg | None = None
    step: Arg | None = None


@dataclass(frozen=True)
class Rest:
    """`...`: all axes that no other item is for."""


@dataclass(frozen=True)
class NewAxis:
    """`None`: an axis of length 1."""


Item: TypeAlias = "Arg | Slice | Rest | NewAxis | Index | Mask"
Taken: TypeAlias = "Fixed | tuple[Arg, Arg, int]"
"""What an index makes of an axis: one place, or start, step and the axis it becomes."""
_All = Slice()


def subscripted(arrays: Arrays, view: View, items: Sequence[Item]) -> View:
    """The view of a view that an index gives; it has no axes where the index gives one element."""
    full = spread(arrays, view, items)
    taken: list[Taken] = []
    lengths: list[Arg] = []
    axis = 0
    for item in full:
        match item:
            case NewAxis():
                lengths.append(Lit(1))
                continue
            case Slice():
                start, step, length = _bounds(arrays, item, view.lengths[axis])
                taken.append((start, step, len(lengths)))
                lengths.append(length)
            case Rest() | Index() | Mask():
                raise AssertionError("`...` was spread out, and index arrays were taken apart")
            case _:
                taken.append(Fixed(arrays.index(item, view.lengths[axis])))
        axis += 1
    places = tuple(placed(arrays, place, taken) for place in view.places)
    return View(view.buffer, places, tuple(lengths), view.readonly)


def placed(arrays: Arrays, place: Place, taken: Sequence[Taken]) -> Place:
    """Where a dimension of the buffer is, once its axis has been indexed."""
    if isinstance(place, Fixed):
        return place
    whole = arrays.whole
    terms = ((place.axis, place.step),) if isinstance(place, Along) else place.terms
    start, left = place.start, []
    for axis, step in terms:
        item = taken[axis]
        start = whole(
            "add", start, whole("multiply", step, item.index if isinstance(item, Fixed) else item[0])
        )
        if not isinstance(item, Fixed):
            left.append((item[2], whole("multiply", step, item[1])))
    if isinstance(place, Mixed):
        return replace(place, terms=tuple(left), start=start)
    return Along(left[0][0], start, left[0][1]) if left else Fixed(start)


def nth(arrays: Arrays, view: View, index: Arg) -> View:
    """The view at an index of the first axis, which is known to be in it."""
    rest = ((Lit(0), Lit(1), axis) for axis in range(view.rank - 1))
    taken: list[Taken] = [Fixed(index), *rest]
    places = tuple(placed(arrays, place, taken) for place in view.places)
    return View(view.buffer, places, view.lengths[1:], view.readonly)


def spread(arrays: Arrays, view: View, items: Sequence[Item]) -> list[Item]:
    """One item for each axis."""
    used = sum(_axes_of(item) for item in items)
    if used > view.rank:
        raise UnsupportedError(
            f"{used} indices for an array of rank {view.rank}",
            loc=arrays.host.place,
            why="an array has one index per dimension.",
            fix="use as many indices as it has dimensions.",
        )
    missing: list[Item] = [_All] * (view.rank - used)
    out: list[Item] = []
    spread = False
    for item in items:
        if isinstance(item, Rest):
            out += missing
            spread = True
        else:
            out.append(item)
    return out if spread else out + missing


def _axes_of(item: Item) -> int:
    if isinstance(item, Mask):
        return item.view.rank
    return 0 if isinstance(item, Rest | NewAxis) else 1


def _bounds(arrays: Arrays, item: Slice, length: Arg) -> tuple[Arg, Arg, Arg]:
    """Start, step and number of elements of a slice, as Python's `slice.indices` gives them."""
    step = item.step or Lit(1)
    if not isinstance(step, Lit) or not isinstance(step.value, int) or step.value == 0:
        raise UnsupportedError(
            "a slice whose step is not a number other than 0 in the source",
            loc=arrays.host.place,
            why="its direction must be known when the program is read.",
            fix="write the step as a number, or loop over the elements.",
        )
    if step.value > 0:
        start = Lit(0) if item.start is None else _clamped(arrays, item.start, length, Lit(0), length)
        stop = length if item.stop is None else _clamped(arrays, item.stop, length, Lit(0), length)
        return start, step, _count(arrays, start, stop, step.value)
    last = arrays.whole("subtract", length, Lit(1))
    start = last if item.start is None else _clamped(arrays, item.start, length, Lit(-1), last)
    stop = Lit(-1) if item.stop is None else _clamped(arrays, item.stop, length, Lit(-1), last)
    return start, step, _count(arrays, stop, start, -step.value)


def _count(arrays: Arrays, low: Arg, high: Arg, step: int) -> Arg:
    """How many steps there are from one bound to the other; never less than 0."""
    span = arrays.whole("subtract", high, low)
    if step > 1:
        span = arrays.host.row("floor_divide", [arrays.whole("add", span, Lit(step - 1)), Lit(step)], "count")
        if isinstance(span, str):
            arrays.numbers.whole(span, None, arrays.whole("subtract", high, low))
    return largest(arrays, span, Lit(0))


def _clamped(arrays: Arrays, value: Arg, length: Arg, low: Arg, high: Arg) -> Arg:
    """A bound of a slice: negative ones count from the end, and all are held between low and high."""
    known = arrays.numbers
    if known.at_least(value, Lit(0)):
        return smallest(arrays, value, high)
    if isinstance(value, Lit) or known.less(value, Lit(0)):
        return largest(arrays, arrays.whole("add", length, value), low)
    row = arrays.host.row
    wrapped = row("where", [row("less", [value, Lit(0)]), row("add", [value, length]), value], "k")
    return smallest(arrays, largest(arrays, wrapped, low), high)


def largest(arrays: Arrays, value: Arg, low: Arg) -> Arg:
    """The larger of two whole numbers."""
    known = arrays.numbers
    if known.at_least(value, low):
        return value
    name = arrays.host.row("where", [arrays.host.row("less", [value, low]), low, value], "k")
    if isinstance(name, str):
        known.whole(name, low)
    return name


def smallest(arrays: Arrays, value: Arg, high: Arg) -> Arg:
    """The smaller of two whole numbers."""
    known = arrays.numbers
    if known.at_least(high, value):
        return value
    name = arrays.host.row("where", [arrays.host.row("greater", [value, high]), high, value], "k")
    if isinstance(name, str):
        low = Lit(0) if known.at_least(value, Lit(0)) else None
        known.whole(name, low, high)
    return name


def transposed(view: View, order: Sequence[int]) -> View:
    """The view with its axes in another order: axis k is the old axis `order[k]`."""
    where = {old: new for new, old in enumerate(order)}
    places = tuple(moved(place, where) for place in view.places)
    return View(view.buffer, places, tuple(view.lengths[old] for old in order), view.readonly)


def moved(place: Place, where: Mapping[int, int]) -> Place:
    """A place whose axes have other numbers."""
    match place:
        case Along():
            return replace(place, axis=where[place.axis])
        case Mixed():
            return replace(place, terms=tuple((where[axis], step) for axis, step in place.terms))
    return place
