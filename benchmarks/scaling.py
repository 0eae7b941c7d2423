"""Weak and strong scaling of a fit on a local cluster: `python -m benchmarks.scaling`.

Strong: the same rows on one worker and on more. Weak: as many rows for each worker. Workers have one
thread each; the time is that of one evaluation (cost, gradient and J'J), the median of seven, and of a whole fit.
"""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import downslope as ds
from benchmarks.machine import described
from downslope.native.rows import Compiled

ROWS = 16_000_000
PARTITIONS = 8
REPEATS = 7


def trip(km, hour, speed=30.0, wait=1.0, rush=0.0, night=0.0, far=0.0):
    """Five constants and three branches."""
    slow = rush if 7.0 <= hour < 9.0 else night if hour >= 22.0 else 0.0
    return wait + 60.0 * km / (speed - slow) + (far * (km - 10.0) if km > 10.0 else 0.0)


def rows_of(number: int, count: int) -> Any:
    """One partition of the table."""
    import pandas as pd

    rng = np.random.default_rng(number)
    km, hour = rng.uniform(1.0, 20.0, count), rng.uniform(0.0, 24.0, count)
    speed = np.where((hour >= 7.0) & (hour < 9.0), 17.0, np.where(hour >= 22.0, 30.0, 24.0))
    took = 2.0 + 60.0 * km / speed + 0.3 * np.maximum(km - 10.0, 0.0) + rng.normal(size=count)
    return pd.DataFrame({"km": km, "hour": hour, "took": took})


@contextmanager
def workers(count: int) -> Iterator[Any]:
    """A cluster of so many workers with one thread each."""
    from distributed import Client, LocalCluster

    options = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


def measured(count: int, rows: int) -> tuple[float, float]:
    """Seconds of one evaluation and of a whole fit."""
    import dask.dataframe as dd

    with workers(count) as client:
        size = rows // PARTITIONS
        table = dd.from_map(rows_of, range(PARTITIONS), count=size).persist()
        client.run(os.getpid)
        start = time.perf_counter()
        problem = ds.fit(trip, table, "took", threads=1).problem
        whole = time.perf_counter() - start
        times = []
        for k in range(REPEATS):
            point = problem.start * (1.0 + 1e-9 * k) + 1e-9 * k
            start = time.perf_counter()
            problem.sums(point)
            times.append(time.perf_counter() - start)
    return statistics.median(times), whole


def traffic(parameters: int) -> tuple[int, int]:
    """Bytes that one evaluation sends to each partition and gets back: the kernel's text and x; one row of sums."""
    import pickle

    problem = ds.fit(trip, rows_of(0, 1_000), "took", max_iterations=1).problem
    kernel: Compiled = problem._summing
    return len(pickle.dumps((kernel, problem.start))), 8 * (
        1 + parameters + parameters * (parameters + 1) // 2
    )


def main() -> None:
    """Print the tables."""
    print(described())
    there, back = traffic(5)
    print(f"traffic of one evaluation per partition: {there:,} bytes there, {back:,} back (5 constants)\n")
    print(f"{'workers':>8}{'rows':>12}{'evaluation ms':>16}{'fit s':>8}   scaling")
    most = os.cpu_count() or 1
    counts = [n for n in (1, 2, 4, 8, 16) if n <= most]
    base = 0.0
    for label in ("strong", "weak"):
        for count in counts:
            rows = ROWS if label == "strong" else ROWS // most * count
            once, whole = measured(count, rows)
            base = once if count == 1 else base
            gain = base / once if label == "strong" else base / once * 100.0
            shown = (
                f"{label}: {gain:.2f} times as fast"
                if label == "strong"
                else f"{label}: {gain:.0f} % of one worker's rate"
            )
            print(f"{count:>8}{rows:>12,}{1e3 * once:>16.1f}{whole:>8.2f}   {shown}")


if __name__ == "__main__":
    main()
