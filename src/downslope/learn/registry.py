"""The registry: every version of learnt constants, and which batches are counted in them.

A version is added, its batch noted and the head moved in one transaction. The head has a revision number;
who adds a version says which revision it started from, and is refused (`Conflict`) where another came first.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, inspect, select, update
from sqlalchemy.engine import Connection

from downslope.learn.schema import (
    BATCHES,
    FORMAT,
    HEAD,
    TABLES,
    VERSIONS,
    RegistryError,
    check_there,
    opened,
    transaction,
)

TIMEOUT = 30.0
"""Seconds to wait for another process's transaction."""


class Conflict(RegistryError):
    """Another learner has added a version since the head was read."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Version:
    """The constants after one batch, and all that is needed to go on from there.

    `cost_before` and `cost` are ½ Σ r² over the batch's rows with the values before and after it, in
    squared units of the target; `seconds` is the time that learning took.
    """

    kind: str  # start, update, alarm, reset (the last two where the data have drifted) or rollback
    program: str  # hash of the program and of what is learnt of it
    values: Mapping[str, float]
    state: Mapping[str, Any]  # of the method: JSON
    parent: int | None = None
    fingerprint: str = ""  # of the batch
    rows: int = 0
    cost_before: float = 0.0
    cost: float = 0.0
    seconds: float = 0.0
    created: str = field(default_factory=_now)
    number: int = 0  # 0: not in the registry yet


@dataclass(frozen=True)
class Head:
    """Where a registry stands: its newest version, the pinned one's number, and the revision of both."""

    version: Version | None
    pinned: int | None
    revision: int


class Registry:
    """Versions of learnt constants in a database, by its SQLAlchemy URL.

    Raises `RegistryError` for a URL that names no database, a registry from a newer downslope, and whatever
    the database refuses; with `create=False` also for one that is not there.

    >>> registry = Registry("sqlite://")
    >>> first = registry.add(Version("start", "a1", {"speed": 30.0}, {}), registry.head().revision)
    >>> first.number, registry.head().version.values
    (1, {'speed': 30.0})
    """

    def __init__(self, url: str, *, create: bool = True, timeout: float = TIMEOUT) -> None:
        self.url = url
        self._engine = opened(url, create=create, timeout=timeout)
        with transaction(self._engine, writing=create) as connection:
            _ready(connection, url, create)

    def close(self) -> None:
        """Give up the connections."""
        self._engine.dispose()

    def head(self) -> Head:
        """The newest version and the revision, as of now."""
        with transaction(self._engine, writing=False) as connection:
            row = connection.execute(select(HEAD)).one()
            newest = None if row.version is None else _read(connection, row.version)
            return Head(newest, row.pinned, row.revision)

    def counted(self, fingerprint: str) -> int | None:
        """The number of the version that counts a batch, or None."""
        with transaction(self._engine, writing=False) as connection:
            return _counted(connection, fingerprint)

    def add(self, version: Version, revision: int) -> Version:
        """Make a version the newest, and note its batch. It is on the disk when this returns.

        `revision` is that of the head it was made from. Raises `Conflict` where the head has moved since,
        and then changes nothing.
        """
        with transaction(self._engine, writing=True) as connection:
            _claim(connection, revision)
            number = connection.execute(
                insert(VERSIONS).values(_row(version)).returning(VERSIONS.c.number)
            ).scalar_one()
            if version.fingerprint:
                connection.execute(insert(BATCHES).values(fingerprint=version.fingerprint, version=number))
            connection.execute(update(HEAD).values(version=number))
        check_there(self._engine.url)
        return replace(version, number=number)

    def pin(self, number: int | None) -> None:
        """Name the version to predict with while learning goes on; None for the newest."""
        with transaction(self._engine, writing=True) as connection:
            if number is not None:
                _read(connection, number)
            connection.execute(update(HEAD).values(pinned=number, revision=HEAD.c.revision + 1))

    def rollback(self, number: int) -> Version:
        """Go on from an older version: a new version, the newest, with its values and its state.

        Nothing is deleted, and batches that came after it stay counted.
        """
        back = self.version(number)
        fresh = replace(
            back,
            kind="rollback",
            parent=number,
            fingerprint="",
            rows=0,
            seconds=0.0,
            created=_now(),
            number=0,
        )
        while True:
            try:
                return self.add(fresh, self.head().revision)
            except Conflict:  # another learner came first: its version is rolled back as well
                continue

    def version(self, number: int) -> Version:
        """A version by its number."""
        with transaction(self._engine, writing=False) as connection:
            return _read(connection, number)

    def versions(self) -> tuple[Version, ...]:
        """All versions, the oldest first."""
        with transaction(self._engine, writing=False) as connection:
            rows = connection.execute(select(VERSIONS).order_by(VERSIONS.c.number)).all()
            return tuple(map(_version, rows))


def _ready(connection: Connection, url: str, create: bool) -> None:
    """The tables are there and of a format that is known; they are made where that is asked for."""
    if create:
        TABLES.create_all(connection)
    elif not inspect(connection).has_table(HEAD.name):
        raise RegistryError(
            f"{url} is not a registry", why=f"it has no table {HEAD.name}.", fix="check the URL."
        )
    found = connection.execute(select(HEAD.c.format)).scalar()
    if found is None and create:
        connection.execute(insert(HEAD).values(id=1, format=FORMAT, revision=0))
    elif found != FORMAT:
        raise RegistryError(
            f"the registry {url} has format {found}",
            why=f"this downslope knows format {FORMAT}.",
            fix="use the version of downslope that made it, or a new registry.",
        )


def _claim(connection: Connection, revision: int) -> None:
    """Move the head's revision on; only one learner can do this for a given revision."""
    moved = connection.execute(
        update(HEAD).where(HEAD.c.revision == revision).values(revision=HEAD.c.revision + 1)
    )
    if moved.rowcount != 1:
        raise Conflict(
            "another learner has changed the registry meanwhile",
            why="its version would be overwritten.",
            fix="learn the batch again, from the newest version.",
        )


def _counted(connection: Connection, fingerprint: str) -> int | None:
    found = select(BATCHES.c.version).where(BATCHES.c.fingerprint == fingerprint)
    return connection.execute(found).scalar()


def _read(connection: Connection, number: int) -> Version:
    row = connection.execute(select(VERSIONS).where(VERSIONS.c.number == number)).one_or_none()
    if row is None:
        raise RegistryError(
            f"the registry has no version {number}",
            why="versions are numbered from 1.",
            fix="see `downslope history`.",
        )
    return _version(row)


def _row(version: Version) -> dict[str, Any]:
    texts = {name: json.dumps(getattr(version, name), allow_nan=False) for name in ("values", "state")}
    names = [column.name for column in VERSIONS.columns if column.name not in (*texts, "number")]
    plain = {name: getattr(version, name) for name in names}
    return {**plain, **texts}


def _version(row: Any) -> Version:
    found = dict(row._mapping)
    return Version(**{**found, "values": json.loads(found["values"]), "state": json.loads(found["state"])})
