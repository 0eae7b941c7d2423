"""`numpy.linalg`: systems, determinants, factors and norms."""

import math
from collections.abc import Callable, Sequence

from downslope.ir.nodes import Arg, Lit
from downslope.read.frames import Value
from downslope.read.library.call import LibraryCall
from downslope.read.views import Lazy, View
from downslope.read.whole_arrays import Elements

NONE, NO = Lit(None), Lit(False)


def solve(call: LibraryCall, a: Value, b: Value) -> Value:
    """`numpy.linalg.solve`."""
    matrix, right = call.square(a), call.view(b, 1)
    core = 1 if right.rank == 1 else 2
    rows = call.equal(right.lengths[-core], matrix.lengths[-1])
    right = call.with_core(right, rows, *right.lengths[right.rank - core + 1 :])
    return call.stacked(
        [(matrix, 2), (right, core)], [right.lengths[-core:]], lambda members: call.routine("solve", *members)
    )


def inv(call: LibraryCall, a: Value) -> Value:
    """`numpy.linalg.inv`."""
    return _of_square(call, a, lambda m: call.routine("inv", m))


def det(call: LibraryCall, a: Value) -> Value:
    """`numpy.linalg.det`."""
    matrix = call.square(a)

    def run(members: list[View]) -> Value:
        return call.run("elimination:determinant", members[0], call.routine("det", members[0]))

    return call.stacked([(matrix, 2)], [()], run)


def slogdet(call: LibraryCall, a: Value) -> Value:
    """`numpy.linalg.slogdet`."""
    matrix = call.square(a)
    return call.stacked([(matrix, 2)], [(), ()], lambda members: call.routine("slogdet", members[0]))


def cholesky(call: LibraryCall, a: Value, upper: Value = NO) -> Value:
    """`numpy.linalg.cholesky`."""
    if upper != NO:
        call.refused("with upper=True", "only the lower factor is read.", "transpose the lower factor.")
    return _of_square(call, a, lambda m: call.routine("cholesky", m))


def _of_square(call: LibraryCall, a: Value, run: Callable[[View], Value]) -> Value:
    """A function of square matrices whose result is one of the same shape."""
    matrix = call.square(a)
    lengths = matrix.lengths[-2:]
    return call.stacked([(matrix, 2)], [lengths], lambda m: call.with_core(call.view(run(m[0])), *lengths))


def matrix_power(call: LibraryCall, a: Value, n: Value) -> Value:
    """`numpy.linalg.matrix_power`, by squaring."""
    matrix, left = call.square(a), call.whole_number(n, "a power")
    if matrix.rank != 2:
        call.refused("of a stack of matrices", "one matrix is supported.", "loop over the stack.")
    base = call.view(inv(call, matrix)) if left < 0 else matrix
    if not left:
        return identity(call, matrix.lengths[0])
    left, result = abs(left), None
    while left:
        if left % 2:
            result = base if result is None else call.view(call.whole.product(result, base))
        left //= 2
        base = call.view(call.whole.product(base, base)) if left else base
    assert result is not None
    return call.calls.made(result, "f", "t")


def identity(call: LibraryCall, size: Arg) -> View:
    """The identity matrix."""
    view = call.arrays.new("f", [size, size], Lit(0.0), "t")
    call.arrays.counted([size], lambda index: call.arrays.store(view, [index[0], index[0]], Lit(1.0)))
    return view


# ---- norms ---------------------------------------------------------------------------------------


def norm(
    call: LibraryCall,
    x: Value,
    ord: Value = NONE,  # noqa: A002  # as NumPy calls it
    axis: Value = NONE,
    keepdims: Value = NO,
) -> Value:
    """`numpy.linalg.norm` of vectors and matrices; norms by singular values are in `factors`."""
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
    return call.refused(
        f"of a matrix with ord={kind!r}", "it has no rule.", "use the Frobenius norm, or 1 or inf."
    )


def _settled(call: LibraryCall, value: Value) -> Value:
    return call.whole.materialised(value) if isinstance(value, Lazy) else value


def _float(call: LibraryCall, value: Value) -> Value:
    """A norm is a float, also of whole numbers."""
    kind = call.whole.type_of(value) if isinstance(value, View | Lazy | str | Lit) else "f"
    if kind == "f" and not isinstance(value, View | Lazy):
        return value
    return _settled(call, value if kind == "f" else _each(call, "to_float", value))
