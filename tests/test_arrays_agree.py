"""Every program with arrays, in every mode, to second order; each comparison is shown able to fail.

The oracles are dual numbers and differences: both run the program itself and read no source.
"""

import math
from typing import Any

import numpy as np
import pytest

import downslope as ds
from array_zoo import ARRAY_ZOO, ArraySpecimen
from downslope.calculus.chunks import Directions, columns
from downslope.calculus.makes import pulled, pushed
from downslope.calculus.program import kind_of, program
from downslope.calculus.shaped import Transformed, rows, zero_like
from downslope.ir.calls import reachable
from downslope.ir.check import faults
from downslope.ir.versions import linear
from downslope.modes.dual import dual_element
from downslope.modes.forward import forward
from downslope.modes.numeric import ridders
from downslope.modes.reverse import reverse
from downslope.rules import arity

EXACT, NUMERIC = 1e-9, 1e-6
ARITY = arity()


def numbers(value: Any) -> list[float]:
    """All numbers in a result, in order."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return [float(x) for part in parts for x in np.ravel(np.asarray(part, dtype=object))]


def agree(found: Any, expected: Any, tolerance: float = EXACT) -> None:
    """Fail unless every pair is close; NaN is close to nothing, infinity only to itself."""
    one, other = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert one.shape == other.shape
    for x, y in zip(one.flat, other.flat, strict=True):
        assert math.isclose(x, y, rel_tol=tolerance, abs_tol=tolerance), f"{found} != {expected}"


def dual_jacobian(one: ArraySpecimen) -> list[list[float]]:
    """One row per element of what varies: how it moves every number of the result."""
    places = [(p, i) for p in one.wrt for i in np.ndindex(np.shape(one.args[p]))]
    return [numbers(dual_element(one.program, one.fresh(), p, i)[1]) for p, i in places]


def dual_hessian(one: ArraySpecimen) -> list[list[float]]:
    """Second derivatives of the sum of the results, by dual numbers inside dual numbers."""
    places = [(p, i) for p in one.wrt for i in np.ndindex(np.shape(one.args[p]))]

    def slope(place: tuple[int, tuple[int, ...]]) -> Any:
        def run(*args: Any) -> Any:
            _, change = dual_element(one.program, args, *place)
            flat = change if isinstance(change, tuple) else (change,)
            return sum((x for part in flat for x in np.ravel(np.asarray(part, dtype=object))), 0.0)

        return run

    from downslope.modes.dual import _LEVELS, DualFloat  # the nesting itself, without a second rebinding

    found = []
    for outer in places:
        row = []
        level = next(_LEVELS)
        args = [
            a.astype(object) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in one.fresh()
        ]
        position, index = outer
        if index:
            args[position][index] = DualFloat(args[position][index], 1.0, level)
        else:
            args[position] = DualFloat(args[position], 1.0, level)
        for inner in places:
            value = slope(inner)(*args)
            row.append(float(value._derivative) if isinstance(value, DualFloat) else 0.0)
        found.append(row)
    return found


def setup(one: ArraySpecimen, make: Any, engine: Any) -> tuple[Transformed, list[Any], list[Any]]:
    """The transformed program, its arguments, and those of them that vary."""
    read, names = program(one.program, one.wrt)
    values = [np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v for v in one.fresh()]
    return Transformed(read, names, make, engine), values, [values[place] for place in one.wrt]


def flat_rows(blocks: list[list[Any]], varied: list[Any]) -> list[list[float]]:
    """Blocks of derivatives as `dual_jacobian` gives them."""
    places = [(c, i) for c, value in enumerate(varied) for i in np.ndindex(np.shape(value))]
    return [[x for row in blocks for x in np.asarray(row[c])[(..., *i)].flat] for c, i in places]


def by_columns(one: ArraySpecimen, engine: Any = "python") -> list[list[float]]:
    """The Jacobian in forward mode."""
    _, values, varied = setup(one, pushed, engine)
    read, names = program(one.program, one.wrt)
    run = Directions(read, names, engine)
    return flat_rows(columns(run, values, varied, run.primal(values, varied)), varied)


def by_rows(one: ArraySpecimen, engine: Any = "python") -> list[list[float]]:
    """The Jacobian in reverse mode."""
    run, values, varied = setup(one, pushed, engine)
    results = run(values, [zero_like(v) for v in varied])
    transposed, values, varied = setup(one, pulled, engine)
    return flat_rows(rows(transposed, values, results[: len(results) // 2], varied), varied)


def summed(one: ArraySpecimen, function: Any, names: Any) -> Any:
    """Forward over reverse, for the sum of the results."""
    return forward(reverse(function, names, seeded=True), names, seeded=True)


def second(one: ArraySpecimen, engine: Any = "python") -> list[list[float]]:
    """Second derivatives of the sum of the results."""
    run, values, varied = setup(one, lambda f, names, _: summed(one, f, names), engine)
    outputs = run.form(values).body.yields
    first, values, varied = setup(one, pushed, engine)
    ones = [
        np.ones_like(y) if isinstance(y, np.ndarray) else 1.0
        for y in first(values, [zero_like(v) for v in varied])
    ]
    seeds = ones[: len(outputs)]
    found = []
    for position, value in enumerate(varied):
        for index in np.ndindex(np.shape(value)):
            tangents = [zero_like(v) for v in varied]
            if index:
                tangents[position][index] = 1.0
            else:
                tangents[position] = 1.0
            results = run(values, [*seeds, *tangents])
            half = len(results) // 2
            found.append(numbers(list(results[half + len(outputs) :])))
    return found


@pytest.mark.parametrize("one", ARRAY_ZOO, ids=str)
def test_forward_agrees_with_dual_numbers(one: ArraySpecimen) -> None:
    agree(by_columns(one), dual_jacobian(one))


@pytest.mark.parametrize("one", ARRAY_ZOO, ids=str)
def test_reverse_agrees_with_dual_numbers(one: ArraySpecimen) -> None:
    agree(by_rows(one), dual_jacobian(one))


@pytest.mark.parametrize("one", ARRAY_ZOO, ids=str)
def test_second_order_agrees_with_dual_numbers(one: ArraySpecimen) -> None:
    agree(second(one), dual_hessian(one))


@pytest.mark.parametrize("one", ARRAY_ZOO, ids=str)
def test_values_are_those_of_the_program(one: ArraySpecimen) -> None:
    run, values, varied = setup(one, pushed, "python")
    results = run(values, [zero_like(v) for v in varied])
    agree(numbers(results[: len(results) // 2]), numbers(one.value()))


@pytest.mark.parametrize("one", [one for one in ARRAY_ZOO if not one.numeric], ids=str)
def test_differences_agree_with_dual_numbers(one: ArraySpecimen) -> None:
    places = [(p, i) for p in one.wrt for i in np.ndindex(np.shape(one.args[p]))]
    for (position, index), right in zip(places, dual_jacobian(one), strict=True):
        for number, slope in enumerate(right):

            def along(x: float, position: int = position, index: Any = index, number: int = number) -> float:
                args = list(one.fresh())
                if index:
                    args[position][index] = x
                else:
                    args[position] = x
                return numbers(one.value(*args))[number]

            start = one.args[position][index] if index else one.args[position]
            agree(ridders(along, float(start)).value, slope, NUMERIC)


@pytest.mark.parametrize(
    ("one", "number"),
    [(one, number) for number, one in enumerate(ARRAY_ZOO) if one.native],
    ids=lambda value: str(value),
)
def test_native_code_agrees_with_dual_numbers(one: ArraySpecimen, number: int) -> None:
    run = (by_columns, by_rows)[number % 2]
    agree(run(one, "native"), dual_jacobian(one))


@pytest.mark.parametrize("one", ARRAY_ZOO, ids=str)
def test_each_comparison_can_fail(one: ArraySpecimen) -> None:
    right = np.asarray(dual_jacobian(one), dtype=float)
    for index in np.ndindex(right.shape):
        for tolerance in (EXACT, NUMERIC):
            entry = right[index]
            for wrong in (entry + 5 * tolerance * max(1.0, abs(entry)), -entry - 1e-5, math.nan, math.inf):
                spoilt = right.copy()
                spoilt[index] = wrong
                with pytest.raises(AssertionError):
                    agree(spoilt, right, tolerance)


@pytest.mark.parametrize("one", ARRAY_ZOO, ids=str)
def test_every_form_is_well_formed(one: ArraySpecimen) -> None:
    read, names = program(one.program, one.wrt)
    base = read.form(tuple(kind_of(v) for v in one.fresh()))
    labels = [param.name for param in base.params if param.label in names]
    gradient = reverse(base, labels, seeded=True)
    for form in (base, forward(base, labels, seeded=True), gradient, forward(gradient, labels, seeded=True)):
        linear(form)
        assert not faults(form, ARITY)
        for callee in reachable(form):
            if callee.function is not None:  # of two halves, one pushes and the other pops
                assert [f for f in faults(linear(callee.function), ARITY) if "tape" not in f] == []


@pytest.mark.filterwarnings("ignore::downslope.errors.DownslopeWarning")  # some inputs do not matter
def test_the_arguments_are_left_alone() -> None:
    for one in ARRAY_ZOO:
        args = one.fresh()
        ds.jacobian(one.program, one.wrt, engine="python")(*args)
        for arg, original in zip(args, one.args, strict=True):
            assert np.array_equal(arg, original, equal_nan=np.asarray(arg).dtype.kind == "f")


def test_the_zoo_is_varied() -> None:
    assert len({one.name for one in ARRAY_ZOO}) == len(ARRAY_ZOO) >= 100


def test_numbers_in_and_an_array_out() -> None:
    def powers(x, n):
        out = np.zeros(3)
        for i in range(3):
            out[i] = n * x**i
        return out

    expected = np.array([0.0, 3.0, 12.0])
    np.testing.assert_allclose(ds.jacobian(powers)(2.0, 3.0), expected)
    np.testing.assert_allclose(ds.jacobian(powers, ("x", "n"))(2.0, 3.0)[1], [1.0, 2.0, 4.0])
    np.testing.assert_allclose(ds.jvp(powers, (2.0, 3.0), (1.0, 0.0))[1], expected)
    assert ds.vjp(powers, 2.0, 3.0)[1](np.ones(3)) == (15.0, 7.0)
    np.testing.assert_allclose(ds.jacobian(powers, sparse=True)(2.0, 3.0).toarray().ravel(), expected)
