"""Jacobians, Hessians, and their products with vectors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from downslope.calculus.idle import idle
from downslope.calculus.makes import Make, gradient_tangents, pulled, pushed, pushed_gradient, tangents
from downslope.calculus.program import (
    Differentiated,
    Program,
    Wrt,
    number_of,
    one_output,
    program,
    several,
    values_of,
    with_arrays,
)
from downslope.calculus.run import Engine, Runner
from downslope.calculus.shaped_products import (
    ShapedHessian,
    ShapedJacobian,
    shaped_hvp,
    shaped_jvp,
    shaped_vjp,
)
from downslope.calculus.sourceless import Sourceless, named, notice, sourceless_hessian, sourceless_jacobian
from downslope.calculus.structured import Call, call, is_structured
from downslope.calculus.structured_calls import (
    gradient_of,
    hessian_of,
    jacobian_of,
    pulling,
    result_of,
    returns_structure,
)
from downslope.errors import SourceUnavailable, UsageError
from downslope.ir.structure import holder_of
from downslope.modes.nested import nested_hessian, nested_hvp, nested_jacobian, nested_jvp, nested_vjp
from downslope.modes.running import under_oracles
from downslope.passes.types import arrays
from downslope.read.resolve import is_array

Pull = Callable[..., tuple[Any, ...]]


@under_oracles(nested_jacobian)
def jacobian(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native", sparse: bool = False
) -> Callable[..., Any]:
    """All derivatives of all outputs: an array of shape (outputs, inputs in `wrt`).

    With arrays, an array per output and input, in the shape of the one followed by that of the other; for
    several inputs a tuple of these, and for several outputs a tuple of that. With `sparse`, each is a
    `scipy.sparse` matrix of shape (elements of the output, elements of the input); which entries can be other
    than zero is found at each call, and one run finds many of them (docs/sparse.md).

    A function without source is differentiated by dual numbers, with a notice. Raises as `derivative`.

    >>> jacobian(lambda x, y: (x * y, x + y), (0, 1), engine="python")(2.0, 3.0).tolist()
    [[3.0, 2.0], [1.0, 1.0]]
    """
    try:
        read, names = program(f, wrt)
    except SourceUnavailable as error:
        return _without_source(f, wrt, error, sourceless_jacobian, sparse)
    _told(f, read, names)
    if sparse:
        from downslope.calculus.sparse import SparseJacobian  # scipy.sparse is slow to load

        return _called(read, SparseJacobian(read, names, several(wrt), engine))
    run = _numbers(read, names, tangents, engine)
    shaped = ShapedJacobian(read, names, several(wrt), engine)

    made: dict[Any, Callable[..., Any]] = {}

    def rows(*args: Any, **kwargs: Any) -> Any:
        if is_structured(read, args, kwargs) or returns_structure(read, args, kwargs):
            one = call(read, names, args, kwargs)
            inner = _kept(made, one, lambda: jacobian(one.leaves, one.wrt, engine=engine))
            return jacobian_of(one, several(wrt), inner(*one.values))
        if run is None or with_arrays(read, args, kwargs):
            return shaped(args, kwargs)
        outputs = len(read.function.body.yields)
        results = run(values_of(read, args, kwargs, names))
        return np.array(results[outputs:]).reshape(len(names), outputs).T

    return rows


def _numbers(read: Program, names: Sequence[str], make: Make, engine: Engine) -> Runner | None:
    """A program of numbers transformed; None for one that takes or returns arrays."""
    if read.given is None or not arrays(read.given).keys().isdisjoint(read.given.body.yields):
        return None
    return Runner(read, tuple(names), make, engine)


@under_oracles(nested_hessian)
def hessian(
    f: Callable[..., Any] | str, wrt: Wrt = None, *, engine: Engine = "native", sparse: bool = False
) -> Callable[..., Any]:
    """Second derivatives: an array (n, n) for the n inputs in `wrt` (forward over reverse).

    With `sparse`, `scipy.sparse` matrices as those of `jacobian`.

    A function without source is differentiated by dual numbers, with a notice. Raises as `derivative`.

    >>> hessian(lambda x, y: x * x * y, (0, 1), engine="python")(2.0, 3.0).tolist()
    [[6.0, 4.0], [4.0, 0.0]]
    """
    try:
        read, names = program(f, wrt)
    except SourceUnavailable as error:
        return _without_source(f, wrt, error, sourceless_hessian, sparse)
    one_output(read)
    _told(f, read, names)
    if sparse:
        from downslope.calculus.sparse import SparseHessian  # scipy.sparse is slow to load

        return _called(read, SparseHessian(read, names, several(wrt), engine))
    run = _numbers(read, names, gradient_tangents, engine)
    shaped = ShapedHessian(read, names, several(wrt), engine)

    made: dict[Any, Callable[..., Any]] = {}

    def table(*args: Any, **kwargs: Any) -> Any:
        if is_structured(read, args, kwargs):
            one = call(read, names, args, kwargs)
            inner = _kept(made, one, lambda: hessian(one.leaves, one.wrt, engine=engine))
            return hessian_of(one, several(wrt), inner(*one.values))
        if run is None or with_arrays(read, args, kwargs):
            return shaped(args, kwargs)
        results = run(values_of(read, args, kwargs, names))
        rows = np.array(results[1 + len(names) :]).reshape(len(names), 1 + len(names))
        return rows[:, 1:]

    return table


@under_oracles(nested_jvp)
def jvp(
    f: Callable[..., Any] | str,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    wrt: Wrt = None,
    engine: Engine = "native",
) -> tuple[Any, Any]:
    """A Jacobian-vector product: `(y, y_dot)`, where `tangents` moves each input in `wrt`.

    By default `wrt` is all of `primals`. An integer that bounds a loop stays an integer. Raises
    `UsageError` where the numbers of names and tangents differ, else as `derivative`.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.5), engine="python")
    (6.0, 4.0)
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0,), wrt="y", engine="python")
    (6.0, 2.0)
    """
    read, names = program(f, _smooth(primals) if wrt is None else wrt)
    if is_structured(read, primals, {}) or returns_structure(read, primals, {}):
        one = call(read, names, primals, {})
        y, y_dot = jvp(one.leaves, one.values, one.tangents(tangents, "tangent"), wrt=one.wrt, engine=engine)
        return result_of(one, y), result_of(one, y_dot)
    run = _numbers(read, names, pushed, engine)
    if run is None or with_arrays(read, primals, {}):
        return shaped_jvp(read, names, primals, tangents, engine)
    results = run(values_of(read, primals, {}, names), _seeds(tangents, "tangent", names))
    half = len(read.function.body.yields)
    if read.function.scalar:
        return results[0], results[1]
    return results[:half], results[half:]


@under_oracles(nested_vjp)
def vjp(
    f: Callable[..., Any] | str, *primals: Any, wrt: Wrt = None, engine: Engine = "native"
) -> tuple[Any, Pull]:
    """A vector-Jacobian product: `(y, pull)`; `pull(y_bar)` gives the cotangent of each input in `wrt`.

    By default `wrt` is all of `primals`. An integer that bounds a loop stays an integer. A program with
    several outputs has a `pull` with as many arguments. Raises as `derivative`.

    >>> y, pull = vjp(lambda x, y: x * y, 2.0, 3.0, engine="python")
    >>> y, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    read, names = program(f, _smooth(primals) if wrt is None else wrt)
    if is_structured(read, primals, {}) or returns_structure(read, primals, {}):
        one = call(read, names, primals, {})
        y, pull_leaves = vjp(one.leaves, *one.values, wrt=one.wrt, engine=engine)
        return result_of(one, y), pulling(one, pull_leaves)
    run = _numbers(read, names, pulled, engine)
    if run is None or with_arrays(read, primals, {}):
        return shaped_vjp(read, names, primals, engine)
    values = values_of(read, primals, {}, names)
    outputs = tuple(f"output {i}" for i in range(len(read.function.body.yields)))

    def pull(*bars: float) -> tuple[float, ...]:
        return run(values, _seeds(bars, "cotangent", outputs))[len(outputs) :]

    ys = run(values, [0.0] * len(outputs))[: len(outputs)]
    return (ys[0] if read.function.scalar else ys), pull


@under_oracles(nested_hvp)
def hvp(
    f: Callable[..., Any] | str,
    primals: Sequence[Any],
    vector: Sequence[Any],
    *,
    wrt: Wrt = None,
    engine: Engine = "native",
) -> tuple[Any, ...]:
    """A Hessian-vector product, without the Hessian (Pearlmutter 1994; forward over reverse).

    By default `wrt` is all of `primals`. An integer that bounds a loop stays an integer. Raises as `jvp`.

    >>> hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 0.0), engine="python")
    (6.0, 4.0)
    """
    read, names = program(f, _smooth(primals) if wrt is None else wrt)
    one_output(read)
    if is_structured(read, primals, {}):
        one = call(read, names, primals, {})
        parts = hvp(one.leaves, one.values, one.tangents(vector, "component"), wrt=one.wrt, engine=engine)
        return gradient_of(one, True, parts)  # type: ignore[no-any-return]  # a tuple, as asked
    run = _numbers(read, names, pushed_gradient, engine)
    if run is None or with_arrays(read, primals, {}):
        return shaped_hvp(read, names, primals, vector, engine)
    results = run(values_of(read, primals, {}, names), _seeds(vector, "component", names))
    return results[2 + len(names) :]


def _kept(
    made: dict[Any, Callable[..., Any]], one: Call, make: Callable[[], Callable[..., Any]]
) -> Callable[..., Any]:
    """What was made for structures of this kind before, or is made now."""
    key = (one.leaves.shapes, one.wrt)
    if key not in made:
        made[key] = make()
    return made[key]


def _smooth(primals: Sequence[Any]) -> list[int]:
    """The positions of what varies by default: all; among arrays, the floats."""
    held = [holder_of(type(value)) is not None for value in primals]
    if any(held):
        return [
            i for i, value in enumerate(primals) if held[i] or not is_array(value) or value.dtype.kind == "f"
        ]
    if not any(map(is_array, primals)):
        return list(range(len(primals)))
    return [i for i, value in enumerate(primals) if np.asarray(value).dtype.kind == "f"]


def _seeds(numbers: Sequence[float], what: str, names: Sequence[str]) -> list[float]:
    """One number for each name."""
    seeds = [number_of(number, what, True) for number in numbers]
    if len(seeds) != len(names):
        raise UsageError(
            f"{len(seeds)} {what}s for {len(names)} numbers",
            why=f"there is one {what} for each of {', '.join(names)}.",
            fix="give as many.",
        )
    return seeds


def _told(f: Callable[..., Any] | str, read: Program, names: Sequence[str]) -> None:
    """Say which inputs do not matter; of a derivative it is no surprise."""
    if not isinstance(f, Differentiated):
        idle(read, names)


def _called(read: Program, shaped: Callable[[Sequence[Any], Mapping[str, Any]], Any]) -> Callable[..., Any]:
    """A function of the program's arguments."""

    def matrices(*args: Any, **kwargs: Any) -> Any:
        if is_structured(read, args, kwargs):
            raise UsageError(
                "sparse matrices of a structure",
                why="a matrix is of the elements of arrays.",
                fix="leave out sparse, or pass the arrays as arguments.",
            )
        return shaped(args, kwargs)

    return matrices


def _without_source(
    f: Callable[..., Any] | str,
    wrt: Wrt,
    error: SourceUnavailable,
    make: Callable[[Callable[..., Any], Sequence[str]], Callable[..., Any]],
    sparse: bool,
) -> Callable[..., Any]:
    """Dual numbers on a function without source, said once; which entries are zero they do not show."""
    if isinstance(f, str) or sparse:
        raise error
    run = f.run if isinstance(f, Sourceless) else f
    names = named(run, wrt)
    notice(run, error)
    return make(f, names)
