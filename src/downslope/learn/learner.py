"""The learner: batches in, versions of constants out, each kept in the registry before it is acknowledged."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from downslope.data.frames import Frame, frame_of
from downslope.data.table import Table
from downslope.errors import UsageError, warned
from downslope.fitting.objective import Array
from downslope.learn.batches import Layout, Reader, fingerprint, layout_of, reader
from downslope.learn.drift import available, drifted, levels
from downslope.learn.methods import covariance, fresh, learnt, started
from downslope.learn.options import check_group, columns_of, same_choice, settings_of
from downslope.learn.registry import Conflict, Registry, Version
from downslope.learn.settings import Settings
from downslope.learn.state import State, read
from downslope.read.source import read_source

TRIES = 100
"""A batch is learnt again from the newest version where another learner came first, so many times."""


class Learner:
    """A program that learns from one batch of rows after the other.

    `program` is a function or `file.py:function`, `registry` the SQLAlchemy URL of a database, `target` the
    column to predict, `learn` the constants (default: all that `constants` proposes). Options: `method`
    "rls" (recursive least squares), "ekf" (extended Kalman filter on the constants) or "sgd" (stochastic
    gradient); `forgetting` λ, the weight of a row after the next one (1: nothing is forgotten); `passes` over
    each batch; `noise`, `prior` and `walk` for ekf and `rate` for sgd, see `learn.settings`; `drift` "none",
    "alarm" (a warning) or "reset" (what was known is forgotten, the values kept); `missing` "error" or
    "drop". Raises `UsageError`, `UnsupportedError`, and `RegistryError` where the database refuses.

    >>> def trip(d, speed=30.0, wait=0.0):
    ...     return wait + 60.0 * d / speed
    >>> learner = Learner(trip, "sqlite://", "minutes")
    >>> version = learner.update({"d": [1.0, 2.0, 3.0], "minutes": [4.1, 7.0, 10.0]})
    >>> version = learner.update({"d": [4.0], "minutes": [12.9]})
    >>> version.number, {name: round(value, 3) for name, value in version.values.items()}
    (3, {'speed': 20.408, 'wait': 1.15})
    >>> learner.predict({"d": [10.0]}).round(2).tolist()
    [30.55]
    """

    def __init__(
        self,
        program: Callable[..., Any] | str,
        registry: str = "sqlite:///learnt.db",
        target: str = "",
        learn: Sequence[str] | None = None,
        *,
        missing: str = "error",
        threads: int | None = None,
        **options: Any,
    ) -> None:
        self.settings = settings_of(options)
        if self.settings.drift != "none":
            available()
        self._source = read_source(program)
        self._target, self._missing, self._threads = target, missing, threads
        self._learn = [learn] if isinstance(learn, str) else learn
        self._reader: Reader | None = None
        self.registry = Registry(registry)
        newest = self.registry.head().version
        if newest is not None:
            self._reader = self._checked(newest)

    def close(self) -> None:
        """Give up the connections to the registry; also done at the end of a `with` block."""
        self.registry.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- learning ------------------------------------------------------------------------------

    def update(self, batch: object, *, after: str = "") -> Version:
        """Learn from a table, and return the version that counts it once it is on the disk.

        A batch that is counted already changes nothing: the version that counts it is returned. `after` is
        the fingerprint of the batch that this one follows in a stream, where equal batches are not the same.
        Raises `DataError` (with the row) or `ProgramError`; then nothing is stored.
        """
        return self._counted(*self._table(batch), after)

    def sweep(self, table: object, *, group: int = 10_000) -> Iterator[Version]:
        """Learn from a table in parts of `group` rows, each stored by itself; yields each part's version.

        Parts are known by what goes before them: a table that has grown since is learnt from where it
        ended, if that was at the end of a part.
        """
        check_group(group)
        batches, rows = self._table(table)
        after = "stream"
        for first in range(0, rows.rows, group):
            part = rows.take(np.arange(first, min(first + group, rows.rows)))
            version = self._counted(batches, part, after)
            after = version.fingerprint
            yield version

    def feed(self, rows: Iterable[Mapping[str, Any]], *, group: int = 10_000) -> Iterator[Version]:
        """Learn from rows one by one, in groups that are stored together; yields each group's version.

        >>> def line(x, slope=1.0):
        ...     return slope * x
        >>> learner = Learner(line, "sqlite://", "y", method="ekf")
        >>> [v.rows for v in learner.feed(({"x": k, "y": 2.0 * k} for k in range(1, 6)), group=3)]
        [3, 2]
        """
        check_group(group)
        after, stream = "stream", iter(rows)
        while chunk := list(itertools.islice(stream, group)):
            version = self.update(columns_of(chunk), after=after)
            after = version.fingerprint
            yield version

    def _table(self, batch: object) -> tuple[Reader, Table]:
        """A batch's rows, and their reader: of the registry's layout, or of the one that this batch sets."""
        frame = frame_of(batch)
        if self._reader is None:
            layout = layout_of(self._source, frame, self._target, self._learn)
            self._reader = reader(self._source, layout, self._threads)
        return self._reader, self._reader.table(frame, self._missing)

    def _counted(self, batches: Reader, table: Table, after: str) -> Version:
        mark = fingerprint(table, after)
        for _ in range(TRIES):
            head = self.registry.head()
            known = self.registry.counted(mark)
            if known is not None:
                return self.registry.version(known)
            try:
                if head.version is None:
                    self.registry.add(self._first(batches), head.revision)
                else:
                    self._checked(head.version)
                    return self.registry.add(self._learnt(batches, head.version, table, mark), head.revision)
            except Conflict:
                continue
        raise Conflict(
            f"another learner came first {TRIES} times",
            why="it changes the registry faster than this batch can be learnt.",
            fix="give larger batches, or let one learner take them all.",
        )

    def _first(self, batches: Reader) -> Version:
        """The version before the first batch: the values of the source."""
        state = started(batches.start, self.settings)
        return Version("start", batches.identity, self._named(batches, state), self._json(batches, state, []))

    def _learnt(self, batches: Reader, last: Version, table: Table, mark: str) -> Version:
        began = time.perf_counter()
        problem, state = batches.problem(table), read(last.state)
        problem.check(state.x)
        residual, _ = problem.jacobian(state.x)
        kind, state, window = self._watched(last, state, levels(residual, problem.observed))
        new = learnt(state, problem, self.settings)
        problem.check(new.x)
        return Version(
            kind,
            last.program,
            self._named(batches, new),
            self._json(batches, new, window),
            parent=last.number,
            fingerprint=mark,
            rows=table.rows,
            cost_before=0.5 * float(residual @ residual),
            cost=0.5 * float(np.sum(problem.jacobian(new.x)[0] ** 2)),
            seconds=time.perf_counter() - began,
        )

    def _watched(self, last: Version, state: State, new: list[float]) -> tuple[str, State, list[float]]:
        """What the errors of a batch, before it is learnt, say of drift; the state to learn it from."""
        if self.settings.drift == "none":
            return "update", state, []
        grown, window = drifted(last.state["window"], new)
        if not grown:
            return "update", state, window
        warned(f"drift: the errors of predictions have grown since version {last.number}")
        if self.settings.drift == "alarm":
            return "alarm", state, window
        return "reset", fresh(state, self.settings), []

    # ---- what was learnt -----------------------------------------------------------------------

    def predict(self, table: object, *, version: int | None = None) -> Array:
        """(n,) the program's results on a table's rows, with the constants of a version.

        Default: the pinned version, or the newest.
        """
        known = self.current if version is None else self.registry.version(version)
        return self.predicted(known, frame_of(table))

    def predicted(self, version: Version, frame: Frame) -> Array:
        """(n,) the program's results on a table's rows, with the constants of a version that was read before."""
        batches = self._checked(version)
        problem = batches.problem(batches.table(frame, "error", target=False))
        x = read(version.state).x
        problem.check(x)
        return problem.predictions(x)

    @property
    def current(self) -> Version:
        """The version that predicts: the pinned one, or the newest."""
        head = self.registry.head()
        if head.pinned is not None:
            return self.registry.version(head.pinned)
        if head.version is None:
            raise UsageError(
                "nothing is learnt yet", why="the registry is empty.", fix="give a batch to `update`."
            )
        return head.version

    @property
    def values(self) -> dict[str, float]:
        """The constants of the current version, by name."""
        return dict(self.current.values)

    @property
    def covariance(self) -> Array:
        """(p, p) covariance of the current constants; NaN where unknown, and for sgd."""
        return covariance(read(self.current.state), self._stored(self.current))

    @property
    def errors(self) -> dict[str, float]:
        """Standard errors of the current constants by name; NaN where unknown, and for sgd."""
        return dict(zip(self.values, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    def history(self) -> tuple[Version, ...]:
        """All versions, the oldest first."""
        return self.registry.versions()

    def rollback(self, number: int) -> Version:
        """Go on from an older version: a new version with its values and state. Nothing is deleted.

        Batches learnt in between stay counted: they are not learnt again when they come again.
        """
        return self.registry.rollback(number)

    def pin(self, number: int | None) -> None:
        """Predict with a version while learning goes on; None: with the newest again."""
        self.registry.pin(number)

    def _checked(self, version: Version) -> Reader:
        """The reader of a version, whose program and method must be ours."""
        state = version.state
        layout = Layout(tuple(state["inputs"]), state["target"], tuple(version.values))
        same_choice("target", self._target or layout.target, layout.target)
        same_choice("method", self.settings.method, state["method"])
        if self._learn is not None:
            same_choice("learn", ", ".join(sorted(self._learn)), ", ".join(sorted(layout.names)))
        if self._reader is None or self._reader.layout != layout:
            self._reader = reader(self._source, layout, self._threads)
        if self._reader.identity != version.program:
            raise UsageError(
                f"{self._source.name} has changed since version {version.number} was learnt",
                loc=self._source.loc(self._source.node),
                why="what is known of its constants may not hold for other operations.",
                fix="put the program back, or learn it in a new registry.",
            )
        return self._reader

    def _stored(self, version: Version) -> Settings:
        return replace(self.settings, noise=version.state["noise"])

    def _json(self, batches: Reader, state: State, window: list[float]) -> dict[str, Any]:
        settings = self.settings
        said = {"inputs": list(batches.layout.inputs), "target": batches.layout.target}
        return {**said, "method": settings.method, "noise": settings.noise, "window": window, **state.json()}

    def _named(self, batches: Reader, state: State) -> dict[str, float]:
        return dict(zip(batches.layout.names, state.x.tolist(), strict=True))
