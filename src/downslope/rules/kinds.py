"""The row types of the rule table, and the little language their partials are written in.

A partial is a Python expression over the argument names, the output `y`, numbers, `pi`, the
operators `+ - * / **`, comparisons, `a if c else b`, and calls to other rows by name. A comparison is
a mask: it selects the incoming derivative or drops it, it does not multiply it by 0.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import pi
from typing import TypeVar

from downslope.errors import UsageError

Value = TypeVar("Value")

OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.Pow: "power",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
    ast.LShift: "left_shift",
    ast.RShift: "right_shift",
    ast.USub: "negative",
    ast.UAdd: "positive",
    ast.Invert: "invert",
    ast.Not: "logical_not",
    ast.And: "logical_and",
    ast.Or: "logical_or",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
"""Python's operators as row names. The reader uses it for programs, this file for partials."""


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function of numbers with one partial formula per argument.

    `python` is the call in emitted code, with `{0}`, `{1}` for the arguments. `spellings` are the
    dotted names a user may write (`math.sin`). `sample` gives per argument a region where the formula
    may be tested. `singular` marks a row whose partial can be infinite where its value is finite.
    """

    name: str
    args: tuple[str, ...]
    partials: tuple[str, ...]
    python: str
    spellings: tuple[str, ...] = ()
    sample: tuple[tuple[float, float], ...] = ()
    singular: bool = False
    note: str = ""

    @property
    def flat(self) -> bool:
        """True where every partial is zero: the op stops the derivative."""
        return all(partial == "0" for partial in self.partials)


@cache
def parsed(formula: str) -> ast.expr:
    """The syntax tree of a partial."""
    return ast.parse(formula, mode="eval").body


def is_mask(formula: str) -> bool:
    """Whether a partial is a comparison, which selects instead of multiplying."""
    return isinstance(parsed(formula), ast.Compare)


def interpret(
    formula: str,
    names: Mapping[str, Value],
    apply: Callable[[str, tuple[Value, ...]], Value],
    literal: Callable[[float], Value],
) -> Value:
    """Build a partial's value bottom-up: `apply(op, args)` for each step, `literal(x)` for numbers.

    Every mode interprets the same formulas: the IR builder makes statements, dual numbers
    compute, the formal mode makes SymPy expressions.
    """

    def build(node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as value):
                return literal(value)
            case ast.Name(id="pi"):
                return literal(pi)
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return literal(-value)
            case ast.UnaryOp(op=op, operand=operand):
                return apply(OPERATORS[type(op)], (build(operand),))
            case ast.BinOp(left=left, op=op, right=right):
                return apply(OPERATORS[type(op)], (build(left), build(right)))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return apply(OPERATORS[type(op)], (build(left), build(right)))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return apply("where", (build(test), build(body), build(orelse)))
            case ast.Call(func=ast.Name(id=op_name), args=args, keywords=[]):
                return apply(op_name, tuple(build(arg) for arg in args))
        raise UsageError(
            f"a partial cannot contain {ast.unparse(node)!r}",
            why=f"the formula {formula!r} is outside the language of partials.",
            fix="use arithmetic, comparisons, `a if c else b` and calls to rows of the table.",
        )

    return build(parsed(formula))
