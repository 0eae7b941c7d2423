"""The folder of compiled programs: found again, never trusted blindly, never in the way."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import downslope as ds
from downslope.native import compiled, image, scalar, store


def program(x, n):
    total = 0.0
    for _ in range(n):
        total += math.sin(x) * math.exp(-x) / (1.0 + total * total)
    return total


EXPECTED = ds.derivative(program, engine="python")(0.7, 3)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a process that has compiled nothing yet."""
    monkeypatch.setenv("DOWNSLOPE_CACHE_DIR", str(tmp_path / "cache"))
    compiled.compiled.cache_clear()
    return tmp_path / "cache"


def slope() -> float:
    """The derivative as a new process computes it."""
    compiled.compiled.cache_clear()
    found: float = ds.derivative(program)(0.7, 3)
    return found


def files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.rglob(pattern))


def refuse(*_: object) -> Any:
    raise AssertionError("Numba was asked")


def test_a_program_is_found_again_without_numba(folder, monkeypatch):
    assert slope() == pytest.approx(EXPECTED, rel=1e-14)
    assert len(files(folder, "*.image")) == 1
    with monkeypatch.context() as patched:
        patched.setattr(scalar, "_by_numba", refuse)
        assert slope() == pytest.approx(EXPECTED, rel=1e-14)
    files(folder, "*.image")[0].unlink()
    monkeypatch.setattr(scalar, "_by_numba", refuse)
    with pytest.raises(AssertionError, match="Numba was asked"):
        slope()


def test_a_new_process_loads_neither_numba_nor_numpy(folder, tmp_path):
    file = tmp_path / "file.py"
    file.write_text("def f(x, n):\n    for _ in range(n):\n        x = x * x + 1.0\n    return x\n")
    code = (
        "import json, sys, downslope as ds\n"
        f"print(json.dumps([ds.grad({f'{file}:f'!r})(0.5, 2), sorted({{'numba', 'numpy', 'llvmlite'}} & set(sys.modules))]))"
    )
    runs = [
        json.loads(
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        )
        for _ in range(2)
    ]
    assert runs[0] == [2.5, ["llvmlite", "numba", "numpy"]]
    assert runs[1] == [2.5, []]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "one byte": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "text": lambda _: b"not a program",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_image_is_made_again(folder, damage):
    slope()
    (file,) = files(folder, "*.image")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert slope() == pytest.approx(EXPECTED, rel=1e-14)
    assert store.read(file.name) == whole[store.DIGEST :]


@pytest.mark.filterwarnings("ignore:the cache of compiled programs is not usable")
@pytest.mark.parametrize("pattern", ["*.nbi", "*.nbc"])
def test_a_damaged_file_of_numba_is_made_again(folder, pattern):
    slope()
    files(folder, "*.image")[0].unlink()
    for file in files(folder, pattern):
        file.write_bytes(file.read_bytes()[:40])
    assert slope() == pytest.approx(EXPECTED, rel=1e-14)
    files(folder, "*.image")[0].unlink()
    assert slope() == pytest.approx(EXPECTED, rel=1e-14)


def test_a_folder_that_cannot_be_written_is_left_alone(folder, monkeypatch):
    folder.parent.joinpath("file").write_text("")
    monkeypatch.setenv("DOWNSLOPE_CACHE_DIR", str(folder.parent / "file" / "inside"))
    assert slope() == pytest.approx(EXPECTED, rel=1e-14)


def test_a_full_disk_is_no_error(folder, monkeypatch):
    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fdopen", full)
    assert slope() == pytest.approx(EXPECTED, rel=1e-14)
    assert not files(folder, "*.image")


@pytest.mark.parametrize("change", ["installed", "processor"])
def test_other_versions_and_processors_have_other_keys(change, monkeypatch):
    before = store.key("text")
    store._surroundings.cache_clear()
    monkeypatch.setattr(store, change, lambda *_: "another")
    try:
        assert store.key("text") != before
    finally:
        store._surroundings.cache_clear()


def test_a_change_of_our_own_functions_changes_the_key(monkeypatch):
    before = store.key("text")
    store._surroundings.cache_clear()
    read = Path.read_bytes
    changed = "runtime.py"
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self) + b"#" * (self.name == changed))
    try:
        assert store.key("text") != before
    finally:
        store._surroundings.cache_clear()


def test_an_image_refuses_what_it_does_not_know():
    assert image.image(b"", "f") is None
    assert image.image(b"\x7fELF\x02\x01" + bytes(200), "f") is None
    with pytest.raises(ValueError, match="Expecting"):
        image.unpacked(b"no image")


def longer(x, n):
    while n > 0:
        x = x + math.sin(x)
        n = n - 1
    return x


def test_a_tape_that_is_too_short_grows(folder):
    """The first run is Numba's; the second, by the image, has to go by way of Numba for the long tape."""
    right = ds.derivative(longer, mode="forward")
    for _ in range(2):
        compiled.compiled.cache_clear()
        back = ds.derivative(longer, mode="reverse")
        assert back(0.1, 10) == pytest.approx(right(0.1, 10), rel=1e-12)
        assert back(3.1, 20_000) == pytest.approx(right(3.1, 20_000), rel=1e-9, abs=1e-12)


def test_functions_that_a_program_calls_are_kept_with_it(folder, tmp_path):
    (tmp_path / "p.py").write_text(
        "import numpy as np\n\ndef energy(s, y):\n    return y @ np.linalg.solve(np.eye(3) * s + 0.1, y)\n"
    )
    code = (
        "import numba.core.event as event, numpy as np, downslope as ds\n"
        "with event.install_recorder('numba:compile') as compiled:\n"
        "    print(ds.grad('p.py:energy', 's')(2.0, np.arange(3.0)))\n"
        "print(len(compiled.buffer))\n"
    )
    (first, some), (again, none) = (
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    )
    assert first == again
    assert int(some) > 0
    assert int(none) == 0


def test_a_recursive_program_runs_again_in_another_process(folder, tmp_path):
    (tmp_path / "p.py").write_text(
        "def halves(km, k=1.0):\n    return k * km if km < 1.0 else halves(0.5 * km, k) + k\n"
    )
    (tmp_path / "t.csv").write_text("km,t\n1,3\n2,5\n3,7.1\n4,9\n")
    code = "import downslope as ds; print(ds.fit('p.py:halves', 't.csv', 't')['k'], ds.grad('p.py:halves', 'k')(3.0))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
