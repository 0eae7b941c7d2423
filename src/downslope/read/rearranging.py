"""Arrays seen in another way: transposes, reshapes, flips, splits. All are views, as in NumPy."""

from collections.abc import Mapping
from dataclasses import replace

from downslope.ir.nodes import Arg, Lit
from downslope.read.array_calls import ArrayCalls
from downslope.read.frames import Value
from downslope.read.reshaping import reshaped
from downslope.read.signatures import Entry
from downslope.read.subscripts import NewAxis, Slice, moved, smallest, subscripted, transposed
from downslope.read.views import View

ALL = Slice()


def reshape(calls: ArrayCalls, value: Value, shape: Value) -> View:
    """`numpy.reshape` in C order."""
    fresh = not isinstance(value, View)
    view = calls.view(value)
    view.buffer.rows |= fresh  # nothing else reaches it
    return reshaped(calls.whole, view, calls.shape(shape))


def flattened(calls: ArrayCalls, value: Value) -> View:
    """`flatten`: a copy."""
    view = calls.view(value)
    copy = calls.whole.materialised(view) if isinstance(value, View) else view
    copy.buffer.rows = True
    return reshape(calls, copy, Lit(-1))


def copied(calls: ArrayCalls, value: Value) -> View:
    """`array.copy()`, which is in C order (`numpy.copy` keeps the order)."""
    copy = calls.made(value, None, "t")
    copy.buffer.rows = True
    return copy


def of_shape(calls: ArrayCalls, value: Value, shape: Value) -> View:
    """`array.reshape(2, 3)` or `array.reshape((2, 3))`."""
    assert isinstance(shape, tuple)
    return reshape(calls, value, shape[0] if len(shape) == 1 else shape)


def transpose(calls: ArrayCalls, value: Value, axes: Value) -> View:
    """The axes in another order; backwards for None."""
    view = calls.view(value)
    if axes in (Lit(None), (), (Lit(None),)):
        return transposed(view, range(view.rank)[::-1])
    if isinstance(axes, tuple) and len(axes) == 1 and isinstance(axes[0], tuple):
        axes = axes[0]
    order = [calls.axis(axis, view.rank) for axis in (axes if isinstance(axes, tuple) else (axes,))]
    if sorted(order) != list(range(view.rank)):
        calls.refused("numpy.transpose with axes that are not each axis once")
    return transposed(view, order)


def swapaxes(calls: ArrayCalls, value: Value, one: Value, other: Value) -> View:
    """Two axes change places."""
    view = calls.view(value)
    a, b = calls.axis(one, view.rank), calls.axis(other, view.rank)
    swap = {a: b, b: a}
    return transposed(view, [swap.get(axis, axis) for axis in range(view.rank)])


def moveaxis(calls: ArrayCalls, value: Value, source: Value, target: Value) -> View:
    """Axes move to other places; the others keep their order."""
    view = calls.view(value)
    pairs = [
        [calls.axis(axis, view.rank) for axis in (axes if isinstance(axes, tuple) else (axes,))]
        for axes in (source, target)
    ]
    if len(pairs[0]) != len(pairs[1]):
        calls.refused("numpy.moveaxis with so many sources and so many destinations")
    order = [axis for axis in range(view.rank) if axis not in pairs[0]]
    for to, axis in sorted(zip(pairs[1], pairs[0], strict=True)):
        order.insert(to, axis)
    return transposed(view, order)


def expand_dims(calls: ArrayCalls, value: Value, axis: Value) -> View:
    """New axes of length 1."""
    view = calls.view(value)
    axes = axis if isinstance(axis, tuple) else (axis,)
    new = {calls.axis(one, view.rank + len(axes)) for one in axes}
    items = [NewAxis() if k in new else ALL for k in range(view.rank + len(axes))]
    return subscripted(calls.arrays, view, items)


def squeeze(calls: ArrayCalls, value: Value, axis: Value) -> Value:
    """Without axes of length 1: those that are named, or all that are known to have it."""
    view = calls.view(value)
    arrays = calls.arrays
    if axis == Lit(None):
        gone = {k for k, length in enumerate(view.lengths) if length == Lit(1)}
        for k, length in enumerate(view.lengths):  # any other axis must not have length 1 when it runs
            if k not in gone and not arrays.numbers.at_least(length, Lit(2)):
                arrays.fail(arrays.host.row("equal", [length, Lit(1)]), "ValueError")
    else:
        gone = {calls.axis(one, view.rank) for one in (axis if isinstance(axis, tuple) else (axis,))}
        for k in gone:
            calls.whole.require_equal(view.lengths[k], Lit(1))
    items = [Lit(0) if k in gone else ALL for k in range(view.rank)]
    one = replace(view, lengths=tuple(Lit(1) if k in gone else n for k, n in enumerate(view.lengths)))
    found = subscripted(arrays, one, items)
    return found if found.rank else arrays.load(found, [])


def at_least(rank: int) -> Entry:
    """`atleast_1d` and `atleast_2d`: axes of length 1 in front."""

    def run(calls: ArrayCalls, value: Value) -> View:
        if isinstance(value, str | Lit):
            return calls.made(_nested(value, rank), None, "t")
        view = calls.view(value)
        new = [NewAxis()] * (rank - view.rank)
        return subscripted(calls.arrays, view, new) if new else view

    return Entry("a", run)


def _nested(value: Value, depth: int) -> Value:
    return (_nested(value, depth - 1),) if depth else value


def flip(calls: ArrayCalls, value: Value, axis: Value) -> View:
    """Axes backwards."""
    view = calls.view(value)
    axes = calls.axes(axis, view.rank)
    items = [Slice(step=Lit(-1)) if k in axes else ALL for k in range(view.rank)]
    return subscripted(calls.arrays, view, items)


def rot90(calls: ArrayCalls, value: Value, times: Value) -> View:
    """The first two axes turned by quarter turns."""
    view = calls.view(value)
    if not isinstance(times, Lit) or not isinstance(times.value, int):
        calls.refused("numpy.rot90 by a number that is not in the source")
    if view.rank < 2:
        calls.refused("numpy.rot90 of a vector")
    swap = [1, 0, *range(2, view.rank)]
    match times.value % 4:
        case 0:
            return view
        case 1:
            return transposed(flip(calls, view, Lit(1)), swap)
        case 2:
            return flip(calls, view, (Lit(0), Lit(1)))
    return flip(calls, transposed(view, swap), Lit(1))


def broadcast_to(calls: ArrayCalls, value: Value, shape: Value) -> View:
    """A view for reading in which axes of length 1 are stretched."""
    view = calls.view(calls.made((value,), None, "t")) if isinstance(value, str | Lit) else calls.view(value)
    lengths = calls.shape(shape)
    offset = len(lengths) - view.rank
    if offset < 0:
        calls.refused("numpy.broadcast_to with fewer axes")
    stretched = [axis for axis, n in enumerate(view.lengths) if n == Lit(1) != lengths[offset + axis]]
    for axis, length in enumerate(view.lengths):
        if axis not in stretched:
            calls.whole.require_equal(length, lengths[offset + axis])
    one = subscripted(calls.arrays, view, [Lit(0) if k in stretched else ALL for k in range(view.rank)])
    kept = [axis for axis in range(view.rank) if axis not in stretched]
    where = {new: offset + old for new, old in enumerate(kept)}
    return View(view.buffer, tuple(moved(place, where) for place in one.places), tuple(lengths), True)


def split(calls: ArrayCalls, value: Value, sections: Value, axis: Value) -> Value:
    """Parts of an array along an axis, in equal numbers or at given places."""
    view = calls.view(value)
    along, arrays = calls.axis(axis, view.rank), calls.arrays
    if isinstance(sections, Lit) and isinstance(sections.value, int) and sections.value > 0:
        count = sections.value
        width = _share(calls, view.lengths[along], count)
        cuts: list[Arg] = [arrays.whole("multiply", width, Lit(k)) for k in range(1, count)]
    elif isinstance(sections, tuple):
        cuts = [calls.number(cut) for cut in sections]
    else:
        calls.refused("numpy.split in a number of parts that is not in the source")
    before: list[Arg | None] = [None, *cuts]
    parts = [Slice(start, stop) for start, stop in zip(before, [*cuts, None], strict=True)]
    return tuple(
        subscripted(arrays, view, [part if k == along else ALL for k in range(view.rank)]) for part in parts
    )


def _share(calls: ArrayCalls, length: Arg, count: int) -> Arg:
    """`length // count`; the program raises ValueError where there is a remainder."""
    arrays = calls.arrays
    if isinstance(length, Lit):
        assert isinstance(length.value, int)
        calls.whole.require_equal(length, Lit(length.value // count * count))
        return Lit(length.value // count)
    width = arrays.host.row("floor_divide", [length, Lit(count)], "width")
    calls.whole.require_equal(arrays.whole("multiply", width, Lit(count)), length)
    return width


def diagonal(calls: ArrayCalls, value: Value, offset: Value) -> View:
    """A diagonal of a matrix, for reading."""
    view = calls.view(value)
    if view.rank != 2:
        calls.refused("a diagonal of an array that is no matrix")
    return diagonal_of(calls, view, calls.known_int(offset, "the number of a diagonal"))


def diagonal_of(calls: ArrayCalls, view: View, k: int) -> View:
    """Both axes of a matrix become one."""
    corner = subscripted(calls.arrays, view, [Slice(Lit(max(-k, 0))), Slice(Lit(max(k, 0)))])
    length = smallest(calls.arrays, *corner.lengths)
    return View(view.buffer, tuple(moved(place, {0: 0, 1: 0}) for place in corner.places), (length,), True)


def trace(calls: ArrayCalls, value: Value, offset: Value) -> Value:
    """The sum of a diagonal."""
    return calls.reduction("sum", diagonal(calls, value, offset), {})


def axis_flip(axis: int) -> Entry:
    """`flipud` and `fliplr`."""
    return Entry("m", lambda calls, value: flip(calls, value, Lit(axis)))


FUNCTIONS: Mapping[str, Entry] = {
    "reshape": Entry("a shape", reshape),
    "ravel": Entry("a", lambda calls, value: reshape(calls, value, Lit(-1))),
    "transpose": Entry("a axes=None", transpose),
    "permute_dims": Entry("a axes=None", transpose),
    "swapaxes": Entry("a axis1 axis2", swapaxes),
    "moveaxis": Entry("a source destination", moveaxis),
    "expand_dims": Entry("a axis", expand_dims),
    "squeeze": Entry("a axis=None", squeeze),
    "atleast_1d": at_least(1),
    "atleast_2d": at_least(2),
    "flip": Entry("m axis=None", flip),
    "flipud": axis_flip(0),
    "fliplr": axis_flip(1),
    "rot90": Entry("m k=1", rot90),
    "broadcast_to": Entry("array shape", broadcast_to),
    "split": Entry("ary indices_or_sections axis=0", split),
    "diagonal": Entry("a offset=0", diagonal),
    "trace": Entry("a offset=0", trace),
}
METHODS: Mapping[str, Entry] = {
    "reshape": Entry("a *shape", of_shape),
    "flatten": Entry("a", flattened),
    "copy": Entry("a", copied),
    "transpose": Entry("a *axes", transpose),
}
