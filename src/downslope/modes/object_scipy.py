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
MODULES = ("scipy.integrate", "scipy.optimize")


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
    return found


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
