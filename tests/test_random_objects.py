"""Drawn programs with objects: what is read has the derivative of dual numbers; the rest is refused, never wrong."""

import pytest

from downslope.read.objects import Objects
from object_programs import Drawing, compared

# Drawn programs may not depend on an input.
pytestmark = pytest.mark.filterwarnings("ignore:.*:downslope.errors.DownslopeWarning")


def test_drawn_programs_agree_with_dual_numbers() -> None:
    read = [compared(seed) for seed in range(60)]
    assert sum(read) >= 30


def test_drawn_programs_differ() -> None:
    assert len({Drawing(seed).text() for seed in range(60)}) == 60


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Objects, value: object, label: str, scope: str, shared: bool = True) -> object:
        del self, label, scope, shared
        return value  # names that a loop rebinds share one object

    monkeypatch.setattr(Objects, "again", forgetful)
    failed = 0
    for seed in range(60):
        try:
            compared(seed)
        except (AssertionError, KeyError):
            failed += 1
    assert failed
