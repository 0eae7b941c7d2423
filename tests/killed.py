"""A learner that is killed: what a child process acknowledged must be in the registry, whole.

`python tests/killed.py 200` kills 200 times and says what was found.
"""

import itertools
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, event

from downslope.learn.learner import Learner

BATCHES = 400


def line(t, slope=1.0, base=0.0):
    return base + slope * t


def batch(number: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(number)
    t = rng.uniform(0.0, 9.0, 20)
    return {"t": t, "y": 4.0 + 2.0 * t + rng.normal(0.0, 0.5, 20)}


def teach(url: str, said: Callable[[int], None], first: int = 0, *, early: bool = False) -> None:
    """Learn batches from the first on, some of which may be counted already; `said` acknowledges each.

    `early` acknowledges before the batch is stored, which is wrong: the check must find it.
    """
    learner = Learner(line, url, "y")
    for number in range(first, BATCHES):
        if early:
            said(number)
        learner.update(batch(number))
        if not early:
            said(number)


def killed(url: str, seconds: float, first: int, *, at_work: bool, early: bool = False) -> set[int]:
    """The batches that a child acknowledged until it was killed, so long after its start or first batch."""
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.close(out)
        try:
            teach(url, lambda number: os.write(into, number.to_bytes(2, "big")) and None, first, early=early)
        finally:
            os._exit(0)
    os.close(into)
    said = os.read(out, 2) if at_work else b""
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(out, "rb") as pipe:
        said += pipe.read()
    return {int.from_bytes(said[k : k + 2], "big") for k in range(0, len(said), 2)}


def killed_at(url: str, statement: int) -> bool:
    """Learn two batches in a child that is killed just before its so-many-th SQL statement or commit.

    Returns False where it ends before there are so many.
    """
    child = os.fork()
    if not child:
        try:
            count = itertools.count(1)

            def stop(*_: object, **__: object) -> None:
                if next(count) == statement:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(Engine, "before_cursor_execute", stop)
            event.listen(Engine, "commit", stop)
            learner = Learner(line, url, "y")
            for number in (0, 1):
                learner.update(batch(number))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def faults(file: Path, acknowledged: set[int]) -> list[str]:
    """What is wrong with a registry after a kill; read by SQLite itself, not by our code."""
    if not file.exists():
        return ["acknowledged, and no file"] if acknowledged else []
    with sqlite3.connect(file) as db:
        found = [f"integrity: {row[0]}" for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'downslope_head'").fetchall():
            return ["acknowledged, and no tables"] if acknowledged else []
        one = lambda query: db.execute(query).fetchone()[0]  # noqa: E731
        counted = one("SELECT count(*) FROM downslope_batches")
        learnt = one("SELECT count(*) FROM downslope_versions WHERE kind = 'update'")
        newest = one("SELECT max(number) FROM downslope_versions")
        head = db.execute("SELECT version FROM downslope_head").fetchone()
        broken = one(
            'SELECT count(*) FROM downslope_versions WHERE NOT (json_valid(state) AND json_valid("values"))'
        )
        lost = one(
            "SELECT count(*) FROM downslope_batches b LEFT JOIN downslope_versions v"
            " ON v.number = b.version AND v.fingerprint = b.fingerprint WHERE v.number IS NULL"
        )
    db.close()
    if counted < len(acknowledged):
        found.append(f"{len(acknowledged)} batches are acknowledged and {counted} counted")
    if counted != learnt or broken or lost or (head and head[0] != newest):
        found.append(f"half a version: {counted=} {learnt=} {broken=} {lost=} {head=} {newest=}")
    return found


def run(kills: int, folder: Path, *, early: bool = False, seed: int = 1) -> tuple[list[str], int, int]:
    """Faults found, batches acknowledged, and kills that hit a learner at work. Registries are made anew
    as they fill up; the last is finished, and has to equal one that was never killed."""
    rng, found, hits, total = random.Random(seed), [], 0, 0
    Learner(line, "sqlite://", "y").update(batch(0))  # compiled and loaded before the forks
    acknowledged: set[int] = set()
    place = 0
    for _ in range(kills):
        file = folder / f"{place}.db"
        before = len(acknowledged)
        first = max(0, before - 1)  # the last one again: it must not count twice
        at_work = rng.random() < 0.8  # or while it opens the registry
        acknowledged |= killed(
            f"sqlite:///{file}", rng.uniform(0.0, 0.12), first, at_work=at_work, early=early
        )
        found += faults(file, acknowledged)
        hits += len(acknowledged) > before
        if len(acknowledged) > 0.8 * BATCHES:
            place, total, acknowledged = place + 1, total + len(acknowledged), set()
    url = f"sqlite:///{folder / f'{place}.db'}"
    teach(url, lambda _: None)
    teach(f"sqlite:///{folder / 'whole.db'}", lambda _: None)
    ends = [
        Learner(line, each, "y").registry.head().version for each in (url, f"sqlite:///{folder / 'whole.db'}")
    ]
    if ends[0].values != ends[1].values or ends[0].state != ends[1].state:
        found.append("killed and restarted, it learns something else")
    return found, total + len(acknowledged), hits


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        wrong, count, hit = run(int(sys.argv[1]), Path(name))
        print(
            f"{sys.argv[1]} kills, {hit} of them with new batches acknowledged, {count} batches: {wrong or 'no fault'}"
        )
        sys.exit(bool(wrong))
