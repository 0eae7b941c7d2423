"""The folder of compiled programs: what is found in it by key, and checked before it is trusted.

A cache that cannot be used costs time, never correctness.
"""

import hashlib
import importlib.util
import os
import platform
import sys
import tempfile
from functools import cache
from pathlib import Path

DIGEST = 32
USED = ("numba", "llvmlite")
"""Packages that decide what compiled programs look like."""


def cache_folder() -> Path:
    """Where compiled programs are kept: DOWNSLOPE_CACHE_DIR, or the user's cache folder."""
    base = os.environ.get("DOWNSLOPE_CACHE_DIR")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "downslope"


def key(text: str) -> str:
    """A name for a program's text, which changes with all that its machine code depends on."""
    return hashlib.sha256(f"{_surroundings()}\n{text}".encode()).hexdigest()[:32]


@cache
def _surroundings() -> str:
    """Versions, processor, and our own functions that compiled programs contain."""
    own = b"".join(
        (Path(__file__).parent / name).read_bytes()
        for name in ("runtime.py", "special.py", "compiled.py", "whole.py", "lapack.py")
    )
    return "\n".join([*map(installed, USED), sys.version, processor(), hashlib.sha256(own).hexdigest()])


def installed(name: str) -> str:
    """Which installation of a package this is: its place, and when its version was put there.

    Asking for the version itself takes longer than loading a compiled program.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return f"no {name}"
    status = Path(spec.origin).with_name("_version.py").stat()
    return f"{spec.origin} {status.st_mtime_ns} {status.st_size}"


@cache
def processor() -> str:
    """The machine and, on Linux, the processor's name and abilities."""
    try:
        lines = Path("/proc/cpuinfo").read_text().partition("\n\n")[0].splitlines()
    except OSError:
        lines = []
    kept = [line for line in lines if line.startswith(("model name", "flags", "CPU part", "Features"))]
    return "\n".join([platform.machine(), sys.platform, *kept])


def read(name: str) -> bytes | None:
    """The contents of a file in the folder; None where it is not there or not whole."""
    try:
        data = (cache_folder() / name).read_bytes()
    except OSError:
        return None
    content = data[DIGEST:]
    return content if hashlib.sha256(content).digest() == data[:DIGEST] else None


def write(name: str, content: bytes) -> None:
    """Keep contents under a name, whole or not at all; a folder that cannot be written is left alone."""
    written(cache_folder() / name, hashlib.sha256(content).digest() + content)


def written(file: Path, data: bytes) -> bool:
    """Write a file in one step. False where the folder is read-only or full."""
    temporary = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).replace(file)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        return False
    return True
