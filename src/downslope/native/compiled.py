"""Python text -> native function, kept on disk between processes.

The text is written to a file named by its key (`store.key`), so Numba's own cache finds the machine
code again. A cache that cannot be used costs time, never correctness: then the text is compiled in memory.
"""

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.errors import NumbaWarning

from downslope.emit.text import PART, RECURSIVE
from downslope.errors import DownslopeWarning
from downslope.ir.types import ArrayType, Kind, Type
from downslope.modes.namesakes import ieee
from downslope.native import runtime, store
from downslope.native.vector.choice import vector_fingerprint, vectorised
from downslope.native.vector.loops import with_vector_loops
from downslope.rules import SPELLINGS

TAPE, LONGEST = 4_096, 2**33
"""Numbers on a tape: at first, and so many that no longer one is tried."""
njit: Any = numba.njit  # its annotations do not admit a tuple of types in a variable
OPTIONS: Mapping[str, object] = {"nogil": True, "error_model": "numpy"}
SCALARS: Mapping[Type, Any] = {"f": types.float64, "i": types.int64, "b": types.boolean}


def signature_of(kind: Kind, stored: bool = False) -> Any:
    """Numba's type for an argument; an array is contiguous, and read only unless it is stored into."""
    if isinstance(kind, ArrayType):
        return types.Array(SCALARS[kind.element], kind.rank, "C", readonly=not stored)
    return SCALARS[kind]


def array_of(kind: Type) -> Any:
    """The type of a column: one-dimensional, contiguous, read only."""
    return types.Array(SCALARS[kind], 1, "C", readonly=True)


def floats_out() -> Any:
    """The type of an array that outputs are written to."""
    return types.Array(types.float64, 1, "C")


def with_tape(run: Callable[[Any], None], size: int = TAPE, longest: int = LONGEST) -> int:
    """Run native code with a tape, and again with a longer one for as long as it is too short.

    Returns the length that was enough. Raises `MemoryError` where the longest is not.

    A tape that native code itself makes longer costs it six times its speed (docs/decisions/0002).
    """
    size = min(size, longest)
    while True:
        try:
            run(np.empty(size))
            return size
        except MemoryError:
            if size >= longest:
                raise
            size = min(4 * size, longest)


def interpreted(text: str, name: str) -> Callable[..., Any]:
    """The function as plain Python, for tests and for the oracle, with native code's arithmetic.

    A partial that is infinite must not raise here what it does not raise there, so `/`, `**` and the
    functions of `math` are replaced by ones that give infinity or NaN.
    """
    tree = ast.fix_missing_locations(_Ieee().visit(ast.parse(text)))
    shim = SimpleNamespace(**{n: getattr(math, n) for n in dir(math)} | _math())
    own = {
        "_divide": ieee("divide"),
        "_power": ieee("power"),
        "float_power": ieee("float_power"),
        "muladd": lambda a, b, c: a * b + c,
    }
    namespace = {**runtime.names_for(text), "math": shim, **own}
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
def compiled(
    text: str, name: str, signature: Any, *, vector: bool = False, vector_loops: bool = False
) -> Any:
    """The function as native code for argument types, from the disk cache where it is there.

    With `vector`, for loops that LLVM can turn into SIMD code, `math` has the functions of
    `native.vector`, and so have the helpers that stand for one of them; with `vector_loops`, in those
    loops of the text that become SIMD code (`native.vector.loops`).
    """
    special = vector or vector_loops
    key = store.key(f"{vector_fingerprint()} {vector_loops}\n{text}" if special else text)
    file = store.cache_folder() / f"p{key}.py"
    # Numba's cache gives back functions that call themselves with addresses of another process.
    stored = RECURSIVE not in text and (file.exists() or store.written(file, text.encode()))
    # Numba's cache imports the module that a function says it belongs to: it must exist.
    namespace = {**runtime.names_for(text), "__name__": runtime.__name__}
    namespace |= dict.fromkeys((PART[1:], RECURSIVE[1:]), njit(**OPTIONS))
    code: Any = text
    if special:
        code, names = vectorised(text) if vector else with_vector_loops(text)
        namespace |= names
    exec(compile(code, str(file) if stored else f"<{name}>", "exec"), namespace)  # our own emitted text
    function: Any = namespace[name]
    # Numba's symbols have this name: two programs of one name, each from its cache file, would share constants.
    function.__qualname__ = f"{name}_{key}"
    if not stored:
        return njit(signature, **OPTIONS)(function)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumbaWarning)
            return njit(signature, cache=True, **OPTIONS)(function)
    except Exception as error:  # noqa: BLE001  # a file cut short can raise anything; a real fault comes again
        result = njit(signature, **OPTIONS)(function)
        _forget(file)
        warnings.warn(
            f"the cache of compiled programs is not usable: {error}", DownslopeWarning, stacklevel=2
        )
        return result


def _forget(file: Path) -> None:
    """Remove what Numba keeps for a text, so that the next process writes it anew."""
    for damaged in (file.parent / "__pycache__").glob(f"{file.stem}.*.nb?"):
        with suppress(OSError):
            damaged.unlink()


def object_code(function: Any) -> tuple[bytes, str]:
    """The object file of a compiled function, and the function's symbol in it.

    Numba does not keep it for what it loads from its own cache: then the function is compiled again.
    """
    (result,) = function.overloads.values()
    try:
        code = result.library._get_compiled_object()  # no public way
    except RuntimeError:
        (result,) = njit(function.signatures, **OPTIONS)(function.py_func).overloads.values()
        code = result.library._get_compiled_object()
    return code, result.fndesc.llvm_func_name
