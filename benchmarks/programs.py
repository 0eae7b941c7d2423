"""Table: whole programs in downslope and in other libraries, each in a new process with an empty cache."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import util
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.one import problem_of
from benchmarks.problems import NAMES
from benchmarks.timing import Wrong
from benchmarks.tools import TOOLS

LONGEST = 120
"""Seconds after which a process is stopped."""
HEAD = f"  {'':<16}{'primal':>12}{'gradient':>12}{'ratio':>9}{'first call':>12}{'peak memory':>13}"


def tables(chosen: Sequence[str] = NAMES, large: bool = False) -> Iterator[str]:
    """Measure the chosen problems, and show each size as it is done."""
    for name in chosen:
        problem = problem_of(name)
        for size in {**problem.SIZES, **(getattr(problem, "LARGE", {}) if large else {})}:
            yield "\n".join([f"{problem.TITLE}, {size}", HEAD, *_rows(problem, name, size)])


def _rows(problem: Any, name: str, size: str) -> Iterator[str]:
    gradients: dict[str, Any] = {}
    for tool, package in TOOLS.items():
        reason = _reason(problem, name, tool, package)
        if reason:
            yield f"  {tool:<16}{'-':>12}  {reason}"
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = _measured(name, size, tool, Path(folder))
        if isinstance(found, str):
            yield f"  {tool:<16}{'-':>12}  {found}"
            continue
        times, gradient = found
        if tool not in getattr(problem, "SHORT", {}):
            gradients[tool] = gradient
        yield f"  {tool:<16}{_times(times)}"
    checked(gradients)


def _reason(problem: Any, name: str, tool: str, package: str) -> str:
    """Why there is no figure for a library; empty where there is one."""
    if util.find_spec(package) is None:
        return "not installed"
    if tool == "by hand":
        return "" if util.find_spec(f"benchmarks.problems.{name}_hand") else "not written"
    if tool == "downslope" or hasattr(problem, {"HIPS autograd": "autograd"}.get(tool, package)):
        return ""
    return str(problem.MISSING[tool])


def _measured(name: str, size: str, tool: str, folder: Path) -> tuple[dict[str, float], Any] | str:
    file = folder / "gradient.npy"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.one", name, size, tool, str(file)],
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
            env=os.environ | {"DOWNSLOPE_CACHE_DIR": str(folder / "cache")},
        )
    except subprocess.TimeoutExpired:
        return f"not done in {LONGEST} s"
    if done.returncode:
        return f"failed: {(done.stderr.strip().splitlines() or ['killed'])[-1][:80]}"
    return json.loads(Path(f"{file}.json").read_text()), np.load(file)


def _times(found: dict[str, float]) -> str:
    primal, gradient = (f"{1e3 * found[part]:>9.3f} ms" for part in ("primal", "gradient"))
    ratio = f"{found['gradient'] / found['primal']:>8.2f}x"
    return f"{primal}{gradient}{ratio}{found['first']:>10.2f} s{found['memory'] / 2**20:>9.0f} MiB"


def checked(gradients: dict[str, Any], tolerance: float = 1e-7) -> None:
    """Fail unless all gradients are one, relative to the largest number in it."""
    names = list(gradients)
    for one, other in pairwise(names):
        a, b = gradients[one], gradients[other]
        if a.shape != b.shape or not np.max(np.abs(a - b)) <= tolerance * np.max(np.abs(a)):
            raise Wrong(f"the gradients of {one} and {other} differ")
