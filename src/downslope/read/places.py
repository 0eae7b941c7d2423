"""Calls of NumPy that take or give places: `nonzero`, `take`, `argsort`, `searchsorted`, `bincount`."""

from collections.abc import Mapping, Sequence

from downslope.ir.nodes import Arg, Lit
from downslope.ir.types import Type
from downslope.read.array_calls import ArrayCalls
from downslope.read.frames import Value
from downslope.read.picking import along_axis
from downslope.read.rearranging import ALL, flip, reshape
from downslope.read.signatures import Entry
from downslope.read.subscripts import Item, subscripted
from downslope.read.views import Index, Lazy, Mask, Picked, View, Word


def nonzero(calls: ArrayCalls, value: Value) -> Value:
    """One index array per axis."""
    return tuple(index.view for index in calls.picking.true_places(mask_of(calls, value)))


def mask_of(calls: ArrayCalls, value: Value) -> View:
    """An array as truth values."""
    view = calls.view(value)
    if view.buffer.type.element == "b":
        return view
    return calls.whole.materialised(calls.whole.elementwise("not_equal", [view, Lit(0)]))


def own(view: View) -> View:
    """An index array that the program gives a name to: it may store into it, so its bounds are tested."""
    view.buffer.inside = None
    return view


def named_nonzero(calls: ArrayCalls, value: Value) -> Value:
    """As `nonzero`, for the program's own use."""
    found = nonzero(calls, value)
    assert isinstance(found, tuple)
    return tuple(own(calls.view(view)) for view in found)


def flatnonzero(calls: ArrayCalls, value: Value) -> View:
    """The places of what is not zero, counted through all elements."""
    return own(calls.picking.flat_places(mask_of(calls, value)))


def count_nonzero(calls: ArrayCalls, value: Value, axis: Value, keepdims: Value) -> Value:
    """How many elements are not zero."""
    part = calls.whole.elementwise("not_equal", [calls.elements(value), Lit(0)])
    return calls.reduction("sum", part, {"axis": axis, "keepdims": keepdims})


def take(calls: ArrayCalls, value: Value, indices: Value, axis: Value) -> Value:
    """Elements, or parts along an axis, at some places."""
    view = calls.view(value)
    if axis == Lit(None):
        view, along = reshape(calls, view, Lit(-1)), 0
    else:
        along = calls.axis(axis, view.rank)
    items: list[Item] = [ALL] * view.rank
    if isinstance(indices, str | Lit):
        items[along] = indices
        chosen = subscripted(calls.arrays, view, items)
        return chosen if chosen.rank else calls.arrays.load(chosen, [])
    items[along] = whole_numbers(calls, indices)
    return calls.picking.gathered(calls.picking.picked(view, items))


def whole_numbers(calls: ArrayCalls, value: Value) -> Index:
    """An argument that is an index array."""
    view = calls.view(value)
    if view.buffer.type.element != "i":
        calls.refused("an array of floats or truth values as places")
    return Index(view)


def compress(calls: ArrayCalls, condition: Value, value: Value, axis: Value) -> Value:
    """Parts along an axis where a condition holds; it may be shorter than the axis."""
    places = calls.picking.flat_places(mask_of(calls, condition))
    return take(calls, value, own(places), axis)


def extract(calls: ArrayCalls, condition: Value, value: Value) -> Value:
    """The elements where a condition holds."""
    return compress(calls, condition, value, Lit(None))


def _along(calls: ArrayCalls, value: Value, indices: Value, axis: Value) -> Picked:
    view = calls.view(value)
    index = whole_numbers(calls, indices).view
    if axis == Lit(None):
        view, index, axis = reshape(calls, view, Lit(-1)), reshape(calls, index, Lit(-1)), Lit(0)
    if view.rank != index.rank:
        calls.refused("indices along an axis of an array of another rank")
    return along_axis(calls.picking, view, index, calls.axis(axis, view.rank))


def take_along_axis(calls: ArrayCalls, value: Value, indices: Value, axis: Value) -> Value:
    """Elements along an axis, at places of their own for each place of the other axes."""
    return calls.picking.gathered(_along(calls, value, indices, axis))


def put_along_axis(calls: ArrayCalls, value: Value, indices: Value, values: Value, axis: Value) -> Value:
    """Stores at what `take_along_axis` reads."""
    calls.picking.scatter(_along(calls, value, indices, axis), calls.elements(values))
    return Lit(None)


def put(calls: ArrayCalls, value: Value, indices: Value, values: Value) -> Value:
    """Stores at places that are counted through all elements."""
    view = reshape(calls, value, Lit(-1))
    index = calls.made((indices,), None, "k") if isinstance(indices, str | Lit) else indices
    calls.picking.scatter(calls.picking.picked(view, [whole_numbers(calls, index)]), calls.elements(values))
    return Lit(None)


# ---- order ---------------------------------------------------------------------------------------


def along_each(
    calls: ArrayCalls,
    value: Value,
    axis: Value,
    program: str,
    length: Arg | None,
    kind: Type = "i",
    more: Sequence[Value] = (),
) -> Value:
    """A program of vectors along an axis: it gives a vector as long, or for no `length`, one number."""
    view = calls.view(value)
    if axis == Lit(None):
        view, axis = reshape(calls, view, Lit(-1)), Lit(0)
    along = calls.axis(axis, view.rank)
    if view.rank == 1:
        return calls.arrays.host.expanded(program, [view, *more])
    arrays = calls.arrays
    others = [n for k, n in enumerate(view.lengths) if k != along]
    out = calls.created(kind, others if length is None else list(view.lengths), Lit(None), "t")

    def row(index: list[Arg]) -> None:
        items: list[Item] = list(index)
        items.insert(along, ALL)
        result = arrays.host.expanded(program, [subscripted(arrays, view, items), *more])
        if length is None:
            arrays.store(out, index, calls.number(result))
        else:
            calls.whole.assign(subscripted(arrays, out, items), calls.elements(result))

    arrays.counted(others, row)
    return out


def argsort(calls: ArrayCalls, value: Value, axis: Value, kind: Value, stable: Value) -> Value:
    """Places in rising order; equal elements keep their order, whatever the kind."""
    del kind, stable
    view = calls.view(value)
    return along_each(calls, view, axis, "ordering:sorted_places", view.lengths[-1])


def sort(calls: ArrayCalls, value: Value, axis: Value, kind: Value, stable: Value) -> View:
    """The elements in rising order, in a new array."""
    view = calls.view(value)
    if axis == Lit(None):
        view, axis = reshape(calls, view, Lit(-1)), Lit(0)
    order = calls.view(argsort(calls, view, axis, kind, stable))
    along = calls.axis(axis, view.rank)
    calls.picking.known(order, view.lengths[along])
    return calls.whole.materialised(calls.picking.gathered(along_axis(calls.picking, view, order, along)))


def sorted_in_place(calls: ArrayCalls, value: Value, axis: Value, kind: Value, stable: Value) -> Value:
    """`array.sort()`."""
    calls.whole.assign(calls.view(value), sort(calls, value, axis, kind, stable))
    return Lit(None)


def place_of(program: str) -> Entry:
    """`argmax` and `argmin`: the first of equals."""

    def run(calls: ArrayCalls, value: Value, axis: Value, keepdims: Value) -> Value:
        view = calls.view(value)
        along = view.lengths if axis == Lit(None) else [view.lengths[calls.axis(axis, view.rank)]]
        for length in along:
            if not calls.arrays.numbers.at_least(length, Lit(1)):
                calls.arrays.fail(calls.arrays.host.row("less", [length, Lit(1)]), "ValueError")
        found = along_each(calls, view, axis, program, None)
        if keepdims == Lit(True):
            calls.refused("keepdims of a place")
        if isinstance(found, str):
            calls.arrays.numbers.whole(found, Lit(0))
        return found

    return Entry("a axis=None keepdims=False", run)


def searchsorted(calls: ArrayCalls, value: Value, wanted: Value, side: Value) -> Value:
    """Where numbers would go in a sorted array."""
    if side not in (Word("left"), Word("right")):
        calls.refused("numpy.searchsorted on another side than left or right")
    program = "ordering:place_left" if side == Word("left") else "ordering:place_right"
    return places_in(calls, calls.view(value), wanted, program)


def places_in(calls: ArrayCalls, view: View, wanted: Value, program: str) -> Value:
    """What a program gives for each number, with the same vector."""
    if view.rank != 1:
        calls.refused("a search in an array that is no vector")
    host = calls.arrays.host

    def found(number: Arg) -> Arg:
        place = host.expanded(program, [view, number])
        assert isinstance(place, str)
        calls.arrays.numbers.whole(place, Lit(0), view.lengths[0])
        return place

    if isinstance(wanted, str | Lit):
        return found(wanted)
    part = calls.whole.lazy(calls.elements(wanted))
    return calls.whole.materialised(
        Lazy(part.lengths, lambda index: found(part.element(index)), "i", part.reads)
    )


def digitize(calls: ArrayCalls, value: Value, bins: Value, right: Value) -> Value:
    """The number of the bin of each number; bins rise or fall."""
    view = calls.view(bins)
    arrays = calls.arrays
    up = arrays.host.expanded("ordering:rising", [view])
    side = Word("left") if right == Lit(True) else Word("right")
    one = searchsorted(calls, view, value, side)
    back = calls.whole.elementwise(
        "subtract",
        [view.lengths[0], calls.elements(searchsorted(calls, flip(calls, view, Lit(0)), value, side))],
    )
    both = calls.whole.elementwise("where", [calls.number(up), calls.elements(one), back])
    return calls.whole.materialised(both) if both.rank else both.element([])


def bincount(calls: ArrayCalls, value: Value, weights: Value, minlength: Value) -> Value:
    """How often each whole number occurs, or the sum of its weights."""
    view = whole_numbers(calls, value).view
    if view.rank != 1:
        calls.refused("numpy.bincount of an array that is no vector")
    if weights == Lit(None):
        return calls.arrays.host.expanded("ordering:counted", [view, minlength])
    return calls.arrays.host.expanded("ordering:weighed", [view, calls.view(weights), minlength])


def at(calls: ArrayCalls, op: str, args: Sequence[Value]) -> Value:
    """`numpy.add.at(array, indices, values)`: a place that comes twice is changed twice."""
    target, indices, values = args if len(args) == 3 else calls.refused(f"numpy.{op}.at with these arguments")
    if not isinstance(target, View):
        calls.refused(f"numpy.{op}.at on what is no array")
    parts = indices if isinstance(indices, tuple) else (indices,)
    items = [part if isinstance(part, str | Lit) else _index(calls, part) for part in parts]
    if not any(isinstance(item, Index | Mask) for item in items):
        calls.refused(f"numpy.{op}.at without an index array")
    calls.picking.accumulated(calls.picking.picked(target, items), calls.elements(values), op)
    return Lit(None)


def _index(calls: ArrayCalls, value: Value) -> Index | Mask:
    view = calls.view(value)
    return Mask(view) if view.buffer.type.element == "b" else whole_numbers(calls, view)


FUNCTIONS: Mapping[str, Entry] = {
    "nonzero": Entry("a", named_nonzero),
    "where": Entry("a", named_nonzero),
    "flatnonzero": Entry("a", flatnonzero),
    "count_nonzero": Entry("a axis=None keepdims=False", count_nonzero),
    "take": Entry("a indices axis=None", take),
    "compress": Entry("condition a axis=None", compress),
    "extract": Entry("condition arr", extract),
    "take_along_axis": Entry("arr indices axis=-1", take_along_axis),
    "put_along_axis": Entry("arr indices values axis", put_along_axis),
    "put": Entry("a ind v", put),
    "argsort": Entry("a axis=-1 kind=None stable=None", argsort),
    "sort": Entry("a axis=-1 kind=None stable=None", sort),
    "argmax": place_of("ordering:place_of_largest"),
    "argmin": place_of("ordering:place_of_smallest"),
    "searchsorted": Entry("a v side=left", searchsorted),
    "digitize": Entry("x bins right=False", digitize),
    "bincount": Entry("x weights=None minlength=0", bincount),
}
METHODS: Mapping[str, Entry] = {
    "sort": Entry("a axis=-1 kind=None stable=None", sorted_in_place),
    "compress": Entry(
        "a condition axis=None", lambda calls, a, condition, axis: compress(calls, condition, a, axis)
    ),
}
