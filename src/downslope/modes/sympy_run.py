"""SymPy expressions -> a function of floats that follows IEEE rules: infinity and NaN, no exceptions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from downslope.modes.sympy_rows import computed
from downslope.modes.sympy_values import Expr


def runnable(symbols: Sequence[Expr], expressions: Sequence[Expr]) -> Callable[..., tuple[float, ...]]:
    """The expressions as one function of the symbols; what they share is computed once.

    All pieces of a formula are computed and one is selected, so a piece may be NaN where it is not used.

    >>> x = sympy.Symbol("x", real=True)
    >>> runnable([x], [60 / x, sympy.Piecewise((sympy.log(x), x > 0), (x, True))])(-2.0)
    (-30.0, -2.0)
    """
    own = {name: _ieee(computed(name)) for name in _names(expressions)}
    function = sympy.lambdify(
        list(symbols),
        list(expressions),
        modules=[own, "scipy", "numpy"],
        cse=lambda parts: sympy.cse(parts, order="none", list=False),
    )

    def run(*values: float) -> tuple[float, ...]:
        with np.errstate(all="ignore"):
            return tuple(map(_real, function(*map(np.float64, values))))

    return run


def _ieee(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with a result that can be divided by, and raised to a power, when it is zero."""
    return lambda *args: np.float64(function(*args))


def _names(expressions: Sequence[Expr]) -> set[str]:
    """The rows that are called by name. Each shared part is looked at once."""
    names: set[str] = set()
    seen: set[Expr] = set()
    todo = list(expressions)
    while todo:
        part = todo.pop()
        if part not in seen:
            seen.add(part)
            todo += part.args
            names |= {str(part.func)} if isinstance(part, AppliedUndef) else set()
    return names


def _real(result: Any) -> float:
    """A real number; NaN for a complex one."""
    return float("nan") if isinstance(result, complex | np.complexfloating) else float(result)
