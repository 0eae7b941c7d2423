"""Python text -> native function, kept on disk between processes.

The text is written to a file named by its hash, so Numba's own cache (which also checks its version
and the processor) finds the machine code again. A cache that cannot be used costs time, never
correctness: then the text is compiled in memory.
"""

import ast
import hashlib
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
from numba import types
from numba.core.errors import NumbaWarning

from downslope.errors import DownslopeWarning
from downslope.modes.namesakes import ieee
from downslope.native import runtime
from downslope.passes.types import Type
from downslope.rules import SPELLINGS

njit: Any = numba.njit  # its annotations do not admit a tuple of types in a variable
OPTIONS: Mapping[str, object] = {"nogil": True, "error_model": "numpy"}
SCALARS: Mapping[Type, Any] = {"f": types.float64, "i": types.int64, "b": types.boolean}


def cache_folder() -> Path:
    """Where compiled programs are kept: DOWNSLOPE_CACHE_DIR, or the user's cache folder."""
    base = os.environ.get("DOWNSLOPE_CACHE_DIR")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "downslope"


def array_of(kind: Type) -> Any:
    """The type of a column: one-dimensional, contiguous, read only."""
    return types.Array(SCALARS[kind], 1, "C", readonly=True)


def interpreted(text: str, name: str) -> Callable[..., Any]:
    """The function as plain Python, for tests and for the oracle, with native code's arithmetic.

    A partial that is infinite must not raise here what it does not raise there, so `/`, `**` and the
    functions of `math` are replaced by ones that give infinity or NaN.
    """
    tree = ast.fix_missing_locations(_Ieee().visit(ast.parse(text)))
    shim = SimpleNamespace(**{n: getattr(math, n) for n in dir(math)} | _math())
    namespace = {**runtime.NAMES, "math": shim, "_divide": ieee("divide"), "_power": ieee("power")}
    exec(compile(tree, f"<{name}>", "exec"), namespace)  # our own emitted text
    return namespace[name]  # type: ignore[return-value]


class _Ieee(ast.NodeTransformer):
    """Division and powers as calls."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:  # the name ast requires
        self.generic_visit(node)
        called = {ast.Div: "_divide", ast.Pow: "_power"}.get(type(node.op))
        if called is None:
            return node
        return ast.copy_location(ast.Call(ast.Name(called, ast.Load()), [node.left, node.right], []), node)


@cache
def _math() -> dict[str, Callable[..., Any]]:
    return {
        spelling.removeprefix("math."): ieee(row)
        for spelling, row in SPELLINGS.items()
        if spelling.startswith("math.") and spelling.count(".") == 1
    } | {"log": ieee("log"), "hypot": ieee("hypot")}


@cache
def compiled(text: str, name: str, signature: Any) -> Callable[..., Any]:
    """The function as native code for argument types, from the disk cache where it is there."""
    file = _stored(text)
    # Numba's cache imports the module that a function says it belongs to: it must exist.
    namespace = {**runtime.NAMES, "__name__": runtime.__name__}
    exec(compile(text, str(file or f"<{name}>"), "exec"), namespace)  # our own emitted text
    function: Any = namespace[name]
    if file is None:
        return njit(signature, **OPTIONS)(function)  # type: ignore[no-any-return]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumbaWarning)
            return njit(signature, cache=True, **OPTIONS)(function)  # type: ignore[no-any-return]
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        warnings.warn(
            f"the cache of compiled programs is not usable: {error}", DownslopeWarning, stacklevel=2
        )
        return njit(signature, **OPTIONS)(function)  # type: ignore[no-any-return]


def _stored(text: str) -> Path | None:
    """The text as a file of the cache, written atomically; None where nothing can be written."""
    versions = f"{metadata.version('downslope')} {numba.__version__}"
    digest = hashlib.sha256(f"{versions}\n{text}".encode()).hexdigest()[:24]
    folder = cache_folder()
    file = folder / f"p{digest}.py"
    try:
        if file.exists():
            return file
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
        Path(temporary).replace(file)
    except OSError:
        return None
    return file
