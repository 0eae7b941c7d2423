"""Table: rows a second that a learner takes, one after the other, with the registry's writes grouped.

Every row moves the constants before the next is looked at (ekf, sgd), or its group does (rls). Each group
of rows is acknowledged when its version is on the disk. All times include reading, checking and storing.
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.timing import agreeing
from benchmarks.trips import LEARNT, columns
from downslope.demo.taxi import trip
from downslope.learn.learner import Learner
from downslope.learn.sources import lines

ROWS, GROUP, ROUNDS, WANTED = 400_000, 10_000, 5, 200_000
Run = Callable[[Learner], None]


def table(rows: int) -> dict[str, np.ndarray]:
    """The trips of the other tables, with what the program itself says, and noise, as their minutes."""
    found = dict(columns(rows))
    rng = np.random.default_rng(5)
    truth = [trip(d, hour) for d, hour in zip(found["d"].tolist(), found["hour"].tolist(), strict=True)]
    return {**found, "minutes": np.array(truth) * 1.1 + rng.normal(0.0, 0.5, rows)}


def csv(rows: Mapping[str, np.ndarray]) -> bytes:
    head, listed = ",".join(rows), zip(*(column.tolist() for column in rows.values()), strict=True)
    return "".join([f"{head}\n", *(",".join(map(repr, row)) + "\n" for row in listed)]).encode()


def json_lines(rows: Mapping[str, np.ndarray]) -> bytes:
    form = "{{" + ", ".join(f'"{name}": {{!r}}' for name in rows) + "}}\n"
    return "".join(
        form.format(*row) for row in zip(*(c.tolist() for c in rows.values()), strict=True)
    ).encode()


def in_batches(rows: Mapping[str, np.ndarray], learner: Learner) -> None:
    after = "stream"
    for first in range(0, len(rows["minutes"]), GROUP):
        part = {name: column[first : first + GROUP] for name, column in rows.items()}
        after = learner.update(part, after=after).fingerprint


def by_row(rows: Mapping[str, np.ndarray], learner: Learner) -> None:
    """A generator hands over one row, a dict, at a time."""
    names, listed = list(rows), [column.tolist() for column in rows.values()]
    stream: Iterator[dict[str, float]] = (
        dict(zip(names, row, strict=True)) for row in zip(*listed, strict=True)
    )
    for _ in learner.feed(stream, group=GROUP):
        pass


def from_text(text: bytes, learner: Learner) -> None:
    after = "stream"
    for frame in lines(io.BytesIO(text), GROUP):
        after = learner.update(frame, after=after).fingerprint


def cases(rows: int) -> dict[str, tuple[str, Run]]:
    found = table(rows)
    ways = {
        "groups of columns": partial(in_batches, found),
        "rows one by one": partial(by_row, found),
        "CSV lines": partial(from_text, csv(found)),
        "JSON lines": partial(from_text, json_lines(found)),
    }
    return {
        f"{method}, {way}": (method, run) for method in ("rls", "ekf", "sgd") for way, run in ways.items()
    }


def timed(method: str, run: Run, folder: str, number: int) -> tuple[float, list[float]]:
    """Seconds of a run with a new registry, and the values that it comes to."""
    url = f"sqlite:///{Path(folder) / f'{number}.db'}"
    learner = Learner(trip, url, "minutes", LEARNT, method=method)
    start = time.perf_counter()
    run(learner)
    return time.perf_counter() - start, list(learner.values.values())


def tables(rows: int = ROWS, rounds: int = ROUNDS) -> str:
    """Measure and show; the ways of one method must come to the same values."""
    every, number = cases(rows), 0
    seconds: dict[str, list[float]] = {name: [] for name in every}
    ends: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds + 1):  # the first is not counted: it compiles
            for name, (method, run) in every.items():
                number += 1
                taken, values = timed(method, run, folder, number)
                ends.setdefault(method, {})[name] = values
                if turn:
                    seconds[name].append(taken)
    for values_by_way in ends.values():
        agreeing(values_by_way, 1e-12)
    return shown(seconds, rows)


def shown(seconds: Mapping[str, list[float]], rows: int) -> str:
    title = f"learner: taxi, 5 constants, {rows:,} rows, groups of {GROUP:,} stored; wanted {WANTED:,} rows/s"
    lines_ = [title, f"  {'':<30}{'median':>14}{'least':>14}"]
    for name, found in seconds.items():
        median, least = (rows / value for value in (float(np.median(found)), max(found)))
        lines_.append(f"  {name:<30}{median:>10,.0f} r/s{least:>10,.0f} r/s")
    return "\n".join(lines_)
