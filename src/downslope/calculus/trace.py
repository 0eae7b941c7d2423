"""`trace`: where the first NaN or infinity of a program, or of its derivative, arose."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from downslope.calculus.program import Program, Wrt, by_position, kind_of, params_of, program
from downslope.calculus.run import copied, raised
from downslope.calculus.shaped import positions, shaped_values
from downslope.calculus.structured import call, is_structured
from downslope.calculus.traced import Slope, Trace
from downslope.errors import Loc, Problem, ProgramError
from downslope.ir.nodes import Function, Let, While, walk
from downslope.modes.forward import forward
from downslope.modes.interpret import PASSES, Apply, Endless, Event, Interpreter, Stopped
from downslope.modes.reverse import reverse


def trace(f: Callable[..., Any] | str, *args: Any, wrt: Wrt = None, **kwargs: Any) -> Trace:
    """Run a program and its derivatives in `wrt` (by default the first input) one operation at a time.

    The result says at which line, operation and pass of each loop the first NaN or infinity arose. It is
    slow, about ten microseconds an operation. Raises `UnsupportedError` for what cannot be read, `UsageError`
    for names or arguments that do not fit.

    >>> import math
    >>> trace(lambda x: math.sqrt(x), 0.0).adjoint.event.op
    'divide'
    """
    read, names = program(f, wrt)
    if is_structured(read, args, kwargs):
        one = call(read, names, args, kwargs)
        return trace(one.leaves, *one.values, wrt=one.wrt)
    values, _ = shaped_values(read, args, kwargs, names)
    function = read.form(tuple(map(kind_of, values)))
    from downslope.native.steps import Steps  # Numba is slow to load

    apply = Steps()
    results, primal = _primal(read, function, values, apply)
    problem = _raised(read, values)
    tangent = adjoint = None
    if problem is None:
        tangent = _tangent(read, function, names, values, apply)
        adjoint = _adjoint(function, names, values, results, apply)
    loops = frozenset(s.loc for s in walk(function.body) if isinstance(s, While) and s.loc)
    return Trace(read.source.name, results, primal, tangent, adjoint, problem, _ops(function), loops)


def _primal(
    read: Program, function: Function, values: Sequence[Any], apply: Apply
) -> tuple[tuple[Any, ...], Event | None]:
    """The results, and the event to tell; no results where the program raises."""
    run = Interpreter(function, apply)
    try:
        results = run(values)
    except Stopped as stop:
        return (), stop.event
    except Endless as error:
        raise ProgramError(
            f"a `while` loop of {read.source.name} was stopped after {PASSES:,} passes",
            loc=error.loc,
            why="a trace runs each operation by itself, which is too slow for more.",
            fix="check the loop's condition, or trace at inputs for which it ends sooner.",
        ) from error
    bad = [event for _, event in results if event is not None]
    return tuple(value for value, _ in results), bad[0] if bad else run.first


def _raised(read: Program, values: Sequence[Any]) -> Problem | None:
    """What the user's own function raises."""
    try:
        with np.errstate(all="ignore"):
            by_position(read.source, read.source.function)(*copied(values))
    except Exception as error:  # noqa: BLE001  # whatever it raises is told
        return raised(read.source, list(values), error).problem
    return None


def _tangent(
    read: Program, function: Function, names: Sequence[str], values: Sequence[Any], apply: Apply
) -> Slope | None:
    """The first tangent that is not finite, each input moved alone."""
    for name, label, place in zip(names, params_of(function, names), positions(read, names), strict=True):
        run = Interpreter(forward(function, [label], seeded=True), apply)
        dots = run([*values, _ones(values[place])])[len(function.body.yields) :]
        event = next((event for _, event in dots if event is not None), None)
        if event is not None:
            return Slope(name, event)
    return None


def _adjoint(
    function: Function, names: Sequence[str], values: Sequence[Any], results: Sequence[Any], apply: Apply
) -> Slope | None:
    """The first cotangent that is not finite."""
    run = Interpreter(reverse(function, params_of(function, names), seeded=True), apply)
    bars = run([*values, *(_ones(result) for result in results)])[len(results) :]
    return next(
        (Slope(n, event) for n, (_, event) in zip(names, bars, strict=True) if event is not None), None
    )


def _ones(value: Any) -> Any:
    """The tangent or cotangent that moves every element alike."""
    return np.ones(value.shape) if isinstance(value, np.ndarray) else 1.0


def _ops(function: Function) -> Mapping[Loc, tuple[str, ...]]:
    """What the program itself computes at each place."""
    found: dict[Loc, tuple[str, ...]] = {}
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and stmt.loc and stmt.op not in found.get(stmt.loc, ()):
            found[stmt.loc] = (*found.get(stmt.loc, ()), stmt.op)
    return found
