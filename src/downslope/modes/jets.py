"""Values with derivatives, as SymPy expressions: dual numbers whose parts are formulas.

A jet of order 2 is a jet whose value and slopes are jets of order 1, so the rows are applied again
for each order, as `modes/dual.py` does with numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import sympy

from downslope.errors import UnsupportedError
from downslope.modes.sympy_rows import primal
from downslope.modes.sympy_values import Expr, choice, literal, number, truth
from downslope.rules import RULES
from downslope.rules.elementwise import UNKNOWN
from downslope.rules.kinds import interpret, is_mask

ZERO = sympy.Integer(0)


@dataclass(frozen=True, slots=True)
class Jet:
    """A value and its slope in each direction; `order` counts the jets inside it."""

    order: int
    value: "Value"
    slopes: "tuple[Value, ...]"


Value: TypeAlias = "Jet | Expr"  # an expression alone changes in no direction


def value_of(value: Value) -> Expr:
    """The expression without any derivative."""
    while isinstance(value, Jet):
        value = value.value
    return value


def seeded(symbol: Expr, name: str, levels: Sequence[Sequence[str]]) -> Value:
    """An input. For each order it changes by 1 in the direction of its own name."""
    value: Value = symbol
    for order, directions in enumerate(levels, start=1):
        if name in directions:
            value = Jet(order, value, tuple(sympy.Integer(name == other) for other in directions))
    return value


@dataclass(slots=True)
class Algebra:
    """Rows on jets. From the first slope that may be infinite on, a zero factor wins in every product.

    `edges` collects the conditions by which partials single out a point (`0 if y == 0 else ...`).
    """

    careful: bool = False
    edges: set[Expr] = field(default_factory=set)

    def apply(self, op: str, args: tuple[Value, ...]) -> Value:
        """`op(*args)` and its slopes, by the row's partials."""
        order = max((arg.order for arg in args if isinstance(arg, Jet)), default=0)
        row = RULES[op]
        if order == 0 or row.flat:
            return primal(op, tuple(map(value_of, args)))
        self.careful |= row.singular and not (op == "power" and value_of(args[1]).is_Integer)
        moving = [arg if isinstance(arg, Jet) and arg.order == order else None for arg in args]
        values = tuple(arg if jet is None else jet.value for arg, jet in zip(args, moving, strict=True))
        y = self.apply(op, values)
        names = dict(zip(row.args, values, strict=True)) | {"y": y}
        totals: list[Value] = []
        for jet, formula in zip(moving, row.partials, strict=True):
            if jet is None or formula == "0" or all(slope == ZERO for slope in jet.slopes):
                continue
            terms = self._terms(op, formula, names, jet)
            totals = (
                [self.apply("add", pair) for pair in zip(totals, terms, strict=True)] if totals else terms
            )
        return Jet(order, y, tuple(totals)) if totals and any(t != ZERO for t in totals) else y

    def _terms(self, op: str, formula: str, names: Mapping[str, Value], jet: Jet) -> list[Value]:
        """Partial * slope, in each direction."""
        if formula == UNKNOWN:
            raise UnsupportedError(f"the slope of {op} has no closed form here")
        partial = interpret(formula, names, self._inside, literal)
        if is_mask(formula):
            return [merged(truth(value_of(partial)), slope, ZERO) for slope in jet.slopes]
        return [self._product(partial, slope) for slope in jet.slopes]

    def _inside(self, op: str, args: tuple[Value, ...]) -> Value:
        """One step of a partial."""
        result = self.apply(op, args)
        if op == "equal" and isinstance(result, sympy.Eq):
            self.edges.add(result)
        return result

    def _product(self, partial: Value, slope: Value) -> Value:
        if slope == ZERO or slope == 1:
            return ZERO if slope == ZERO else partial
        return self.apply("mul0" if self.careful else "multiply", (partial, slope))


def merged(condition: Expr, then: Value, orelse: Value) -> Value:
    """`then if condition else orelse`, slopes alike: the derivative is that of the branch taken."""
    if condition in (sympy.true, sympy.false):
        return then if condition else orelse
    order = max((side.order for side in (then, orelse) if isinstance(side, Jet)), default=0)
    if order == 0:
        return choice(condition, then, orelse)
    (a, a_slopes), (b, b_slopes) = (_opened(side, order) for side in (then, orelse))
    count = max(len(a_slopes), len(b_slopes))
    a_slopes, b_slopes = a_slopes or (ZERO,) * count, b_slopes or (ZERO,) * count
    slopes = tuple(merged(condition, *pair) for pair in zip(a_slopes, b_slopes, strict=True))
    return Jet(order, merged(condition, a, b), slopes)


def _opened(side: Value, order: int) -> tuple[Value, tuple[Value, ...]]:
    if isinstance(side, Jet) and side.order == order:
        return side.value, side.slopes
    return side, ()


def entries(value: Value, orders: tuple[int, ...]) -> list[Expr]:
    """The derivatives in every combination of directions, as numbers; `orders` counts the directions."""
    if not orders:
        return [number(value_of(value))]
    *inner, last = orders
    slopes = _opened(value, len(orders))[1] or (ZERO,) * last
    return [entry for slope in slopes for entry in entries(slope, tuple(inner))]
