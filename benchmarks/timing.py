"""Timing in turns: every case once per round, so that a drift of the machine hits all alike."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

Times = Mapping[str, Sequence[float]]


class Wrong(AssertionError):
    """Two ways to compute the same thing disagree: nothing is timed."""


def agreeing(results: Mapping[str, object], tolerance: float = 1e-9) -> None:
    """Fail unless all results are equal to a relative tolerance.

    >>> agreeing({"a": [1.0, 2.0], "b": [1.0, 2.5]})
    Traceback (most recent call last):
    benchmarks.timing.Wrong: b differs from a: [1.0, 2.5] and [1.0, 2.0]
    """
    (name, first), *others = results.items()
    for other, result in others:
        one, two = np.asarray(first, dtype=float), np.asarray(result, dtype=float)
        if one.shape != two.shape or not np.allclose(two, one, rtol=tolerance, atol=0.0):
            raise Wrong(f"{other} differs from {name}: {two.tolist()} and {one.tolist()}")


def in_turns(cases: Mapping[str, Callable[[], object]], rounds: int) -> Times:
    """Seconds of each case, one per round. Each is run just before as well, which is not counted: the case
    that went before it may have filled the processor's caches with its own data.
    """
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            run()
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return times


def table(times: Times, base: str, title: str) -> str:
    """Median, least, and the median of the ratios to the base within a round."""
    lines = [title, f"  {'':<44}{'median':>10}{'least':>10}{'ratio':>9}"]
    for name, found in times.items():
        ratio = float(np.median(np.array(found) / np.array(times[base])))
        lines.append(f"  {name:<44}{shown(np.median(found))}{shown(min(found))}{ratio:>8.2f}x")
    return "\n".join(lines)


def shown(seconds: float) -> str:
    """Seconds in milliseconds, ten characters wide."""
    return f"{1e3 * seconds:>7.2f} ms"


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and threads that start meanwhile, on one core (where the system can)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
