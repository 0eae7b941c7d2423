"""The folder of compiled programs between processes: found again, written by several at once, never stale."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.native import compiled, store

PROGRAM = """
import math
import numpy as np

FACTOR = 2.0


def helper(x):
    return x * x * FACTOR


def program(a):
    total = 0.0
    for i in range(len(a)):
        total += helper(a[i])
    return total


def slope_by_array(a, x):
    return np.sum(a * a) * x


def slope_by_number(a, x):
    return np.sum(a) * x * x
"""
RUN = """
import json, sys
import numpy as np
import downslope as ds
a = np.array([0.5, 1.5])
file, *names = sys.argv[1:]
for name in names:
    if name == "program":
        found = ds.grad(f"{file}:program")(a)
    else:
        found = ds.grad(f"{file}:{name}", "x" if name.endswith("number") else "a")(a, 2.0)
    print(json.dumps(np.ravel(found).tolist()))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.py"
    path.write_text(PROGRAM)
    return path


def started(file: Path, *names: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", RUN, str(file), *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"DOWNSLOPE_CACHE_DIR": str(file.parent / "cache")},
    )


def found(process: "subprocess.Popen[str]") -> list[list[float]]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def test_a_cached_program_and_a_new_one_share_nothing(file):
    """Numba's symbols count from the start of a process: the new one's had the names of the cached one's."""
    assert found(started(file, "slope_by_array")) == [[2.0, 6.0]]
    assert found(started(file, "slope_by_number", "slope_by_array")) == [[8.0], [2.0, 6.0]]


def test_several_processes_write_at_once(file):
    together = [started(file, "program") for _ in range(3)]
    assert [found(one) for one in together] == [[[2.0, 6.0]]] * 3
    left = list((file.parent / "cache").rglob("*.tmp"))
    assert not left


@pytest.mark.parametrize(
    ("old", "new"),
    [("total = 0.0", "total = a[0]"), ("return x * x", "return x * x * x"), ("FACTOR = 2.0", "FACTOR = 3.0")],
    ids=["program", "helper", "constant"],
)
def test_a_change_of_what_a_program_is_made_of_is_seen(old, new, tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_CACHE_DIR", str(tmp_path / "cache"))
    a, slopes = np.array([0.5, 1.5]), []
    for number, text in enumerate((PROGRAM, PROGRAM.replace(old, new))):
        path = tmp_path / f"file_{number}.py"
        path.write_text(text)
        slopes.append(ds.grad(f"{path}:program")(a))
        scope: dict[str, object] = {}
        exec(text, scope)
        expected = [(scope["program"](a + s) - scope["program"](a - s)) / 2e-6 for s in 1e-6 * np.eye(2)]
        assert slopes[-1] == pytest.approx(expected, rel=1e-8)
    assert slopes[0].tolist() != slopes[1].tolist()


def square_sum(a):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * a[i] * 1.25
    return total


def test_an_array_program_runs_where_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_CACHE_DIR", str(tmp_path / "cache"))
    compiled.compiled.cache_clear()

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fdopen", full)
    assert ds.grad(square_sum)(np.array([2.0])).tolist() == [5.0]
    assert not list((tmp_path / "cache").rglob("*"))


@pytest.mark.filterwarnings("ignore:the cache of compiled programs is not usable")
def test_an_array_program_runs_where_the_disk_fills_up_while_numba_writes(tmp_path, monkeypatch):
    from numba.core import caching

    monkeypatch.setenv("DOWNSLOPE_CACHE_DIR", str(tmp_path / "cache"))
    compiled.compiled.cache_clear()

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(caching.IndexDataCacheFile, "_save_data", full)
    assert ds.grad(square_sum)(np.array([3.0])).tolist() == [7.5]


def test_the_vector_functions_are_part_of_the_key(tmp_path, monkeypatch):
    """Code that contains them is not found by a version in which they differ."""
    monkeypatch.setenv("DOWNSLOPE_CACHE_DIR", str(tmp_path / "cache"))

    def files() -> int:
        compiled.compiled.cache_clear()
        ds.grad(square_sum)(np.array([1.0]))
        return len(list((tmp_path / "cache").glob("p*.py")))

    assert files() == files() == 1
    monkeypatch.setattr(compiled, "vector_fingerprint", lambda: "another")
    assert files() == 2
