"""Jacobians, Hessians and their products for programs that take or return arrays."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from downslope.calculus.chunks import Directions, columns
from downslope.calculus.makes import pulled, pushed, pushed_gradient
from downslope.calculus.program import Program
from downslope.calculus.run import Engine
from downslope.calculus.shaped import (
    Transformed,
    one_number,
    positions,
    rows,
    shaped_like,
    shaped_values,
    size,
    tangents_of,
    zero_like,
)  # fmt: skip

Values = Sequence[Any]


class ShapedJacobian:
    """All derivatives of all outputs, by the mode that needs fewer runs."""

    def __init__(self, read: Program, names: tuple[str, ...], several: bool, engine: Engine) -> None:
        self._read, self._names, self._several = read, names, several
        self._pushed = Directions(read, names, engine)
        self._pulled = Transformed(read, names, pulled, engine)

    def __call__(self, args: Values, kwargs: Mapping[str, Any]) -> Any:
        """The derivatives at these arguments."""
        values, _ = shaped_values(self._read, args, kwargs, self._names)
        varied = [values[place] for place in positions(self._read, self._names)]
        form = self._pushed.form(values)
        first = self._pushed.primal(values, varied)
        if size(first) < size(varied):
            found = rows(self._pulled, values, first, varied)
        else:
            found = columns(self._pushed, values, varied, first)
        return structured(found, form.scalar, not self._several)


class ShapedHessian:
    """Second derivatives, one column at a time (forward over reverse)."""

    def __init__(self, read: Program, names: tuple[str, ...], several: bool, engine: Engine) -> None:
        self._read, self._names, self._several = read, names, several
        self._run = Directions(read, names, engine, of_gradient=True)

    def __call__(self, args: Values, kwargs: Mapping[str, Any]) -> Any:
        """The second derivatives at these arguments."""
        values, _ = shaped_values(self._read, args, kwargs, self._names)
        one_number(self._read, values)
        varied = [values[place] for place in positions(self._read, self._names)]
        found = columns(self._run, values, varied, varied, skipped=1)
        return structured(found, not self._several, not self._several)


def structured(found: list[list[Any]], one_row: bool, one_column: bool) -> Any:
    """Blocks of derivatives as the program's values are: an array, or tuples of arrays."""
    by_output = [row[0] if one_column else tuple(row) for row in found]
    return by_output[0] if one_row else tuple(by_output)


def packed(results: Values, single: bool) -> Any:
    """Results as a program returns them: numbers as floats, several as a tuple."""
    shown = [result if hasattr(result, "shape") and result.shape else float(result) for result in results]
    return shown[0] if single else tuple(shown)


def shaped_jvp(
    read: Program, names: tuple[str, ...], primals: Values, tangents: Values, engine: Engine
) -> tuple[Any, Any]:
    """The results and their tangents."""
    values, _ = shaped_values(read, primals, {}, names)
    run = Transformed(read, names, pushed, engine)
    varied = [values[place] for place in positions(read, names)]
    results = run(values, tangents_of(varied, tangents, "tangent"))
    half = len(results) // 2
    single = run.form(values).scalar
    return packed(results[:half], single), packed(results[half:], single)


def shaped_vjp(
    read: Program, names: tuple[str, ...], primals: Values, engine: Engine
) -> tuple[Any, Callable[..., tuple[Any, ...]]]:
    """The results, and what pulls cotangents back."""
    values, given = shaped_values(read, primals, {}, names)
    places = positions(read, names)
    forward, back = Transformed(read, names, pushed, engine), Transformed(read, names, pulled, engine)
    half = len(forward.form(values).body.yields)
    ys = forward(values, [zero_like(values[place]) for place in places])[:half]

    def pull(*bars: Any) -> tuple[Any, ...]:
        """The cotangent of each input."""
        results = back(values, tangents_of(ys, bars, "cotangent"))[half:]
        return tuple(shaped_like(given[place], bar) for place, bar in zip(places, results, strict=True))

    return packed(ys, forward.form(values).scalar), pull


def shaped_hvp(
    read: Program, names: tuple[str, ...], primals: Values, vector: Values, engine: Engine
) -> tuple[Any, ...]:
    """The product of the Hessian with a vector."""
    values, given = shaped_values(read, primals, {}, names)
    one_number(read, values)
    places = positions(read, names)
    run = Transformed(read, names, pushed_gradient, engine)
    parts = tangents_of([values[place] for place in places], vector, "component")
    results = run(values, parts)[2 + len(names) :]
    return tuple(shaped_like(given[place], part) for place, part in zip(places, results, strict=True))
