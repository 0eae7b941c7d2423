"""The folder of compiled programs: what is found in it by key, and checked before it is trusted.

A cache that cannot be used costs time, never correctness.
"""

import hashlib
import os
import platform
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path

DIGEST = 32
USED = ("numba", "llvmlite", "numpy", "scipy")
"""Packages whose code ends up in compiled programs, or decides what it looks like."""


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
        (Path(__file__).parent / name).read_bytes() for name in ("runtime.py", "special.py", "compiled.py")
    )
    versions = [f"{name} {metadata.version(name)}" for name in USED]
    return "\n".join([*versions, sys.version, processor(), hashlib.sha256(own).hexdigest()])


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
