"""How long a compiled program takes, and how much tape it uses: measured, not predicted."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from downslope.ir.nodes import Block, Function, Lit
from downslope.native.compiled import SCALARS, compiled, floats_out, with_tape
from downslope.native.scalar import text_of
from downslope.passes.types import Type

MARK = 0x7FF4_D05C_0000_0001
"""The bits of a NaN that no computation gives: what a tape holds where nothing was put."""
REPEATS, LEAST = 5, 2e-3
"""Each time is the least of so many runs, each of at least so many seconds."""


def measured(function: Function, given: Mapping[str, Type], values: Sequence[Any]) -> tuple[float, int]:
    """The seconds that one call takes, and how many numbers its tape holds at most."""
    kinds = tuple(given[param.name] for param in function.params)
    floats = floats_out()
    native = compiled(text_of(function, given), "program", (*(SCALARS[k] for k in kinds), floats, floats))
    out = np.empty(len(function.body.yields))
    found = np.empty(0)

    def run(tape: Any) -> None:
        nonlocal found
        tape.view(np.int64).fill(MARK)
        native(*values, tape, out)
        found = tape

    with_tape(run)
    written = np.flatnonzero(found.view(np.int64) != MARK)
    used = int(written[-1]) + 1 if written.size else 0
    return _timed(lambda: native(*values, found, out)), used


def call_alone(function: Function, given: Mapping[str, Type], values: Sequence[Any]) -> float:
    """The seconds that a call takes of a program with the same inputs that does nothing."""
    nothing = Function(function.name, function.params, Block((), (Lit(0.0),)), True, None)
    return measured(nothing, given, values)[0]


def _timed(call: Any) -> float:
    count, spent = 1, 0.0
    while spent < LEAST:
        count = count if not spent else max(2 * count, int(1.2 * count * LEAST / spent))
        spent = _seconds(call, count)
    return min(_seconds(call, count) for _ in range(REPEATS)) / count


def _seconds(call: Any, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - start
