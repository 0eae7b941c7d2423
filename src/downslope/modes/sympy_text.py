"""Formulas as text in Python's own notation, and as LaTeX."""

from collections.abc import Callable, Mapping

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from downslope.modes.sympy_values import Expr
from downslope.rules import RULES
from downslope.rules.result_types import BOOLEAN


def text(expression: Expr) -> str:
    """The formula in Python's notation: `a if c else b`, `and`, `==`, the shortest decimals.

    >>> x, speed = sympy.symbols("x speed", real=True)
    >>> text(sympy.Piecewise((60 / speed, sympy.Eq(x, 0.55)), (-x, True)))
    '60/speed if x == 0.55 else -x'
    """
    printed = str(_Text().doprint(expression))
    whole = isinstance(expression, sympy.Piecewise | AppliedUndef) and printed.startswith("(")
    return printed[1:-1] if whole else printed


def latex(expression: Expr) -> str:
    r"""The formula as LaTeX, without dollar signs; long names are upright.

    >>> latex(-60 * sympy.Symbol("d") / sympy.Symbol("speed_kmh"))
    '- \\frac{60 d}{\\mathrm{speed\\_kmh}}'
    """
    return str(_Latex().doprint(expression))


class _Text(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    def _print_Float(self, number: Expr) -> str:  # noqa: N802  # the name SymPy requires
        return repr(float(number))

    def _print_Piecewise(self, pieces: Expr) -> str:  # noqa: N802  # the name SymPy requires
        *some, (last, _) = pieces.args
        start = "".join(f"{self._print(value)} if {self._print(test)} else " for value, test in some)
        return f"({start}{self._print(last)})"

    def _print_Relational(self, relation: Expr) -> str:  # noqa: N802  # the name SymPy requires
        if isinstance(relation.lhs, AppliedUndef) and str(relation.lhs.func) in BOOLEAN:
            return str(self._print(relation.lhs))
        sides = (self.parenthesize(side, PRECEDENCE["Relational"]) for side in (relation.lhs, relation.rhs))
        return {"Eq": " == ", "Ne": " != "}.get(relation.func.__name__, f" {relation.rel_op} ").join(sides)

    def _print_And(self, condition: Expr) -> str:  # noqa: N802  # the name SymPy requires
        return " and ".join(map(self._operand, condition.args))

    def _print_Or(self, condition: Expr) -> str:  # noqa: N802  # the name SymPy requires
        return " or ".join(map(self._operand, condition.args))

    def _print_Not(self, condition: Expr) -> str:  # noqa: N802  # the name SymPy requires
        return f"not {self._operand(condition.args[0])}"

    def _operand(self, condition: Expr) -> str:
        shown = str(self._print(condition))
        return f"({shown})" if isinstance(condition, sympy.And | sympy.Or) else shown

    def _print_Function(self, call: Expr) -> str:  # noqa: N802  # the name SymPy requires
        """A row in the user's notation: `x // y`, `int(x)`."""
        row = RULES.get(str(call.func)) if isinstance(call, AppliedUndef) else None
        if row is None:
            return str(super()._print_Function(call))
        is_call = row.python.endswith(")")
        args = (str(self._print(arg)) for arg in call.args)
        shown = row.python.format(*(arg if is_call or arg.isalnum() else f"({arg})" for arg in args))
        return shown.replace("math.", "") if is_call else f"({shown})"


_NOTATION: Mapping[str, Callable[..., str]] = {
    "floor_divide": r"\left\lfloor \frac{{{0}}}{{{1}}} \right\rfloor".format,
    "remainder": r"\left({0} \bmod {1}\right)".format,
    "cbrt": r"\sqrt[3]{{{0}}}".format,
    "where": r"\begin{{cases}} {1} & \text{{for}}\: {0} \\{2} & \text{{otherwise}} \end{{cases}}".format,
}
"""Rows that have a notation of their own."""


class _Latex(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    def _print_Float(self, number: Expr) -> str:  # noqa: N802  # the name SymPy requires
        return repr(float(number))

    def _print_Symbol(self, symbol: Expr, style: str = "plain") -> str:  # noqa: N802  # the name SymPy requires
        usual = str(super()._print_Symbol(symbol, style))
        if len(symbol.name) == 1 or usual.startswith("\\"):
            return usual
        name = str(symbol.name).replace("_", r"\_")
        return rf"\mathrm{{{name}}}"

    def _print_Function(self, call: Expr, exp: str | None = None) -> str:  # noqa: N802  # the name SymPy requires
        if not isinstance(call, AppliedUndef):
            return str(super()._print_Function(call, exp))
        name, args = str(call.func), [str(self._print(arg)) for arg in call.args]
        if name in _NOTATION:
            shown = _NOTATION[name](*args)
        else:
            operator = name.replace("_", r"\_")
            shown = rf"\operatorname{{{operator}}}{{\left({', '.join(args)} \right)}}"
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"
