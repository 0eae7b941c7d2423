"""Whole numbers in a program: what the reader knows of indices, lengths and loop bounds.

Each is a sum of other whole numbers, and some have bounds (a loop's index, a length). So most indices
are shown to be inside their array when the program is read, and need no test when it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from downslope.ir.nodes import Arg, Lit

DEPTH = 40
"""How many bounds one proof may use."""


@dataclass(frozen=True)
class Sum:
    """`constant + sum of factor * name`."""

    constant: int = 0
    factors: Mapping[str, int] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether the number is known now."""
        return not self.factors

    def plus(self, other: "Sum", times: int = 1) -> "Sum":
        """The sum of this and so many times another."""
        factors = dict(self.factors)
        for name, factor in other.factors.items():
            factors[name] = factors.get(name, 0) + times * factor
        left = {name: factor for name, factor in factors.items() if factor}
        return Sum(self.constant + times * other.constant, left)


class WholeNumbers:
    """What is known of whole numbers. Names never change, so nothing is ever forgotten."""

    def __init__(self) -> None:
        self._sums: dict[str, Sum] = {}
        self._low: dict[str, Sum] = {}
        self._high: dict[str, Sum] = {}
        self._order: dict[str, int] = {}

    def sum_of(self, arg: Arg) -> Sum | None:
        """The number as a sum; None where it may not be whole."""
        if isinstance(arg, Lit):
            value = arg.value
            return Sum(value) if isinstance(value, int) and not isinstance(value, bool) else None
        return self._sums.get(arg)

    def whole(self, name: str, low: Arg | Sum | None = None, high: Arg | Sum | None = None) -> None:
        """Say that a name is a whole number, and what bounds it has (both are included)."""
        self._sums[name] = Sum(0, {name: 1})
        self._order[name] = len(self._order)
        for bounds, given in ((self._low, low), (self._high, high)):
            known = given if isinstance(given, Sum) or given is None else self.sum_of(given)
            if known is not None:
                bounds[name] = known

    def result(self, name: str, op: str, args: tuple[Arg, ...]) -> None:
        """Learn what an op on whole numbers gives."""
        sums = [self.sum_of(arg) for arg in args]
        match op, sums:
            case "add", [Sum() as left, Sum() as right]:
                self._sums[name] = left.plus(right)
            case "subtract", [Sum() as left, Sum() as right]:
                self._sums[name] = left.plus(right, -1)
            case "negative", [Sum() as only]:
                self._sums[name] = Sum().plus(only, -1)
            case "multiply", [Sum() as left, Sum() as right] if right.known:
                self._sums[name] = Sum().plus(left, right.constant)
            case "multiply", [Sum() as left, Sum() as right] if left.known:
                self._sums[name] = Sum().plus(right, left.constant)
            case "floor_divide", [Sum() as left, Sum() as divisor] if (
                divisor.known and divisor.constant > 0 and self._shown(left)
            ):
                self.whole(name, Sum(0), left)
            case "remainder", [Sum(), Sum() as divisor] if self._shown(divisor.plus(Sum(-1))):
                self.whole(name, Sum(0), divisor.plus(Sum(-1)))

    def index(self, name: str, start: Arg, stop: Arg, step: Arg) -> None:
        """Learn the bounds of a loop's index: inside the loop it is one of range(start, stop, step)."""
        first, last = self.sum_of(start), self.sum_of(stop)
        stride = step.value if isinstance(step, Lit) else None
        if not isinstance(stride, int):
            self.whole(name)
        elif stride > 0:
            self.whole(name, first, None if last is None else last.plus(Sum(-1)))
        else:
            self.whole(name, None if last is None else last.plus(Sum(1)), first)

    def at_least(self, arg: Arg, least: Arg) -> bool:
        """Whether `arg >= least` is sure."""
        left, right = self.sum_of(arg), self.sum_of(least)
        return left is not None and right is not None and self._shown(left.plus(right, -1))

    def less(self, arg: Arg, bound: Arg) -> bool:
        """Whether `arg < bound` is sure."""
        left, right = self.sum_of(arg), self.sum_of(bound)
        return left is not None and right is not None and self._shown(right.plus(left, -1).plus(Sum(-1)))

    def equal(self, left: Arg, right: Arg) -> bool:
        """Whether two numbers are surely equal."""
        one, other = self.sum_of(left), self.sum_of(right)
        if one is None or other is None:
            return left == right
        difference = one.plus(other, -1)
        return difference.known and not difference.constant

    def _shown(self, number: Sum) -> bool:
        """Whether a number is surely not negative: each name gives way to a bound, the latest first."""
        for _ in range(DEPTH):
            if number.known:
                return number.constant >= 0
            name = max(number.factors, key=lambda n: self._order.get(n, -1))
            factor = number.factors[name]
            bound = (self._low if factor > 0 else self._high).get(name)
            if bound is None:
                return False
            number = number.plus(Sum(0, {name: 1}), -factor).plus(bound, factor)
        return False
