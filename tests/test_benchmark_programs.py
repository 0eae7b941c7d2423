"""The programs that are timed: downslope and the derivatives by hand agree with differences along a direction."""

from importlib import import_module, util
from itertools import pairwise

import numpy as np
import pytest
from benchmarks.one import problem_of
from benchmarks.problems import NAMES
from benchmarks.programs import checked
from benchmarks.timing import Wrong
from benchmarks.tools import TOOLS, places

import downslope as ds


def along(problem, args, direction, h):
    """The program at a point moved along a direction."""
    moved = list(args)
    for place, part in zip(places(problem), direction, strict=True):
        moved[place] = args[place] + h * part
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in moved]
    return problem.primal(*copies)


def slope_along(problem, args, direction):
    """Central differences, twice extrapolated (Richardson)."""
    h = 1e-5
    rough = [
        (along(problem, args, direction, s) - along(problem, args, direction, -s)) / (2 * s)
        for s in (h, h / 2, h / 4)
    ]
    once = [(4 * b - a) / 3 for a, b in pairwise(rough)]
    return (16 * once[1] - once[0]) / 15


def product(slopes, direction):
    return sum(float(np.sum(s * d)) for s, d in zip(slopes, direction, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_agrees_with_differences(name):
    problem = problem_of(name)
    args = problem.data(**problem.SMALL)
    rng = np.random.default_rng(3)
    direction = [rng.normal(size=np.shape(args[i])) for i in places(problem)]
    expected = slope_along(problem, args, direction)
    slopes = ds.grad(problem.primal, problem.WRT, engine="python")(*args)
    assert product(slopes, direction) == pytest.approx(expected, rel=1e-6)
    if util.find_spec(f"benchmarks.problems.{name}_hand"):
        by_hand = import_module(f"benchmarks.problems.{name}_hand").gradient.py_func(*args)
        assert by_hand[0] == pytest.approx(problem.primal(*args), rel=1e-12)
        for one, other in zip(by_hand[1:], slopes, strict=True):
            assert np.asarray(one) == pytest.approx(np.asarray(other), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_library_has_the_program_or_a_reason(name):
    problem = problem_of(name)
    for library in ("jax", "torch", "autograd", "casadi"):
        shown = next(tool for tool, package in TOOLS.items() if package == library)
        assert hasattr(problem, library) != (shown in problem.MISSING)


def test_gradients_that_differ_are_no_result():
    checked({"a": np.ones(2), "b": np.ones(2)})
    with pytest.raises(Wrong, match="a and b"):
        checked({"a": np.ones(2), "b": np.array([1.0, 1.001])})
