"""Programs with arrays and lists that Hypothesis draws: both source transformations against dual numbers.

All inputs move at once, each at a rate of its own: dual numbers give the rate of the result, forward mode the
same, and reverse mode the gradient, whose product with the rates it must be. Where a store could change an array
that may or may not be another one, a program may be refused; those are counted. A long run:
`python tests/array_programs.py --count 20000 --seed 7`.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from array_programs import Drawn, programs
from downslope.calculus.makes import pulled, pushed
from downslope.calculus.program import Program, program
from downslope.calculus.shaped import Transformed
from downslope.errors import UnsupportedError
from downslope.modes import dual
from drawing import forget, loaded, run

COUNT, NATIVE, SEED = 400, 8, 3
MODES = ("forward", "reverse")
WRT = (0, 1, 2, 3)


def rates(drawn: Drawn) -> list[Any]:
    """How fast each input that varies moves."""
    rng = np.random.default_rng(drawn.start + 1)
    shapes = [np.shape(drawn.args()[place]) for place in WRT]
    return [rng.uniform(-1.0, 1.0, shape) if shape else float(rng.uniform(-1.0, 1.0)) for shape in shapes]


def expected(drawn: Drawn) -> float:
    """The rate of the result by dual numbers."""
    return float(
        dual.dual_direction(drawn.load(), drawn.args(), dict(zip(WRT, rates(drawn), strict=True)))[1]
    )


def compared(drawn: Drawn, engine: Any = "python", modes: tuple[str, ...] = MODES) -> float | None:
    """Fail unless the transformations agree with dual numbers; None for a program that is refused."""
    try:
        found = {mode: rate(drawn, mode, engine) for mode in modes}
    except UnsupportedError:
        return None
    right = expected(drawn)
    for mode, one in found.items():
        assert math.isclose(one, right, rel_tol=1e-8, abs_tol=1e-9), f"{mode}: {one} != {right} {drawn!r}"
    return right


def rate(drawn: Drawn, mode: str, engine: Any) -> float:
    """The rate of the result by a mode that reads the source, which is read once for both."""
    read, names = _read(drawn.text)
    moving = rates(drawn)
    values = list(drawn.args())
    if mode == "forward":
        return float(Transformed(read, names, pushed, engine)(values, moving)[1])
    slopes = Transformed(read, names, pulled, engine)(values, [1.0])[1:]
    return float(sum(np.sum(slope * move) for slope, move in zip(slopes, moving, strict=True)))


@lru_cache(1)
def _read(text: str) -> tuple[Program, tuple[str, ...]]:
    return program(loaded(text), WRT)


def test_random_programs_with_arrays() -> None:
    seen: dict[str, float | None] = {}

    def check(drawn: Drawn) -> None:
        seen[repr(drawn)] = compared(drawn)

    run(programs(), check, COUNT, SEED)
    forget()
    accepted = [found for found in seen.values() if found is not None]
    assert len(seen) > 0.8 * COUNT  # they differ
    assert len(accepted) > 0.8 * len(seen)  # and most are differentiated
    assert sum(found != 0.0 for found in accepted) > 0.9 * len(accepted)


def test_random_programs_use_every_construct() -> None:
    texts: list[str] = []
    run(programs(), lambda drawn: texts.append(drawn.text.split("def program")[1]), COUNT, SEED)
    for word in (
        "for ",
        "while ",
        "break",
        "else:",
        "append",
        "pop",
        "relax(",
        "> 0.2]",
        "np.sort",
        "mixed(",
        "::-1]",
    ):
        assert sum(word in text for text in texts) >= COUNT / 200, word


def test_random_programs_with_arrays_native() -> None:
    number = 0

    def check(drawn: Drawn) -> None:
        nonlocal number
        number += 1
        compared(drawn, "native", (MODES[number % 2],))

    run(programs(), check, NATIVE, start=5)
    assert number >= NATIVE


@pytest.mark.parametrize("mistake", [1e-6, float("nan")])
def test_the_comparison_can_fail(mistake: float, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Drawn] = []
    run(programs(), drawn.append, 8)
    accepted = [one for one in drawn if compared(one) is not None]
    assert accepted
    right = dual.dual_direction

    def wrong(*args: Any) -> tuple[Any, Any]:
        value, slope = right(*args)
        return value, float(slope) + mistake * max(1.0, abs(float(slope)))

    monkeypatch.setattr(dual, "dual_direction", wrong)
    for one in accepted:
        with pytest.raises(AssertionError):
            compared(one)
