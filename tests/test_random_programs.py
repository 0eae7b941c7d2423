"""Programs that Hypothesis draws: both source transformations against dual numbers, which read no source.

A long run: `python tests/programs.py --count 20000 --seed 7`.
"""

import math
from collections.abc import Sequence
from typing import Any

import pytest

import downslope as ds
from downslope.modes import dual
from drawing import run
from programs import Drawn, programs

# Programs whose result does not depend on an input are meant here; the warning has tests of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not depend on:downslope.errors.DownslopeWarning"),
    pytest.mark.filterwarnings("ignore:.*is 0 everywhere:downslope.errors.DownslopeWarning"),
]

COUNT, NATIVE = 600, 20
MODES = ("forward", "reverse")


def slopes(drawn: Drawn, mode: Any, engine: Any = "python") -> Sequence[float]:
    """The derivative in x and y by a mode that reads the source."""
    found: Sequence[float] = ds.derivative(drawn.load(), (0, 1), mode, engine=engine)(*drawn.args)
    return found


def expected(drawn: Drawn) -> list[float]:
    """The derivative in x and y by dual numbers: they take the same branches, so no draw is left out."""
    return [float(dual.dual_derivative(drawn.load(), drawn.args, i)[1]) for i in (0, 1)]


def compared(drawn: Drawn, engine: str = "python", modes: Sequence[str] = MODES) -> list[float]:
    """Fail unless the source transformations agree with dual numbers."""
    right = expected(drawn)
    for mode in modes:
        found = slopes(drawn, mode, engine)
        for one, other in zip(found, right, strict=True):
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9), (
                f"{mode}: {found} != {right} {drawn!r}"
            )
    return right


def test_random_programs() -> None:
    seen: dict[str, bool] = {}

    def check(drawn: Drawn) -> None:
        seen[repr(drawn)] = any(compared(drawn))

    run(programs(), check, COUNT)
    assert len(seen) >= 500  # they differ
    assert sum(seen.values()) > 0.5 * COUNT  # and most depend on their inputs


def test_random_programs_use_every_construct() -> None:
    texts: list[str] = []
    run(programs(), lambda drawn: texts.append(drawn.text.split("def program")[1]), COUNT)
    for word in ("for ", "while ", "break", "continue", "elif ", "else:", "return ", "settle(", "+= "):
        assert sum(word in text for text in texts) > COUNT / 20, word


def test_random_programs_native() -> None:
    seen: dict[str, int] = {}

    def check(drawn: Drawn) -> None:
        number = seen.setdefault(repr(drawn), len(seen))
        compared(drawn, "native", (MODES[number % 2],))  # one each: compiling takes a second

    run(programs(), check, NATIVE, start=11)
    assert len(seen) > NATIVE / 2


@pytest.mark.parametrize("mistake", [1e-6, -1e-6, float("nan"), float("inf")])
def test_the_comparison_can_fail(mistake: float, monkeypatch: pytest.MonkeyPatch) -> None:
    right = dual.dual_derivative

    def wrong(function: Any, args: Any, position: int) -> tuple[Any, Any]:
        value, slope = right(function, args, position)
        return value, slope + mistake * max(1.0, abs(slope))

    drawn: list[Drawn] = []
    run(programs(), drawn.append, 5)
    monkeypatch.setattr(dual, "dual_derivative", wrong)
    for one in drawn:
        with pytest.raises(AssertionError):
            compared(one)
