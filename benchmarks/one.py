"""One problem in one library, in a process of its own: prints JSON, saves the gradient.

python -m benchmarks.one gmm "d=10 k=25 n=1000" JAX FILE
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tools import FILES

ENOUGH, MOST, FEWEST = 1.0, 25, 3
"""Seconds spent on one timing, and how many runs there are."""


def problem_of(name: str) -> Any:
    """A problem's module."""
    return import_module(f"benchmarks.problems.{name}")


def arguments(problem: Any, size: str, tool: str) -> tuple[Any, ...]:
    """The data of a size; less of it for a library that needs minutes."""
    short = getattr(problem, "SHORT", {}).get(tool)
    sizes = {**problem.SIZES, **getattr(problem, "LARGE", {})}
    found: tuple[Any, ...] = problem.data(**(short or sizes[size]))
    return found


def median(run: Callable[[], object]) -> float:
    """Median seconds of a run; one that takes long is run less often."""
    times: list[float] = []
    while len(times) < MOST and (sum(times) < ENOUGH or len(times) < FEWEST) and sum(times) < 10 * ENOUGH:
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return float(np.median(times))


def main(name: str, size: str, tool: str, file: str) -> dict[str, float]:
    """First gradient with all imports, then medians of primal and gradient, then the peak of memory."""
    problem = problem_of(name)
    args = arguments(problem, size, tool)
    start = time.process_time()
    primal, gradient = import_module(f"benchmarks.tools.{FILES[tool]}").prepared(problem, args)
    slopes = gradient()
    first = time.process_time() - start
    np.save(file, np.concatenate([np.ravel(np.asarray(slope, dtype=float)) for slope in slopes]))
    primal()
    scale = getattr(problem, "SCALE", 1) if tool in getattr(problem, "SHORT", {}) else 1
    times = {"primal": scale * median(primal), "gradient": scale * median(gradient)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    return times | {"first": first, "memory": peak}


if __name__ == "__main__":
    found = main(*sys.argv[1:5])
    Path(sys.argv[4] + ".json").write_text(json.dumps(found))
