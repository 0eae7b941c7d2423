"""Jacobians, Hessians, and their products with vectors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from downslope.calculus.program import Wrt, bound, kind_of, number_of, one_output, params_of, program
from downslope.calculus.run import Engine, floats, runnable
from downslope.errors import UsageError
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse


def jacobian(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native"
) -> Callable[..., Any]:
    """All derivatives of all outputs: an array of shape (outputs, inputs in `wrt`).

    >>> jacobian(lambda x, y: (x * y, x + y), (0, 1), engine="python")(2.0, 3.0).tolist()
    [[3.0, 2.0], [1.0, 1.0]]
    """
    read, names = program(f, wrt)
    function = forward(read.function, params_of(read.function, names))
    outputs = len(read.function.body.yields)

    def run(*args: Any, **kwargs: Any) -> Any:
        values = bound(read.source, args, kwargs, names)
        results = runnable(function, tuple(map(kind_of, values)), engine)(*values)
        return np.array(results[outputs:], dtype=float).reshape(len(names), outputs).T

    return run


def hessian(f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native") -> Callable[..., Any]:
    """Second derivatives: an array (n, n) for the n inputs in `wrt` (forward over reverse).

    >>> hessian(lambda x, y: x * x * y, (0, 1), engine="python")(2.0, 3.0).tolist()
    [[6.0, 4.0], [4.0, 0.0]]
    """
    read, names = program(f, wrt)
    one_output(read)
    labels = params_of(read.function, names)
    gradient = reverse(read.function, labels)
    function = forward(gradient, labels)

    def run(*args: Any, **kwargs: Any) -> Any:
        values = bound(read.source, args, kwargs, names)
        results = runnable(function, tuple(map(kind_of, values)), engine)(*values)
        rows = np.array(results[1 + len(names) :], dtype=float).reshape(len(names), 1 + len(names))
        return rows[:, 1:]

    return run


def jvp(
    f: Callable[..., Any] | str,
    primals: Sequence[float],
    tangents: Sequence[float],
    *,
    engine: Engine = "native",
) -> tuple[Any, Any]:
    """A Jacobian-vector product: `(y, y_dot)`, where `tangents` moves each of `primals`.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.5), engine="python")
    (6.0, 4.0)
    """
    read, names = program(f, range(len(primals)))
    function = forward(read.function, params_of(read.function, names), seeded=True)
    values = bound(read.source, primals, {}, names)
    dots = [number_of(t, "tangent", True) for t in tangents]
    if len(dots) != len(names):
        raise UsageError(
            "jvp needs one tangent per primal", why=f"{len(names)} primals, {len(dots)} tangents."
        )
    results = runnable(function, floats(len(values) + len(dots)), engine)(*map(float, values), *dots)
    half = len(read.function.body.yields)
    if read.function.scalar:
        return float(results[0]), float(results[1])
    return tuple(map(float, results[:half])), tuple(map(float, results[half:]))


def vjp(
    f: Callable[..., Any] | str, *primals: float, engine: Engine = "native"
) -> tuple[Any, Callable[..., tuple[float, ...]]]:
    """A vector-Jacobian product: `(y, pull)`, where `pull(y_bar)` gives the cotangent of each primal.

    >>> y, pull = vjp(lambda x, y: x * y, 2.0, 3.0, engine="python")
    >>> y, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    read, names = program(f, range(len(primals)))
    function = reverse(read.function, params_of(read.function, names), seeded=True)
    values = [float(v) for v in bound(read.source, primals, {}, names)]
    outputs = len(read.function.body.yields)
    run = runnable(function, floats(len(values) + outputs), engine)

    def pull(*bars: float) -> tuple[float, ...]:
        return tuple(map(float, run(*values, *map(float, bars))[outputs:]))

    ys = tuple(map(float, run(*values, *[0.0] * outputs)[:outputs]))
    return (ys[0] if read.function.scalar else ys), pull


def hvp(
    f: Callable[..., Any] | str,
    primals: Sequence[float],
    vector: Sequence[float],
    *,
    engine: Engine = "native",
) -> tuple[float, ...]:
    """A Hessian-vector product, without the Hessian (Pearlmutter 1994; forward over reverse).

    >>> hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 0.0), engine="python")
    (6.0, 4.0)
    """
    read, names = program(f, range(len(primals)))
    one_output(read)
    labels = params_of(read.function, names)
    function = forward(reverse(read.function, labels), labels, seeded=True)
    values = [float(v) for v in bound(read.source, primals, {}, names)]
    results = runnable(function, floats(2 * len(values)), engine)(*values, *map(float, vector))
    return tuple(map(float, results[2 + len(names) :]))
