"""A problem whose rows are elsewhere: sums over all of them, and a sample for everything that looks at rows.

Batches are cut where blocks of rows end that kernels sum one after the other, and the sums of blocks are
added as those of a table in memory. So the result is the same, to the last bit, for any size of batches.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from downslope.data.table import Table
from downslope.errors import DataError, UsageError
from downslope.fitting.cost_problem import CostProblem
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.native.rows import BLOCK, Kernel, RowError, added

Batches = Callable[[], Iterator[Table]]


@dataclass(frozen=True)
class Elsewhere(Problem):
    """A problem on more rows than are here. `table` is a sample: predictions and pictures are of these rows.

    `inner` is the problem on the sample, `total` the number of all rows.
    """

    inner: Problem = field(kw_only=True)
    total: int = field(kw_only=True)

    def __post_init__(self) -> None:
        """The loss was checked with `inner`."""

    @property
    def rows(self) -> int:
        """Number of rows of all batches."""
        return self.total

    @property
    def weight(self) -> Array:
        """(m,) how much each row of the sample counts."""
        return self.inner.weight

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual and Jacobian of the sample."""
        return self.inner.jacobian(x)

    def on(self, table: Table) -> Problem:
        """The same problem on a table in memory."""
        return self.inner.on(table)

    def like(self, **changes: Any) -> "Elsewhere":
        """The same problem with another start, bounds or priors; kernels are kept."""
        inner = self.inner.like(**{name: value for name, value in changes.items() if name != "priors"})
        return self._keeping(replace(self, inner=inner, _cache={}, **changes))


@dataclass(frozen=True)
class StreamedProblem(Elsewhere):
    """A problem on a stream; `batches` reads the rows to learn from, from the beginning each time."""

    batches: Batches = field(kw_only=True)

    def _each(self) -> Iterator[Problem]:
        """The problem on one batch after the other; what is compiled is kept."""
        for batch in aligned(self.batches()):
            yield self.inner.on(batch)

    def _run(self, native: Kernel, x: Array) -> Array:
        """A kernel's sums over all batches."""
        point, found = np.ascontiguousarray(x, dtype=float), []
        for each in self._each():
            try:
                found.append(native.blocks(point, each.columns, self.threads))
            except RowError as error:
                raise each._stopped(x, error) from error.__cause__
        return added(np.concatenate(found))

    def blocks(self, x: Array, /) -> Iterator[tuple[Array, Array]]:
        """Residual and Jacobian, batch by batch; priors are further rows."""
        for each in self._each():
            yield each.jacobian(x)
        if self.priors:
            yield self.priors.rows(x)

    def row_gradients(self, x: Array, /) -> Iterator[Array]:
        """The gradients of the rows' costs, batch by batch."""
        for each in self._each():
            yield from each.row_gradients(x)

    def check(self, x: Array) -> None:
        """Raise what `Problem.check` does, for the first batch with a row that the program cannot predict."""
        for each in self._each():
            each.check(x)


@dataclass(frozen=True)
class StreamedCosts(StreamedProblem, CostProblem):
    """The same for a cost that is no function of a residual."""


def streamed(inner: Problem, batches: Batches, total: int) -> StreamedProblem:
    """A problem on a stream, from the same problem on its first batch. Raises `UsageError` for kinked losses."""
    kind = StreamedCosts if isinstance(inner, CostProblem) else StreamedProblem
    return kind(**fields_of(inner, "a stream"), batches=batches, total=total)


def fields_of(inner: Problem, what: str) -> dict[str, Any]:
    """The fields of a problem on more rows than its own. Raises `UsageError` for kinked losses."""
    if not inner.smooth:
        raise UsageError(
            f"the loss {inner.loss} on {what}",
            why="its minimum is found from all rows at once.",
            fix="use huber, or read the table into memory.",
        )
    fields = {name: getattr(inner, name) for name in inner.__dataclass_fields__ if not name.startswith("_")}
    return {**fields, "inner": inner.like(priors=None)}


def counted(batches: Batches) -> tuple[Table, int, int]:
    """The first batch, the number of rows of all, and how many were left out. Raises `DataError` for none."""
    first, total, dropped = None, 0, 0
    for batch in batches():
        first = first or (batch if batch.rows else None)
        total += batch.rows
        dropped += batch.dropped
    if first is None:
        raise DataError(
            "the stream has no rows", why="there is nothing to learn from.", fix="check the files."
        )
    return first, total, dropped


def aligned(batches: Iterator[Table]) -> Iterator[Table]:
    """The same rows, cut so that each table but the last has whole blocks.

    >>> table = Table({"x": np.arange(1.5 * BLOCK)}, "t")
    >>> [part.rows / BLOCK for part in aligned(iter([table, table, table]))]
    [1.0, 1.0, 1.0, 1.0, 0.5]
    """
    left: list[Table] = []
    gone = 0
    for batch in batches:
        room = -sum(part.rows for part in left) % BLOCK
        if left and batch.rows < room:
            left.append(batch)
            continue
        if left:
            whole = _joined([*left, batch.between(0, room)], gone)
            gone += whole.rows
            yield whole
        else:
            room = 0
        end = room + (batch.rows - room) // BLOCK * BLOCK
        if end > room:
            gone += end - room
            yield batch.between(room, end)
        left = [batch.between(end, batch.rows)] if end < batch.rows else []
    if left:
        yield _joined(left, gone)


def _joined(parts: list[Table], before: int) -> Table:
    """Tables one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    return Table(
        columns, f"{parts[0].source} and what follows, rows counted from the first file's,", before=before
    )
