"""Formulas as people read them: in their usual functions, by pieces, simplified within bounds.

Simplification may take SymPy for ever, so it is tried on short formulas only; what is longer is shown
as the rows give it.
"""

from collections.abc import Callable, Iterator, Mapping

import sympy
from sympy.core.function import AppliedUndef

from downslope.modes.sympy_values import Expr, named

SHORT = 12
"""Operations in a formula (or a piece of one) that SymPy may simplify by all its means."""
LONGER = 30
"""Operations in a formula that may be brought to one fraction."""
FUNCTIONS, SYMBOLS = 3, 6
"""Calls of functions, and names, in such formulas."""
MEDIUM = 400
"""Operations in a formula whose common factors are taken out."""
DEGREE, TERMS = 12, 300
"""The degree, and about how many terms, a formula may have when it is multiplied out on the way."""
FEW = 4
"""Choices in one formula that are made one formula by pieces."""

MEANING: Mapping[str, Callable[..., Expr]] = {
    "mul0": lambda a, b: a * b,
    "hypot": lambda a, b: sympy.sqrt(a**2 + b**2),
    "expit": lambda x: 1 / (1 + sympy.exp(-x)),
    "logit": lambda x: sympy.log(x / (1 - x)),
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "lgamma": sympy.loggamma,
    "digamma": sympy.digamma,
}
"""Rows that are better computed by themselves, but better read as this."""


def readable(expression: Expr, edges: frozenset[Expr] = frozenset()) -> Expr:
    """The formula in its usual functions, by pieces where it chooses, and simplified.

    `edges` are conditions that hold at single points only, and are left out.

    >>> x = sympy.Symbol("x", real=True)
    >>> readable(named("mul0")(3 * x, named("expit")(x)))
    3*x/(1 + exp(-x))
    """
    known = dict.fromkeys(edges, sympy.false) | {sympy.Not(edge): sympy.true for edge in edges}
    plain, back = _without_decimals(_rewritten(expression, known))
    return _simplified(plain).xreplace(back)


def _rewritten(expression: Expr, known: dict[Expr, Expr]) -> Expr:
    """Rows by name replaced by what they mean; each shared part once."""
    if expression not in known:
        args = [_rewritten(arg, known) for arg in expression.args]
        known[expression] = _meant(expression, args) if args else expression
    return known[expression]


def _meant(expression: Expr, args: list[Expr]) -> Expr:
    name = str(expression.func) if isinstance(expression, AppliedUndef) else ""
    if name in MEANING:
        return MEANING[name](*args)
    if name == "where" and (args[1] == args[2] or args[0] in (sympy.true, sympy.false)):
        return args[2] if args[0] == sympy.false else args[1]
    if name == "where" and not args[0].has(named("where"), sympy.Piecewise):
        return _pieces(*args)
    if tuple(args) == expression.args:
        return expression
    keeps = isinstance(expression, sympy.core.relational.Relational | sympy.Max | sympy.Min)
    return expression.func(*args, evaluate=False) if keeps else expression.func(*args)


def _pieces(condition: Expr, then: Expr, orelse: Expr) -> Expr:
    """A choice as a formula by pieces; one inside the other case continues it."""
    rest = orelse.args if isinstance(orelse, sympy.Piecewise) else [(orelse, True)]
    return sympy.Piecewise((then, condition), *rest, evaluate=False)


# ---- simpler forms ---------------------------------------------------------------------------


def _without_decimals(expression: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """Decimal numbers as positive symbols, which simplify exactly, and the way back."""
    floats = sorted(expression.atoms(sympy.Float), key=float)
    hidden: dict[Expr, Expr] = {}
    for value in floats:
        size = abs(value)
        symbol = next((s for s, v in hidden.items() if v == size), None) or sympy.Dummy("c", positive=True)
        hidden[symbol] = size
    by_value = {value: symbol for symbol, value in hidden.items()}
    there = {f: by_value[abs(f)] * (-1 if f < 0 else 1) for f in floats}
    return expression.xreplace(there), hidden


def _simplified(expression: Expr) -> Expr:
    """The shortest of several equal forms, each tried only where it is quick."""
    choices = len(expression.atoms(sympy.Piecewise))
    if 0 < choices <= FEW and not isinstance(expression, sympy.Piecewise) and _ops(expression) <= MEDIUM:
        expression = sympy.piecewise_fold(expression)
    if isinstance(expression, sympy.Piecewise):
        pieces = [(_simplified(piece), condition) for piece, condition in expression.args]
        return sympy.Piecewise(*pieces, evaluate=_ops(expression) <= MEDIUM)
    return min(_forms(expression), key=_length)


def _forms(expression: Expr) -> Iterator[Expr]:
    yield expression
    if _ops(expression) > MEDIUM:
        return
    yield sympy.factor_terms(expression)
    if _tame(expression):
        yield sympy.factor_terms(sympy.cancel(sympy.together(expression)))
    if _tame(expression) and _ops(expression) <= SHORT:
        yield sympy.simplify(expression)


def _tame(expression: Expr) -> bool:
    """Whether SymPy surely simplifies this in a moment: short, of few parts, and with small powers."""
    if _ops(expression) > LONGER or expression.has(sympy.Piecewise, named("where"), sympy.Max, sympy.Min):
        return False
    calls, names = len(expression.atoms(sympy.Function)), len(expression.free_symbols)
    degree = _degree(expression)
    few = calls <= FUNCTIONS and names <= SYMBOLS
    return few and degree <= DEGREE and degree ** (calls + names) <= TERMS


def _degree(expression: Expr) -> int:
    """The degree when multiplied out; sums of fractions add their degrees, calls count as variables."""
    degrees = [_degree(arg) for arg in expression.args]
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer:
        return int(degrees[0] * abs(expression.exp))
    if isinstance(expression, sympy.Add):
        whole = all(p.exp.is_nonnegative for p in expression.atoms(sympy.Pow))
        return max(degrees) if whole else sum(degrees)
    if isinstance(expression, sympy.Mul):
        return sum(degrees)
    return 0 if expression.is_number else 1


def _ops(expression: Expr) -> int:
    return int(sympy.count_ops(expression))


def _length(expression: Expr) -> tuple[int, int]:
    return len(str(expression)), _ops(expression)
