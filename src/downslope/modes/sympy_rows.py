"""The rows of the rule table as SymPy expressions: one table from op to SymPy function.

A row without a counterpart in SymPy becomes a function of its own name, which is computed by the row
itself. So every row, also one that a user adds, can stand in a formula.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import sympy

from downslope.modes.namesakes import ieee
from downslope.modes.sympy_values import (
    DIGITS,
    LONGEST,
    RELATIONS,
    Expr,
    both,
    choice,
    compared,
    either,
    is_condition,
    is_constant,
    literal,
    named,
    number,
    plain,
    truth,
)
from downslope.rules.result_types import BOOLEAN

_LARGEST_EXPONENT = 300


def _sum(a: Expr, b: Expr) -> Expr:
    """The sum; the two halves of a choice, each zero where the other is not, become one choice."""
    where = named("where")
    if a.func == b.func == where and a.args[2] == b.args[2] == 0 and b.args[0] == sympy.Not(a.args[0]):
        return choice(a.args[0], a.args[1], b.args[1])
    return a + b


def _product0(a: Expr, b: Expr) -> Expr:
    """A product in which zero wins; an ordinary one where a factor is a number."""
    if a == 0 or b == 0:
        return sympy.Integer(0)
    if a.is_Number or b.is_Number:
        return a * b
    return named("mul0")(a, b)


def _power(a: Expr, b: Expr) -> Expr:
    """A power; of numbers, exact only while it is short."""
    if a.is_Number and b.is_Number and abs(b) > _LARGEST_EXPONENT:
        return literal(ieee("power")(float(a), float(b)))
    return a**b


def _gamma(x: Expr) -> Expr:
    return literal(ieee("gamma")(float(x))) if x.is_Number else sympy.gamma(x)


def _whole(op: str) -> Callable[..., Expr]:
    """A rounding, which leaves whole numbers alone."""
    return lambda x: x if x.is_integer else _by_name(op, (x,))


def _extreme(make: Callable[..., Expr]) -> Callable[..., Expr]:
    return lambda a, b: make(a, b, evaluate=bool(a.is_Number and b.is_Number))


SYMPY: Mapping[str, Callable[..., Expr]] = {
    "add": _sum,
    "subtract": lambda a, b: _sum(a, -b),
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: sympy.nan if b == 0 else a / b,
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "to_float": lambda x: x,
    "power": _power,
    "float_power": _power,
    "mul0": _product0,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "absolute": sympy.Abs,
    "sign": sympy.sign,
    "maximum": _extreme(sympy.Max),
    "fmax": _extreme(sympy.Max),
    "minimum": _extreme(sympy.Min),
    "fmin": _extreme(sympy.Min),
    "sqrt": sympy.sqrt,
    "exp": sympy.exp,
    "exp2": lambda x: _power(sympy.Integer(2), x),
    "exp10": lambda x: _power(sympy.Integer(10), x),
    "log": sympy.log,
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "arctan2": sympy.atan2,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "arcsinh": sympy.asinh,
    "arccosh": sympy.acosh,
    "arctanh": sympy.atanh,
    "degrees": lambda x: x * 180 / sympy.pi,
    "radians": lambda x: x * sympy.pi / 180,
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "gamma": _gamma,
    "floor": sympy.floor,
    "floor_int": sympy.floor,
    "ceil": sympy.ceiling,
    "ceil_int": sympy.ceiling,
    **{op: _whole(op) for op in ("to_int", "trunc", "trunc_int", "rint", "round_int")},
}
"""Op -> SymPy function, on numbers."""

_LOGIC: Mapping[str, Callable[..., Expr]] = {
    "logical_and": both,
    "logical_or": either,
    "logical_not": sympy.Not,
    "logical_xor": sympy.Xor,
    "both": both,
    "either": either,
    "bitwise_and": both,
    "bitwise_or": either,
    "bitwise_xor": sympy.Xor,
    "to_bool": lambda a: a,
}
"""Op -> SymPy function, on conditions."""
_BITWISE = ("bitwise_and", "bitwise_or", "bitwise_xor")

WHOLE: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys((*_BITWISE, "left_shift", "right_shift", "gcd"), (0, 1)),
    "invert": (0,),
    "range_length": (0, 1, 2),
    **dict.fromkeys(("segment_passes", "snapshot_room", "snapshot_split"), (0, 1, 2, 3)),
    "round_digits": (1,),
    "ldexp": (1,),
}
"""Rows that Python computes for ints only, and the arguments that must be ints."""

_EXACT: Mapping[str, Callable[[int, int], int]] = {
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
}
"""Rows of whole numbers that may be too long for floats."""


def computed(op: str) -> Callable[..., Any]:
    """A row on floating-point numbers, for a formula that is run."""
    function, places = ieee(op), WHOLE.get(op, ())

    def call(*args: Any) -> Any:
        return function(*(int(a) if i in places else float(a) for i, a in enumerate(args)))

    return call


def primal(op: str, args: tuple[Expr, ...]) -> Expr:
    """One row of the table on SymPy expressions; NaN where it is not a real number.

    >>> x = sympy.Symbol("x", real=True)
    >>> primal("divide", (literal(60.0), x)), primal("sqrt", (literal(-4.0),))
    (60/x, nan)
    """
    if op == "where":
        return choice(truth(args[0]), args[1], args[2])
    if op in RELATIONS:
        return compared(op, *args)
    if op in _LOGIC and (op not in _BITWISE or all(map(is_condition, args))):
        return _LOGIC[op](*map(truth, args))
    return _tidy(_applied(op, tuple(map(number, args))))


def _applied(op: str, args: tuple[Expr, ...]) -> Expr:
    if sympy.nan in args:
        return sympy.nan
    if op in SYMPY:
        return SYMPY[op](*args)
    return _by_name(op, args)


def _by_name(op: str, args: tuple[Expr, ...]) -> Expr:
    """A row that SymPy has no function for: computed for numbers, and otherwise left as a call."""
    if op in _EXACT and all(arg.is_Integer for arg in args) and args[1] != 0:
        return sympy.Integer(_EXACT[op](*map(int, args)))
    if all(map(is_constant, args)):
        return literal(computed(op)(*map(plain, args)))
    result = named(op)(*args)
    return sympy.Ne(result, 0, evaluate=False) if op in BOOLEAN else result


def _tidy(result: Expr) -> Expr:
    """A number that is not real is NaN, and a fraction does not grow without end."""
    if result.is_Rational and not result.is_Integer and max(abs(result.p), result.q) > LONGEST:
        return sympy.Float(result, DIGITS)
    if result is sympy.zoo or (result.is_number and result.is_extended_real is False):
        return sympy.nan
    return result
