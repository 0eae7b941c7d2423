"""Axes of length 1 that are stretched to the length of others.

Where a length is known to be 1 when the program is read, its index is 0. Two lengths that are not known to be
equal are compared when the program runs, and must be equal: so most programs pay nothing for the axes that
happen to have length 1. Where they do, the program is read once more with `anywhere`: then each length that may
be 1 has a factor, 0 or 1, for its index.
"""

from collections.abc import Sequence

from downslope.errors import ArrayExpected
from downslope.ir.nodes import Arg, Lit
from downslope.read.arrays import Arrays
from downslope.read.whole_numbers import Sum


class Stretching:
    """How lengths fit together in one program."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.anywhere = False
        self._factors: dict[tuple[Arg, Arg], Arg] = {}

    def place(self, length: Arg, target: Arg, index: Arg) -> Arg:
        """The index along an axis of some length, where the loop goes along one of another."""
        if length == Lit(1) != target:
            return Lit(0)
        if self.arrays.numbers.equal(length, target):
            return index
        return self.arrays.whole("multiply", index, self._factors.get((length, target), Lit(1)))

    def common(self, lengths: Sequence[Arg]) -> Arg:
        """The length that all have, once those of 1 are stretched; none of these is known to be 1."""
        found = lengths[0]
        if self.anywhere:
            for length in lengths[1:]:
                found = self._longer(found, length)
        for length in lengths:
            self.compare(length, found)
        return found

    def _longer(self, one: Arg, other: Arg) -> Arg:
        if isinstance(one, Lit) or self.arrays.numbers.equal(one, other):
            return one
        if isinstance(other, Lit):
            return other
        row = self.arrays.host.row
        found = row("where", [row("equal", [one, Lit(1)]), other, one], "length")
        self.arrays.numbers.whole(str(found), Sum(0))
        return found

    def compare(self, length: Arg, target: Arg) -> None:
        """The program raises ValueError here unless a length fits to that of the target."""
        if not self.anywhere or isinstance(length, Lit) or self.arrays.numbers.equal(length, target):
            self.require_equal(length, target)
            return
        row = self.arrays.host.row
        differ = row("logical_and", [row("not_equal", [length, target]), row("not_equal", [length, Lit(1)])])
        self.arrays.fail(differ, "ValueError")
        factor = row("where", [row("equal", [length, Lit(1)]), Lit(0), Lit(1)], "factor")
        self.arrays.numbers.whole(str(factor), Sum(0), Sum(1))
        self._factors[length, target] = factor

    def require_equal(self, left: Arg, right: Arg) -> None:
        """The program raises ValueError here if two lengths differ."""
        if self.arrays.numbers.equal(left, right):
            return
        if isinstance(left, Lit) and isinstance(right, Lit):
            raise ArrayExpected(  # where an argument that is read as a number is an array, they may fit
                f"arrays of lengths {left.value} and {right.value} do not fit together",
                loc=self.arrays.host.place,
                why="lengths must be equal, or one of them 1.",
                fix="make them fit.",
            )
        self.arrays.fail(self.arrays.host.row("not_equal", [left, right]), "ValueError")
