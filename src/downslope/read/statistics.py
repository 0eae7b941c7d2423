"""Measures of arrays: variance, median, quantiles, sums without NaN, tests, running sums along an axis."""

from collections.abc import Mapping, Sequence

from downslope.ir.nodes import Arg, Lit
from downslope.ir.types import Type
from downslope.read.array_calls import ArrayCalls
from downslope.read.frames import Value
from downslope.read.places import along_each
from downslope.read.rearranging import ALL, reshape
from downslope.read.signatures import Entry
from downslope.read.subscripts import Item, Slice, subscripted
from downslope.read.views import View

NO = Lit(False)


def op(calls: ArrayCalls, name: str, *values: Value) -> Value:
    """A row of the table, element by element; a number, where all are."""
    found = calls.whole.elementwise(name, [calls.elements(value) for value in values])
    return found if found.rank else found.element([])


def options(axis: Value, keepdims: Value = NO) -> dict[str, Value]:
    """What a reduction takes."""
    return {"axis": axis, "keepdims": keepdims}


def variance(calls: ArrayCalls, value: Value, axis: Value, ddof: Value, keepdims: Value) -> Value:
    """The mean square of the distance from the mean, over `n - ddof`."""
    view = calls.view(value)
    axes = calls.axes(axis, view.rank)
    inside = options(tuple(Lit(k) for k in axes), Lit(True))
    away = op(calls, "subtract", view, calls.reduction("mean", view, inside))
    total = calls.reduction("sum", op(calls, "square", away), options(axis, keepdims))
    count = calls.arrays.product([view.lengths[k] for k in axes])
    left = calls.arrays.host.row("subtract", [count, calls.number(ddof)])
    return op(calls, "divide", total, left)


def deviation(calls: ArrayCalls, value: Value, axis: Value, ddof: Value, keepdims: Value) -> Value:
    """The square root of the variance."""
    return op(calls, "sqrt", variance(calls, value, axis, ddof, keepdims))


def spread(calls: ArrayCalls, value: Value, axis: Value) -> Value:
    """The largest less the smallest."""
    ends = [calls.reduction(name, value, options(axis)) for name in ("max", "min")]
    return op(calls, "subtract", *ends)


def average(calls: ArrayCalls, value: Value, axis: Value, weights: Value) -> Value:
    """The mean with weights, one for each element or for each place of the axis."""
    if weights == Lit(None):
        return calls.reduction("mean", value, options(axis))
    view, by = calls.view(value), calls.view(weights)
    if by.rank != view.rank:
        along = calls.axis(axis, view.rank)
        if by.rank != 1:
            calls.refused("numpy.average with weights of another rank")
        by = reshape(calls, by, tuple(Lit(-1) if k == along else Lit(1) for k in range(view.rank)))
        calls.whole.require_equal(by.lengths[along], view.lengths[along])
        total: Value = calls.reduction("sum", by, {})
    else:
        total = calls.reduction("sum", by, options(axis))
    weighed = calls.reduction("sum", op(calls, "multiply", view, by), options(axis))
    return op(calls, "divide", weighed, total)


def without_nan(calls: ArrayCalls, value: Value, axis: Value, keepdims: Value) -> Value:
    """The sum of what is not NaN."""
    view = calls.view(value)
    return calls.reduction(
        "sum", op(calls, "where", op(calls, "isnan", view), Lit(0.0), view), options(axis, keepdims)
    )


def mean_without_nan(calls: ArrayCalls, value: Value, axis: Value, keepdims: Value) -> Value:
    """The mean of what is not NaN."""
    view = calls.view(value)
    total = without_nan(calls, view, axis, keepdims)
    count = calls.reduction("sum", op(calls, "equal", view, view), options(axis, keepdims))
    return op(calls, "divide", total, count)


def holding(name: str) -> Entry:
    """`all` and `any`."""
    row, start = {"all": ("logical_and", Lit(True)), "any": ("logical_or", Lit(False))}[name]

    def run(calls: ArrayCalls, value: Value, axis: Value, keepdims: Value) -> Value:
        part = calls.whole.elementwise("not_equal", [calls.elements(value), Lit(0)])
        axes = calls.axes(axis, part.rank)

        def step(total: Arg, x: Arg) -> Arg:
            return calls.arrays.host.row(row, [total, x])

        found = calls.whole.reduced(part, axes, keepdims == Lit(True), start, step, "b")
        if isinstance(found, str):
            calls.arrays.truths.add(found)
        return found

    return Entry("a axis=None keepdims=False", run)


def clip(calls: ArrayCalls, value: Value, low: Value, high: Value) -> Value:
    """Elements held between bounds, either of which may be None; at a bound the slope is that inside."""
    part: Value = value
    for name, bound in (("maximum", low), ("minimum", high)):
        if bound != Lit(None):
            part = op(calls, name, part, bound)
    return part


def close(calls: ArrayCalls, one: Value, other: Value, relative: Value, absolute: Value) -> Value:
    """`isclose`: distances within a tolerance."""
    distance = op(calls, "absolute", op(calls, "subtract", one, other))
    room = op(calls, "add", absolute, op(calls, "multiply", relative, op(calls, "absolute", other)))
    near = op(calls, "logical_and", op(calls, "less_equal", distance, room), op(calls, "isfinite", other))
    return op(calls, "logical_or", near, op(calls, "equal", one, other))


def all_close(calls: ArrayCalls, one: Value, other: Value, relative: Value, absolute: Value) -> Value:
    """Whether all are."""
    return holding("all").run(calls, close(calls, one, other, relative, absolute), Lit(None), Lit(False))


# ---- order ---------------------------------------------------------------------------------------


def median(calls: ArrayCalls, value: Value, axis: Value) -> Value:
    """The middle element in rising order, or the mean of the two."""
    return along_each(calls, value, axis, "ordering:median_of", None, "f")


def quantiles(scale: float) -> Entry:
    """`quantile` and `percentile`, linear between elements; several of them for a vector of places."""

    def run(calls: ArrayCalls, value: Value, place: Value, axis: Value) -> Value:
        if isinstance(place, str | Lit):
            part = calls.arrays.host.row("divide", [place, Lit(scale)])
            return along_each(calls, value, axis, "ordering:quantile_of", None, "f", [part])
        view, where = calls.view(value), calls.view(place)
        if where.rank != 1 or not (view.rank == 1 or axis == Lit(None)):
            calls.refused("several quantiles along an axis")
        flat = reshape(calls, view, Lit(-1))
        out = calls.created("f", where.lengths, Lit(None), "t")

        def store(index: list[Arg]) -> None:
            part = calls.arrays.host.row("divide", [calls.arrays.load(where, index), Lit(scale)])
            found = calls.arrays.host.expanded("ordering:quantile_of", [flat, part])
            calls.arrays.store(out, index, calls.number(found))

        calls.arrays.counted(where.lengths, store)
        return out

    return Entry("a q axis=None", run)


# ---- running sums and differences -----------------------------------------------------------------


def running(name: str, row: str) -> Entry:
    """`cumsum` and `cumprod`; through all elements for no axis."""

    def run(calls: ArrayCalls, value: Value, axis: Value) -> Value:
        view = calls.view(value)
        if axis == Lit(None):
            return calls.running(name, reshape(calls, view, Lit(-1)) if view.rank != 1 else view, "t")
        along = calls.axis(axis, view.rank)
        if view.rank == 1:
            return calls.running(name, view, "t")
        arrays = calls.arrays
        kind: Type = "f" if view.buffer.type.element == "f" else "i"
        out = arrays.new(kind, view.lengths, Lit(None), "t")
        calls.whole.assign(
            part_of(calls, out, along, Slice(None, Lit(1))), part_of(calls, view, along, Slice(None, Lit(1)))
        )
        rest = arrays.whole("subtract", view.lengths[along], Lit(1))
        lengths = [rest if k == along else n for k, n in enumerate(view.lengths)]
        order = [along, *(k for k in range(view.rank) if k != along)]

        def store(places: list[Arg]) -> None:
            before = [places[order.index(k)] for k in range(view.rank)]
            here = [arrays.whole("add", i, Lit(1)) if k == along else i for k, i in enumerate(before)]
            total = arrays.host.row(row, [arrays.load(out, before), arrays.load(view, here)])
            arrays.store(out, here, total)

        arrays.counted([lengths[k] for k in order], store)
        return out

    return Entry("a axis=None", run)


def part_of(calls: ArrayCalls, view: View, axis: int, part: Slice) -> View:
    """A slice along one axis."""
    items: list[Item] = [part if k == axis else ALL for k in range(view.rank)]
    return subscripted(calls.arrays, view, items)


def difference(calls: ArrayCalls, value: Value, times: Value, axis: Value) -> View:
    """Each element less the one before it, so many times."""
    view = calls.view(value)
    along = calls.axis(axis, view.rank)
    for _ in range(calls.known_int(times, "a number of differences")):
        later, before = (
            part_of(calls, view, along, part) for part in (Slice(Lit(1)), Slice(None, Lit(-1)))
        )  # fmt: skip
        view = calls.view(op(calls, "subtract", later, before))
    return view


def raveled_differences(calls: ArrayCalls, value: Value) -> View:
    """`ediff1d`: differences through all elements."""
    return difference(calls, reshape(calls, value, Lit(-1)), Lit(1), Lit(0))


# ---- in place, and ufuncs -----------------------------------------------------------------------


def fill(calls: ArrayCalls, value: Value, number: Value) -> Value:
    """`array.fill(number)`."""
    calls.whole.assign(calls.view(value), calls.number(number))
    return Lit(None)


def item(calls: ArrayCalls, value: Value, index: Value) -> Value:
    """`array.item(i, j)`: one element as a number."""
    view = calls.view(value)
    assert isinstance(index, tuple)
    if len(index) != view.rank:
        calls.refused("array.item with another number of indices than it has dimensions")
    return calls.arrays.load(subscripted(calls.arrays, view, [calls.number(i) for i in index]), [])


REDUCED: Mapping[str, str] = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
RUNNING: Mapping[str, str] = {"add": "cumsum", "multiply": "cumprod"}


def reduce(calls: ArrayCalls, name: str, args: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """`numpy.add.reduce` and the like; over the first axis, if none is given."""
    if name not in REDUCED or len(args) not in (1, 2) or not set(keywords) <= {"axis", "keepdims"}:
        calls.refused(f"numpy.{name}.reduce with these arguments")
    given = {"axis": Lit(0)} | dict(keywords) | ({"axis": args[1]} if len(args) == 2 else {})
    return calls.reduction(REDUCED[name], args[0], given)


def accumulate(calls: ArrayCalls, name: str, args: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """`numpy.add.accumulate` and the like, along the first axis, if none is given."""
    if name not in RUNNING or len(args) not in (1, 2) or not set(keywords) <= {"axis"}:
        calls.refused(f"numpy.{name}.accumulate with these arguments")
    axis = args[1] if len(args) == 2 else keywords.get("axis", Lit(0))
    return FUNCTIONS[RUNNING[name]].run(calls, args[0], axis)


FUNCTIONS: Mapping[str, Entry] = {
    "var": Entry("a axis=None ddof=0 keepdims=False", variance),
    "std": Entry("a axis=None ddof=0 keepdims=False", deviation),
    "ptp": Entry("a axis=None", spread),
    "average": Entry("a axis=None weights=None", average),
    "nansum": Entry("a axis=None keepdims=False", without_nan),
    "nanmean": Entry("a axis=None keepdims=False", mean_without_nan),
    "all": holding("all"),
    "any": holding("any"),
    "clip": Entry("a a_min=None a_max=None", clip),
    "isclose": Entry("a b rtol=1e-05 atol=1e-08", close),
    "allclose": Entry("a b rtol=1e-05 atol=1e-08", all_close),
    "median": Entry("a axis=None", median),
    "quantile": quantiles(1.0),
    "percentile": quantiles(100.0),
    "cumsum": running("cumsum", "add"),
    "cumprod": running("cumprod", "multiply"),
    "diff": Entry("a n=1 axis=-1", difference),
    "ediff1d": Entry("ary", raveled_differences),
}
METHODS: Mapping[str, Entry] = {
    "fill": Entry("a value", fill),
    "item": Entry("a *index", item),
    "clip": Entry("a min=None max=None", clip),
}
