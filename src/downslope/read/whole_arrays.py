"""Formulas over whole arrays, as loops over elements: broadcasting, assignment, reductions.

`sum(exp(a) * b)` becomes one loop with no array in between. So no mode needs a rule for it.
"""

from collections.abc import Callable, Mapping, Sequence

from downslope.errors import ArrayExpected, UnsupportedError
from downslope.ir.nodes import Arg, Lit
from downslope.ir.types import Type
from downslope.read.arrays import Arrays
from downslope.read.stretching import Stretching
from downslope.read.views import Along, Lazy, View
from downslope.rules.result_types import result_type

Elements = View | Lazy
OF_TRUTHS: Mapping[str, str] = {
    "add": "bitwise_or", "multiply": "bitwise_and", "invert": "logical_not", "subtract": "", "negative": "", "positive": "",
    "floor_divide": "", "remainder": "", "power": "", "square": "", "left_shift": "", "right_shift": "",
}  # fmt: skip


class WholeArrays:
    """What formulas over arrays become."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.stretching = Stretching(arrays)

    def type_of(self, value: "Arg | Elements") -> Type:
        """The type of a value's elements; a number that may be whole or not counts as not."""
        if isinstance(value, View):
            return value.buffer.type.element
        if isinstance(value, Lazy):
            return value.type
        if isinstance(value, Lit):
            return "b" if isinstance(value.value, bool) else "i" if isinstance(value.value, int) else "f"
        return "i" if self.arrays.numbers.sum_of(value) is not None else "f"

    def lazy(self, value: "Arg | Elements") -> Lazy:
        """Any value as elements: a number is an array without axes."""
        if isinstance(value, Lazy):
            return value
        if isinstance(value, View):
            reads = ((value.buffer, self.arrays.stores[value.buffer]),)

            def element(index: Sequence[Arg]) -> Arg:
                return self.arrays.load(value, index)

            return Lazy(value.lengths, element, value.buffer.type.element, reads, (value,), plain=True)
        number = value
        return Lazy((), lambda _: number, self.type_of(number), plain=True)

    def elementwise(self, op: str, values: "Sequence[Arg | Elements]", whole_exponent: bool = False) -> Lazy:
        """An op of the rule table on each element, with NumPy's broadcasting."""
        parts = [self.lazy(value) for value in values]
        op = self.of_truths(op, [part.type for part in parts])
        lengths = self.broadcast([part.lengths for part in parts])
        parts = [
            part if part.plain or self.same(part.lengths, lengths) else self.lazy(self.materialised(part))
            for part in parts
        ]

        def element(index: Sequence[Arg]) -> Arg:
            args = [part.element(self.aligned(part, lengths, index)) for part in parts]
            return self.arrays.host.row(op, args)

        kind = result_type(op, [part.type for part in parts], whole_exponent)
        reads = tuple(read for part in parts for read in part.reads)
        return Lazy(lengths, element, kind, reads, tuple(view for part in parts for view in part.views))

    def of_truths(self, op: str, types: Sequence[Type]) -> str:
        """What NumPy makes of an op on arrays of truth values alone: they are no numbers there."""
        if set(types) != {"b"} or op not in OF_TRUTHS:
            return op
        if not OF_TRUTHS[op]:
            raise UnsupportedError(
                f"{op} of arrays of truth values",
                loc=self.arrays.host.place,
                why="NumPy refuses it, or counts in 8 bits.",
                fix="convert them with .astype(int) or .astype(float).",
            )
        return OF_TRUTHS[op]

    def same(self, left: Sequence[Arg], right: Sequence[Arg]) -> bool:
        """Whether two shapes are surely the same."""
        known = self.arrays.numbers
        return len(left) == len(right) and all(
            known.equal(one, other) for one, other in zip(left, right, strict=True)
        )

    def aligned(self, part: Lazy, lengths: Sequence[Arg], index: Sequence[Arg]) -> list[Arg]:
        """The index of an operand: its axes are the last ones, and those of length 1 are stretched."""
        offset = len(index) - part.rank
        return [
            self.stretching.place(length, lengths[offset + axis], index[offset + axis])
            for axis, length in enumerate(part.lengths)
        ]

    def broadcast(self, shapes: Sequence[Sequence[Arg]]) -> tuple[Arg, ...]:
        """The common shape. Lengths that are not known to be equal are compared when it runs."""
        rank = max(len(shape) for shape in shapes)
        result: list[Arg] = []
        for axis in range(rank):
            given = [shape[axis - rank + len(shape)] for shape in shapes if axis - rank + len(shape) >= 0]
            long = [length for length in given if length != Lit(1)]
            result.append(self.stretching.common(long) if long else Lit(1))
        return tuple(result)

    def require_equal(self, left: Arg, right: Arg) -> None:
        """The program raises ValueError here if two lengths differ."""
        self.stretching.require_equal(left, right)

    def unchanged(self, value: Lazy) -> None:
        """Refuse a formula whose arrays were stored into after it was written and before it is computed."""
        for buffer, count in value.reads:
            if self.arrays.stores[buffer] != count:
                raise UnsupportedError(
                    f"{buffer.label!r} changes while an expression with it is computed",
                    loc=self.arrays.host.place,
                    why="Python computes one part of it before the change and one after.",
                    fix="give the part that comes first a name of its own, in a line before.",
                )

    def materialised(self, value: Elements, hint: str = "t") -> View:
        """The elements as a fresh array."""
        part = self.lazy(value)
        self.unchanged(part)
        view = self.arrays.new(part.type, part.lengths, Lit(None), hint)
        self.arrays.counted(part.lengths, lambda index: self.arrays.store(view, index, part.element(index)))
        view.buffer.rows = all(map(in_rows, part.views))
        return view

    def assign(self, view: View, value: "Arg | Elements") -> None:
        """`view[...] = value`, in place. What overlaps with the target is copied first, as NumPy does."""
        part = self.lazy(value)
        if any(other.buffer is view.buffer and other != view for other in part.views):
            part = self.lazy(self.materialised(part))
        part = self.fitted(part, view.lengths)

        def store(index: list[Arg]) -> None:
            self.arrays.store(view, index, part.element(self.aligned(part, view.lengths, index)))

        self.arrays.counted(view.lengths, store)

    def fitted(self, part: Lazy, lengths: Sequence[Arg]) -> Lazy:
        """The elements as they are stored into a place of this shape; lengths are compared when it runs."""
        rank = len(lengths)
        while part.rank > rank and part.lengths[0] == Lit(1):
            part = self.without_axis(part)
        if part.rank > rank:
            raise UnsupportedError(
                f"an array of rank {part.rank} stored where rank {rank} fits",
                loc=self.arrays.host.place,
                why="a store does not add dimensions.",
                fix="store an array of the same shape.",
            )
        self.unchanged(part)
        for axis, length in enumerate(part.lengths):
            if length != Lit(1):
                self.stretching.compare(length, lengths[rank - part.rank + axis])
        return part

    def flattened(self, view: View) -> View:
        """A vector of all elements; a copy, unless it is one."""
        if view.rank == 1:
            return view
        size = self.arrays.product(view.lengths)
        flat = self.arrays.new(view.buffer.type.element, [size], Lit(None), "flat")

        def store(index: list[Arg]) -> None:
            place: Arg = Lit(0)
            for i, length in zip(index, view.lengths, strict=True):
                place = self.arrays.whole("add", self.arrays.whole("multiply", place, length), i)
            self.arrays.store(flat, [place], self.arrays.load(view, index))

        self.arrays.counted(view.lengths, store)
        return flat

    def without_axis(self, part: Lazy) -> Lazy:
        """The elements without a first axis of length 1."""
        return Lazy(
            part.lengths[1:],
            lambda index: part.element([Lit(0), *index]),
            part.type,
            part.reads,
            part.views,
            part.plain,
        )

    # ---- reductions ------------------------------------------------------------------------------

    def reduced(
        self,
        value: Elements,
        axes: Sequence[int],
        keepdims: bool,
        start: "Arg | None",
        step: Callable[[Arg, Arg], Arg],
        kind: Type,
    ) -> "Arg | View":
        """`step(total, element)` over some axes, from `start`, or from the first element where it is None."""
        part = self.lazy(value)
        self.unchanged(part)
        if not part.plain and len(axes) < part.rank:
            part = self.lazy(self.materialised(part))
        inner = [part.lengths[axis] for axis in axes]
        outer = [length for axis, length in enumerate(part.lengths) if axis not in axes]
        if start is None:
            for length in inner:
                if not self.arrays.numbers.at_least(length, Lit(1)):
                    self.arrays.fail(self.arrays.host.row("less", [length, Lit(1)]), "ValueError")

        def total(kept: Sequence[Arg]) -> Arg:
            def at(index: Sequence[Arg]) -> Arg:
                places = dict(zip(axes, index, strict=True))
                rest = iter(kept)
                return part.element([places[a] if a in places else next(rest) for a in range(part.rank)])

            first = at([Lit(0)] * len(axes)) if start is None else start
            return self.arrays.accumulated(inner, [first], lambda i, t: [step(t[0], at(i))])[0]

        if not outer and not keepdims:
            return total([])
        shape = [Lit(1) if axis in axes else length for axis, length in enumerate(part.lengths)]
        view = self.arrays.new(kind, shape if keepdims else outer, Lit(None), "t")

        def store(index: list[Arg]) -> None:
            full = iter(index)
            places = [Lit(0) if axis in axes else next(full) for axis in range(part.rank)]
            self.arrays.store(view, places if keepdims else index, total(index))

        self.arrays.counted(outer, store)
        return view

    def product(self, left: Elements, right: Elements) -> "Arg | View":
        """`left @ right`, for arrays of rank 1 and 2."""
        a, b = (value if isinstance(value, View) else self.materialised(value) for value in (left, right))
        if a.rank not in (1, 2) or b.rank not in (1, 2):
            raise (ArrayExpected if 0 in (a.rank, b.rank) else UnsupportedError)(
                f"a product of arrays of rank {a.rank} and {b.rank}",
                loc=self.arrays.host.place,
                why="products of vectors and matrices are supported.",
                fix="loop over the other dimensions.",
            )
        self.require_equal(a.lengths[-1], b.lengths[0])
        rows, columns = a.lengths[:-1], b.lengths[1:]
        kind = result_type("multiply", [self.type_of(a), self.type_of(b)])
        row = self.arrays.host.row

        def total(index: Sequence[Arg]) -> Arg:
            left_index, right_index = index[: len(rows)], index[len(rows) :]

            def step(k: list[Arg], totals: list[Arg]) -> list[Arg]:
                terms = [
                    self.arrays.load(a, [*left_index, *k]),
                    self.arrays.load(b, [*k, *right_index]),
                ]
                return [row("add", [totals[0], row("multiply", terms)])]

            return self.arrays.accumulated([a.lengths[-1]], [zero(kind)], step)[0]

        shape = (*rows, *columns)
        if not shape:
            return total([])
        view = self.arrays.new(kind, shape, Lit(None), "t")
        view.buffer.rows = True
        self.arrays.counted(shape, lambda index: self.arrays.store(view, index, total(index)))
        return view


def zero(kind: Type) -> Lit:
    """The zero that a sum of such elements starts from."""
    return Lit(0.0) if kind == "f" else Lit(0)


def in_rows(view: View) -> bool:
    """Whether a formula over this array gives one in C order (NumPy keeps the order of its operands)."""
    axes = [place.axis if isinstance(place, Along) and place.step == Lit(1) else -1 for place in view.places]
    return view.rank < 2 or (view.buffer.rows and -1 not in axes and axes == sorted(axes))
