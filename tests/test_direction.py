"""`check` compares `jvp` and `vjp` in a random direction of all inputs."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.calculus import direction as module
from downslope.calculus.direction import Direction


def energy(x, y, n=3):
    t = 0.0
    for i in range(n):
        t = t + math.sin(x * i) * y if x > 0 else t
    return t


def summed(a, k):
    t = 0.0
    for i in range(a.size):
        t += math.exp(a[i]) * k
    return t


CASES = [(energy, (0.7, 2.0, 3)), (summed, (np.array([0.1, 0.5, -1.0]), 2.0))]


@pytest.mark.parametrize(("program", "args"), CASES)
def test_both_sweeps_agree_in_a_random_direction(program, args):
    found = ds.check(program, *args, engine="python")
    assert found.agree
    assert found.direction.agree
    assert found.direction.forward == pytest.approx(found.direction.reverse, rel=1e-12)
    assert found.direction.forward != 0
    assert "direction" in str(found)


@pytest.mark.parametrize(("program", "args"), CASES)
def test_the_direction_is_that_of_the_gradient(program, args):
    """The product is the gradient times the same direction, drawn here again."""
    found = ds.check(program, *args, engine="python")
    rng = np.random.default_rng(module.SEED)
    y_bar = rng.standard_normal()
    slopes = np.array(found.slopes["dual"])
    assert found.direction.reverse == pytest.approx(y_bar * slopes @ rng.standard_normal(slopes.size))


@pytest.mark.parametrize("wrong", ["jvp", "vjp"])
def test_a_wrong_sweep_with_seeds_is_found_though_every_mode_agrees(wrong, monkeypatch):
    right = getattr(module, wrong)

    def jvp(*args, **options):
        y, y_dot = right(*args, **options)
        return y, y_dot * (1 + 1e-6)

    def vjp(*args, **options):
        y, pull = right(*args, **options)
        return y, lambda bar: (pull(bar)[0], 0.0)

    monkeypatch.setattr(module, wrong, {"jvp": jvp, "vjp": vjp}[wrong])
    found = ds.check(energy, 0.7, 2.0, 3, engine="python")
    assert not found.agree
    assert not found.direction.agree
    assert str(found).endswith("the modes DISAGREE")


def test_nothing_that_is_not_finite_agrees():
    assert not Direction(math.inf, math.inf, math.inf).agree
    assert not Direction(math.nan, math.nan, math.nan).agree
    assert not Direction(1.0, math.nan, 1.0).agree
    assert Direction(1.0, 1.0, 1.0).agree


def test_an_infinite_derivative_has_no_direction():
    assert ds.check(lambda x: np.sqrt(x), 0.0, engine="python").direction is None
