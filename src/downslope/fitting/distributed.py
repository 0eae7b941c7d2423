"""A problem whose rows are the partitions of a Dask collection: each worker sums over its own.

One evaluation sends the parameters and the kernel's text to every partition, and gets one row of sums
back. A worker that is lost is replaced by Dask, which makes its partitions again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from downslope.data.table import Table
from downslope.errors import DataError, UsageError
from downslope.fitting import worker
from downslope.fitting.cost_problem import CostProblem
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.readying import Readying
from downslope.fitting.streamed import Elsewhere, fields_of
from downslope.native.rows import TARGET, WEIGHTS, Kernel, RowError

TIMEOUT = "10s"
SAMPLE = 100_000
"""Rows that are fetched for predictions and pictures."""


def is_dask(data: object) -> bool:
    """Whether a table is a Dask data frame.

    >>> is_dask({"x": [1.0]})
    False
    """
    return type(data).__module__.startswith("dask.dataframe")


@dataclass(frozen=True)
class DaskTable:
    """A Dask data frame, as a table of which the columns are known."""

    data: Any
    source: str = "the data frame"

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""
        return tuple(map(str, self.data.columns))


@dataclass(frozen=True)
class Partitions:
    """The partitions on the workers, and what computes on them."""

    client: Any
    futures: tuple[Any, ...]
    source: str

    def each(self, run: Any, *arguments: Any) -> list[Any]:
        """What a function of `worker` gives for each partition."""
        futures = [self.client.submit(run, part, *arguments, pure=False) for part in self.futures]
        return list(self.client.gather(futures))


@dataclass(frozen=True)
class DistributedProblem(Elsewhere):
    """A problem on partitions; `parts` are theirs to learn from (or those held out)."""

    parts: Partitions = field(kw_only=True)

    def _run(self, native: Kernel, x: Array) -> Array:
        """A kernel's sums over all partitions, added pairwise."""
        found = self._all(worker.sums, native, np.ascontiguousarray(x, dtype=float), self.threads)
        return np.asarray(np.add.reduce(np.ascontiguousarray(np.array(found).T), axis=1))

    def _all(self, run: Any, *arguments: Any) -> list[Any]:
        """The results of all partitions; where native code stopped on a row, what the program says of it."""
        found = self.parts.each(run, *arguments)
        for each in found:
            if isinstance(each, worker.Stopped):
                error = RowError(0)
                error.__cause__ = each.cause
                row = {name: np.array([value]) for name, value in each.values.items()}
                place = f"partition {each.partition} of {self.parts.source}"
                raise self._read(row, place, each.row)._stopped(arguments[1], error) from each.cause
        return found

    def _read(self, part: Mapping[str, Any], source: str, before: int = 0) -> Problem:
        """The problem on some of a partition's rows."""
        return self.inner.on(Table(as_read(part, self.target, self.weights), source, before=before))

    def blocks(self, x: Array, /) -> Iterator[tuple[Array, Array]]:
        """The triangles of the partitions' residuals and Jacobians, which stand for their rows (tall-skinny QR)."""
        for top in self._compressed(x, of_gradients=False):
            yield top[:, -1], top[:, :-1]
        if self.priors:
            yield self.priors.rows(x)

    def row_gradients(self, x: Array, /) -> Iterator[Array]:
        """Triangles with the same product as the gradients of the rows' costs."""
        yield from self._compressed(x, of_gradients=True)

    def _compressed(self, x: Array, of_gradients: bool) -> list[Array]:
        point = np.ascontiguousarray(x, dtype=float)
        return self._all(
            worker.compressed, self._sloped_rows, point, self.threads, self.weighing, of_gradients
        )

    def check(self, x: Array) -> None:
        """Raise what `Problem.check` does, for the first partition with a row that the program cannot predict."""
        point = np.ascontiguousarray(x, dtype=float)
        for part in self._all(worker.doubtful, self._rowwise, point, self.threads):
            if part.rows:
                self._read(part.columns, self.parts.source).check(x)


@dataclass(frozen=True)
class DistributedCosts(DistributedProblem, CostProblem):
    """The same for a cost that is no function of a residual."""


@dataclass(frozen=True)
class Sides:
    """The rows to learn from and those held out, on the workers."""

    parts: Partitions
    sample: Table
    rows: int
    dropped: int


def distributed(inner: Problem, sides: Sides) -> DistributedProblem:
    """A problem on partitions, from the same problem on a sample. Raises `UsageError` for kinked losses."""
    kind = DistributedCosts if isinstance(inner, CostProblem) else DistributedProblem
    return kind(**fields_of(inner, "a cluster"), parts=sides.parts, total=sides.rows)


def dealt(data: Any, readying: Readying, holdout: float, seed: int) -> tuple[Sides, Sides]:
    """The rows of a Dask data frame made ready on the workers of the current client.

    Raises `UsageError` where there is none, or its workers cannot compute; `DataError` for bad rows.
    """
    client = current_client()
    check_workers(client)
    frames = client.compute(data[readying.columns].to_delayed())
    pairs = [
        client.submit(worker.ready, frame, number, readying, holdout, seed, pure=False)
        for number, frame in enumerate(frames)
    ]
    both = [_side(client, pairs, index, readying) for index in (0, 1 if holdout else 0)]
    return both[0], both[1]


def _side(client: Any, pairs: list[Any], index: int, readying: Readying) -> Sides:
    parts = Partitions(
        client, tuple(client.submit(worker.part, pair, index, pure=False) for pair in pairs), "the cluster"
    )
    sizes = parts.each(worker.size)
    rows = [count for count, _ in sizes]
    if not sum(rows):
        raise DataError("the data frame has no rows", why="there is nothing to learn from.", fix="check it.")
    first = next(k for k, count in enumerate(rows) if count)
    head = client.submit(worker.head, parts.futures[first], SAMPLE, pure=False).result()
    sample = Table(as_read(head.columns, readying.target, readying.weights), "the cluster")
    return Sides(parts, sample, sum(rows), sum(dropped for _, dropped in sizes))


def as_read(columns: Mapping[str, Any], target: str, weights: str | None) -> dict[str, Any]:
    """A partition's columns under the names that they have in the table.

    >>> as_read({"km": 1, TARGET: 2, WEIGHTS: 3}, "minutes", "trust")
    {'km': 1, 'minutes': 2, 'trust': 3}
    """
    names = {TARGET: target, WEIGHTS: weights}
    return {str(names.get(name, name)): column for name, column in columns.items()}


def current_client() -> Any:
    """The client of `dask.distributed` in use. Raises `UsageError` where there is none."""
    try:
        from distributed import get_client
    except ImportError as error:
        raise _not_installed() from error
    try:
        return get_client()
    except ValueError as error:
        raise UsageError(
            "a Dask data frame, and no cluster", why="the sums are computed by the workers of a client.",
            fix="create one first: from distributed import Client; client = Client().",
        ) from error  # fmt: skip


def table_on(address: str, path: str) -> Any:
    """A table that the workers of a cluster read: a Parquet folder or file, or CSV files.

    Connects to the scheduler; that client is the one in use from then on. Raises `UsageError` where it cannot
    be reached, `DataError` for a table that cannot be read.
    """
    try:
        import dask.dataframe as frames
        from distributed import Client
    except ImportError as error:
        raise _not_installed() from error
    try:
        Client(address, timeout=TIMEOUT)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the cluster {address} cannot be reached", why=" ".join(str(error).split()) + ".",
            fix="check the address of the scheduler, e.g. tcp://host:8786.",
        ) from error  # fmt: skip
    try:
        text = path.lower().endswith((".csv", ".csv.gz", ".tsv"))
        return frames.read_csv(path) if text else frames.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read",
            why=" ".join(str(error).split()),
            fix="check the path, on the workers too.",
        ) from error


def _not_installed() -> UsageError:
    return UsageError(
        "dask.distributed is not installed",
        why="it runs fits on a cluster.",
        fix="pip install 'downslope[dask]'.",
    )


def check_workers(client: Any) -> None:
    """Raise `UsageError` unless every worker can import what it needs, in the versions that are here."""
    here = worker.versions()
    try:
        found = client.run(worker.versions, on_error="return")
    except Exception as error:  # whatever a cluster raises
        raise _unfit("the workers", f"{type(error).__name__}: {error}") from error
    if not found:
        raise UsageError("the cluster has no workers", why="nothing can be computed.", fix="start some.")
    for address, versions in found.items():
        if isinstance(versions, BaseException):
            raise _unfit(f"the worker {address}", f"{type(versions).__name__}: {versions}") from versions
        other = {name: each for name, each in versions.items() if each != here[name] and name != "numpy"}
        if other:
            listed = ", ".join(f"{name} {each} (here {here[name]})" for name, each in other.items())
            raise _unfit(f"the worker {address}", f"it has {listed}")


def _unfit(which: str, why: str) -> UsageError:
    return UsageError(
        f"{which} cannot run downslope",
        why=f"{why}.",
        fix="install the same versions on every worker: pip install downslope.",
    )
