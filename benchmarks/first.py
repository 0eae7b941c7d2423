"""Table: time to the first gradient in a fresh process, from an empty cache and from the disk cache."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.timing import Wrong, agreeing, shown

ROUNDS = 7
ONE_CALL = {"downslope": "benchmarks.first_downslope", "JAX": "benchmarks.first_jax"}
ROWS = {"downslope": "benchmarks.first_rows_downslope", "JAX": "benchmarks.first_rows_jax"}
PARTS = ("import", "first", "second", "process", "busy")
Run = dict[str, float]


def process(module: str, cache: Path) -> tuple[Run, list[float]]:
    """Run a module in a new process: its own times, those of the whole process, and its gradient."""
    start, used = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-m", module],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DOWNSLOPE_CACHE_DIR": str(cache), "JAX_COMPILATION_CACHE_DIR": str(cache)},
    )
    found = json.loads(done.stdout)
    after = os.times()
    busy = after.children_user - used.children_user + after.children_system - used.children_system
    return found["times"] | {"process": time.perf_counter() - start, "busy": busy}, found["gradient"]


def measured(modules: Mapping[str, str]) -> dict[str, list[Run]]:
    """Each library from an empty cache, then from the one it just wrote, in turns."""
    times: dict[str, list[Run]] = {f"{n}, {c}": [] for n in modules for c in ("empty cache", "disk cache")}
    gradients: dict[str, object] = {}
    for _ in range(ROUNDS):
        for name, module in modules.items():
            with tempfile.TemporaryDirectory() as folder:
                for state in ("empty cache", "disk cache"):
                    found, gradients[f"{name}, {state}"] = process(module, Path(folder))
                    times[f"{name}, {state}"].append(found)
    agreeing(gradients)
    return times


def tables() -> str:
    """Measure and show: medians over processes."""
    title = "of the taxi's program by 5 constants, each in a new process"
    return "\n\n".join(
        [
            _table(f"first gradient {title}", measured(ONE_CALL)),
            _table(f"first cost + gradient over 1,000,000 rows {title}, one thread", measured(ROWS)),
        ]
    )


def _table(title: str, times: Mapping[str, list[Run]]) -> str:
    lines = [
        title,
        f"  {'':<24}{'import':>10}{'first call':>12}{'second':>12}{'process':>12}{'processor':>12}",
    ]
    for name, runs in times.items():
        medians = "  ".join(shown(float(np.median([run[part] for run in runs]))) for part in PARTS)
        lines.append(f"  {name:<24}{medians}")
    lines.append("  first call: from the function to its gradient, with all that is loaded on the way")
    lines.append(
        "  processor: the time that the process kept processors busy, which other work does not lengthen"
    )
    if not all(run["first"] > 0.0 for runs in times.values() for run in runs):
        raise Wrong("a time is not positive")
    return "\n".join(lines)
