"""Programs with arrays that Hypothesis draws: both source transformations against dual numbers.

Where a store could change an array that may or may not be another one, a program is refused; those are
counted. A long run: `python tests/array_programs.py 20000 7` draws 20,000 programs with seed 7.
"""

import math
from typing import Any

import numpy as np
import pytest

import downslope as ds
from array_programs import Drawn, run
from downslope.errors import UnsupportedError
from downslope.modes import dual

COUNT, NATIVE = 300, 12
MODES = ("forward", "reverse")
WRT = (0, 1, 2, 3)


def expected(drawn: Drawn) -> list[float]:
    """The gradient by dual numbers, element by element."""
    args = drawn.args()
    places = [(p, i) for p in WRT for i in np.ndindex(np.shape(args[p]))]
    return [float(dual.dual_element(drawn.load(), drawn.args(), p, i)[1]) for p, i in places]


def slopes(drawn: Drawn, mode: Any, engine: Any = "python") -> list[float]:
    """The gradient by a mode that reads the source."""
    found = ds.derivative(drawn.load(), WRT, mode, engine=engine)(*drawn.args())
    return [float(x) for part in found for x in np.ravel(part)]


def compared(drawn: Drawn, engine: str = "python", modes: tuple[str, ...] = MODES) -> list[float] | None:
    """Fail unless the transformations agree with dual numbers; None for a program that is refused."""
    try:
        found = {mode: slopes(drawn, mode, engine) for mode in modes}
    except UnsupportedError:
        return None
    right = expected(drawn)
    for mode, gradient in found.items():
        for one, other in zip(gradient, right, strict=True):
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9), (
                f"{mode}: {gradient} != {right} {drawn!r}"
            )
    return right


def test_random_programs_with_arrays() -> None:
    seen: dict[str, list[float] | None] = {}

    def check(drawn: Drawn) -> None:
        seen[repr(drawn)] = compared(drawn)

    run(check, COUNT)
    accepted = [gradient for gradient in seen.values() if gradient is not None]
    assert len(seen) > 0.8 * COUNT  # they differ
    assert len(accepted) > 0.5 * len(seen)  # and most are differentiated
    assert sum(any(gradient) for gradient in accepted) > 0.9 * len(accepted)


def test_random_programs_with_arrays_native() -> None:
    number = 0

    def check(drawn: Drawn) -> None:
        nonlocal number
        number += 1
        compared(drawn, "native", (MODES[number % 2],))

    run(check, NATIVE, start=5)
    assert number >= NATIVE


@pytest.mark.parametrize("mistake", [1e-6, float("nan")])
def test_the_comparison_can_fail(mistake: float, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Drawn] = []
    run(drawn.append, 8)
    accepted = [one for one in drawn if compared(one) is not None]
    assert accepted
    right = dual.dual_element

    def wrong(function: Any, args: Any, position: int, index: Any) -> tuple[Any, Any]:
        value, slope = right(function, args, position, index)
        return value, float(slope) + mistake * max(1.0, abs(float(slope)))

    monkeypatch.setattr(dual, "dual_element", wrong)
    for one in accepted:
        with pytest.raises(AssertionError):
            compared(one)
