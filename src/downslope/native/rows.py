"""Kernels that run a program over the rows of a table: cost, gradient and J'J in one pass.

The program's text is the body of the row loop, sums are local scalars, and nothing is allocated per
row. Each block of rows writes its own sums, and these are added pairwise, so the result does not
depend on the number of threads.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from downslope.emit.python import Emitter
from downslope.ir.nodes import Function
from downslope.ir.types import Type
from downslope.native.compiled import array_of, compiled, floats_out, with_tape
from downslope.native.vector.choice import vectorises
from downslope.passes.guard import guarded

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Term = tuple[str, str]
TARGET = "the target"
WEIGHTS = "the weights"
"""Names of columns that no argument of a program can have."""
BLOCK = 16_384
"""Rows summed one after the other; blocks are then summed pairwise."""


class RowError(Exception):
    """The program raised on a row; `row` counts from 0. The cause is the exception of native code."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row}")
        self.row = row


@dataclass(frozen=True)
class Compiled:
    """The text of a pass over rows, compiled where it is first run: it can be sent to another process."""

    text: str
    signature: Any
    vector: bool
    columns: tuple[str, ...]
    width: int

    @cached_property
    def native(self) -> Callable[..., None]:
        """The machine code."""
        run: Callable[..., None] = compiled(self.text, "_kernel", self.signature, vector=self.vector)
        return run

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "native"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


@dataclass(frozen=True)
class Kernel(Compiled):
    """A pass over rows: `run(parameters, table columns) -> summed outputs`."""

    def sums(self, x: Array, columns: Mapping[str, npt.NDArray[Any]], threads: int | None = None) -> Array:
        """The sum over all rows of each of the kernel's outputs, shape (width,). Raises `RowError`."""
        return added(self.blocks(x, columns, threads))

    def blocks(self, x: Array, columns: Mapping[str, npt.NDArray[Any]], threads: int | None = None) -> Array:
        """The sums over each block of rows, (blocks, width). Raises `RowError`."""
        used = [columns[name] for name in self.columns]
        blocks = -(-len(used[0]) // BLOCK)
        out = np.zeros((blocks, self.width))
        _shared(
            lambda first, last, place, tape: self.native(
                *used, x, *_rows(first, last, used), place, tape, out[first:last]
            ),
            blocks,
            threads,
        )
        return out


def added(blocks: Array) -> Array:
    """Sums of blocks, (blocks, width), added pairwise."""
    return np.asarray(np.add.reduce(np.ascontiguousarray(blocks.T), axis=1))


@dataclass(frozen=True)
class RowKernel(Compiled):
    """A pass that writes the program's outputs for each row, and the code of its fault."""

    def rows(
        self, x: Array, columns: Mapping[str, npt.NDArray[Any]], threads: int | None = None
    ) -> tuple[Array, npt.NDArray[np.uint8]]:
        """The outputs of each row, (rows, width), and its fault (rows,), see `passes.guard`."""
        used = [columns[name] for name in self.columns]
        out = np.empty((self.width, len(used[0])))  # an output's rows side by side, as SIMD code stores them
        faults = np.empty(len(used[0]), dtype=np.uint8)
        _shared(
            lambda first, last, place, tape: self.native(
                *used, x, *_rows(first, last, used), place, tape, out, faults
            ),
            -(-len(used[0]) // BLOCK),
            threads,
        )
        return out.T, faults


def _rows(first: int, last: int, columns: Sequence[npt.NDArray[Any]]) -> tuple[int, int]:
    """The rows of a run of blocks."""
    return first * BLOCK, min(last * BLOCK, len(columns[0]))


def _shared(run: Callable[[int, int, Places, Array], None], blocks: int, threads: int | None) -> None:
    """Give each thread a run of blocks; kernels release the interpreter's lock.

    A kernel notes the row it is at, so the first row that raises is known without a search.
    """
    count = min(blocks, threads or os.cpu_count() or 1)
    edges = [blocks * i // max(count, 1) for i in range(count + 1)]
    places = [np.zeros(1, dtype=np.int64) for _ in range(count)]

    def part(index: int) -> Exception | None:
        try:
            with_tape(lambda tape: run(edges[index], edges[index + 1], places[index], tape))
        except Exception as error:  # noqa: BLE001  # whatever the program raises
            return error
        return None

    if count <= 1:
        errors = [part(index) for index in range(count)]
    else:
        with ThreadPoolExecutor(count) as pool:
            errors = list(pool.map(part, range(count)))
    for place, error in zip(places, errors, strict=True):
        if error is not None:
            raise RowError(int(place[0])) from error


def kernel(
    function: Function,
    inputs: Mapping[str, Type],
    parameters: Sequence[str],
    terms: Callable[[list[str]], list[Term]],
    loss: str = "",
    weighted: bool = False,
    residual: bool = True,
) -> Kernel:
    """Compile a pass that adds up, over the rows, the products that `terms` makes of the outputs.

    `inputs` are the columns the program reads, with their types; `parameters` are the labels of the
    inputs taken from `x`. Factors may use `_residual` (first output minus target) and, where the
    text of a `loss` function is given, `_rho`, `_psi` and `_weight`. With `weighted`, each row counts as often
    as its column of weights says. Without `residual` there is no target, and `_first` is the first output.
    Names of the kernel start with an underscore, which names of the program never do.
    """
    emitter = Emitter(function, _given(function, inputs), fused=True)
    first, *others = [text.inside(20) for text in emitter.body(3)]
    named = [f"_output_{i}" for i in range(len(others))]
    sums = [(f"_heavy * {a}", b) for a, b in terms(named)] if weighted else terms(named)
    columns = (*inputs, *([TARGET] if residual else []), *([WEIGHTS] if weighted else []))
    lines = [
        *([f"@register_jitable\n{loss}\n\n"] if loss else []),
        *emitter.parts.lines(),
        *_head(function, columns, parameters, "_out"),
        f"    for _block in range(0, (_stop - _start + {BLOCK - 1}) // {BLOCK}):",
        *(f"        _total_{i} = 0.0" for i in range(len(sums))),
        f"        for _k in range(_start + _block * {BLOCK}, min(_stop, _start + _block * {BLOCK} + {BLOCK})):",
        *_load(function, tuple(inputs), 3, emitter),
        *emitter.lines,
        f"            _residual = {first} - _column_{len(inputs)}[_row]"
        if residual
        else f"            _first = {first}",
        *(f"            {name} = {text}" for name, text in zip(named, others, strict=True)),
    ]
    if loss:
        lines += [
            "            _rho, _psi = _loss(_residual)",
            "            _weight = 1.0 if _residual == 0.0 else _psi / _residual",
        ]
    if weighted:
        lines.append(f"            _heavy = _column_{len(columns) - 1}[_row]")
    lines += [f"            _total_{i} = summed({a}, {b}, _total_{i})" for i, (a, b) in enumerate(sums)]
    lines += [f"        _out[_block, {i}] = _total_{i}" for i in range(len(sums))]
    signature = _signature([inputs.get(name, "f") for name in columns])
    return Kernel("\n".join(lines), signature, vectorises(function), columns, len(sums))


def row_kernel(
    function: Function, inputs: Mapping[str, Type], parameters: Sequence[str], primal: frozenset[str]
) -> RowKernel:
    """Compile a pass that writes every output of the program for each row, and its fault.

    `primal` are the names that the program itself computes, whose faults are watched.
    """
    given = _given(function, inputs)
    emitter = Emitter(guarded(function, primal, given), given, fused=True)
    *outputs, fault = [text.text for text in emitter.body(2)]
    lines = [
        *emitter.parts.lines(),
        *_head(function, tuple(inputs), parameters, "_out, _faults"),
        "    for _k in range(_start, _stop):",
        *_load(function, tuple(inputs), 2, emitter),
        *emitter.lines,
        *(f"        _out[{i}, _row] = {text}" for i, text in enumerate(outputs)),
        f"        _faults[_row] = {fault}",
    ]
    faults = types.Array(types.uint8, 1, "C")
    signature = (*_signature(list(inputs.values())), faults)
    return RowKernel("\n".join(lines), signature, vectorises(function), tuple(inputs), len(outputs))


def _given(function: Function, inputs: Mapping[str, Type]) -> dict[str, Type]:
    return {param.name: inputs[param.label] for param in function.params if param.label in inputs}


def _head(function: Function, columns: Sequence[str], parameters: Sequence[str], outputs: str) -> list[str]:
    names = {param.label: param.name for param in function.params}
    arrays = ", ".join(f"_column_{i}" for i in range(len(columns)))
    return [
        f"def _kernel({arrays}, _x, _start, _stop, _place, tape, {outputs}):",
        *(f"    {names[label]} = _x[{i}]" for i, label in enumerate(parameters)),
    ]


def _load(function: Function, columns: Sequence[str], depth: int, emitter: Emitter) -> list[str]:
    """Note the row and read its columns; an unsigned index needs no check for negative values."""
    names = {param.label: param.name for param in function.params}
    indent = "    " * depth
    return [
        f"{indent}_row = np.uint64(_k)",
        f"{indent}_place[0] = _k",
        *(f"{indent}{names[label]} = _column_{i}[_row]" for i, label in enumerate(columns)),
        *(f"{indent}{line}" for line in emitter.fresh_run()),
    ]


def _signature(columns: Sequence[Type]) -> Any:
    x = types.Array(types.float64, 1, "C", readonly=True)
    place = types.Array(types.int64, 1, "C")
    out = types.Array(types.float64, 2, "C")
    return (
        *(array_of(kind) for kind in columns),
        x,
        types.int64,
        types.int64,
        place,
        floats_out(),
        out,
    )
