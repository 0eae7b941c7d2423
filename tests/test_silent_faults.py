"""Where tools for derivatives are wrong without a word: each place by hand, in every mode, to second order.

Places that downslope refuses have a test of their own below; so have the warnings.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeWarning, ProgramError, UnsupportedError
from silent import FAMILIES, PLACES, Place, inputs
from test_arrays_agree import by_columns, by_rows, dual_hessian, dual_jacobian, second

quiet = pytest.mark.filterwarnings(
    "ignore::downslope.errors.DownslopeWarning",  # zero derivatives are meant
    "ignore:divide by zero:RuntimeWarning",  # so are infinite slopes
)
TYPED = [one for one in PLACES if one.program.__module__ == inputs.__name__]
"""Those that are about how an input is given."""
UNSMOOTH = "repeated_eigenvalues"
"""Its second derivative needs the slope of the eigenvectors, which there is not: it is refused below."""
RUNS: tuple[Any, ...] = (by_columns, by_rows)


def listed(one: Place) -> list[list[float]]:
    """The derivative by hand: one row per element of what varies."""
    every = zip(one.wrt, one.right, strict=True)
    places = [
        (np.asarray(part, dtype=float), i) for p, part in every for i in np.ndindex(np.shape(one.args[p]))
    ]
    return [list(part[(..., *index)].flat) for part, index in places]


def agree(found: Any, right: Any) -> None:
    """Fail unless all are close; NaN is close to nothing."""
    one, other = np.asarray(found, dtype=float), np.asarray(right, dtype=float)
    assert one.shape == other.shape
    for x, y in zip(one.flat, other.flat, strict=True):
        assert math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12), f"{found} != {right}"


def by_user(one: Place, engine: Any = "python") -> list[list[float]]:
    """The derivative as a user asks for it."""
    number = np.shape(one.right[0]) == np.shape(one.args[one.wrt[0]])
    found = (ds.grad if number else ds.jacobian)(one.program, one.wrt, engine=engine)(*one.fresh())
    return listed(replace(one, right=found))


@quiet
@pytest.mark.parametrize("run", [*RUNS, by_user])
@pytest.mark.parametrize("one", PLACES, ids=str)
def test_place(one: Place, run: Any) -> None:
    agree((by_user if one in TYPED else run)(one), listed(one))


@quiet
@pytest.mark.parametrize("one", PLACES, ids=str)
def test_place_by_dual_numbers(one: Place) -> None:
    agree(dual_jacobian(one), listed(one))  # type: ignore[arg-type]  # a place has what is used of a specimen


@quiet
@pytest.mark.parametrize("one", [one for one in PLACES if one not in TYPED and str(one) != UNSMOOTH], ids=str)
def test_place_to_second_order(one: Place) -> None:
    agree(second(one), dual_hessian(one))  # type: ignore[arg-type]  # as above


@quiet
@pytest.mark.parametrize(("one", "number"), [(p, i) for i, p in enumerate(PLACES[::3])], ids=str)
def test_place_native(one: Place, number: int) -> None:
    agree((by_user if one in TYPED else RUNS[number % 2])(one, "native"), listed(one))


@quiet
@pytest.mark.parametrize("one", PLACES, ids=str)
def test_the_check_can_fail(one: Place) -> None:
    right = np.asarray(listed(one))
    for index in np.ndindex(right.shape):
        for wrong in (math.nan, math.inf, right[index] + 1e-6):
            spoilt = right.copy()
            spoilt[index] = wrong
            with pytest.raises(AssertionError):
                agree(spoilt, right)


def test_the_places_are_many() -> None:
    assert len({str(one) for one in PLACES}) == len(PLACES) >= 55
    assert {one.program.__module__ for one in PLACES} == {family.__name__ for family in FAMILIES}


@quiet
@pytest.mark.parametrize(("power", "right"), [(0, 0.0), (1, 0.0), (2, 2.0), (3, 0.0)])
def test_the_second_derivative_of_powers_of_nothing(power: int, right: float) -> None:
    assert ds.grad(ds.grad(lambda x: x**power, engine="python"), engine="python")(0.0) == right


# ---- what is refused --------------------------------------------------------------------------------


def remembered(v: Any, seen: Any = []) -> Any:  # noqa: B006  # the fault itself
    seen.append(v)
    return seen[0] * v


def mutable_default(x: Any) -> Any:
    """A default that changes lives from call to call: the result is no function of the arguments."""
    return remembered(x) + remembered(2.0 * x)


def shape_by_the_pass(a: Any) -> Any:
    """An array that gets longer in each pass has no one cotangent."""
    b = a
    for _ in range(3):
        b = np.concatenate((b, a))
    return np.sum(b)


def array_or_number(a: Any) -> Any:
    """One name for an array on one path and for a number on the other."""
    b = a if a[0] > 0 else 1.0
    return np.sum(b * a)


@pytest.mark.parametrize("program", [mutable_default, shape_by_the_pass, array_or_number])
def test_refused(program: Any) -> None:
    args = 3.0 if program is mutable_default else np.array([1.0, 2.0])
    with pytest.raises(UnsupportedError) as caught:
        ds.jacobian(program, engine="python")(args)
    assert caught.value.problems[0].loc is not None
    assert caught.value.problems[0].why


def cubes_of_eigenvalues(m: Any) -> Any:
    return np.sum(np.linalg.eigvalsh(m) ** 3)


def cubes_of_singular_values(m: Any) -> Any:
    return np.sum(np.linalg.svd(m, compute_uv=False) ** 3)


@pytest.mark.parametrize("cubes", [cubes_of_eigenvalues, cubes_of_singular_values])
def test_second_derivatives_at_repeated_values_are_an_error_at_the_line(cubes: Any) -> None:
    same = 2.0 * np.eye(2)
    for run in (
        lambda: ds.hessian(cubes, engine="python")(same),
        lambda: ds.hvp(cubes, (same,), (np.array([[1.0, 0.3], [0.3, 2.0]]),), engine="python"),
    ):
        with pytest.raises(ProgramError) as caught:
            run()
        assert caught.value.problems[0].loc is not None
        assert "equal" in str(caught.value)


# ---- what is said -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["output_that_does_not_depend", "overwritten_before_it_is_read"])
def test_a_derivative_that_is_zero_everywhere_is_said(name: str) -> None:
    one = next(place for place in PLACES if str(place) == name)
    with pytest.warns(DownslopeWarning):
        ds.grad(one.program, engine="python")(*one.fresh())


@quiet
def test_the_caller_keeps_what_it_gave() -> None:
    for one in PLACES:
        args = one.fresh()
        ds.jacobian(one.program, one.wrt, engine="python")(*args)
        for arg, original in zip(args, one.args, strict=True):
            assert np.array_equal(arg, original)


def test_single_precision_comes_back() -> None:
    from silent.inputs import single_precision

    found = ds.grad(single_precision, engine="python")(np.array([1.5, 2.5], dtype=np.float32))
    assert found.dtype == np.float32
