"""`numpy.linalg`: systems, determinants, factors and norms."""

from collections.abc import Callable

from downslope.ir.nodes import Arg, Lit
from downslope.read.frames import Value
from downslope.read.library.call import LibraryCall
from downslope.read.views import View

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
