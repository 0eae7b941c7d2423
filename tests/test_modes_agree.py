"""Every program of the zoo, in every mode, to second order; each comparison is shown able to fail.

The oracles are dual numbers and numeric differences: both run the program itself and read no source.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.calculus.check import close
from downslope.calculus.derivative import MODES
from downslope.modes.dual import dual_derivative, dual_second
from downslope.modes.numeric import ridders
from downslope.modes.running import running
from downslope.rules import RULES
from zoo import ZOO, Specimen

# Programs whose result does not depend on an input are meant here; the warning has tests of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not depend on:downslope.errors.DownslopeWarning"),
    pytest.mark.filterwarnings("ignore:.*is 0 everywhere:downslope.errors.DownslopeWarning"),
]

EXACT, NUMERIC = 1e-9, 1e-6
READING = tuple(mode for mode in MODES if mode not in ("numeric", "dual"))
SMOOTH = [one for one in ZOO if not one.numeric]


def agree(found: Sequence[float], expected: Sequence[float], tolerance: float = EXACT) -> None:
    """Fail unless every pair is close; NaN is close to nothing, infinity only to itself."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance), f"{found} != {expected}"


def along(one: Specimen, position: int, x: float) -> tuple[Any, ...]:
    """The specimen's arguments with one of them replaced."""
    return (*one.args[:position], x, *one.args[position + 1 :])


def dual(one: Specimen) -> tuple[float, ...]:
    """The gradient by dual numbers."""
    return tuple(float(dual_derivative(one.program, one.args, i)[1]) for i in one.wrt)


def dual_hessian(one: Specimen) -> list[float]:
    """The Hessian's entries, row by row, by dual numbers inside dual numbers."""
    return [float(dual_second(one.program, one.args, j, i)) for i in one.wrt for j in one.wrt]


def read(one: Specimen, mode: Any, engine: Any = "python") -> tuple[float, ...]:
    """The gradient by a mode that reads the source."""
    found: tuple[float, ...] = ds.derivative(one.program, one.wrt, mode, engine=engine)(*one.args)
    return found


def applies(one: Specimen, mode: str) -> bool:
    """Whether a mode can differentiate this program."""
    return mode != "formal" or not one.formal


PAIRS = [pytest.param(one, mode, id=f"{one}-{mode}") for one in ZOO for mode in READING if applies(one, mode)]


@pytest.mark.parametrize(("one", "mode"), PAIRS)
def test_modes_that_read_source_agree_with_dual_numbers(one: Specimen, mode: str) -> None:
    agree(read(one, mode), dual(one))


@pytest.mark.parametrize("one", SMOOTH, ids=str)
def test_differences_agree_with_dual_numbers(one: Specimen) -> None:
    with running():
        found = [ridders(lambda x, i=i: one.program(*along(one, i, x)), one.args[i]).value for i in one.wrt]  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    agree(found, dual(one), NUMERIC)


@pytest.mark.parametrize("one", ZOO, ids=str)
def test_second_order_agrees_with_dual_numbers(one: Specimen) -> None:
    found = ds.hessian(one.program, one.wrt, engine="python")(*one.args)
    agree(found.ravel().tolist(), dual_hessian(one))


@pytest.mark.parametrize("one", SMOOTH, ids=str)
def test_differences_of_the_gradient_agree_with_second_order(one: Specimen) -> None:
    for i in one.wrt:

        def slope(x: float, i: int = i) -> float:
            return float(dual_derivative(one.program, along(one, i, x), i)[1])

        agree([ridders(slope, one.args[i]).value], [dual_second(one.program, one.args, i, i)], NUMERIC)


@pytest.mark.parametrize(
    ("one", "mode"),
    [(one, ("forward", "reverse")[number % 2]) for number, one in enumerate(ZOO)],
    ids=str,
)
def test_native_code_agrees_with_dual_numbers(one: Specimen, mode: str) -> None:
    agree(read(one, mode, "native"), dual(one))


@pytest.mark.parametrize("one", ZOO, ids=str)
def test_each_comparison_can_fail(one: Specimen) -> None:
    for right, tolerance in ((dual(one), EXACT), (dual(one), NUMERIC), (dual_hessian(one), EXACT)):
        for position, entry in enumerate(right):
            for wrong in (entry + 5 * tolerance * max(1.0, abs(entry)), -entry - 1e-5, math.nan, math.inf):
                spoilt = [*right[:position], wrong, *right[position + 1 :]]
                with pytest.raises(AssertionError):
                    agree(spoilt, right, tolerance)


def test_the_zoo_is_large_and_varied() -> None:
    assert len(ZOO) >= 160
    assert len({one.name for one in ZOO}) == len(ZOO)
    assert sum(any(dual(one)) for one in ZOO) > 0.95 * len(ZOO)


@pytest.mark.parametrize("name", ["sin", "exp", "multiply", "divide", "power", "sqrt", "maximum"])
def test_a_wrong_rule_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = RULES[name]
    broken = dict(RULES) | {name: replace(row, partials=tuple(f"({p}) * 1.0001" for p in row.partials))}
    if name == "maximum":
        broken[name] = replace(row, partials=row.partials[::-1])
    programs = {
        "sin": lambda x: math.sin(x),
        "exp": lambda x: math.exp(x),
        "multiply": lambda x: x * 3.0,
        "divide": lambda x: x / 3.0,
        "power": lambda x: x**2.5,
        "sqrt": lambda x: math.sqrt(x),
        "maximum": lambda x: np.maximum(x, 0.1),
    }
    assert ds.check(programs[name], 0.5, engine="python").agree
    for module in ("modes.forward", "modes.reverse", "modes.dual", "passes.build"):
        monkeypatch.setattr(f"downslope.{module}.RULES", broken, raising=False)
    report = ds.check(programs[name], 0.5, engine="python")
    assert not report.agree, str(report)


def test_ties_follow_the_branch_taken() -> None:
    for program in (lambda x, y: max(x, y), lambda x, y: x if x >= y else y):
        for mode in READING:
            agree(ds.derivative(program, (0, 1), mode, engine="python")(2.0, 2.0), (1.0, 0.0))


def test_derivatives_nest_to_third_order() -> None:
    third = ds.grad(ds.grad(ds.grad(lambda x: x**5, engine="python"), engine="python"), engine="python")
    assert third(2.0) == 240.0


def test_check_takes_infinity_and_nan_for_disagreement() -> None:
    for wrong in (math.inf, -math.inf, math.nan):
        assert not close(wrong, 1.0, EXACT)
        assert not close(1.0, wrong, NUMERIC)
    assert close(math.inf, math.inf, EXACT)
