"""Numbers and conditions as SymPy has them, and the choice between two of them."""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

import sympy

from downslope.modes.namesakes import ieee

Expr: TypeAlias = Any
"""A SymPy expression, or a SymPy condition (`x > 0`, `true`)."""

DIGITS = 17
"""Decimal digits that tell any two floats apart."""
LONGEST = 10**12
"""A fraction of larger numbers than this becomes a decimal number."""

CONSTANTS: Mapping[float, Expr] = {
    math.pi: sympy.pi,
    math.e: sympy.E,
    0.6931471805599453: sympy.log(2),
    1.4426950408889634: 1 / sympy.log(2),
    2.302585092994046: sympy.log(10),
    0.4342944819032518: 1 / sympy.log(10),
    1.1283791670955126: 2 / sympy.sqrt(sympy.pi),
    0.3989422804014327: 1 / sympy.sqrt(2 * sympy.pi),
    2.5066282746310002: sympy.sqrt(2 * sympy.pi),
    0.886226925452758: sympy.sqrt(sympy.pi) / 2,
    0.7978845608028654: sympy.sqrt(2 / sympy.pi),
    0.7071067811865476: 1 / sympy.sqrt(2),
}
"""Floats that partials and programs write out, and what they stand for."""


def literal(value: float) -> Expr:
    """A number as SymPy has it: whole ones, halves and quarters are exact, others keep all digits.

    >>> literal(60.0), literal(0.5), float(literal(0.1)) == 0.1
    (60, 1/2, True)
    """
    if isinstance(value, bool):
        return sympy.true if value else sympy.false
    if value in CONSTANTS:
        return CONSTANTS[value]
    if isinstance(value, int):
        return sympy.Integer(value)
    if math.isnan(value):
        return sympy.nan
    if math.isinf(value):
        return sympy.oo if value > 0 else -sympy.oo
    if abs(value) < LONGEST and (4 * value).is_integer():
        return sympy.Rational(value)
    return sympy.Float(repr(value), DIGITS)


def plain(value: Expr) -> Any:
    """A SymPy number or truth value as Python's."""
    if value in (sympy.true, sympy.false):
        return bool(value)
    return int(value) if value.is_Integer else float(value)


def is_condition(value: Expr) -> bool:
    """Whether this is a condition and not a number."""
    return isinstance(value, sympy.logic.boolalg.Boolean) and not isinstance(value, sympy.Symbol)


def number(value: Expr) -> Expr:
    """A condition as 1 or 0; a number as it is."""
    if not is_condition(value):
        return value
    if value in (sympy.true, sympy.false):
        return sympy.Integer(bool(value))
    return choice(value, sympy.Integer(1), sympy.Integer(0))


def truth(value: Expr) -> Expr:
    """A number as a condition, true where it is not zero; a condition as it is."""
    return value if is_condition(value) else compared("not_equal", value, sympy.Integer(0))


def choice(condition: Expr, then: Expr, orelse: Expr) -> Expr:
    """`then if condition else orelse`; conditions may be chosen between as well.

    This is a function `where`, not yet a `Piecewise`, which SymPy would take long to tidy up.
    """
    if condition in (sympy.true, sympy.false):
        return then if condition else orelse
    if then == orelse:
        return then
    if is_condition(then) and is_condition(orelse):
        return either(both(condition, then), both(sympy.Not(condition), orelse))
    return named("where")(condition, number(then), number(orelse))


def both(a: Expr, b: Expr) -> Expr:
    """`a and b`, left as it is where neither decides it."""
    if sympy.false in (a, b):
        return sympy.false
    return b if a == sympy.true else a if b == sympy.true else sympy.And(a, b, evaluate=False)


def either(a: Expr, b: Expr) -> Expr:
    """`a or b`, left as it is where neither decides it."""
    if sympy.true in (a, b):
        return sympy.true
    return b if a == sympy.false else a if b == sympy.false else sympy.Or(a, b, evaluate=False)


@cache
def named(op: str) -> Any:
    """A function of SymPy that carries a row's name. It is real, and evaluated by the row alone."""
    return sympy.Function(op, real=True)


RELATIONS: Mapping[str, Callable[..., Expr]] = {
    "less": sympy.Lt,
    "less_equal": sympy.Le,
    "greater": sympy.Gt,
    "greater_equal": sympy.Ge,
    "equal": sympy.Eq,
    "not_equal": sympy.Ne,
}


def compared(op: str, a: Expr, b: Expr) -> Expr:
    """A comparison; decided at once for numbers, and left alone otherwise."""
    if is_condition(a) and b == 0 and op in ("equal", "not_equal"):
        return sympy.Not(a) if op == "equal" else a
    a, b = number(a), number(b)
    if sympy.nan in (a, b):
        return sympy.true if op == "not_equal" else sympy.false
    if is_constant(a) and is_constant(b):
        return sympy.true if ieee(op)(float(a), float(b)) else sympy.false
    return RELATIONS[op](a, b, evaluate=False)


def is_constant(value: Expr) -> bool:
    """Whether this is a real number of no variables (cheap: small numbers are atoms)."""
    return bool(value.is_Number or value.is_NumberSymbol or (value.is_number and value.is_extended_real))
