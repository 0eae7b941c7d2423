"""`numpy.linalg.norm` and what else follows from singular values."""

import math
from collections.abc import Sequence

from downslope.ir.nodes import Lit
from downslope.read.frames import Value
from downslope.read.library.call import LibraryCall
from downslope.read.library.factors import EPSILON, svdvals
from downslope.read.subscripts import transposed
from downslope.read.views import Lazy, View
from downslope.read.whole_arrays import Elements

NONE, NO = Lit(None), Lit(False)


def norm(
    call: LibraryCall,
    x: Value,
    ord: Value = NONE,  # noqa: A002  # as NumPy calls it
    axis: Value = NONE,
    keepdims: Value = NO,
) -> Value:
    """`numpy.linalg.norm` of vectors and matrices."""
    part = call.whole.lazy(call.calls.elements(x))
    kind = call.known(ord, "ord")
    if not part.rank:
        call.refused("of a number", "it takes an array.", "use abs().")
    if kind is None and axis == NONE:
        return _vector(call, part, 2, list(range(part.rank)), keepdims)
    axes = _axes(call, axis, part.rank)
    if len(axes) == 1:
        return _vector(call, part, 2 if kind is None else kind, axes, keepdims)
    if len(axes) == 2:
        return _matrix(call, part, kind, axes, keepdims)
    return call.refused(
        f"of an array of rank {part.rank} with ord={kind!r}",
        "a norm is over one axis or two.",
        "give `axis`.",
    )


def _axes(call: LibraryCall, axis: Value, rank: int) -> list[int]:
    if axis == NONE:
        return list(range(rank))
    found = []
    for one in axis if isinstance(axis, tuple) else (axis,):
        number = call.whole_number(one, "axis")
        if not -rank <= number < rank:
            call.refused(f"with axis {number} of an array of rank {rank}", "there is no such axis.")
        found.append(number % rank)
    return found


def _reduced(call: LibraryCall, name: str, part: Elements, axes: Sequence[int], keepdims: Value) -> Value:
    chosen = tuple(Lit(axis) for axis in axes)
    return call.calls.reduction(name, part, {"axis": chosen, "keepdims": keepdims})


def _each(call: LibraryCall, op: str, *values: Value) -> Value:
    """An op on each element, or on numbers."""
    if not any(isinstance(value, View | Lazy) for value in values):
        return call.arrays.host.row(op, [call.number(value) for value in values])
    return call.whole.elementwise(op, [call.calls.elements(value) for value in values])


def _vector(
    call: LibraryCall, part: Lazy, kind: int | float | str, axes: Sequence[int], keepdims: Value
) -> Value:
    size = _each(call, "absolute", part)
    assert isinstance(size, Lazy)
    if isinstance(kind, str):
        call.refused(f"of a vector with ord={kind!r}", "it is a norm of matrices.")
    match kind:
        case 2:
            square = call.whole.elementwise("square", [part])
            return _settled(call, _each(call, "sqrt", _reduced(call, "sum", square, axes, keepdims)))
        case 1:
            return _float(call, _reduced(call, "sum", size, axes, keepdims))
        case 0:
            moved = call.whole.elementwise("not_equal", [part, Lit(0)])
            return _float(call, _reduced(call, "sum", moved, axes, keepdims))
        case math.inf:
            return _float(call, _reduced(call, "max", size, axes, keepdims))
        case _ if kind == -math.inf:
            return _float(call, _reduced(call, "min", size, axes, keepdims))
    power = call.whole.elementwise("power", [size, Lit(kind)], isinstance(kind, int))
    total = _reduced(call, "sum", power, axes, keepdims)
    return _settled(call, _each(call, "power", total, Lit(1.0 / kind)))


def _matrix(
    call: LibraryCall, part: Lazy, kind: int | float | str | None, axes: Sequence[int], keepdims: Value
) -> Value:
    row, column = axes
    if kind in (None, "fro"):
        return _vector(call, part, 2, axes, keepdims)
    if kind in (1, -1, math.inf, -math.inf):
        size = call.whole.elementwise("absolute", [part])
        first, second = (row, column) if kind in (1, -1) else (column, row)
        sums = call.calls.reduction("sum", size, {"axis": Lit(first), "keepdims": keepdims})
        if keepdims == NO and second > first:
            second -= 1
        name = "max" if isinstance(kind, int | float) and kind > 0 else "min"
        return _float(call, _reduced(call, name, call.calls.view(sums), [second], keepdims))
    if kind in (2, -2, "nuc"):
        return _spectral(call, part, kind, axes, keepdims)
    return call.refused(
        f"of a matrix with ord={kind!r}", "it has no rule.", "use the Frobenius norm, or 1 or inf."
    )


def _spectral(
    call: LibraryCall, part: Lazy, kind: int | float | str | None, axes: Sequence[int], keepdims: Value
) -> Value:
    """Norms by singular values, which come in falling order."""
    if part.rank != 2 or keepdims != NO:
        call.refused(f"of a stack with ord={kind!r}", "one matrix is supported.", "loop over the stack.")
    values = call.view(svdvals(call, transposed(call.calls.view(part), axes)))
    if kind == "nuc":
        return call.calls.reduction("sum", values, {})
    return call.calls.reduction("max" if kind == 2 else "min", values, {})


def cond(call: LibraryCall, x: Value) -> Value:
    """`numpy.linalg.cond`: the largest singular value over the smallest."""
    values = call.view(svdvals(call, call.view(x, 2, 2)))
    ends = [call.number(call.calls.reduction(name, values, {})) for name in ("max", "min")]
    return call.arrays.host.row("divide", ends)


def matrix_rank(call: LibraryCall, A: Value, tol: Value = NONE) -> Value:  # noqa: N803  # as NumPy calls it
    """`numpy.linalg.matrix_rank`, a whole number."""
    matrix = call.view(A, 2, 2)
    row = call.arrays.host.row
    values = call.view(svdvals(call, matrix))
    if tol == NONE:
        rows, columns = matrix.lengths
        longer = row("where", [row("less", [rows, columns]), columns, rows], "count")
        largest = call.number(call.calls.reduction("max", values, {}))
        cut = row("multiply", [row("multiply", [largest, longer]), Lit(EPSILON)])
    else:
        cut = call.number(tol)
    above = call.whole.elementwise("greater", [values, cut])
    return call.calls.reduction("sum", above, {})


def _settled(call: LibraryCall, value: Value) -> Value:
    return call.whole.materialised(value) if isinstance(value, Lazy) else value


def _float(call: LibraryCall, value: Value) -> Value:
    """A norm is a float, also of whole numbers."""
    kind = call.whole.type_of(value) if isinstance(value, View | Lazy | str | Lit) else "f"
    if kind == "f" and not isinstance(value, View | Lazy):
        return value
    return _settled(call, value if kind == "f" else _each(call, "to_float", value))
