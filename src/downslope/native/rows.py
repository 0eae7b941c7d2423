"""Kernels that run a program over the rows of a table: cost, gradient and J'J in one pass.

The program's text is the body of the row loop, sums are local scalars, and nothing is allocated per
row. Each block of rows writes its own sums, and these are added pairwise, so the result does not
depend on the number of threads.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from downslope.emit.python import Emitter
from downslope.ir.nodes import Function
from downslope.native.compiled import array_of, compiled
from downslope.passes.types import Type

Array = npt.NDArray[np.float64]
BLOCK = 16_384
"""Rows summed one after the other; blocks are then summed pairwise."""


@dataclass(frozen=True)
class Kernel:
    """A compiled pass over rows: `run(parameters, table columns) -> summed outputs`."""

    native: Callable[..., None]
    columns: tuple[str, ...]
    width: int

    def sums(self, x: Array, columns: Mapping[str, npt.NDArray[Any]], threads: int | None = None) -> Array:
        """The sum over all rows of each of the kernel's outputs, shape (width,)."""
        used = [columns[name] for name in self.columns]
        rows = len(used[0])
        blocks = -(-rows // BLOCK)
        out = np.zeros((blocks, self.width))
        _shared(
            lambda first, last: self.native(
                *used, x, first * BLOCK, min(last * BLOCK, rows), out[first:last]
            ),
            blocks,
            threads,
        )
        return np.asarray(np.add.reduce(np.ascontiguousarray(out.T), axis=1))


@dataclass(frozen=True)
class RowKernel:
    """A compiled pass that writes the program's outputs for each row."""

    native: Callable[..., None]
    columns: tuple[str, ...]
    width: int

    def rows(self, x: Array, columns: Mapping[str, npt.NDArray[Any]], threads: int | None = None) -> Array:
        """The outputs of each row, shape (rows, width)."""
        used = [columns[name] for name in self.columns]
        rows = len(used[0])
        out = np.empty((rows, self.width))
        blocks = -(-rows // BLOCK)
        _shared(
            lambda first, last: self.native(*used, x, first * BLOCK, min(last * BLOCK, rows), out),
            blocks,
            threads,
        )
        return out


def _shared(run: Callable[[int, int], None], blocks: int, threads: int | None) -> None:
    """Give each thread a run of blocks; kernels release the interpreter's lock."""
    count = min(blocks, threads or os.cpu_count() or 1)
    if count <= 1:
        run(0, blocks)
        return
    edges = [blocks * i // count for i in range(count + 1)]
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(run, a, b) for a, b in pairwise(edges)]:
            done.result()


def kernel(
    function: Function,
    inputs: Mapping[str, Type],
    parameters: Sequence[str],
    terms: Callable[[list[str]], list[str]],
    loss: str = "",
) -> Kernel:
    """Compile a pass that adds up, over the rows, the expressions that `terms` makes of the outputs.

    `inputs` are the columns the program reads, with their types; `parameters` are the labels of the
    inputs taken from `x`. Expressions may use `_residual` (first output minus target) and, where the
    text of a `loss` function is given, `_rho`, `_psi` and `_weight`. Names of the kernel start with
    an underscore, which names of the program never do.
    """
    emitter = Emitter(function, _given(function, inputs))
    outputs = [text.inside(20) for text in emitter.body(3)]
    sums = terms(outputs[1:])
    lines = [
        *([f"@register_jitable\n{loss}\n\n"] if loss else []),
        *_head(function, (*inputs, "target"), parameters),
        f"    for _block in range(0, (_stop - _start + {BLOCK - 1}) // {BLOCK}):",
        *(f"        _total_{i} = 0.0" for i in range(len(sums))),
        f"        for _k in range(_start + _block * {BLOCK}, min(_stop, _start + _block * {BLOCK} + {BLOCK})):",
        *_load(function, tuple(inputs), 3, emitter.has_tape),
        *emitter.lines,
        f"            _residual = {outputs[0]} - _column_{len(inputs)}[_row]",
    ]
    if loss:
        lines += [
            "            _rho, _psi = _loss(_residual)",
            "            _weight = 1.0 if _residual == 0.0 else _psi / _residual",
        ]
    lines += [f"            _total_{i} += {term}" for i, term in enumerate(sums)]
    lines += [f"        _out[_block, {i}] = _total_{i}" for i in range(len(sums))]
    native = compiled("\n".join(lines), "_kernel", _signature({**inputs, "target": "f"}))
    return Kernel(native, (*inputs, "target"), len(sums))


def row_kernel(function: Function, inputs: Mapping[str, Type], parameters: Sequence[str]) -> RowKernel:
    """Compile a pass that writes every output of the program for each row."""
    emitter = Emitter(function, _given(function, inputs))
    outputs = [text.text for text in emitter.body(2)]
    lines = [
        *_head(function, tuple(inputs), parameters),
        "    for _k in range(_start, _stop):",
        *_load(function, tuple(inputs), 2, emitter.has_tape),
        *emitter.lines,
        *(f"        _out[_row, {i}] = {text}" for i, text in enumerate(outputs)),
    ]
    native = compiled("\n".join(lines), "_kernel", _signature(inputs))
    return RowKernel(native, tuple(inputs), len(outputs))


def _given(function: Function, inputs: Mapping[str, Type]) -> dict[str, Type]:
    return {param.name: inputs[param.label] for param in function.params if param.label in inputs}


def _head(function: Function, columns: Sequence[str], parameters: Sequence[str]) -> list[str]:
    names = {param.label: param.name for param in function.params}
    taken = [f"    {names[label]} = _x[{i}]" for i, label in enumerate(parameters)]
    arrays = ", ".join(f"_column_{i}" for i in range(len(columns)))
    return [f"def _kernel({arrays}, _x, _start, _stop, _out):", *taken, "    tape = np.empty(64)"]


def _load(function: Function, columns: Sequence[str], depth: int, tape: bool) -> list[str]:
    """Read the row's columns; an unsigned index needs no check for negative values."""
    names = {param.label: param.name for param in function.params}
    indent = "    " * depth
    lines = [f"{indent}_row = np.uint64(_k)"]
    lines += [f"{indent}{names[label]} = _column_{i}[_row]" for i, label in enumerate(columns)]
    return [*lines, f"{indent}top = 0"] if tape else lines


def _signature(inputs: Mapping[str, Type]) -> Any:
    x = types.Array(types.float64, 1, "C", readonly=True)
    out = types.Array(types.float64, 2, "C")
    return (*(array_of(kind) for kind in inputs.values()), x, types.int64, types.int64, out)
