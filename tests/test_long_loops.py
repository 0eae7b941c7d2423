"""Loops reversed from snapshots: every loop of the zoos again, the schedule, the budget, the memory of long runs."""

import inspect
import math
from dataclasses import replace
from functools import cache
from math import comb
from typing import Any

import numpy as np
import pytest
from benchmarks import long_loops
from benchmarks.long_loops import FOUR, drifting

import downslope as ds
from array_zoo import ARRAY_ZOO, ArraySpecimen
from downslope.calculus.memory import budget
from downslope.calculus.program import kind_of, program
from downslope.calculus.shaped import runnable
from downslope.errors import UsageError
from downslope.ir.check import faults
from downslope.ir.nodes import Function, Let, Lit, names_of, walk
from downslope.ir.versions import linear
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse
from downslope.modes.snapshots import Checkpoints, Shelf
from downslope.native import runtime
from downslope.rules import arity, schedule
from long_programs import heated, settling
from zoo import ZOO, Specimen

pytestmark = pytest.mark.filterwarnings(
    "ignore::downslope.errors.DownslopeWarning"
)  # inputs that do not matter

ARITY = arity()
EVERY = Checkpoints("every", short=-1)
SAME = 1e-12
SCHEDULES = ((1, 1), (2, 3), (1, 2))
"""Passes of a segment, and places for snapshots."""


# ---- the same numbers as with a whole tape ---------------------------------------------------------


def arguments(one: Specimen | ArraySpecimen) -> tuple[Function, list[str], list[Any], tuple[Any, ...]]:
    """A specimen's IR, the names that vary, its arguments, and their types."""
    read, names = program(one.program, one.wrt)
    whole = read.counts if read.given else frozenset()
    defaults = [p.default for p in inspect.signature(read.source.function).parameters.values()]
    given = [a.copy() if isinstance(a, np.ndarray) else a for a in one.args]
    values = [*given, *defaults[len(given) :]]
    for position, name in zip(one.wrt, names, strict=True):
        if not isinstance(values[position], np.ndarray) and name not in whole:
            values[position] = float(values[position])
    kinds = tuple(map(kind_of, values))
    base = read.form(kinds)
    return base, [param.name for param in base.params if param.label in names], values, kinds


def loops(one: Specimen | ArraySpecimen) -> bool:
    """Whether a program has a loop with snapshots."""
    base, labels, *_ = arguments(one)
    form = reverse(base, labels, seeded=True, checkpoints=EVERY)
    return any(isinstance(stmt, Let) and stmt.op == "snapshot_room" for stmt in walk(form.body))


def results(
    one: Specimen | ArraySpecimen, checkpoints: Checkpoints, second: bool, engine: Any = "python"
) -> Any:
    """All numbers of the pulled-back program, or of its differential, with ones for seeds."""
    base, labels, values, kinds = arguments(one)
    outputs = runnable(base, names_of(base), kinds, "python")(*values)[:-1]
    form = reverse(base, labels, seeded=True, checkpoints=checkpoints)
    seeds = [np.ones(np.shape(y)) if isinstance(y, np.ndarray) else 1.0 for y in outputs]
    if second:
        form = forward(form, labels, seeded=True)
        varied = [v for p, v in zip(base.params, values, strict=True) if p.name in labels]
        seeds += [np.ones(v.shape) if isinstance(v, np.ndarray) else 1.0 for v in varied]
    linear(form)
    assert not faults(form, ARITY)
    found = runnable(form, names_of(base), kinds, engine)(*values, *seeds)[:-1]
    return [float(x) for part in found for x in np.ravel(part)]


def same(found: list[float], expected: list[float]) -> None:
    """Fail unless both are the same up to rounding."""
    for one, other in zip(found, expected, strict=True):
        close = math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
        assert close or (math.isnan(one) and math.isnan(other)), f"{found} != {expected}"


LOOPS = [one for one in (*ZOO, *ARRAY_ZOO) if loops(one)]


@pytest.fixture
def scheduled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the length of segments and the number of snapshots, however short the loops are."""

    def force(segment: int, room: int) -> None:
        def places(passes: int, _snapshot: int, each: int, _memory: int) -> int:
            return max(2, room) if passes < 0 else max(1, min(room, -(-passes // each)))

        monkeypatch.setitem(runtime.NAMES, "segment_passes", lambda *_: segment)
        monkeypatch.setitem(runtime.NAMES, "snapshot_room", places)

    return force


@pytest.mark.parametrize(("number", "one"), list(enumerate(LOOPS)), ids=str)
def test_snapshots_give_the_derivatives_of_the_whole_tape(number: int, one: Any, scheduled: Any) -> None:
    checkpoints = replace(EVERY, loops="outer") if number % 4 == 0 else EVERY
    scheduled(*SCHEDULES[number % len(SCHEDULES)])
    for second in (False, True):
        same(results(one, checkpoints, second), results(one, Checkpoints("none"), second))


@pytest.mark.parametrize("one", LOOPS[::24], ids=str)
def test_native_code_gives_the_same(one: Any) -> None:
    tiny = Checkpoints("every", 2_000, -1)
    same(results(one, tiny, False, "native"), results(one, Checkpoints("none"), False))


def test_there_are_many_loops() -> None:
    assert len(LOOPS) > 150


def test_a_wrong_snapshot_is_noticed(scheduled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(one for one in LOOPS if one.name == "runge_kutta")
    expected = results(one, Checkpoints("none"), False)
    scheduled(1, 3)
    same(results(one, EVERY, False), expected)
    right = Shelf.taken
    monkeypatch.setattr(Shelf, "taken", lambda self, build, shelf, _slot: right(self, build, shelf, Lit(0)))
    with pytest.raises(AssertionError):
        same(results(one, EVERY, False), expected)


# ---- the schedule ----------------------------------------------------------------------------------


@cache
def runs(length: int, places: int) -> int:
    """Passes that run in advance in all, to reverse so many of them with so many snapshots."""
    if length == 1:
        return 0
    if places == 1:
        return length - 1 + runs(length - 1, 1)
    first = schedule.snapshot_split(length, places - 1, 1, 1)
    assert 0 < first < length
    return first + runs(length - first, places - 1) + runs(first, places)


def fewest(length: int, places: int) -> int:
    """The fewest of them that there can be (Griewank & Walther 2000, theorem 1)."""
    r = 0
    while comb(places + r, places) < length:
        r += 1
    return r * length - comb(places + r, r - 1) if r else 0


def test_the_split_is_that_of_binomial_checkpointing() -> None:
    for places in range(1, 8):
        for length in range(1, 120):
            assert runs(length, places) == fewest(length, places)


def test_an_even_split_needs_more_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "snapshot_split", lambda n, *_: n // 2)
    runs.cache_clear()
    assert runs(100, 4) > fewest(100, 4)
    runs.cache_clear()


# ---- the budget ------------------------------------------------------------------------------------


def test_a_tape_beyond_the_budget_is_replaced() -> None:
    args = (1.0, 0.5, 1.2, 0.3, 20_000)
    expected = ds.derivative(drifting, FOUR, "forward")(*args)
    for memory in (None, 1_000_000, 20_000, 2_000, 400):
        found = ds.derivative(drifting, FOUR, "reverse", memory=memory)(*args)
        assert found == pytest.approx(expected, rel=1e-9)


def test_arrays_in_a_budget() -> None:
    u = 0.5 + 0.1 * np.sin(np.arange(40.0))
    expected = ds.grad(heated)(u, 300)
    for memory in (100_000, 20_000, 4_000):
        np.testing.assert_allclose(ds.grad(heated, memory=memory)(u, 300), expected, rtol=1e-12)


def test_a_loop_of_unknown_length_in_a_budget() -> None:
    expected = ds.derivative(settling, mode="forward")(1.3, 0.01)
    for memory in (50_000, 5_000, 400):
        found = ds.derivative(settling, mode="reverse", memory=memory)(1.3, 0.01)
        assert found == pytest.approx(expected, rel=1e-9)


def test_a_short_run_after_a_long_one_uses_the_tape_again(monkeypatch: pytest.MonkeyPatch) -> None:
    slope = ds.derivative(drifting, "a", "reverse", memory=20_000)
    slope(1.0, 0.5, 1.2, 0.3, 5_000)
    short = slope(1.0, 0.5, 1.2, 0.3, 10)
    assert short == ds.derivative(drifting, "a", "reverse")(1.0, 0.5, 1.2, 0.3, 10)


@pytest.mark.parametrize("engine", ["native", "python"])
def test_a_budget_that_is_too_small(engine: Any) -> None:
    with pytest.raises(UsageError, match="memory budget too small: 1,000 bytes") as error:
        ds.grad(heated, memory=1_000, engine=engine)(np.ones(200), 100)
    assert error.value.problem.loc is not None
    assert "for _ in range(steps)" in error.value.problem.loc.text


@pytest.mark.parametrize("memory", [0, -5, 3.5, "1 GB", True])
def test_what_is_no_budget(memory: Any) -> None:
    with pytest.raises(UsageError, match="is no memory budget"):
        ds.grad(settling, memory=memory)


def test_the_default_budget_is_a_share_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget(None).most >= 2**28
    monkeypatch.setattr("os.sysconf", lambda _: 2**18)
    assert budget(None).most == 2**34


# ---- memory, in a process of its own ------------------------------------------------------------------

LIMIT = 200
"""MB at most, with Python, NumPy, Numba and the compiler in them."""


def test_ten_million_passes_in_200_mb() -> None:
    run = long_loops.alone(None)
    assert run["after"] < LIMIT
    forward = ds.derivative(long_loops.drifting, FOUR, "forward")(*long_loops.AT, long_loops.PASSES)
    assert run["slopes"] == pytest.approx(list(forward), rel=1e-9)


def test_the_memory_check_can_fail() -> None:
    assert long_loops.alone(2**40)["after"] > LIMIT
