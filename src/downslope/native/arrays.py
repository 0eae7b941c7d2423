"""One run of a program with arrays as native code: numbers and arrays in, numbers and arrays out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from downslope.emit.python import Emitter
from downslope.ir.nodes import Function
from downslope.ir.types import Kind
from downslope.native.compiled import LONGEST, TAPE, compiled, floats_out, signature_of, with_tape
from downslope.passes.buffers import stored


def native(
    function: Function, kinds: Sequence[Kind], given: Mapping[str, Kind], longest: int = LONGEST
) -> Callable[..., tuple[Any, ...]]:
    """The function for these argument types. Arrays that it stores into are copied for each run.

    A call raises `MemoryError` where a tape of the `longest` length is too short.
    """
    changed = stored(function)
    written = [param.name in changed for param in function.params]
    signature = (*map(signature_of, kinds, written), floats_out())
    run = compiled(text_of(function, given), "program", signature, vector_loops=True)
    needed = [TAPE]  # the next call starts with the tape that the last one needed

    def call(*values: Any) -> tuple[Any, ...]:
        found: list[tuple[Any, ...]] = []

        def once(tape: Any) -> None:
            found.append(run(*own(values, written), tape))

        needed[0] = with_tape(once, needed[0], longest)
        return found[0]

    return call


def own(values: Sequence[Any], written: Sequence[bool]) -> list[Any]:
    """The values for one run: copies of the arrays that it stores into."""
    return [value.copy() if copied else value for value, copied in zip(values, written, strict=True)]


def text_of(function: Function, given: Mapping[str, Kind]) -> str:
    """The program as Python for Numba; the tape is its last argument."""
    emitter = Emitter(function, given, fused=True)
    outputs = ", ".join(output.text for output in emitter.body(1))
    names = ", ".join((*(param.name for param in function.params), "tape"))
    lines = [f"def program({names}):", *(f"    {line}" for line in emitter.fresh_run()), *emitter.lines]
    return "\n".join([*emitter.parts.lines(), *lines, f"    return ({outputs},)"])
