"""SciPy's integration and roots on dual numbers: SciPy runs on the plain numbers, and its answer is then refined.

The steps of `solve_ivp` are those that SciPy took, repeated in dual arithmetic; a root is SciPy's, improved in
dual arithmetic until its derivatives stand. Nothing here is shared with the programs that the reader expands.
"""

import sys
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

Function = Callable[..., Any]
PASSES = 8
MODULES = ("scipy.integrate", "scipy.optimize", "scipy.interpolate")


def scipy_functions() -> list[tuple[Any, Function]]:
    """Functions of SciPy that take a function, and what stands for each; none before SciPy's part is loaded."""
    found: list[tuple[Any, Function]] = []
    if (integrate := sys.modules.get("scipy.integrate")) is not None:
        found.append((integrate.solve_ivp, _integrated(integrate)))
    if (optimize := sys.modules.get("scipy.optimize")) is not None:
        found += [
            (optimize.brentq, _root(optimize.brentq)),
            (optimize.newton, _root(optimize.newton)),
            (optimize.root_scalar, _root_scalar(optimize.root_scalar)),
        ]
    if (interpolate := sys.modules.get("scipy.interpolate")) is not None:
        found += [
            (interpolate.CubicSpline, lambda x, y, bc_type="not-a-knot": _spline(x, y, bc_type)),
            (
                interpolate.make_interp_spline,
                lambda x, y, k=3: _spline(x, y, "lines" if k == 1 else "not-a-knot"),
            ),
            (
                interpolate.interp1d,
                lambda x, y, kind="linear", **_: _spline(x, y, "lines" if kind == "linear" else "not-a-knot"),
            ),
        ]
    return found


def _spline(x: Any, y: Any, ends: str) -> Function:
    """A spline by all conditions on all coefficients at once."""
    import numpy as np  # slow to load; SciPy has loaded it

    pieces, width = len(x) - 1, 2 if ends == "lines" else 4
    rows: list[tuple[Any, Any]] = []

    def condition(entries: list[tuple[int, float, Any, int]], value: Any) -> None:
        """The sum of factors times derivatives, each of a piece at a distance from its start, is a value."""
        row = np.zeros(pieces * width).astype(object)
        for piece, sign, distance, order in entries:
            for power in range(order, width):
                factor = float(np.prod(np.arange(power - order + 1, power + 1)))
                row[piece * width + power] = row[piece * width + power] + sign * factor * distance ** (
                    power - order
                )
        rows.append((row, value))

    h = [b - a for a, b in pairwise(x)]
    for i in range(pieces):
        condition([(i, 1.0, 0.0, 0)], y[i])
        condition([(i, 1.0, h[i], 0)], y[i + 1])
    for i in range(pieces - 1):
        for order in range(1, width - 1):
            condition([(i, 1.0, h[i], order), (i + 1, -1.0, 0.0, order)], 0.0)
    if ends == "not-a-knot":
        condition([(0, 1.0, h[0], 3), (1, -1.0, 0.0, 3)], 0.0)
        last = (pieces - 2, 1.0, h[-2], 3)
        condition([last, (pieces - 1, -1.0, 0.0, 3)] if pieces > 2 else [last], 0.0)
    elif ends != "lines":
        order = 2 if ends == "natural" else 1
        condition([(0, 1.0, 0.0, order)], 0.0)
        condition([(pieces - 1, 1.0, h[-1], order)], 0.0)
    found = _solved(np.array([row for row, _ in rows], object), [value for _, value in rows])

    return pieced(x, [found[i * width : (i + 1) * width] for i in range(pieces)])


def pieced(x: Any, parts: Any) -> Function:
    """The function with these coefficients in each piece, that of the lowest power first."""
    import numpy as np  # slow to load; SciPy has loaded it

    def at(q: Any, nu: int = 0) -> Any:
        if isinstance(q, np.ndarray | list):
            return np.frompyfunc(lambda one: at(one, nu), 1, 1)(np.asarray(q, dtype=object))
        i = max((k for k in range(len(parts)) if x[k] <= q), default=0)
        total: Any = 0.0
        for power in range(nu, len(parts[i])):
            factor = float(np.prod(np.arange(power - nu + 1, power + 1)))
            total = total + factor * parts[i][power] * (q - x[i]) ** (power - nu)
        return total

    return at


def constant_spline(value: Any) -> Function | None:
    """What stands for a piecewise polynomial that was made outside the program; None for anything else."""
    interpolate = sys.modules.get("scipy.interpolate")
    if interpolate is None or not isinstance(value, interpolate.PPoly):
        return None
    return pieced(value.x, value.c[::-1].T)


def _solved(a: Any, b: list[Any]) -> Any:
    """Gauss and Jordan with pivots."""
    for k in range(len(b)):
        best = max(range(k, len(b)), key=lambda i: abs(bare(a[i, k])))
        a[[k, best]], b[k], b[best] = a[[best, k]], b[best], b[k]
        for i in range(len(b)):
            if i != k:
                factor = a[i, k] / a[k, k]
                a[i], b[i] = a[i] - factor * a[k], b[i] - factor * b[k]
    return [b[k] / a[k, k] for k in range(len(b))]


def bare(value: Any) -> Any:
    """A value without what dual numbers carry."""
    import numpy as np  # slow to load; SciPy has loaded it

    if isinstance(value, np.ndarray | list | tuple):
        return np.array([bare(part) for part in value], dtype=float)
    while hasattr(value, "derivative"):
        value = value.value()
    return value


def _plain(function: Function) -> Function:
    return lambda *args: bare(function(*args))


def _integrated(integrate: Any) -> Function:
    import numpy as np  # slow to load; SciPy has loaded it

    def solve_ivp(
        fun: Function,
        t_span: Any,
        y0: Any,
        method: str = "RK45",
        t_eval: Any = None,
        args: Any = None,
        **options: Any,
    ) -> Any:
        def slope(t: Any, y: Any) -> Any:
            return np.array(fun(t, y, *(args or ())), dtype=object)

        t0, t1 = t_span
        plain = {name: bare(value) for name, value in options.items()}
        solved = integrate.solve_ivp(_plain(slope), (bare(t0), bare(t1)), bare(y0), method, **plain)
        parts = (solved.t - solved.t[0]) / (solved.t[-1] - solved.t[0])
        times = [t0 + (t1 - t0) * part for part in parts]
        way = np.sign(bare(t1 - t0))
        pair, y = getattr(integrate, method), np.array(y0, dtype=object)
        points = [] if t_eval is None else list(t_eval)
        ys, found = [y], []
        for k, (t, end) in enumerate(pairwise(times)):
            h, last = end - t, k == len(times) - 2
            stages = [slope(t, y)]
            for a, c in zip(pair.A[1:], pair.C[1:], strict=True):
                stages.append(slope(t + c * h, y + h * sum(w * f for w, f in zip(a, stages, strict=False))))
            new = y + h * sum(w * f for w, f in zip(pair.B, stages, strict=True))
            stages.append(slope(end, new))
            while points and (last or bare((points[0] - end) * way) <= 0.0):
                x = (points.pop(0) - t) / h
                weights = [sum(p * x ** (m + 1) for m, p in enumerate(row)) for row in pair.P]
                found.append(y + h * sum(w * f for w, f in zip(weights, stages, strict=True)))
            y = new
            ys.append(y)
        columns = ys if t_eval is None else found
        t = np.array(times, dtype=object) if t_eval is None else t_eval
        return SimpleNamespace(t=t, y=np.array(columns, dtype=object).T, success=True)

    return solve_ivp


def _root(original: Function) -> Function:
    def find(f: Function, *given: Any, args: Any = (), fprime: Any = None, **options: Any) -> Any:
        more = args if isinstance(args, tuple) else (args,)
        if fprime is not None:
            options["fprime"] = _plain(lambda x: fprime(x, *more))
        plain = {name: value if callable(value) else bare(value) for name, value in options.items()}
        root = float(original(_plain(lambda x: f(x, *more)), *map(bare, given), **plain))
        return refined(lambda x: f(x, *more), root)

    return find


def _root_scalar(original: Function) -> Function:
    def find(f: Function, args: Any = (), **options: Any) -> Any:
        more = args if isinstance(args, tuple) else (args,)
        plain = {name: value if isinstance(value, str) else bare(value) for name, value in options.items()}
        root = original(_plain(lambda x: f(x, *more)), **plain).root
        return SimpleNamespace(root=refined(lambda x: f(x, *more), float(root)), converged=True)

    return find


def refined(f: Function, root: float) -> Any:
    """The root in dual arithmetic: the error of its derivatives shrinks with each pass."""
    width = 1e-4 * max(1.0, abs(root))
    slope = bare(f(root + width) - f(root - width)) / (2.0 * width)
    x: Any = root
    for _ in range(PASSES):
        x = x - f(x) / slope
    return x
