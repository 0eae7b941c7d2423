"""Integer arrays and masks as indices: NumPy's rules for which axes they are, and where they go.

A mask is the index arrays of its true elements. Reading copies, element by element; storing goes through
the elements in order, so that the last of several stores into one place stays.
"""

from collections.abc import Sequence
from dataclasses import replace

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Lit
from downslope.read.subscripts import Item, NewAxis, Slice, spread, subscripted
from downslope.read.views import Index, Lazy, Mask, Picked, View
from downslope.read.whole_arrays import Elements, WholeArrays


class Picking:
    """Subscripts with index arrays, of one program."""

    def __init__(self, whole: WholeArrays) -> None:
        self.whole, self.arrays = whole, whole.arrays

    def picked(self, base: View, items: Sequence[Item]) -> Picked:
        """The elements that an index with arrays in it means."""
        full = self._without_masks(base, spread(self.arrays, base, items))
        advanced = [k for k, item in enumerate(full) if not isinstance(item, Slice | NewAxis)]
        basic = [ALL if k in advanced and isinstance(item, Index) else item for k, item in enumerate(full)]
        # Numbers among index arrays are arrays of no dimensions to NumPy; only their places count here.
        view = subscripted(self.arrays, base, basic)
        together = advanced == list(range(advanced[0], advanced[-1] + 1))
        indices = [item for item in full if isinstance(item, Index)]
        shape = self.whole.broadcast([index.view.lengths for index in indices])
        kept = [k for k, item in enumerate(full) if isinstance(item, Slice | NewAxis)]
        before = sum(k < advanced[0] for k in kept) if together else 0
        axes = [k for k, item in enumerate(full) if isinstance(item, Slice | NewAxis | Index)]
        plain = [view.lengths[axis] for axis, k in enumerate(axes) if k in kept]
        lengths = (*plain[:before], *shape, *plain[before:])

        def place(index: Sequence[Arg]) -> list[Arg]:
            inner = index[before : before + len(shape)]
            rest = iter([*index[:before], *index[before + len(shape) :]])
            arrays = iter(indices)
            return [
                next(rest) if k in kept else self._at(next(arrays), shape, inner, view.lengths[axis])
                for axis, k in enumerate(axes)
            ]

        return Picked(view, lengths, place, tuple(index.view for index in indices))

    def _at(self, index: Index, shape: Sequence[Arg], inner: Sequence[Arg], length: Arg) -> Arg:
        """An element of an index array, as an index that is not negative and in bounds."""
        part = self.whole.lazy(index.view)
        return self.arrays.index(part.element(self.whole.aligned(part, shape, inner)), length)

    def _without_masks(self, base: View, items: Sequence[Item]) -> list[Item]:
        found: list[Item] = []
        axis = 0
        for item in items:
            if isinstance(item, Mask):
                found += self.true_places(item.view, base.lengths[axis : axis + item.view.rank])
                axis += item.view.rank
            else:
                found.append(item)
                axis += not isinstance(item, NewAxis)
        return found

    def true_places(self, mask: View, lengths: Sequence[Arg] = ()) -> list[Index]:
        """One index array per axis of a mask; `lengths` are those of the axes that it is an index of."""
        for own, other in zip(mask.lengths, lengths, strict=bool(lengths)):
            if not self.arrays.numbers.equal(own, other):
                self.arrays.fail(self.arrays.host.row("not_equal", [own, other]), "IndexError")
        flat = self.flat_places(mask)
        if mask.rank == 1:
            return [Index(flat)]
        found: list[Index] = []
        step: Arg = Lit(1)
        for axis in reversed(range(mask.rank)):
            digit: Elements = self.whole.elementwise("floor_divide", [flat, step]) if step != Lit(1) else flat
            if axis:
                digit = self.whole.elementwise("remainder", [digit, mask.lengths[axis]])
            found.insert(0, Index(self.known(self.whole.materialised(digit), mask.lengths[axis])))
            step = self.arrays.product([step, mask.lengths[axis]])
        return found

    def flat_places(self, mask: View) -> View:
        """The places of a mask's true elements, counted through all of it."""
        size = self.arrays.product(mask.lengths)
        flat = self.whole.flattened(mask)
        result = self.arrays.host.expanded("ordering:places_of", [flat])
        assert isinstance(result, View)
        return self.known(result, size)

    def known(self, index: View, length: Arg) -> View:
        """Index arrays that no name of the program reaches need no test of their bounds."""
        index.buffer.inside = (Lit(0), self.arrays.whole("subtract", length, Lit(1)))
        return index

    # ---- reading and storing ---------------------------------------------------------------------

    def gathered(self, picked: Picked) -> Lazy:
        """The elements, computed where they are needed."""
        view = picked.view
        reads = [(v.buffer, self.arrays.stores[v.buffer]) for v in (view, *picked.indices)]
        # A view of no axes: whoever stores into the buffer of a gather meanwhile needs a copy of it.
        anywhere = replace(view, places=(), lengths=())
        return Lazy(
            picked.lengths, lambda index: self.arrays.load(view, picked.place(index)),
            view.buffer.type.element, tuple(reads), (anywhere, *picked.indices),
        )  # fmt: skip

    def scatter(self, picked: Picked, value: "Arg | Elements") -> None:
        """`array[indices] = value`."""
        part = self.whole.lazy(value)
        if any(view.buffer is picked.view.buffer for view in part.views):
            part = self.whole.lazy(self.whole.materialised(part))
        if any(view.buffer is picked.view.buffer for view in picked.indices):
            raise UnsupportedError(
                f"{picked.view.buffer.label!r} is stored into at indices that it holds itself",
                loc=self.arrays.host.place,
                why="the indices change while they are used.",
                fix="index by a copy.",
            )
        part = self.whole.fitted(part, picked.lengths)

        def store(index: list[Arg]) -> None:
            value = part.element(self.whole.aligned(part, picked.lengths, index))
            self.arrays.store(picked.view, picked.place(index), value)

        self.arrays.counted(picked.lengths, store)

    def accumulated(self, picked: Picked, value: "Arg | Elements", op: str) -> None:
        """`numpy.add.at`: each element in turn, so that a place that comes twice gets both."""
        part = self.whole.fitted(self.whole.lazy(value), picked.lengths)
        if any(view.buffer is picked.view.buffer for view in (*part.views, *picked.indices)):
            raise UnsupportedError(
                f"{op}.at on {picked.view.buffer.label!r} with values or indices that it holds itself",
                loc=self.arrays.host.place,
                why="they change while they are used.",
                fix="use a copy of it.",
            )

        def store(index: list[Arg]) -> None:
            place = picked.place(index)
            added = part.element(self.whole.aligned(part, picked.lengths, index))
            total = self.arrays.host.row(op, [self.arrays.load(picked.view, place), added])
            self.arrays.store(picked.view, place, total)

        self.arrays.counted(picked.lengths, store)


ALL = Slice()


def along_axis(picking: Picking, view: View, index: View, axis: int) -> Picked:
    """What `take_along_axis` reads."""
    whole, arrays = picking.whole, picking.arrays
    others = [n if k != axis else index.lengths[k] for k, n in enumerate(view.lengths)]
    lengths = whole.broadcast([index.lengths, others])

    def place(at: Sequence[Arg]) -> list[Arg]:
        part = whole.lazy(index)
        chosen = arrays.index(part.element(whole.aligned(part, lengths, at)), view.lengths[axis])
        return [chosen if k == axis else i for k, i in enumerate(at)]

    return Picked(view, tuple(lengths), place, (index,))
