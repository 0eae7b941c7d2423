"""Interpolation, convolution, integrals of points and polynomials."""

from downslope.ir.nodes import Arg, Lit
from downslope.read.frames import Value
from downslope.read.library.call import LibraryCall
from downslope.read.subscripts import Slice, subscripted, transposed
from downslope.read.views import View, Word

NONE, NO, ONE, LAST = Lit(None), Lit(False), Lit(1.0), Lit(-1)
FULL, VALID = Word("full"), Word("valid")


def interp(
    call: LibraryCall,
    x: Value,
    xp: Value,
    fp: Value,
    left: Value = NONE,
    right: Value = NONE,
    period: Value = NONE,
) -> Value:
    """`numpy.interp`."""
    if period != NONE:
        call.refused(
            "with a period", "it has no rule.", "take x modulo the period, and add the first point last."
        )
    knots, values = call.view(xp, 1, 1), call.view(fp, 1, 1)
    values = call.with_core(values, call.equal(values.lengths[0], knots.lengths[0]))
    count = knots.lengths[0]
    if not call.arrays.numbers.at_least(count, Lit(1)):
        call.arrays.fail(call.arrays.host.row("less", [count, Lit(1)]), "ValueError")
    last = call.arrays.whole("subtract", count, Lit(1))
    ends = [
        call.arrays.load(values, [place]) if given == NONE else call.number(given)
        for given, place in ((left, Lit(0)), (right, last))
    ]
    return call.each(x, lambda number: call.run("series:interpolated", number, knots, values, *ends))


def convolve(call: LibraryCall, a: Value, v: Value, mode: Value = FULL) -> Value:
    """`numpy.convolve`."""
    return _moved_along(call, call.view(a, 0, 1), call.view(v, 0, 1), mode)


def correlate(call: LibraryCall, a: Value, v: Value, mode: Value = VALID) -> Value:
    """`numpy.correlate`: a convolution with the second sequence backwards."""
    first, second = call.view(a, 1, 1), call.view(v, 1, 1)
    backwards = subscripted(call.arrays, second, [Slice(step=Lit(-1))])
    if mode == FULL:
        return _moved_along(call, first, backwards, mode)
    return call.refused(
        f"with mode={getattr(mode, 'text', mode)!r}",
        "only mode='full' is read.",
        "take a slice of the full one.",
    )


def _moved_along(call: LibraryCall, a: View, v: View, mode: Value) -> Value:
    a, v = (x if x.rank else call.single(x) for x in (a, v))
    full = call.view(call.run("series:convolved", a, v))
    word = call.known(mode, "a mode")
    if word == "full":
        return full
    if word not in ("same", "valid"):
        call.refused(f"with mode={word!r}", "modes are 'full', 'same' and 'valid'.")
    long, short = _sorted(call, a.lengths[0], v.lengths[0])
    whole, row = call.arrays.whole, call.arrays.host.row
    before = whole("subtract", short, Lit(1))
    if word == "same":
        before = row("floor_divide", [before, Lit(2)], "k")
        count = long
    else:
        count = whole("subtract", long, before)
    return call.calls.made(
        subscripted(call.arrays, full, [Slice(before, whole("add", before, count))]), None, "t"
    )


def _sorted(call: LibraryCall, one: Arg, other: Arg) -> tuple[Arg, Arg]:
    """The longer length, then the shorter."""
    if call.arrays.numbers.at_least(one, other):
        return one, other
    if call.arrays.numbers.at_least(other, one):
        return other, one
    row = call.arrays.host.row
    less = row("less", [one, other])
    pair = row("where", [less, other, one], "count"), row("where", [less, one, other], "count")
    for name in pair:
        call.arrays.numbers.whole(str(name), Lit(0))
    return pair


def trapezoid(call: LibraryCall, y: Value, x: Value = NONE, dx: Value = ONE, axis: Value = LAST) -> Value:
    """`numpy.trapezoid` along one axis; points `x` are a vector."""
    values = call.view(y, 1)
    place = call.whole_number(axis, "axis")
    if not -values.rank <= place < values.rank:
        call.refused(f"with axis {place} of an array of rank {values.rank}", "there is no such axis.")
    order = [k for k in range(values.rank) if k != place % values.rank] + [place % values.rank]
    values = transposed(values, order)
    if x == NONE:
        step = call.number(dx)
        return call.stacked([(values, 1)], [()], lambda m: call.run("series:equal_trapezoids", m[0], step))
    points = call.view(x, 1, 1)
    points = call.with_core(points, call.equal(points.lengths[0], values.lengths[-1]))
    return call.stacked([(values, 1)], [()], lambda m: call.run("series:trapezoids", m[0], points))


def polyval(call: LibraryCall, p: Value, x: Value) -> Value:
    """`numpy.polyval` at a number or at each element of an array."""
    coefficients = call.view(p, 1, 1)
    return call.each(x, lambda number: call.run("series:polynomial", coefficients, number))


def vander(
    call: LibraryCall,
    x: Value,
    N: Value = NONE,  # noqa: N803  # as NumPy calls it
    increasing: Value = NO,
) -> Value:
    """`numpy.vander`."""
    numbers = call.view(x, 1, 1)
    count = numbers.lengths[0] if N == NONE else call.number(N)
    return call.run("series:powers", numbers, count, Lit(increasing == Lit(True)))
