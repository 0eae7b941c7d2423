"""Kernels that go through rows in their order, and change the parameters after each one.

The program with its tangents is the body of the loop, as in `native.rows`; then a step written as plain
Python, compiled with it, moves the parameters.
"""

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from downslope.emit.python import Emitter
from downslope.ir.nodes import Function
from downslope.ir.types import Type
from downslope.native.compiled import array_of, compiled, floats_out, with_tape
from downslope.native.rows import TARGET, Array, RowError

Step = Callable[[Array, Array, float, Array, Array, Array], None]
"""`step(x, slope, residual, state, options, work)` changes x (p,) and its state, a matrix, after one row."""


@dataclass(frozen=True)
class SequenceKernel:
    """A compiled walk over rows that learns from each."""

    native: Callable[..., None]
    columns: tuple[str, ...]

    def walk(
        self, x: Array, state: Array, options: Array, columns: Mapping[str, npt.NDArray[Any]]
    ) -> tuple[Array, Array]:
        """Parameters and state after the last row; `x`, `state` and `options` stay as they are.

        Raises `RowError` at the first row whose residual or slopes are not finite, or that raises.
        """
        used = [columns[name] for name in self.columns]
        place, ends = np.zeros(1, dtype=np.int64), [x, state]

        def run(tape: Array) -> None:  # again from the start where the tape was too short
            ends[:] = x.copy(), state.copy()
            self.native(*used, ends[0], place, tape, ends[1], options, np.empty((2, len(x))))

        try:
            with_tape(run)
        except Exception as error:
            raise RowError(int(place[0])) from error
        return ends[0], ends[1]


def sequence_kernel(
    function: Function, inputs: Mapping[str, Type], parameters: Sequence[str], step: Step
) -> SequenceKernel:
    """Compile a walk: `function` gives the prediction and its slopes by `parameters`, `step` uses them."""
    labels = {param.label: param.name for param in function.params}
    given = {labels[label]: kind for label, kind in inputs.items()}
    emitter = Emitter(function, given, fused=True)
    first, *slopes = [text.inside(20) for text in emitter.body(2)]
    arrays = ", ".join(f"_column_{i}" for i in range(len(inputs) + 1))
    lines = [
        f"@register_jitable\n{_bare(step)}\n",
        *emitter.parts.lines(),
        f"def _kernel({arrays}, _x, _place, tape, _state, _options, _rooms):",
        "    _slope, _work = _rooms[0], _rooms[1]",
        f"    for _k in range(len(_column_{len(inputs)})):",
        "        _row = np.uint64(_k)",
        "        _place[0] = _k",
        *(f"        {labels[label]} = _x[{i}]" for i, label in enumerate(parameters)),
        *(f"        {labels[label]} = _column_{i}[_row]" for i, label in enumerate(inputs)),
        *(f"        {line}" for line in emitter.fresh_run()),
        *emitter.lines,
        f"        _residual = {first} - _column_{len(inputs)}[_row]",
        "        _finite = math.isfinite(_residual)",
        *(
            f"        _slope[{i}] = {text}\n        _finite &= math.isfinite(_slope[{i}])"
            for i, text in enumerate(slopes)
        ),
        "        if not _finite:",
        "            raise ArithmeticError",
        f"        {step.__name__}(_x, _slope, _residual, _state, _options, _work)",
    ]
    native = compiled("\n".join(lines), "_kernel", _signature(inputs))
    return SequenceKernel(native, (*inputs, TARGET))


def _bare(step: Step) -> str:
    """A step's text without annotations, whose names compiled code does not have."""
    (function,) = ast.parse(inspect.getsource(step)).body
    assert isinstance(function, ast.FunctionDef)
    function.returns = None
    for argument in function.args.args:
        argument.annotation = None
    return ast.unparse(function)


def _signature(inputs: Mapping[str, Type]) -> Any:
    columns = [array_of(kind) for kind in (*inputs.values(), "f")]
    place = types.Array(types.int64, 1, "C")
    matrix = types.Array(types.float64, 2, "C")
    out, options = floats_out(), array_of("f")
    return (*columns, out, place, out, matrix, options, matrix)
