"""The tables of a registry, and how a database is opened so that transactions mean what they say.

SQLite is put in WAL mode with full synchronisation: what is committed is on the disk. Its driver would begin
transactions by itself, late; here each write begins with `BEGIN IMMEDIATE`, so two writers never start from
the same state.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from downslope.errors import DownslopeError

FORMAT = 1
"""The version of the tables below; a registry with a larger number is from a newer downslope."""

TABLES = MetaData()
VERSIONS = Table(
    "downslope_versions",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("parent", Integer, ForeignKey("downslope_versions.number")),
    Column("kind", String(20), nullable=False),
    Column("created", String(40), nullable=False),
    Column("program", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("cost_before", Float, nullable=False),
    Column("cost", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("values", Text, nullable=False),
    Column("state", Text, nullable=False),
)
BATCHES = Table(
    "downslope_batches",
    TABLES,
    Column("fingerprint", String(64), primary_key=True),
    Column("version", Integer, ForeignKey("downslope_versions.number"), nullable=False),
)
HEAD = Table(
    "downslope_head",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("format", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, ForeignKey("downslope_versions.number")),
    Column("pinned", Integer, ForeignKey("downslope_versions.number")),
)


class RegistryError(DownslopeError):
    """The registry cannot be used as it is; nothing in it was changed."""


def opened(url: str, *, create: bool, timeout: float) -> Engine:
    """A connection to the database of a URL. Raises `RegistryError` where there is none and `create` is False."""
    try:
        parsed = make_url(url)
        if not create:
            check_there(parsed)
        lite = parsed.get_backend_name() == "sqlite"
        engine = create_engine(parsed, connect_args={"timeout": timeout} if lite else {})
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise RegistryError(
            f"{url!r} is not the URL of a registry",
            why=" ".join(str(error).split())[:300] + ".",
            fix="e.g. sqlite:///learnt.db, or sqlite:////var/lib/learnt.db for a full path.",
        ) from error
    if lite:
        event.listen(engine, "connect", _prepared)
        event.listen(engine, "begin", _begun)
    return engine


def check_there(url: URL) -> None:
    """Raise `RegistryError` where the file of an SQLite registry is not there.

    SQLite would make an empty one, and goes on writing to one that was removed.
    """
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file and not file.startswith((":memory:", "file:")) and not Path(file).exists():
        raise RegistryError(
            f"there is no registry {file}",
            why="the file does not exist.",
            fix="check the URL; `downslope learn` makes a registry.",
        )


def _prepared(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begun(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def transaction(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """A transaction: all of it is kept, or nothing. Raises `RegistryError` for what the database says."""
    try:
        with engine.connect() as connection, connection.execution_options(writing=writing).begin():
            yield connection
    except SQLAlchemyError as error:
        raise _refused(engine, error) from error


def _refused(engine: Engine, error: SQLAlchemyError) -> RegistryError:
    said = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
    fix = "check that the database is there, whole and may be written, and run it again."
    if "locked" in said:
        fix = "another process holds the database for long: wait for it, and run it again."
    elif "full" in said:
        fix = "make room, and run it again: what was acknowledged is kept."
    return RegistryError(
        f"the registry {engine.url.render_as_string()} cannot be used", why=f"{said}.", fix=fix
    )
