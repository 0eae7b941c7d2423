"""What a worker of a cluster does with its partitions: each function takes one partition's columns.

Kernels come as text and are compiled once in each process (`native.rows.Compiled`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.data.frames import Frame
from downslope.data.stream import chosen
from downslope.data.table import Table, open_table
from downslope.fitting.faults import suspects
from downslope.fitting.normal import triangle
from downslope.fitting.objective import Array
from downslope.fitting.problem import Weighing
from downslope.fitting.readying import Readying
from downslope.native.rows import TARGET, WEIGHTS, Kernel, RowError, RowKernel, added


@dataclass(frozen=True)
class Partition:
    """Rows of one partition, as kernels read them: to learn from, or held out."""

    number: int
    columns: Mapping[str, Any]
    rows: int
    dropped: int


@dataclass(frozen=True)
class Stopped:
    """A row at which native code stopped: which, its values, and what native code raised."""

    partition: int
    row: int
    values: Mapping[str, Any]
    cause: Exception | None


def versions() -> dict[str, str]:
    """What this process would compute with."""
    from importlib.metadata import version

    import numba  # noqa: F401  # that it can be imported is the question

    return {name: version(name) for name in ("downslope", "numba", "numpy")}


def ready(
    frame: Any, number: int, readying: Readying, share: float, seed: int
) -> tuple[Partition, Partition]:
    """The rows of a partition to learn from, and those held out."""
    columns = {name: frame[name].to_numpy() for name in readying.columns}
    here = Frame(f"partition {number}", tuple(columns), lambda _: columns)
    if not len(frame):
        empty = Partition(number, {}, 0, 0)
        return empty, empty
    table = open_table(here, readying.columns, readying.missing)
    sides = chosen(table, 0, share, seed + number)
    kept, held = (_partition(readying.ready(side, part=True), number, readying) for side in sides)
    return Partition(number, kept.columns, kept.rows, table.dropped), held


def _partition(table: Table, number: int, readying: Readying) -> Partition:
    columns: dict[str, Any] = {name: table.columns[name] for name in readying.inputs}
    columns[TARGET] = np.ascontiguousarray(table.columns[readying.target], dtype=np.float64)
    if readying.weights is not None:
        columns[WEIGHTS] = np.ascontiguousarray(table.columns[readying.weights], dtype=np.float64)
    return Partition(number, columns, table.rows, 0)


def part(sides: tuple[Partition, Partition], index: int) -> Partition:
    """The rows to learn from (0), or those held out (1)."""
    return sides[index]


def size(partition: Partition) -> tuple[int, int]:
    """How many rows there are, and how many were left out."""
    return partition.rows, partition.dropped


def head(partition: Partition, rows: int) -> Partition:
    """The first rows."""
    few = {name: np.ascontiguousarray(column[:rows]) for name, column in partition.columns.items()}
    return Partition(partition.number, few, min(rows, partition.rows), 0)


def sums(partition: Partition, kernel: Kernel, x: Array, threads: int | None) -> Array | Stopped:
    """A kernel's sums over the rows."""
    if not partition.rows:
        return np.zeros(kernel.width)
    try:
        return added(kernel.blocks(x, partition.columns, threads))
    except RowError as error:
        return _stopped(partition, error)


def compressed(
    partition: Partition,
    kernel: RowKernel,
    x: Array,
    threads: int | None,
    weighing: Weighing,
    of_gradients: bool,
) -> Array | Stopped:
    """The triangle R of the QR decomposition of (J r), or of the rows' gradients: R'R is their product."""
    if not partition.rows:
        return np.zeros((0, len(x) + (not of_gradients)))
    try:
        out, _ = kernel.rows(x, partition.columns, threads)
    except RowError as error:
        return _stopped(partition, error)
    weight = partition.columns.get(WEIGHTS, np.ones(partition.rows))
    if of_gradients:
        return triangle(weighing.gradients(out, partition.columns[TARGET], weight))
    residual, slopes = weighing.residuals(out, partition.columns[TARGET], weight)
    return triangle(np.column_stack([slopes, residual]))


def doubtful(partition: Partition, kernel: RowKernel, x: Array, threads: int | None) -> Partition | Stopped:
    """The first rows that the program itself must be asked about."""
    if not partition.rows:
        return partition
    try:
        out, faults = kernel.rows(x, partition.columns, threads)
    except RowError as error:
        return _stopped(partition, error)
    rows = suspects(out[:, 0], faults)
    few = {name: np.ascontiguousarray(column[rows]) for name, column in partition.columns.items()}
    return Partition(partition.number, few, len(rows), 0)


def _stopped(partition: Partition, error: RowError) -> Stopped:
    row = {name: column[error.row].item() for name, column in partition.columns.items()}
    cause = error.__cause__
    return Stopped(partition.number, error.row, row, cause if isinstance(cause, Exception) else None)
