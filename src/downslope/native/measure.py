"""How long a compiled program takes, and how much tape it uses: measured, not predicted."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from downslope.ir.nodes import Block, Function, Lit
from downslope.ir.types import Kind
from downslope.native.arrays import own, text_of
from downslope.native.compiled import compiled, floats_out, signature_of, with_tape
from downslope.passes.buffers import stored

MARK = 0x7FF4_D05C_0000_0001
"""The bits of a NaN that no computation gives: what a tape holds where nothing was put."""
REPEATS, LEAST = 5, 2e-3
"""Each time is the least of so many runs, each of at least so many seconds."""


def measured(function: Function, given: Mapping[str, Kind], values: Sequence[Any]) -> tuple[float, int]:
    """The seconds that one call takes, and how many numbers its tape holds at most."""
    written = [param.name in stored(function) for param in function.params]
    kinds = [given[param.name] for param in function.params]
    signature = (*map(signature_of, kinds, written), floats_out())
    native = compiled(text_of(function, given), "program", signature)
    found = np.empty(0)

    def run(tape: Any) -> None:
        nonlocal found
        tape.view(np.int64).fill(MARK)
        native(*own(values, written), tape)
        found = tape

    with_tape(run)
    used = np.flatnonzero(found.view(np.int64) != MARK)
    return _timed(lambda: native(*own(values, written), found)), int(used[-1]) + 1 if used.size else 0


def call_alone(function: Function, given: Mapping[str, Kind], values: Sequence[Any]) -> float:
    """The seconds that a call takes of a program with the same inputs that does nothing."""
    nothing = Function(function.name, function.params, Block((), (Lit(0.0),)))
    return measured(nothing, given, values)[0]


def _timed(call: Callable[[], Any]) -> float:
    count, spent = 1, _seconds(call, 1)
    while spent < LEAST:
        count = max(2 * count, int(1.2 * count * LEAST / max(spent, 1e-9)))
        spent = _seconds(call, count)
    return min(_seconds(call, count) for _ in range(REPEATS)) / count


def _seconds(call: Callable[[], Any], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - start
