"""Arrays made of others: joined, rolled, padded, repeated, and matrices of a pattern."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from downslope.ir.nodes import Arg, Lit
from downslope.ir.types import Type
from downslope.read.array_calls import ArrayCalls, typed
from downslope.read.frames import Value
from downslope.read.rearranging import ALL, diagonal_of, expand_dims, reshape
from downslope.read.signatures import Entry
from downslope.read.subscripts import NewAxis, Slice, Taken, largest, placed, subscripted
from downslope.read.views import Along, Lazy, View, Word
from downslope.read.whole_arrays import Elements, in_rows, zero
from downslope.rules.result_types import joined


def parts_of(calls: ArrayCalls, value: Value) -> list[Elements]:
    """The arrays in a tuple of arrays, or the rows of an array."""
    if isinstance(value, View) and value.rank and isinstance(value.lengths[0], Lit):
        count = value.lengths[0].value
        return [subscripted(calls.arrays, value, [Lit(k)]) for k in range(int(count or 0))]
    if not isinstance(value, tuple) or not value:
        calls.refused("joined arrays that are not a tuple or list of arrays")
    return [calls.whole.lazy(calls.elements(part)) for part in value]


def concatenate(calls: ArrayCalls, arrays: Value, axis: Value) -> View:
    """Arrays one after the other along an axis; end to end for None."""
    parts = parts_of(calls, arrays)
    if axis == Lit(None):
        parts = [reshape(calls, part, Lit(-1)) for part in parts]
        axis = Lit(0)
    return joined_along(calls, parts, axis)


def joined_along(calls: ArrayCalls, parts: Sequence[Elements], axis: Value) -> View:
    """Arrays of one rank, one after the other."""
    rank = parts[0].rank
    if not rank or any(part.rank != rank for part in parts):
        calls.refused("numpy.concatenate of numbers, or of arrays of different rank")
    along, arrays, whole = calls.axis(axis, rank), calls.arrays, calls.whole
    starts: list[Arg] = [Lit(0)]
    for part in parts:
        starts.append(arrays.whole("add", starts[-1], part.lengths[along]))
        for k in range(rank):
            if k != along:
                whole.require_equal(part.lengths[k], parts[0].lengths[k])
    lengths = [starts[-1] if k == along else n for k, n in enumerate(parts[0].lengths)]
    kind = joined([whole.type_of(part) for part in parts])
    out = calls.created(kind, lengths, Lit(None), "t")
    out.buffer.rows = all(in_rows(view) for part in parts for view in whole.lazy(part).views)
    for part, start in zip(parts, starts, strict=False):
        whole.assign(portion(out, along, start, part.lengths[along]), part)
    return out


def portion(view: View, axis: int, start: Arg, length: Arg) -> View:
    """So many places of an axis of a whole array, which are known to be in it."""
    places = tuple(Along(k, start if k == axis else Lit(0)) for k in range(view.rank))
    return replace(view, places=places, lengths=_with(view.lengths, axis, length))


def _with(lengths: Sequence[Arg], axis: int, length: Arg) -> tuple[Arg, ...]:
    return tuple(length if k == axis else n for k, n in enumerate(lengths))


def stack(calls: ArrayCalls, arrays: Value, axis: Value) -> View:
    """Arrays of one shape along a new axis."""
    parts = parts_of(calls, arrays)
    if not parts[0].rank:
        return joined_along(
            calls, [calls.made((value,), None, "t") for value in _values(calls, arrays)], axis
        )
    views = [expand_dims(calls, part, axis) for part in parts]
    return joined_along(calls, views, Lit(calls.axis(axis, views[0].rank)))


def _values(calls: ArrayCalls, value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else calls.refused("joined numbers that are no tuple")


def vstack(calls: ArrayCalls, arrays: Value) -> View:
    """Rows one under the other."""
    parts = [
        _at_least_2d(calls, part, lambda view: [NewAxis(), *_all(view)]) for part in _parts(calls, arrays)
    ]
    return joined_along(calls, parts, Lit(0))


def hstack(calls: ArrayCalls, arrays: Value) -> View:
    """Side by side; vectors end to end."""
    parts = [
        calls.made((part,), None, "t") if isinstance(part, str | Lit) else calls.view(part)
        for part in _parts(calls, arrays)
    ]
    return joined_along(calls, parts, Lit(0 if parts[0].rank == 1 else 1))


def column_stack(calls: ArrayCalls, arrays: Value) -> View:
    """Vectors as columns."""
    parts = [
        _at_least_2d(calls, part, lambda view: [*_all(view), NewAxis()]) for part in _parts(calls, arrays)
    ]
    return joined_along(calls, parts, Lit(1))


def _parts(calls: ArrayCalls, value: Value) -> Sequence[Value]:
    return value if isinstance(value, tuple) else parts_of(calls, value)


def _all(view: View) -> list[Slice]:
    return [ALL] * view.rank


def _at_least_2d(calls: ArrayCalls, value: Value, items: Callable[[View], list[Slice | NewAxis]]) -> View:
    if isinstance(value, str | Lit):
        return calls.made(((value,),), None, "t")
    view = calls.view(value)
    return subscripted(calls.arrays, view, items(view)) if view.rank == 1 else view


def append(calls: ArrayCalls, arr: Value, values: Value, axis: Value) -> View:
    """Values at the end, in a new array."""
    added = calls.made((values,), None, "t") if isinstance(values, str | Lit) else values
    return concatenate(calls, (arr, added), axis)


def roll(calls: ArrayCalls, value: Value, shift: Value, axis: Value) -> View:
    """Elements moved along axes; those that leave at the end come back at the start."""
    view = calls.view(value)
    if axis == Lit(None):
        flat = _rolled(calls, reshape(calls, view, Lit(-1)), calls.number(shift), 0)
        return reshape(calls, flat, tuple(view.lengths))
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        calls.refused("numpy.roll with so many shifts and so many axes")
    for by, along in zip(shifts, axes, strict=True):
        view = _rolled(calls, view, calls.number(by), calls.axis(along, view.rank))
    return view


def _rolled(calls: ArrayCalls, view: View, shift: Arg, axis: int) -> View:
    arrays, length = calls.arrays, view.lengths[axis]
    start = arrays.host.row("remainder", [shift, largest(arrays, length, Lit(1))], "shift")
    out = calls.created(view.buffer.type.element, view.lengths, Lit(None), "t")
    out.buffer.rows = in_rows(view)
    rest = arrays.whole("subtract", length, start)
    for part, first, count in ((ahead(calls, view, axis, rest), Lit(0), start), (view, start, rest)):
        source = Lazy(
            _with(view.lengths, axis, count), calls.whole.lazy(part).element, out.buffer.type.element
        )
        calls.whole.assign(portion(out, axis, first, count), source)
    return out


def ahead(calls: ArrayCalls, view: View, axis: int, start: Arg) -> View:
    """The view from a place of an axis on; its length is left as it is."""
    taken: list[Taken] = [(start if k == axis else Lit(0), Lit(1), k) for k in range(view.rank)]
    return replace(view, places=tuple(placed(calls.arrays, place, taken) for place in view.places))


# ---- padding -------------------------------------------------------------------------------------

MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def pad(calls: ArrayCalls, value: Value, width: Value, mode: Value, constant: Value) -> View:
    """More elements before and after, along each axis."""
    view = calls.view(value)
    if not isinstance(mode, Word) or mode.text not in MODES:
        calls.refused(f"numpy.pad in a mode other than {', '.join(MODES)}")
    for axis, (before, after) in enumerate(_widths(calls, width, view.rank)):
        view = _padded(calls, view, axis, before, after, mode.text, calls.number(constant))
    return view


def _widths(calls: ArrayCalls, width: Value, rank: int) -> list[tuple[Arg, Arg]]:
    """Before and after, for each axis."""
    if not isinstance(width, tuple):
        return [(calls.number(width),) * 2] * rank
    if not any(isinstance(part, tuple) for part in width):
        pair = width * 2 if len(width) == 1 else width
        width = (pair,) * rank
    pairs = [part if isinstance(part, tuple) else (part,) for part in width]
    pairs = pairs * rank if len(pairs) == 1 else pairs
    if len(pairs) != rank or any(len(pair) not in (1, 2) for pair in pairs):
        calls.refused("numpy.pad with widths that do not fit the axes")
    return [(calls.number(pair[0]), calls.number(pair[-1])) for pair in pairs]


def _padded(
    calls: ArrayCalls, view: View, axis: int, before: Arg, after: Arg, mode: str, constant: Arg
) -> View:
    arrays, length = calls.arrays, view.lengths[axis]
    if before == after == Lit(0):
        return view
    for width in (before, after):
        if not arrays.numbers.at_least(width, Lit(0)):
            arrays.fail(arrays.host.row("less", [width, Lit(0)]), "ValueError")
    total = arrays.whole("add", arrays.whole("add", before, length), after)
    if mode != "constant" and not arrays.numbers.at_least(length, Lit(1)):
        arrays.fail(arrays.host.row("less", [length, Lit(1)]), "ValueError")
    out = calls.created(view.buffer.type.element, _with(view.lengths, axis, total), Lit(None), "t")
    out.buffer.rows = in_rows(view)
    calls.whole.assign(portion(out, axis, before, length), view)
    end = arrays.whole("add", before, length)
    for first, count in ((Lit(0), before), (end, after)):
        target = portion(out, axis, first, count)
        if mode == "constant":
            calls.whole.assign(target, constant)
            continue

        def element(index: Sequence[Arg], first: Arg = first) -> Arg:
            place = arrays.whole("subtract", arrays.whole("add", first, index[axis]), before)
            at = mirrored(calls, place, length, mode)
            return arrays.load(view, [at if k == axis else i for k, i in enumerate(index)])

        calls.whole.assign(target, Lazy(target.lengths, element, view.buffer.type.element))
    return out


def mirrored(calls: ArrayCalls, place: Arg, length: Arg, mode: str) -> Arg:
    """The element that stands for one outside of an axis."""
    arrays, row, whole = calls.arrays, calls.arrays.host.row, calls.arrays.whole
    last = whole("subtract", length, Lit(1))
    if mode == "edge":
        low = row("where", [row("less", [place, Lit(0)]), Lit(0), place], "k")
        return row("where", [row("greater", [low, last]), last, low], "k")
    if mode == "wrap":
        return row("remainder", [place, length], "k")
    turn = 0 if mode == "reflect" else 1
    period = whole("add", whole("multiply", last, Lit(2)), Lit(2 * turn))
    at = row("remainder", [place, largest(arrays, period, Lit(1))], "k")
    back = whole("subtract", whole("subtract", period, at), Lit(turn))
    return row("where", [row("greater", [at, last]), back, at], "k")


# ---- repeats -------------------------------------------------------------------------------------


def repeat(calls: ArrayCalls, value: Value, repeats: Value, axis: Value) -> View:
    """Each element so many times."""
    if axis == Lit(None):
        value, axis = reshape(calls, calls.view(value), Lit(-1)), Lit(0)
    view, count = calls.view(value), calls.number(repeats)
    along = calls.axis(axis, view.rank)
    length = calls.arrays.product([view.lengths[along], count])
    out = calls.created(view.buffer.type.element, _with(view.lengths, along, length), Lit(None), "t")
    arrays = calls.arrays

    def store(index: list[Arg]) -> None:
        place = arrays.whole("add", arrays.whole("multiply", index[along], count), index[-1])
        where = [place if k == along else i for k, i in enumerate(index[:-1])]
        arrays.store(out, where, arrays.load(view, index[:-1]))

    arrays.counted([*view.lengths, count], store)
    return out


def tile(calls: ArrayCalls, value: Value, times: Value) -> View:
    """The whole array so many times along each axis."""
    counts: list[Arg] = [calls.number(n) for n in (times if isinstance(times, tuple) else (times,))]
    view = calls.view(value)
    rank = max(view.rank, len(counts))
    counts = [*[Lit(1)] * (rank - len(counts)), *counts]
    view = subscripted(calls.arrays, view, [NewAxis()] * (rank - view.rank)) if rank > view.rank else view
    arrays = calls.arrays
    lengths = [arrays.product([count, n]) for count, n in zip(counts, view.lengths, strict=True)]
    out = calls.created(view.buffer.type.element, lengths, Lit(None), "t")

    def store(index: list[Arg]) -> None:
        turn, inner = index[:rank], index[rank:]
        where = [
            arrays.whole("add", arrays.whole("multiply", t, n), i)
            for t, n, i in zip(turn, view.lengths, inner, strict=True)
        ]
        arrays.store(out, where, arrays.load(view, inner))

    arrays.counted([*counts, *view.lengths], store)
    return out


def meshgrid(calls: ArrayCalls, vectors: Value, indexing: Value) -> Value:
    """Coordinates of a grid: one array per vector."""
    assert isinstance(vectors, tuple)
    views = [calls.view(vector) for vector in vectors]
    if any(view.rank != 1 for view in views) or indexing not in (Word("xy"), Word("ij")):
        calls.refused("numpy.meshgrid of arrays that are no vectors, or with another indexing")
    order = list(range(len(views)))
    if indexing == Word("xy") and len(order) > 1:
        order[:2] = [1, 0]
    lengths = [views[k].lengths[0] for k in order]
    found = []
    for k, view in enumerate(views):
        axis = order.index(k)
        out = calls.created(view.buffer.type.element, lengths, Lit(None), "t")
        element = lambda index, axis=axis, view=view: calls.arrays.load(view, [index[axis]])  # noqa: E731
        calls.whole.assign(out, Lazy(tuple(lengths), element, view.buffer.type.element))
        found.append(out)
    return tuple(found)


# ---- matrices of a pattern -----------------------------------------------------------------------


def eye(calls: ArrayCalls, rows: Value, columns: Value, offset: Value, dtype: Value) -> View:
    """Ones on a diagonal."""
    kind: Type = dtype.text if isinstance(dtype, Word) else "f"  # type: ignore[assignment]
    height = calls.number(rows)
    width = height if columns == Lit(None) else calls.number(columns)
    out = calls.created(kind, [height, width], typed(Lit(0), kind), "t")
    line = diagonal_of(calls, out, calls.known_int(offset, "the number of a diagonal"))
    calls.whole.assign(replace(line, readonly=False), typed(Lit(1), kind))
    return out


def diag(calls: ArrayCalls, value: Value, offset: Value) -> View:
    """A matrix with a vector on its diagonal, or a matrix's diagonal."""
    view, k = calls.view(value), calls.known_int(offset, "the number of a diagonal")
    if view.rank == 2:
        return diagonal_of(calls, view, k)
    if view.rank != 1:
        calls.refused("numpy.diag of an array that is no vector or matrix")
    size = calls.arrays.whole("add", view.lengths[0], Lit(abs(k)))
    kind = view.buffer.type.element
    out = calls.created(kind, [size, size], typed(zero(kind), kind), "t")
    places = (Along(0, Lit(max(-k, 0))), Along(0, Lit(max(k, 0))))
    calls.whole.assign(View(out.buffer, places, view.lengths), view)
    return out


def triangle(comparison: str) -> Entry:
    """`triu` and `tril`: zeros on the other side of a diagonal."""

    def run(calls: ArrayCalls, value: Value, offset: Value) -> View:
        view, k = calls.view(value), calls.known_int(offset, "the number of a diagonal")
        if view.rank < 2:
            calls.refused("a triangle of a vector")
        kind, row = view.buffer.type.element, calls.arrays.host.row

        def element(index: Sequence[Arg]) -> Arg:
            ahead_by = calls.arrays.whole("subtract", index[-1], index[-2])
            inside = row(comparison, [ahead_by, Lit(k)])
            return row("where", [inside, calls.arrays.load(view, index), typed(Lit(0), kind)])

        reads = calls.whole.lazy(view)
        return calls.whole.materialised(Lazy(view.lengths, element, kind, reads.reads, reads.views))

    return Entry("m k=0", run)


FUNCTIONS: Mapping[str, Entry] = {
    "concatenate": Entry("arrays axis=0", concatenate),
    "concat": Entry("arrays axis=0", concatenate),
    "stack": Entry("arrays axis=0", stack),
    "vstack": Entry("tup", vstack),
    "hstack": Entry("tup", hstack),
    "column_stack": Entry("tup", column_stack),
    "append": Entry("arr values axis=None", append),
    "roll": Entry("a shift axis=None", roll),
    "pad": Entry("array pad_width mode=constant constant_values=0", pad),
    "tile": Entry("A reps", tile),
    "meshgrid": Entry("*xi indexing=xy", meshgrid),
    "eye": Entry("N M=None k=0 dtype=None", eye),
    "identity": Entry("n dtype=None", lambda calls, n, dtype: eye(calls, n, Lit(None), Lit(0), dtype)),
    "diag": Entry("v k=0", diag),
    "triu": triangle("greater_equal"),
    "tril": triangle("less_equal"),
    "repeat": Entry("a repeats axis=None", repeat),
}
