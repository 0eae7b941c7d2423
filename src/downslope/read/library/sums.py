"""Sums of products over named indices: `einsum` and what can be written as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from downslope.ir.nodes import Arg, Lit
from downslope.read.frames import Value
from downslope.read.library.call import LibraryCall
from downslope.read.views import View, Word
from downslope.read.whole_arrays import zero
from downslope.rules.result_types import result_type

NO, TWO = Lit(False), Lit(2)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Subscripts:
    """The letters of each operand and of the result."""

    operands: tuple[str, ...]
    result: str


def einsum(call: LibraryCall, subscripts: Value, *operands: Value, optimize: Value = NO) -> Value:
    """`numpy.einsum`, as loops over all indices, the summed ones innermost."""
    del optimize  # how NumPy orders the products changes no value
    if not isinstance(subscripts, Word):
        call.refused(
            "without a text of subscripts",
            "they must be known when the program is read.",
            'write "ij,jk->ik".',
        )
    views = [call.calls.view(operand) for operand in operands]
    names = parsed(call, subscripts.text, [view.rank for view in views])
    lengths: dict[str, Arg] = {}
    for letters, view in zip(names.operands, views, strict=True):
        for letter, length in zip(letters, view.lengths, strict=True):
            if lengths.get(letter, Lit(1)) == Lit(1):
                lengths[letter] = length
            elif length != Lit(1):
                call.equal(length, lengths[letter])
    return _summed(call, names, views, lengths)


def _summed(call: LibraryCall, names: Subscripts, views: Sequence[View], lengths: dict[str, Arg]) -> Value:
    arrays, row = call.arrays, call.arrays.host.row
    summed = [letter for letter in lengths if letter not in names.result]
    kind = call.whole.type_of(views[0])
    for view in views[1:]:
        kind = result_type("multiply", [kind, call.whole.type_of(view)])
    start = zero(kind)

    def term(at: dict[str, Arg]) -> Arg:
        total: Arg | None = None
        for letters, view in zip(names.operands, views, strict=True):
            index = [
                Lit(0) if length == Lit(1) else at[letter]
                for letter, length in zip(letters, view.lengths, strict=True)
            ]
            factor = arrays.load(view, index)
            total = factor if total is None else row("multiply", [total, factor])
        assert total is not None
        return total

    def total(index: Sequence[Arg]) -> Arg:
        at = dict(zip(names.result, index, strict=True))
        if not summed:
            return term(at)
        return arrays.accumulated(
            [lengths[letter] for letter in summed],
            [start],
            lambda k, totals: [row("add", [totals[0], term(at | dict(zip(summed, k, strict=True)))])],
        )[0]

    if not names.result:
        return total([])
    out = arrays.new(kind, [lengths[letter] for letter in names.result], Lit(None), "t")
    arrays.counted(out.lengths, lambda index: arrays.store(out, index, total(index)))
    return out


def parsed(call: LibraryCall, text: str, ranks: Sequence[int]) -> Subscripts:
    """The subscripts with letters in place of `...`; the result's are worked out where they are left out."""
    left, arrow, right = text.replace(" ", "").partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        call.refused(f'"{text}" with {len(ranks)} operands', "there is one group of letters per operand.")
    free = [letter for letter in LETTERS if letter not in text]
    most = max(_hidden(call, part, rank) for part, rank in zip(parts, ranks, strict=True))
    dots = "".join(free[: max(most, 0)])
    full = []
    for part, rank in zip(parts, ranks, strict=True):
        hidden = _hidden(call, part, rank)
        full.append(part.replace("...", dots[len(dots) - hidden :] if hidden > 0 else ""))
        if len(full[-1]) != rank or not all(letter in LETTERS for letter in full[-1]):
            call.refused(f'"{text}" with an operand of rank {rank}', f'"{part}" does not fit it.')
    if arrow:
        result = right.replace("...", dots)
    else:
        single = [x for x in sorted(set("".join(full))) if "".join(full).count(x) == 1 and x not in dots]
        result = dots + "".join(single)
    if len(set(result)) < len(result) or not set(result) <= set("".join(full)):
        call.refused(f'"{text}"', "a letter of the result must occur in an operand, and once in the result.")
    return Subscripts(tuple(full), result)


def _hidden(call: LibraryCall, part: str, rank: int) -> int:
    """How many axes `...` stands for; -1 where it is not there."""
    if "..." not in part:
        return -1
    hidden = rank - (len(part) - 3)
    if hidden < 0:
        call.refused(f'with "{part}" for an operand of rank {rank}', "it names too many axes.")
    return hidden


def tensordot(call: LibraryCall, a: Value, b: Value, axes: Value = TWO) -> Value:
    """`numpy.tensordot`, as an `einsum`."""
    left, right = call.calls.view(a), call.calls.view(b)
    if isinstance(axes, tuple):
        firsts, seconds = (
            [
                call.whole_number(axis, "axes") % max(view.rank, 1)
                for axis in (group if isinstance(group, tuple) else (group,))
            ]
            for group, view in zip(axes, (left, right), strict=True)
        )
    else:
        count = call.whole_number(axes, "axes")
        firsts, seconds = list(range(left.rank - count, left.rank)), list(range(count))
    if len(firsts) != len(seconds) or max(len(firsts) - min(left.rank, right.rank), 0):
        call.refused("with axes that do not pair", "each axis of one is summed with one of the other.")
    names = list(LETTERS[: left.rank]), list(LETTERS[left.rank : left.rank + right.rank])
    for one, other in zip(firsts, seconds, strict=True):
        names[1][other] = names[0][one]
    shared = {names[0][one] for one in firsts}
    result = [letter for group in names for letter in group if letter not in shared]
    return einsum(call, Word(f"{''.join(names[0])},{''.join(names[1])}->{''.join(result)}"), left, right)


def vdot(call: LibraryCall, a: Value, b: Value) -> Value:
    """`numpy.vdot` of vectors."""
    left, right = call.calls.view(a), call.calls.view(b)
    if (left.rank, right.rank) != (1, 1):
        call.refused("of matrices", "vectors are supported.", "flatten them.")
    return call.whole.product(left, right)


def kron(call: LibraryCall, a: Value, b: Value) -> Value:
    """`numpy.kron` of matrices or vectors."""
    left, right = call.view(a, 1, 2), call.view(b, 1, 2)
    if left.rank != right.rank:
        call.refused("of a vector and a matrix", "both must be vectors or both matrices.")
    if left.rank == 2:
        return call.run("series:kronecker", left, right)
    made = call.view(call.run("series:kronecker", call.row(left), call.row(right)))
    return call.item(made, Lit(0))


def cross(call: LibraryCall, a: Value, b: Value) -> Value:
    """`numpy.cross` of vectors in three dimensions, the last axis."""
    left, right = (
        call.with_core(v, call.equal(v.lengths[-1], Lit(3))) for v in (call.view(a, 1), call.view(b, 1))
    )
    return call.stacked(
        [(left, 1), (right, 1)], [(Lit(3),)], lambda members: call.run("series:crossed", *members)
    )
