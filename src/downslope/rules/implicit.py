"""Solutions of equations: differentiated by the implicit function theorem, whatever found them.

The solution is held fixed and then corrected by Newton steps with a slope that is held fixed too. Each step
multiplies what is wrong with every derivative by the relative error of the slope (Griewank & Walther 2008,
chapter 15: derivatives of fixed-point iterations). The slope is a central difference, right to about 1e-9, so after
five steps derivatives of every order in use are those of the theorem, `dx/dp = -(dF/dx)^-1 dF/dp`.
"""

import inspect
import linecache
from collections.abc import Callable
from itertools import count
from types import FunctionType
from typing import Any

from downslope.errors import UsageError
from downslope.rules.custom import stop_gradient

Program = Callable[..., Any]
_NUMBERS = count(1)
WORST = 1e9
"""The condition of dF/dx beyond which it is taken to be singular."""
TEXT = """def {name}({arguments}):
    x = _stop_gradient(_solve({arguments}))
    if _np.ndim(x) == 0:
        h = 6e-6 * max(1.0, abs(x))
        above = _residual(x + h, {arguments})
        below = _residual(x - h, {arguments})
        slope = _stop_gradient((above - below) / (2.0 * h))
        if not abs(slope) * {worst} > (abs(above) + abs(below)) / h:
            raise ZeroDivisionError("dF/dx is 0 at the solution: it has no derivative there")
        for _ in range(5):
            x = x - _residual(x, {arguments}) / slope
        return x
    size = len(x)
    matrix = _np.zeros((size, size))
    probe = _np.zeros(size)
    most = 0.0
    for j in range(size):
        step = 6e-6 * max(1.0, abs(x[j]))
        up = x.copy()
        up[j] = up[j] + step
        down = x.copy()
        down[j] = down[j] - step
        matrix[:, j] = (_residual(up, {arguments}) - _residual(down, {arguments})) / (2.0 * step)
        probe[j] = 1.0 - 0.3 * j
    matrix = _stop_gradient(matrix)
    found = _np.linalg.solve(matrix, probe)
    for i in range(size):
        for j in range(size):
            most = max(most, abs(matrix[i, j]) * abs(found[j]))
    if not most < {worst}:
        raise ZeroDivisionError("dF/dx is singular at the solution: it has no derivative there")
    for _ in range(5):
        x = x - _np.linalg.solve(matrix, _residual(x, {arguments}))
    return x
"""


def implicit(solve: Program, residual: Program) -> Program:
    """A function that gives what `solve(*params)` finds, with derivatives by the implicit function theorem.

    `residual(x, *params)` is zero at the solution: a number for a number `x`, a vector of the length of `x` for a
    vector. Both are programs; `solve` may contain any `while` or `break`, since nothing is differentiated through it.
    Works in every mode but formal, and for second derivatives (forward over reverse). A fixed point `x = g(x, p)` has
    the residual `x - g(x, p)`. Raises `UsageError` where the arguments of the two do not fit; where dF/dx is singular the
    program raises `ZeroDivisionError` (or `LinAlgError`).

    >>> import downslope as ds
    >>> def newton(a):
    ...     x = a
    ...     while abs(x * x - a) > 1e-12:
    ...         x = x - (x * x - a) / (2.0 * x)
    ...     return x
    >>> root = implicit(newton, lambda x, a: x * x - a)
    >>> round(ds.grad(lambda a: root(a), engine="python")(4.0), 12)
    0.25
    """
    names = list(inspect.signature(solve).parameters)
    taken = list(inspect.signature(residual).parameters)
    if len(taken) != len(names) + 1:
        raise UsageError(
            f"the residual takes {len(taken)} argument(s)",
            why=f"it is called with x and the {len(names)} argument(s) of solve.",
            fix=f"write residual(x, {', '.join(names)}).",
        )
    import numpy as np  # slow to load

    name = getattr(solve, "__name__", "")
    name = "solution" if not name.isidentifier() else name  # a lambda
    text = TEXT.format(name=name, arguments=", ".join(names), worst=WORST)
    file = f"<implicit {next(_NUMBERS)}: {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {}
    exec(compile(text, file, "exec"), scope)  # our own text
    parts = {"_solve": solve, "_residual": residual, "_stop_gradient": stop_gradient, "_np": np}
    return FunctionType(scope[name].__code__, {**parts, "__name__": __name__}, name)
