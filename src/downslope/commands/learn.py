"""`learn`, `history` and `rollback`: learning that goes on, and what came of it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from downslope.commands.constants import table
from downslope.commands.options import Program, out
from downslope.errors import NotConverged, UsageError

if TYPE_CHECKING:
    from downslope.learn.learner import Learner
    from downslope.learn.registry import Version

Url = Annotated[str, typer.Option("--registry", help="SQLAlchemy URL, e.g. sqlite:///learnt.db.")]
HEAD = ("version", "created (UTC)", "kind", "from", "rows", "mse before", "after", "seconds", "values")


def learn(
    program: Program,
    source: Annotated[
        str, typer.Argument(help="A table as for tune, a folder of tables that is watched, or - for lines.")
    ],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    registry: Url,
    learn: Annotated[list[str] | None, typer.Option(help="Constant to learn; may be repeated.")] = None,
    method: Annotated[str, typer.Option(help="rls, ekf or sgd.")] = "rls",
    forgetting: Annotated[float, typer.Option(help="Weight of a row after the next one.")] = 1.0,
    passes: Annotated[int | None, typer.Option(help="Over each batch.")] = None,
    noise: Annotated[
        float | None, typer.Option(help="ekf: standard deviation of the target's noise.")
    ] = None,
    prior: Annotated[float, typer.Option(help="ekf: how unsure a start value is, in parts of it.")] = 1.0,
    walk: Annotated[float, typer.Option(help="ekf: how far a constant moves in a row, likewise.")] = 0.0,
    rate: Annotated[float, typer.Option(help="sgd: length of the first step, likewise.")] = 0.05,
    drift: Annotated[str, typer.Option(help="Where errors grow: none, alarm or reset.")] = "none",
    missing: Annotated[str, typer.Option(help="Rows without a number: error or drop.")] = "error",
    batch: Annotated[int, typer.Option(help="Rows stored together, of a table or of lines.")] = 10_000,
    once: Annotated[bool, typer.Option("--once", help="A folder: take what is there, and stop.")] = False,
    settle: Annotated[float, typer.Option(help="Seconds that a file must not have changed.")] = 2.0,
) -> None:
    """Learn from batches as they come; each one reported is kept in the registry, and counts once.

    Example: downslope learn taxi.py:trip incoming/ --target minutes --registry sqlite:///learnt.db
    """
    from downslope.learn.learner import Learner

    if not settle >= 0.0:
        raise UsageError(f"settle is {settle}", why="it is a number of seconds.", fix="use e.g. 2.")
    learner = Learner(
        program, registry, target, learn, missing=missing, method=method, forgetting=forgetting, passes=passes,
        noise=noise, prior=prior, walk=walk, rate=rate, drift=drift,
    )  # fmt: skip
    watching = source != "-" and Path(source).is_dir() and not source.endswith(".parquet")
    head = learner.registry.head().version
    newest = 0 if head is None else head.number
    try:
        batches = _files(learner, source, once, settle) if watching else _parts(learner, source, batch)
        for version in batches:
            out.print(_line(version, known=version.number <= newest))
            newest = max(newest, version.number)
    except KeyboardInterrupt as stopped:
        if not watching or once:
            raise NotConverged(
                "interrupted", why="Ctrl-C.", fix="run it again: what is reported is kept, and counts once."
            ) from stopped
        out.print("stopped; what is reported above is kept")
    _ending(learner)


def _files(learner: "Learner", source: str, once: bool, settle: float) -> "Iterator[Version]":
    """A version for each file of a folder: a file is one batch."""
    from downslope.learn.sources import files

    for path in files(Path(source), once=once, settle=settle):
        yield learner.update(path)


def _parts(learner: "Learner", source: str, batch: int) -> "Iterator[Version]":
    """A version for each part of a table or of standard input."""
    from downslope.learn.sources import lines

    if batch < 1:
        raise UsageError(f"batch is {batch}", why="it is a number of rows.", fix="use e.g. 10000.")
    if source != "-":
        yield from learner.sweep(source, group=batch)
        return
    after = "stream"
    for frame in lines(sys.stdin.buffer, batch):
        version = learner.update(frame, after=after)
        after = version.fingerprint
        yield version


def _line(version: "Version", *, known: bool) -> str:
    if known:
        return f"version {version.number} counts these {version.rows:,} rows already"
    before, after = (2.0 * cost / version.rows for cost in (version.cost_before, version.cost))
    kind = "" if version.kind == "update" else f" ({version.kind})"
    return (
        f"version {version.number}{kind}: {version.rows:,} rows, "
        f"mean squared error {before:.4g} -> {after:.4g}; {_values(version)}"
    )


def _values(version: "Version") -> str:
    return " ".join(f"{name}={value:.6g}" for name, value in version.values.items())


def _ending(learner: "Learner") -> None:
    """The constants of the current version, with their errors."""
    if learner.registry.head().version is None:
        out.print("no batch was there to learn from")
        return
    values, errors = learner.values, learner.errors
    rows = [(name, f"{value:.8g}", f"{errors[name]:.2g}" if errors[name] == errors[name] else "?")
            for name, value in values.items()]  # fmt: skip
    for line in table([("", "learnt", "± standard error"), *rows]):
        out.print(line)


def history(registry: Url) -> None:
    """List the versions of a registry, the oldest first.

    Example: downslope history --registry sqlite:///learnt.db
    """
    from downslope.learn.registry import Registry

    known = Registry(registry, create=False)
    versions, pinned = known.versions(), known.head().pinned
    if not versions:
        out.print("the registry has no version yet")
        return
    for line in table([HEAD, *(_row(version, pinned) for version in versions)]):
        out.print(line)


def _row(version: "Version", pinned: int | None) -> tuple[str, ...]:
    rows = max(1, version.rows)
    before, after = (
        f"{2.0 * cost / rows:.4g}" if version.rows else "" for cost in (version.cost_before, version.cost)
    )
    parent = "" if version.parent is None else str(version.parent)
    return (
        f"{version.number}{' pinned' if version.number == pinned else ''}", version.created[:19].replace("T", " "),
        version.kind, parent, f"{version.rows:,}", before, after, f"{version.seconds:.3f}", _values(version),
    )  # fmt: skip


def rollback(
    version: Annotated[int, typer.Argument(help="The number of the version to go on from.")], registry: Url
) -> None:
    """Go on from an older version, as a new one; nothing is deleted.

    Example: downslope rollback 3 --registry sqlite:///learnt.db
    """
    from downslope.learn.registry import Registry

    done = Registry(registry, create=False).rollback(version)
    out.print(f"version {done.number} is version {version} again: {_values(done)}")
