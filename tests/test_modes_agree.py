"""Every program of the zoo, in every mode, to second order; each comparison is shown able to fail."""

import pytest

import downslope as ds
from downslope.calculus import close
from downslope.modes.dual import dual_derivative, dual_second
from downslope.modes.numeric import ridders
from zoo import ZOO

IDS = [f"{i}-{s.program.__name__}" for i, s in enumerate(ZOO)]
EXACT, NUMERIC = 1e-9, 1e-6


def agree(found, expected, tolerance=EXACT):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert close(a, b, tolerance), f"{found} != {expected}"


def dual(specimen):
    return tuple(dual_derivative(specimen.program, specimen.args, i)[1] for i in specimen.wrt)


@pytest.mark.parametrize("specimen", ZOO, ids=IDS)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_source_transformations_agree_with_dual_numbers(specimen, mode):
    run = ds.derivative(specimen.program, specimen.wrt, mode, engine="python")
    agree(run(*specimen.args), dual(specimen))


KINKED = {"ties", "branch_guard"}


@pytest.mark.parametrize(
    "specimen", [s for s in ZOO if s.program.__name__ not in KINKED], ids=lambda s: s.program.__name__
)
def test_numeric_agrees(specimen):
    for position in specimen.wrt:

        def along(x, position=position):
            return specimen.program(*specimen.args[:position], x, *specimen.args[position + 1 :])

        agree(
            (ridders(along, specimen.args[position]).value,),
            (dual_derivative(specimen.program, specimen.args, position)[1],),
            NUMERIC,
        )


@pytest.mark.parametrize("specimen", ZOO, ids=IDS)
def test_second_order_agrees(specimen):
    found = ds.hessian(specimen.program, specimen.wrt, engine="python")(*specimen.args)
    for i, first in enumerate(specimen.wrt):
        agree(
            found[i],
            [dual_second(specimen.program, specimen.args, second, first) for second in specimen.wrt],
            1e-8,
        )


@pytest.mark.parametrize("specimen", ZOO[:56:4], ids=IDS[:56:4])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_native_agrees(specimen, mode):
    agree(ds.derivative(specimen.program, specimen.wrt, mode)(*specimen.args), dual(specimen))


@pytest.mark.parametrize("specimen", ZOO, ids=IDS)
def test_the_comparison_can_fail(specimen):
    right = dual(specimen)
    for position in range(len(right)):
        wrong = list(right)
        wrong[position] += 1e-6 * max(1.0, abs(wrong[position]))
        with pytest.raises(AssertionError):
            agree(wrong, right)


def test_ties_follow_the_branch_taken():
    agree(ds.derivative(lambda x, y: max(x, y), (0, 1), "reverse", engine="python")(2.0, 2.0), (1.0, 0.0))


def test_derivatives_nest_to_third_order():
    third = ds.grad(ds.grad(ds.grad(lambda x: x**5, engine="python"), engine="python"), engine="python")
    assert third(2.0) == 240.0


def test_a_wrong_rule_is_caught(monkeypatch):
    from dataclasses import replace

    from downslope.modes import forward, reverse
    from downslope.passes import build
    from downslope.rules import RULES

    broken = dict(RULES) | {"sin": replace(RULES["sin"], partials=("-cos(x)",))}
    for module in (forward, reverse, build):
        monkeypatch.setattr(module, "RULES", broken)
    import math

    assert not ds.check(lambda x: math.sin(x), 0.5, engine="python").agree
