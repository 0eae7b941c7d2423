"""A program, and batches of rows that it reads, all of one layout."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from downslope.calculus.program import Program
from downslope.data.frames import Frame
from downslope.data.table import Table, open_table
from downslope.errors import UsageError
from downslope.fitting.objective import Array
from downslope.fitting.pose import with_fixed
from downslope.fitting.problem import Problem
from downslope.fitting.statement import check_counts, check_names, fixed_inputs, learnable, no_array
from downslope.ir.show import shown
from downslope.modes.inner import expanded
from downslope.passes.short_arrays import without_short_arrays
from downslope.read.constants import find_constants, pick
from downslope.read.lift import lifted
from downslope.read.source import Source
from downslope.read.wholes import settled


@dataclass(frozen=True)
class Layout:
    """What every batch has: the columns that are inputs, and the constants learnt from them."""

    inputs: tuple[str, ...]
    target: str
    names: tuple[str, ...]


def layout_of(source: Source, frame: Frame, target: str, learn: Sequence[str] | None) -> Layout:
    """The layout that a first batch sets; the same errors as `fit` for names that do not fit."""
    inputs = tuple(name for name in source.arguments if name in frame.names)
    check_names(source, frame, inputs, target)
    return Layout(inputs, target, tuple(constant.name for constant in learnable(source, learn, inputs)))


@dataclass(frozen=True)
class Reader:
    """A program with its constants as inputs, ready for batches of a layout."""

    layout: Layout
    program: Program
    labels: tuple[str, ...]
    start: Array  # (p,) the values of the source
    fixed: Mapping[str, float]  # arguments that keep their default
    threads: int | None
    _problems: dict[str, Problem] = field(default_factory=dict, compare=False, repr=False)

    def table(self, frame: Frame, missing: str, *, target: bool = True) -> Table:
        """A batch's columns. Raises `DataError` where one lacks, is no number, or has none on a row."""
        wanted = [*self.layout.inputs, *([self.layout.target] if target else [])]
        return open_table(frame, wanted, missing)

    def problem(self, table: Table) -> Problem:
        """The program on a batch; what is compiled is kept from batch to batch."""
        if self.layout.target not in table.columns:
            table = table.adding({self.layout.target: np.zeros(table.rows)})
        kinds = "".join(table.columns[name].dtype.kind for name in self.layout.inputs)
        table = with_fixed(table, self.fixed)
        if kinds not in self._problems:
            free = np.full(len(self.labels), np.inf)
            inputs = (*self.layout.inputs, *self.fixed)
            self._problems[kinds] = Problem(
                self.program, table, inputs, self.layout.target, self.labels, self.layout.names, self.start,
                -free, free, threads=self.threads,
            )  # fmt: skip
            return self._problems[kinds]
        self._problems[kinds] = self._problems[kinds].on(table)
        return self._problems[kinds]

    @cached_property
    def identity(self) -> str:
        """A hash of what the program does: of its operations, not of its layout, comments or learnt values."""
        steps = re.sub(r"\s+# .*", "", shown(self.program.function))
        said = f"{steps}\n{self.labels}\n{sorted(self.fixed.items())}\n{self.layout}"
        return hashlib.sha256(said.encode()).hexdigest()


def reader(source: Source, layout: Layout, threads: int | None = None) -> Reader:
    """Read a program for a layout. Raises `UsageError` for a constant that it has no more."""
    chosen = pick(find_constants(source), list(layout.names))
    raised = lifted(source, chosen, settled(source, layout.inputs))
    missing = [name for name in layout.inputs if name not in raised.arguments]
    if missing:
        raise UsageError(
            f"{source.name} has no argument {missing[0]!r} any more",
            why="the registry learns from a column of this name.",
            fix="put the argument back, or use a new registry.",
        )
    fixed = fixed_inputs(raised, layout.inputs, chosen)
    labels = tuple(constant.symbol for constant in chosen)
    program = Program(raised, without_short_arrays(expanded(raised).function, labels))
    check_counts(program, chosen)
    no_array(raised, program)
    start = np.array([float(constant.value) for constant in chosen])
    return Reader(layout, program, labels, start, fixed, threads)


def fingerprint(table: Table, before: str = "") -> str:
    """A hash of a batch's numbers by column; `before` is that of the part of a stream that it follows.

    >>> one, other = (Table({"x": np.array(numbers)}, "t") for numbers in ([1, 2], [1.0, 2.0]))
    >>> fingerprint(one) == fingerprint(other), fingerprint(one) == fingerprint(one, "after another")
    (True, False)
    """
    digest = hashlib.sha256(before.encode())
    for name in sorted(table.columns):
        digest.update(f"{name}\n{table.rows}\n".encode())
        digest.update(np.ascontiguousarray(table.columns[name], dtype=np.float64).tobytes())
    return digest.hexdigest()
