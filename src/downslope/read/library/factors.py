"""`numpy.linalg`: factors by eigenvalues and singular values, pseudo-inverse and least squares."""

from downslope.ir.nodes import Arg, Lit
from downslope.read.frames import Value
from downslope.read.library.call import LibraryCall
from downslope.read.views import View, Word

NONE, NO, YES = Lit(None), Lit(False), Lit(True)
LOWER, REDUCED = Word("L"), Word("reduced")
PINV_CUT = Lit(1e-15)
"""NumPy's."""
EPSILON = 2.0**-52


def eigh(call: LibraryCall, a: Value, UPLO: Value = LOWER) -> Value:  # noqa: N803  # as NumPy calls it
    """`numpy.linalg.eigh`."""
    matrix = _lower(call, a, UPLO)
    n = matrix.lengths[-1]

    def run(members: list[View]) -> Value:
        w, v = call.parts(call.routine("eigh", members[0]))
        return call.with_core(call.view(w), n), call.with_core(call.view(v), n, n)

    return call.stacked([(matrix, 2)], [(n,), (n, n)], run)


def eigvalsh(call: LibraryCall, a: Value, UPLO: Value = LOWER) -> Value:  # noqa: N803  # as NumPy calls it
    """`numpy.linalg.eigvalsh`."""
    matrix = _lower(call, a, UPLO)
    n = matrix.lengths[-1]
    return call.stacked(
        [(matrix, 2)], [(n,)], lambda m: call.with_core(call.view(call.routine("eigvalsh", m[0])), n)
    )


def _lower(call: LibraryCall, a: Value, triangle: Value) -> View:
    if triangle != LOWER:
        call.refused('with UPLO="U"', "only the lower triangle is read.", "transpose the matrix.")
    return call.square(a)


def qr(call: LibraryCall, a: Value, mode: Value = REDUCED) -> Value:
    """`numpy.linalg.qr`, reduced, or its second factor."""
    matrix = call.view(a, 2)
    rows, columns = matrix.lengths[-2:]
    k = _smaller(call, rows, columns)

    def run(members: list[View]) -> Value:
        q, r = call.parts(call.routine("qr", members[0]))
        return call.with_core(call.view(q), rows, k), call.with_core(call.view(r), k, columns)

    if mode not in (REDUCED, Word("r")):
        call.refused(
            f"with mode={call.known(mode, 'a mode')!r}",
            "the vectors beyond the rank are not determined.",
            "use 'reduced'.",
        )
    both = call.parts(call.stacked([(matrix, 2)], [(rows, k), (k, columns)], run))
    return both[1] if mode == Word("r") else both


def _smaller(call: LibraryCall, one: Arg, other: Arg) -> Arg:
    """The smaller of two lengths."""
    known = call.arrays.numbers
    if known.at_least(other, one):
        return one
    if known.at_least(one, other):
        return other
    row = call.arrays.host.row
    name = row("where", [row("less", [one, other]), one, other], "count")
    known.whole(str(name), Lit(0), one)
    return name


def svd(call: LibraryCall, a: Value, full_matrices: Value = YES, compute_uv: Value = YES) -> Value:
    """`numpy.linalg.svd`, reduced, or the singular values alone."""
    if compute_uv == NO:
        return svdvals(call, a)
    matrix = call.view(a, 2)
    rows, columns = matrix.lengths[-2:]
    if full_matrices != NO and not call.arrays.numbers.equal(rows, columns):
        call.refused(
            "with full_matrices=True",
            "the vectors beyond the rank are not determined, so they have no derivative.",
            "write full_matrices=False.",
        )
    k = _smaller(call, rows, columns)

    def run(members: list[View]) -> Value:
        u, s, vt = map(call.view, call.parts(call.routine("svd", members[0])))
        return call.with_core(u, rows, k), call.with_core(s, k), call.with_core(vt, k, columns)

    return call.stacked([(matrix, 2)], [(rows, k), (k,), (k, columns)], run)


def svdvals(call: LibraryCall, x: Value) -> Value:
    """`numpy.linalg.svdvals`."""
    matrix = call.view(x, 2)
    k = _smaller(call, *matrix.lengths[-2:])
    return call.stacked(
        [(matrix, 2)], [(k,)], lambda m: call.with_core(call.view(call.routine("svdvals", m[0])), k)
    )


def pinv(call: LibraryCall, a: Value, rcond: Value = NONE) -> Value:
    """`numpy.linalg.pinv`."""
    matrix = call.view(a, 2)
    rows, columns = matrix.lengths[-2:]
    cut = PINV_CUT if rcond == NONE else call.number(rcond)

    def run(members: list[View]) -> Value:
        return call.with_core(call.view(call.routine("pinv", members[0], cut)), columns, rows)

    return call.stacked([(matrix, 2)], [(columns, rows)], run)


def lstsq(call: LibraryCall, a: Value, b: Value, rcond: Value = NONE) -> Value:
    """`numpy.linalg.lstsq`."""
    matrix, right = call.view(a, 2, 2), call.view(b, 1, 2)
    rows, columns = matrix.lengths
    full = right if right.rank == 2 else call.column(right)
    full = call.with_core(full, call.equal(full.lengths[0], rows), full.lengths[1])
    if rcond == NONE:
        row = call.arrays.host.row
        longer = row("where", [row("less", [rows, columns]), columns, rows], "count")
        cut: Arg = row("multiply", [Lit(EPSILON), longer])
    else:
        cut = call.number(rcond)
    x, rank = call.parts(call.routine("lstsq", matrix, full, cut))
    call.arrays.numbers.whole(str(rank))
    solution = call.with_core(call.view(x), columns, full.lengths[1])
    rest = call.run("factors:residuals", matrix, full, solution, rank)
    return solution if right.rank == 2 else call.first_column(solution), rest, rank, svdvals(call, matrix)
