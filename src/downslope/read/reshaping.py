"""`reshape` and `ravel`: the same memory seen with other axes, wherever NumPy gives a view.

An axis that is split is affine in its parts. Axes that are merged need a division for each index. What
NumPy decides by the layout in memory, which is not known when the program is read, is read as a view and
takes no more stores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from downslope.ir.nodes import Arg, Lit
from downslope.read.views import Along, Buffer, Fixed, Mixed, Place, View
from downslope.read.whole_arrays import WholeArrays
from downslope.read.whole_numbers import Sum

Parts = Mapping[int, Sequence[tuple[int, Arg]]]
"""Old axis -> the new axes that it is a sum of, each with its step."""
UNSURE = "a reshape is a view or a copy of it, depending on its layout in memory."


def reshaped(whole: WholeArrays, view: View, shape: Sequence[Arg]) -> View:
    """The view with another shape, in C order; one length may be -1."""
    lengths = _lengths(whole, view, shape)
    known = whole.arrays.numbers
    kept: dict[int, Sequence[tuple[int, Arg]]] = {}
    old, new = list(range(view.rank)), list(range(len(lengths)))
    for end in (0, -1):
        while old or new:
            if old and new and known.equal(view.lengths[old[end]], lengths[new[end]]):
                kept[old.pop(end)] = [(new.pop(end), Lit(1))]
            elif new and lengths[new[end]] == Lit(1):
                new.pop(end)
            elif old and view.lengths[old[end]] == Lit(1):
                kept[old.pop(end)] = []
            else:
                break
    flat = _flat(whole, lengths, new)
    if len(old) < 2:
        kept |= dict.fromkeys(old, flat)
        return replace(view, places=tuple(_split(whole, p, kept) for p in view.places), lengths=lengths)
    if (places := _merged(whole, view, old, flat, kept)) is not None:
        _shared(view.buffer, _adjacent(whole, view, old))
        return replace(view, places=places, lengths=lengths)
    _shared(view.buffer, False)
    return reshaped(whole, whole.materialised(view), lengths)


def _shared(buffer: Buffer, sure: bool) -> None:
    """Whether the new view is surely one of the same memory; where it may be a copy, stores end."""
    if not sure:
        buffer.frozen = buffer.frozen or UNSURE


def _lengths(whole: WholeArrays, view: View, shape: Sequence[Arg]) -> tuple[Arg, ...]:
    """The new lengths with -1 replaced; the number of elements is checked."""
    arrays = whole.arrays
    size = arrays.product(view.lengths)
    free = [axis for axis, length in enumerate(shape) if length == Lit(-1)]
    rest = arrays.product([length for axis, length in enumerate(shape) if axis not in free])
    if len(free) != 1:
        if not whole.same(view.lengths, shape):
            whole.require_equal(size, arrays.product(shape))
        return tuple(shape)
    left = _quotient(whole, size, rest)
    return tuple(left if axis in free else length for axis, length in enumerate(shape))


def _quotient(whole: WholeArrays, size: Arg, rest: Arg) -> Arg:
    """`size // rest`; the program raises ValueError where there is a remainder."""
    arrays = whole.arrays
    if rest == Lit(1):
        return size
    if isinstance(size, Lit) and isinstance(rest, Lit) and rest.value:
        assert isinstance(size.value, int)
        assert isinstance(rest.value, int)
        whole.require_equal(size, Lit(size.value // rest.value * rest.value))
        return Lit(size.value // rest.value)
    if not arrays.numbers.at_least(rest, Lit(1)):
        arrays.fail(arrays.host.row("less", [rest, Lit(1)]), "ValueError")
    left = arrays.host.row("floor_divide", [size, rest], "length")
    arrays.numbers.whole(str(left), Sum(0), size)
    whole.require_equal(arrays.whole("multiply", left, rest), size)
    return left


def _flat(whole: WholeArrays, lengths: Sequence[Arg], axes: Sequence[int]) -> list[tuple[int, Arg]]:
    """Axes with their steps in C order."""
    found: list[tuple[int, Arg]] = []
    step: Arg = Lit(1)
    for axis in reversed(axes):
        found.insert(0, (axis, step))
        step = whole.arrays.product([step, lengths[axis]])
    return found


def _split(whole: WholeArrays, place: Place, parts: Parts) -> Place:
    """A place whose axes are sums of new ones."""
    if isinstance(place, Fixed):
        return place
    old = ((place.axis, place.step),) if isinstance(place, Along) else place.terms
    multiply = whole.arrays.whole
    terms = tuple((axis, multiply("multiply", step, by)) for o, step in old for axis, by in parts[o])
    if isinstance(place, Mixed):
        return replace(place, terms=terms)
    if not terms:
        return Fixed(place.start)
    return Along(terms[0][0], place.start, terms[0][1]) if len(terms) == 1 else Mixed(terms, place.start)


def _merged(
    whole: WholeArrays, view: View, old: Sequence[int], flat: list[tuple[int, Arg]], kept: Parts
) -> tuple[Place, ...] | None:
    """The places where several axes become the digits of one index; None where a place has several axes."""
    divisors = dict(_flat(whole, view.lengths, old))
    places: list[Place] = []
    for place in view.places:
        axes = {axis for axis, _ in place.terms} if isinstance(place, Mixed) else set()
        if isinstance(place, Along) and place.axis in divisors:
            modulus = None if place.axis == old[0] else view.lengths[place.axis]
            places.append(Mixed(tuple(flat), Lit(0), divisors[place.axis], modulus, place.start, place.step))
        elif axes & set(old):
            return None
        else:
            places.append(_split(whole, place, kept))
    return tuple(places)


def _adjacent(whole: WholeArrays, view: View, old: Sequence[int]) -> bool:
    """Whether the elements of several axes surely follow one another in memory."""
    at = {place.axis: (d, place) for d, place in enumerate(view.places) if isinstance(place, Along)}
    first = at[old[0]][0]
    full = all(
        at[axis][0] == first + offset
        and (not offset or (at[axis][1].start == Lit(0) and whole.same([view.lengths[axis]], [view.buffer.lengths[first + offset]])))
        and at[axis][1].step == Lit(1)
        for offset, axis in enumerate(old)
    )  # fmt: skip
    return view.buffer.rows and full
