"""Every program with structures, in every mode, to second order; each comparison is shown able to fail.

The oracles are dual numbers and differences: both run the program itself and read no source.
"""

from typing import Any

import numpy as np
import pytest

import downslope as ds
from array_zoo import ArraySpecimen
from downslope.calculus.program import program
from downslope.calculus.structured import call
from downslope.ir.structure import built, leaves, shape_of
from downslope.modes.running import running
from structure_zoo import STRUCTURE_ZOO, StructureSpecimen
from test_arrays_agree import (
    EXACT,
    NUMERIC,
    agree,
    by_columns,
    by_rows,
    dual_hessian,
    dual_jacobian,
    numbers,
    second,
)

# Programs whose result does not depend on an input are meant here; the warning has tests of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not depend on:downslope.errors.DownslopeWarning"),
    pytest.mark.filterwarnings("ignore:.*is 0 everywhere:downslope.errors.DownslopeWarning"),
]


def flat(one: StructureSpecimen) -> ArraySpecimen:
    """The specimen as a program of its leaves."""
    read, names = program(one.program, one.wrt)
    asked = call(read, names, one.fresh(), {})
    args = tuple(
        float(v) if isinstance(v, int) and n in asked.wrt else v
        for n, v in zip(asked.leaves.program.arguments, asked.values, strict=True)
    )
    places = tuple(asked.leaves.program.position(name) for name in asked.wrt)
    return ArraySpecimen(asked.leaves, args, places, one.numeric, str(one))


def of_structures(found: Any) -> list[float]:
    """All numbers of a result in structures, in order."""
    return numbers(leaves(shape_of(found), found))


def gradient(one: StructureSpecimen, mode: Any, engine: Any = "python") -> list[float]:
    """The gradient as the user asks for it, in the leaves that vary."""
    found = ds.derivative(one.program, one.wrt, mode, engine=engine)(*one.fresh())
    read, names = program(one.program, one.wrt)
    asked = call(read, names, one.fresh(), {})
    named = dict(
        zip(
            [n for name in names for n in asked.leaves.names(name)],
            [
                leaf
                for part, name in zip(found, names, strict=True)
                for leaf in leaves(asked.leaves.shape(name), part)
            ],
            strict=True,
        )
    )
    return numbers([named[name] for name in asked.wrt])


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
@pytest.mark.parametrize("one", STRUCTURE_ZOO, ids=str)
def test_gradients_agree_with_dual_numbers(one: StructureSpecimen, mode: str) -> None:
    agree(gradient(one, mode), [row[0] for row in dual_jacobian(flat(one))])


@pytest.mark.parametrize("one", STRUCTURE_ZOO, ids=str)
def test_products_agree_with_dual_numbers(one: StructureSpecimen) -> None:
    agree(by_columns(flat(one)), dual_jacobian(flat(one)))
    agree(by_rows(flat(one)), dual_jacobian(flat(one)))


@pytest.mark.parametrize("one", STRUCTURE_ZOO, ids=str)
def test_second_order_agrees_with_dual_numbers(one: StructureSpecimen) -> None:
    agree(second(flat(one)), dual_hessian(flat(one)))


@pytest.mark.parametrize("one", [one for one in STRUCTURE_ZOO if not one.numeric], ids=str)
def test_differences_agree_with_dual_numbers(one: StructureSpecimen) -> None:
    agree(gradient(one, "numeric"), [row[0] for row in dual_jacobian(flat(one))], NUMERIC)


@pytest.mark.parametrize(
    ("one", "number"), [(one, number) for number, one in enumerate(STRUCTURE_ZOO)], ids=str
)
def test_native_code_agrees_with_dual_numbers(one: StructureSpecimen, number: int) -> None:
    agree(
        gradient(one, ("forward", "reverse")[number % 2], "native"), [r[0] for r in dual_jacobian(flat(one))]
    )


@pytest.mark.parametrize("one", STRUCTURE_ZOO, ids=str)
def test_values_are_those_of_the_program_and_arguments_stay(one: StructureSpecimen) -> None:
    args = one.fresh()
    value, _ = ds.value_and_grad(one.program, one.wrt, engine="python")(*args)
    with running():
        agree(value, one.program(*one.fresh()))
    agree(of_structures(args), of_structures(one.args))


@pytest.mark.parametrize("one", STRUCTURE_ZOO, ids=str)
def test_each_comparison_can_fail(one: StructureSpecimen) -> None:
    right = np.array([row[0] for row in dual_jacobian(flat(one))])
    for place, entry in enumerate(right):
        for tolerance in (EXACT, NUMERIC):
            for wrong in (entry + 5 * tolerance * max(1.0, abs(entry)), -entry - 1e-5, np.nan, np.inf):
                spoilt = right.copy()
                spoilt[place] = wrong
                with pytest.raises(AssertionError):
                    agree(spoilt, right, tolerance)


@pytest.mark.parametrize("one", STRUCTURE_ZOO, ids=str)
def test_structures_are_taken_apart_and_put_together(one: StructureSpecimen) -> None:
    shape = shape_of(one.args)
    again = built(shape, iter(leaves(shape, one.args)))
    assert shape_of(again) == shape
    agree(of_structures(again), of_structures(one.args))


def test_the_zoo_is_large_and_varied() -> None:
    assert len(STRUCTURE_ZOO) >= 50
    assert sum(any(row[0] for row in dual_jacobian(flat(one))) for one in STRUCTURE_ZOO) == len(STRUCTURE_ZOO)
