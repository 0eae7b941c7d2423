"""Derivatives inside programs: every nesting of modes, perturbations kept apart, and what is refused."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeWarning, UnsupportedError
from downslope.modes.dual import dual_derivative
from downslope.modes.numeric import ridders
from downslope.modes.running import running
from downslope.rules import RULES
from refusals import refused_at_its_line

SWEEPS = ("forward", "reverse")


def nesting(mode):
    """A program whose inner derivative is taken in a mode; the inner function reads what varies outside."""

    def program(x):
        def inner(y):
            s = y
            for k in range(3):
                s = s * math.sin(x * y) + k * x
            return s * y

        return ds.derivative(inner, mode=mode)(x * x) * x

    return program


def numeric(program, x):
    with running():
        return ridders(program, x).value


# ---- nestings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["python", "native"])
@pytest.mark.parametrize("inner", SWEEPS)
@pytest.mark.parametrize("outer", SWEEPS)
def test_every_nesting_of_forward_and_reverse(outer, inner, engine):
    program = nesting(inner)
    found = ds.derivative(program, mode=outer, engine=engine)(0.7)
    assert found == pytest.approx(numeric(program, 0.7), rel=1e-8)
    assert found == pytest.approx(dual_derivative(program, (0.7,))[1], rel=1e-12)


@pytest.mark.parametrize("inner", SWEEPS)
@pytest.mark.parametrize("outer", SWEEPS)
def test_a_nesting_inside_a_nesting(outer, inner):
    def program(x):
        def middle(y):
            return ds.derivative(lambda z: x * y * z**3, mode=inner)(y) * x

        return ds.derivative(middle, mode=outer)(x)

    for mode in SWEEPS:
        assert ds.derivative(program, mode=mode, engine="python")(1.5) == pytest.approx(36 * 1.5**3)


def test_descent_inside_descent_natively():
    def lowest(a):
        z = 0.0
        for _ in range(5):
            z = z - 0.2 * ds.grad(lambda u: (u - a) ** 2 + 0.05 * u**4)(z)
        return z

    def program(x):
        y = x
        for _ in range(5):
            y = y - 0.3 * ds.grad(lambda a: (lowest(a) - x) ** 2)(y)
        return lowest(y)

    found = ds.value_and_grad(program)(0.8)
    assert found == pytest.approx(ds.value_and_grad(program, engine="python")(0.8), rel=1e-12)
    assert found[1] == pytest.approx(numeric(program, 0.8), rel=1e-7)


# ---- perturbations are kept apart ----------------------------------------------------------------


@pytest.mark.parametrize("mode", SWEEPS)
def test_the_change_of_one_variable_is_not_that_of_another(mode):
    def product(x):
        return x * ds.derivative(lambda y: x + y, mode=mode)(1.0)

    for outer in SWEEPS:
        assert ds.derivative(product, mode=outer, engine="python")(0.7) == 1.0


def test_perturbations_are_kept_apart_where_derivatives_are_built_one_upon_another():
    def program(x):
        def shift(h):  # d/dh of f(x + h) at 0: the example of Manzyuk et al. (2019)
            return lambda_of(x + h)

        def lambda_of(t):
            return t * t * x

        return ds.grad(shift)(0.0) * ds.grad(lambda y: lambda_of(y) * y)(x)

    # 2 x**2 * 3 x**3
    assert ds.grad(program, engine="python")(0.7) == pytest.approx(30 * 0.7**4)
    assert numeric(program, 0.7) == pytest.approx(30 * 0.7**4)


def test_the_comparison_can_fail(monkeypatch):
    wrong = replace(RULES["sin"], partials=("cos(x) * 1.0001",))
    for module in ("modes.forward", "modes.reverse", "passes.build"):
        monkeypatch.setattr(f"downslope.{module}.RULES", dict(RULES) | {"sin": wrong}, raising=False)
    for mode in SWEEPS:  # of the oracles, none reads the rule there
        program = nesting(mode)
        assert ds.grad(program, engine="python")(0.7) != pytest.approx(numeric(program, 0.7), rel=1e-6)


# ---- programs that are run by themselves ---------------------------------------------------------


def test_a_program_with_derivatives_runs_as_it_is():
    program = nesting("reverse")
    with running():
        expected = program(0.7)
    assert program(0.7) == pytest.approx(expected, rel=1e-12)


def test_what_an_inner_function_closes_over_may_be_no_constant():
    def program(params, x):
        return ds.grad(lambda y: params["k"] * y * y)(x)

    with pytest.warns(DownslopeWarning, match="closes over 'params'"):
        assert program({"k": 3.0}, 2.0) == 12.0
    assert ds.grad(program, engine="python")({"k": 3.0}, 2.0) == {"k": 4.0}


def test_a_large_array_around_it():
    def program(a):
        return ds.grad(lambda y: np.sum(a * y * y))(2.0)

    a = np.linspace(0.0, 1.0, 300)
    with pytest.warns(DownslopeWarning, match="closes over 'a'"):
        assert program(a) == pytest.approx(4.0 * a.sum())
    assert ds.grad(program, engine="python")(a) == pytest.approx(np.full(300, 4.0))


# ---- what is refused -----------------------------------------------------------------------------


@dataclass
class Point:
    x: float
    y: float


def power(y, n):
    if n == 0:
        return 1.0
    return y * power(y, n - 1)


def in_a_structure(x):
    return ds.grad(lambda p: p.x * x)(Point(x, 1.0)).x


def returns_a_structure(x):
    return ds.jacobian(lambda y: Point(y, x))(x).x


def returns_two_numbers(x):
    return ds.grad(lambda y: (y, x))(x)


def changes_an_object(x):
    point = Point(x, 1.0)

    def f(y):
        point.x = y
        return y * y

    return ds.grad(f)(x) + point.x


def changes_a_list(x):
    seen = [x]

    def f(y):
        seen.append(y)
        return y * y

    return ds.grad(f)(x) + seen[0]


def changes_an_array(x):
    a = np.zeros(2)

    def f(y):
        a[0] = y
        return y * y

    return ds.grad(f)(x) + a[0]


def differentiates_itself(x):
    def f(y):
        return ds.grad(f)(y)

    return f(x)


def leads_back_to_itself(x):
    def f(y, n):
        if n == 0:
            return y * y * x
        return ds.grad(lambda z: f(z, n - 1))(y) + y

    return f(x, 2)


def outside_leads_back_to_itself(x, n=2):
    if n == 0:
        return x * x
    return ds.grad(outside_leads_back_to_itself)(x, n)


def known_when_it_runs(x):
    def square(y):
        return y * y * x

    def cube(y):
        return y**3 * x

    slope = ds.grad(square) if x > 0 else ds.grad(cube)
    return slope(x)


def one_or_another(x):
    def square(y):
        return y * y * x

    def cube(y):
        return y**3 * x

    if x > 0:  # noqa: SIM108  # the other way to write it is above
        slope = ds.grad(square)
    else:
        slope = ds.grad(cube)
    return slope(x)


def changed_in_between(x):
    scale = x
    slope = ds.grad(lambda y: scale * y * y)
    scale = 2.0 * scale
    return slope(x)


def an_unknown_input(x):
    return ds.grad(lambda y: y * x, "z")(x)


def options_of_the_run(x, which):
    return ds.grad(lambda y, z: y * z * x, which)(x, x)


def differences(x):
    return ds.derivative(lambda y: y * x, mode="numeric")(x)


def a_sparse_matrix(x):
    return ds.jacobian(lambda y: y * x, sparse=True)(x)[0, 0]


def of_whole_numbers(x):
    return np.sum(ds.grad(lambda a: np.sum(a * a) * x)(np.arange(3)))


def of_an_unknown_function(f, x):
    return ds.grad(f)(x)


def checks_itself(x):
    return ds.check(power, x, 2)


def reverse_twice_through_itself(x):
    return ds.derivative(power, mode="reverse")(x, 3)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (in_a_structure, "the derivative in 'p', which is no number"),
        (returns_a_structure, "returns what is no number, array or tuple"),
        (returns_two_numbers, "does not return one number"),
        (changes_an_object, "changes 'point', which is around it"),
        (changes_a_list, "changes 'seen', which is around it"),
        (changes_an_array, "changes 'a', which is around it"),
        (differentiates_itself, "calls itself on every path"),
        (leads_back_to_itself, "a derivative inside 'f' of 'f' itself"),
        (outside_leads_back_to_itself, "more than 12 derivatives within each other"),
        (known_when_it_runs, "which function it is depends on the run|is called, but what it is"),
        (one_or_another, "'slope' is called, but what it is depends on the run"),
        (changed_in_between, "'scale' has changed since the derivative was made"),
        (an_unknown_input, "the derivative in 'z'"),
        (differences, "differences inside a program"),
        (a_sparse_matrix, "a sparse matrix inside a program"),
        (of_whole_numbers, "a derivative in an array of whole numbers"),
        (checks_itself, "the derivative of ds.check"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_is_refused_at_its_line(program, said):
    refused_at_its_line(program, said)


def test_what_depends_on_arguments_is_refused():
    with pytest.raises(UnsupportedError, match="must be known when the program is read"):
        ds.grad(options_of_the_run, engine="python")(0.7, 1)
    with pytest.raises(UnsupportedError, match="the derivative of f"):
        ds.grad(of_an_unknown_function, "x", engine="python")(math.sin, 0.7)


def test_reverse_mode_twice_through_recursion_is_refused_and_once_is_not():
    assert ds.derivative(reverse_twice_through_itself, mode="forward", engine="python")(0.7) == pytest.approx(
        6 * 0.7
    )
    with pytest.raises(UnsupportedError, match="reverse mode twice through the calls of power"):
        ds.derivative(reverse_twice_through_itself, mode="reverse", engine="python")(0.7)
