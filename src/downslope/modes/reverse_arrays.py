"""Cotangents of arrays: one array each, made when it is first needed and changed in place from then on."""

from downslope.errors import Loc
from downslope.ir.nodes import Arg, Block, Carry, Dim, For, Like, Lit, Load, New, Store
from downslope.ir.types import ArrayType
from downslope.passes.buffers import Shapes
from downslope.passes.build import ZERO, Builder

Bars = dict[str, Arg]  # the cotangent of each value seen so far; a missing one is zero


class ArrayBars:
    """Emits what happens to the cotangents of arrays. Versions are linear here too."""

    def __init__(self, build: Builder, shapes: Shapes) -> None:
        self.build, self.shapes = build, shapes

    def zeros(self, array: str) -> str:
        """A cotangent of zeros for an array."""
        name = self.build.names.fresh(f"{array}_bar")
        lengths = self.shapes.lengths(array)
        if isinstance(lengths, str):
            self.build.keep(Like(name, lengths, self.build.place))
        else:
            kind = ArrayType("f", len(lengths))
            self.build.keep(New(name, lengths, kind, ZERO, self.build.place))
        return name

    def needed(self, bars: Bars, array: str) -> str:
        """The cotangent of an array, which is made if there is none."""
        if array not in bars:
            bars[array] = self.zeros(array)
        return str(bars[array])

    def load(self, stmt: Load, bar: Arg, bars: Bars) -> None:
        """The transpose of a load: the element's cotangent goes to that element."""
        before = self.needed(bars, stmt.array)
        old = self.build.load(before, stmt.index)
        new = self.build.add(old, bar)
        bars[stmt.array] = self.build.store(before, stmt.index, new, f"{stmt.array}_bar")

    def store(self, stmt: Store, bars: Bars, active_before: bool) -> Arg:
        """The transpose of a store: that element's cotangent goes to the value, and is zero before it."""
        after = bars.pop(stmt.name, None)
        if after is None:
            return ZERO
        value = self.build.load(str(after), stmt.index, "bar")
        if active_before:
            bars[stmt.array] = self.build.store(str(after), stmt.index, ZERO, f"{stmt.array}_bar")
        return value

    def add(self, bars: Bars, array: str, change: Arg, kind: ArrayType) -> None:
        """Give an array a whole cotangent, on top of what it may have."""
        if array in bars:
            change = self._sum(str(bars[array]), str(change), [], kind.rank)
        bars[array] = change

    def _sum(self, target: str, source: str, index: list[Arg], rank: int) -> str:
        """`target += source`, element by element."""
        place: Loc | None = self.build.place
        if len(index) == rank:
            at = tuple(index)
            total = self.build.add(self.build.load(target, at), self.build.load(source, at))
            return self.build.store(target, at, total, "bar")
        fresh = self.build.names.fresh
        length, counter, carry, result = fresh("length"), fresh("k"), fresh("bar"), fresh("bar")
        self.build.keep(Dim(length, source, len(index), place))
        with self.build.scope() as body:
            last = self._sum(carry, source, [*index, counter], rank)
        block = Block(tuple(body), (last,))
        self.build.keep(
            For(counter, Lit(0), length, Lit(1), (Carry(carry, target),), block, (result,), None, place)
        )
        return result
