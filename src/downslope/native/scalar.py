"""One run of a program as native code: numbers in, numbers out.

What was compiled before is loaded as a small image of machine code (`native.image`), without Numba,
whose import takes longer than all the rest. Where there is no image, Numba compiles and keeps one.
"""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from downslope.emit.python import Emitter
from downslope.ir.nodes import Function
from downslope.ir.types import Type
from downslope.native import store
from downslope.native.image import Image, image, loaded, packed, unpacked

Run = Callable[..., list[float]]
_C: Mapping[Type, Any] = {"f": ctypes.c_double, "i": ctypes.c_int64, "b": ctypes.c_bool}
NO_IMAGE = b"no image"
"""What is kept for a program that needs more than an image has."""
TAPE = 512
"""Numbers on the tape of a call; a run that needs more goes by way of Numba."""
ADDRESS, WHOLE = ctypes.c_void_p, ctypes.c_int64
ARRAY = (ADDRESS, ADDRESS, WHOLE, WHOLE, ADDRESS, WHOLE, WHOLE)
"""How Numba passes a one-dimensional array: owner, parent, size, item size, data, shape, stride."""


def scalar(
    function: Function, kinds: tuple[Type, ...], given: Mapping[str, Type], longest: int | None = None
) -> Run:
    """The function as native code for these argument types; it returns its outputs as floats.

    A call raises `MemoryError` where a tape of the `longest` length (by default, any) is too short.
    """
    text, width = text_of(function, given), len(function.body.yields)
    file = f"s{store.key(text + repr(kinds))}.image"
    content = store.read(file)
    if content == NO_IMAGE:
        return _by_numba(text, kinds, width, "", longest)
    try:
        known = unpacked(content or b"")
        return _by_image(known, kinds, width, lambda: _by_numba(text, kinds, width, "", longest))
    except OSError:  # a system that gives no memory for code
        return _by_numba(text, kinds, width, "", longest)
    except (ValueError, KeyError, TypeError):  # there is none, or it is damaged
        return _by_numba(text, kinds, width, file, longest)


def _by_numba(text: str, kinds: Sequence[Type], width: int, file: str, longest: int | None) -> Run:
    """Compile, and keep an image in the file if one can be made."""
    import numpy as np

    from downslope.native import compiled as numba  # slow to load

    floats = numba.floats_out()
    native = numba.compiled(text, "program", (*(numba.SCALARS[kind] for kind in kinds), floats, floats))
    if file:
        found = image(*numba.object_code(native))
        store.write(file, NO_IMAGE if found is None else packed(found))

    def run(*values: Any) -> list[float]:
        out = np.empty(width)
        numba.with_tape(
            lambda tape: native(*values, tape, out), longest=numba.LONGEST if longest is None else longest
        )
        outputs: list[float] = out.tolist()
        return outputs

    return run


def _by_image(known: Image, kinds: Sequence[Type], width: int, fallback: Callable[[], Run]) -> Run:
    """Call the machine code; what it raises is found by running again with Numba, which knows how."""
    made = ctypes.CFUNCTYPE(ctypes.c_int32, ADDRESS, ADDRESS, *(_C[kind] for kind in kinds), *ARRAY, *ARRAY)
    native = made(loaded(known))

    def run(*values: Any) -> list[float]:
        tape, out, result, error = (
            (ctypes.c_double * TAPE)(),
            (ctypes.c_double * width)(),
            ADDRESS(),
            ADDRESS(),
        )
        status = native(
            ctypes.addressof(result), ctypes.addressof(error), *values, *_array(tape), *_array(out)
        )
        return list(out) if status == 0 else fallback()(*values)

    return run


def _array(numbers: Any) -> tuple[Any, ...]:
    size = len(numbers)
    return None, None, size, 8, ctypes.addressof(numbers), size, 8


def text_of(function: Function, given: Mapping[str, Type]) -> str:
    """The program as Python for Numba; its outputs are written into the last argument."""
    emitter = Emitter(function, given, fused=True)
    outputs = [output.text for output in emitter.body(1)]
    names = ", ".join(param.name for param in function.params)
    lines = [
        *emitter.parts.lines(),
        f"def program({names}, tape, _out):",
        *(f"    {line}" for line in emitter.fresh_run()),
        *emitter.lines,
        *(f"    _out[{i}] = {text}" for i, text in enumerate(outputs)),
    ]
    return "\n".join(lines)
