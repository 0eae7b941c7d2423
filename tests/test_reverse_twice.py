"""Reverse mode of a gradient by reverse mode: its tape becomes arrays first, and the sweep is the ordinary one."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import downslope as ds
from array_zoo import ARRAY_ZOO, ArraySpecimen
from downslope.calculus.program import params_of, program, values_of
from downslope.calculus.run import Runner
from downslope.errors import DownslopeError, UnsupportedError
from downslope.ir.check import faults
from downslope.ir.nodes import Block, For, Function, Lit, Param, Pop
from downslope.ir.versions import linear
from downslope.modes.dual import dual_higher
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse
from downslope.modes.snapshots import Checkpoints
from downslope.passes.simplify import simplified
from downslope.passes.untape import taped, untaped
from downslope.rules import arity
from test_arrays_agree import agree, dual_hessian, setup
from zoo import ZOO, Specimen

pytestmark = pytest.mark.filterwarnings("ignore::downslope.errors.DownslopeWarning")
ARITY = arity()


def recursive(one: Specimen | ArraySpecimen) -> bool:
    """Whether a specimen calls itself: how deep is known when it runs, so its tape cannot become arrays."""
    return one.program.__module__.endswith("recursion")


@pytest.mark.parametrize("one", [one for one in ARRAY_ZOO if recursive(one)], ids=str)
def test_recursion_is_refused_with_a_reason(one: ArraySpecimen) -> None:
    with pytest.raises(UnsupportedError, match="reverse mode twice through the calls") as caught:
        array_hessian(one, "python")
    assert "forward mode" in str(caught.value)


def sound(function: Function) -> Function:
    """The function itself, which is well formed, with linear versions of arrays."""
    assert faults(function, ARITY) == ()
    return linear(function)


def outputs(function: Function, start: int, stop: int | None = None) -> Function:
    """A function with some of its results only."""
    return simplified(replace(function, body=Block(function.body.body, function.body.yields[start:stop])))


def twice(function: Function, names: Sequence[str], which: int) -> Function:
    """Reverse over reverse: one entry of the gradient, then its gradient."""
    return sound(reverse(outputs(reverse(function, names), 1 + which, 2 + which), names))


def close(found: Sequence[float], expected: Sequence[float]) -> None:
    """Fail unless every pair is close."""
    for one, other in zip(found, expected, strict=True):
        assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9), f"{found} != {expected}"


def hessian(one: Specimen, engine: Any) -> list[float]:
    """Second derivatives, row by row."""
    read, names = program(one.program, one.wrt)
    labels = params_of(read.function, names)
    values = values_of(read, one.args, {}, names)
    made = [lambda f, labels, _, i=i: twice(f, labels, i) for i in range(len(labels))]
    rows = [Runner(read, names, make, engine)(values)[1:] for make in made]
    return [entry for row in rows for entry in row]


@pytest.mark.parametrize("one", [one for one in ZOO if not recursive(one)], ids=str)
def test_programs_of_numbers(one: Specimen) -> None:
    expected = [float(dual_higher(one.program, one.args, (j, i))) for i in one.wrt for j in one.wrt]
    close(hessian(one, "python"), expected)


NATIVE = (
    "bisection",
    "while_return_three_ways",
    "triangle",
    "nested_breaks",
    "newton_root",
    "falling_with_drag",
)


@pytest.mark.parametrize("one", [z for z in ZOO if z.name in NATIVE], ids=str)
def test_native_code(one: Specimen) -> None:
    close(hessian(one, "native"), hessian(one, "python"))


def pulled_twice(function: Function, names: Sequence[str], _checkpoints: Checkpoints) -> Function:
    """Reverse over reverse of an array program: cotangents of the outputs, then of the cotangents."""
    once = reverse(function, names, seeded=True)
    return sound(reverse(outputs(once, len(function.body.yields)), names, seeded=True))


def array_hessian(one: ArraySpecimen, engine: Any) -> list[list[float]]:
    """Second derivatives of the sum of the results."""
    results, *_ = setup(one, lambda function, *_: function, engine)
    seeds = [np.ones(np.shape(y)) if np.shape(y) else 1.0 for y in results(one.fresh())]
    run, values, varied = setup(one, pulled_twice, engine)
    rows = []
    for position, value in enumerate(varied):
        for index in np.ndindex(np.shape(value)):
            bars = [np.zeros(np.shape(other)) if np.shape(other) else 0.0 for other in varied]
            if index:
                bars[position][index] = 1.0
            else:
                bars[position] = 1.0
            found = run(values, (*seeds, *bars))[len(varied) :]
            rows.append([float(x) for part in found for x in np.ravel(part)])
    return rows


@pytest.mark.parametrize("one", [one for one in ARRAY_ZOO if not recursive(one)], ids=str)
def test_programs_with_arrays(one: ArraySpecimen) -> None:
    agree(array_hessian(one, "python"), dual_hessian(one))


@pytest.mark.parametrize(
    "one", [z for z in ARRAY_ZOO if z.name in ("while_with_array_in_test", "elimination")], ids=str
)
def test_native_code_with_arrays(one: ArraySpecimen) -> None:
    agree(array_hessian(one, "native"), array_hessian(one, "python"))


def wandering(x: float, n: int) -> float:
    """Loops of every kind in each other: their lengths depend on the pass, and on values."""
    s = x
    for i in range(n):
        for j in range(i, -1, -2):
            s = s + math.sin(s * x) * 0.1 * j
            k = 0
            while k < i + j and s * s < 4.0:
                s = s * (1.0 + 0.1 * x) + 0.01 * k
                k += 1
                if s > 1.7:
                    break
        if s > 1.0:
            for _ in range(3):
                s = math.cos(s) * x + 0.3
    return s * x


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_loops_whose_lengths_depend_on_values(n: int) -> None:
    one = Specimen(wandering, (0.7, n), (0,), "", "", "wandering")
    close(hessian(one, "python"), [float(dual_higher(wandering, (0.7, n), (0, 0)))])
    if n == 5:
        close(hessian(one, "native"), hessian(one, "python"))


def test_third_order_in_reverse_mode_throughout() -> None:
    read, names = program(wandering, "x")
    labels = params_of(read.function, names)
    second = outputs(twice(read.function, labels, 0), 1)
    third = sound(reverse(second, labels))
    assert taped(third)
    assert not taped(untaped(third))
    found = Runner(read, names, lambda *_: third, "python")([0.7, 4])[1]
    other = Runner(read, names, lambda *_: forward(second, labels), "python")([0.7, 4])[1]
    close([found, found], [other, float(dual_higher(wandering, (0.7, 4), (0, 0, 0)))])


def cost(a: Any) -> Any:
    s = 0.0
    for v in a:
        s = s * v + v * v * v
    return s


def test_gradients_of_gradients_from_outside() -> None:
    a = np.array([0.3, -0.4, 0.9])
    gradient = ds.grad(cost, engine="python")
    expected = ds.hessian(cost, engine="python")(a)
    _, pull = ds.vjp(gradient, a, engine="python")
    rows = [pull(row)[0] for row in np.eye(3)]
    np.testing.assert_allclose(rows, expected, rtol=1e-12)
    np.testing.assert_allclose(ds.jacobian(gradient, engine="python")(a), expected, rtol=1e-12)


def test_a_tape_that_is_not_used_in_order_is_a_fault() -> None:
    stray = For("i", Lit(0), Lit(2), Lit(1), (), Block((Pop(("u",), ("x",)),), ()), ())
    with pytest.raises(DownslopeError, match="a pop without a push"):
        untaped(Function("f", (Param("x", "x"),), Block((stray,), ("x",))))
