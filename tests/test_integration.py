"""Integration and roots in programs: SciPy's values, closed forms, what is refused."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline, interp1d, make_interp_spline
from scipy.optimize import brentq, newton

import downslope as ds
from downslope.errors import DownslopeError, ProgramError, UnsupportedError


def decay(t: float, y: Any, k: float) -> Any:
    return -k * y


def at_one(k: float, y0: float) -> Any:
    sol = solve_ivp(decay, (0.0, 1.0), [y0], args=(k,), rtol=1e-10, atol=1e-12)
    return sol.y[0, -1]


def at_one_by_euler(k: float, y0: float) -> Any:
    y = y0
    for _ in range(50):
        y = y - 0.02 * k * y
    return y


def test_the_gradient_is_that_of_the_exact_solution() -> None:
    k, y0 = 1.3, 0.7
    slopes = ds.grad(at_one, ("k", "y0"), engine="python")(k, y0)
    assert slopes == pytest.approx((-y0 * math.exp(-k), math.exp(-k)), rel=1e-8)
    second = ds.hessian(at_one, ("k", "y0"), engine="python")(k, y0)
    exact = np.array([[y0 * math.exp(-k), -math.exp(-k)], [-math.exp(-k), 0.0]])
    assert np.allclose(second, exact, rtol=1e-7, atol=1e-9)
    with pytest.raises(AssertionError):
        assert ds.grad(at_one_by_euler, ("k", "y0"), engine="python")(k, y0) == pytest.approx(
            slopes, rel=1e-8
        )


@pytest.mark.parametrize("method", ["RK23", "RK45"])
@pytest.mark.parametrize("rtol", [1e-3, 1e-7])
def test_the_values_are_those_of_scipy(method: str, rtol: float) -> None:
    def lorenz(t: float, y: Any) -> Any:
        return [10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1], y[0] * y[1] - 8.0 / 3.0 * y[2]]

    def with_steps_of_third_order(y0: Any, rtol: float) -> Any:
        return solve_ivp(lorenz, (0.0, 0.5), y0, "RK23", rtol=rtol).y

    def with_steps_of_fifth_order(y0: Any, rtol: float) -> Any:
        return solve_ivp(lorenz, (0.0, 0.5), y0, rtol=rtol, first_step=0.01, max_step=0.05).y

    program = with_steps_of_third_order if method == "RK23" else with_steps_of_fifth_order
    y0 = np.array([1.0, 2.0, 3.0])
    value, _ = ds.vjp(program, y0, rtol, wrt="y0", engine="python")
    assert value.shape == program(y0, rtol).shape
    # rounding moves the ends of steps, and so what the columns stand for, by about 1e-16 / rtol
    assert np.allclose(value, program(y0, rtol), rtol=1e-7, atol=1e-7)


def test_a_root_has_the_slopes_of_the_implicit_function() -> None:
    def cube_root(a: float) -> Any:
        return brentq(lambda x: x**3 - a, 0.0, 3.0)

    third = ds.grad(ds.grad(ds.grad(cube_root, engine="python"), engine="python"), engine="python")
    assert third(2.0) == pytest.approx(10.0 / 27.0 * 2.0 ** (-8.0 / 3.0), rel=1e-9)


def triple_root(a: float) -> Any:
    return brentq(lambda x: (x - a) ** 3, -1.0, 1.0)


def bracket_without_a_root(a: float) -> Any:
    return brentq(lambda x: x * x + a, 0.0, 1.0)


@pytest.mark.parametrize("program", [triple_root, bracket_without_a_root])
def test_where_there_is_no_slope_or_no_root_it_is_an_error(program: Any) -> None:
    with pytest.raises(ProgramError):
        ds.grad(program, engine="python")(0.5)


def stiff(k: float) -> Any:
    return solve_ivp(decay, (0.0, 1.0), [1.0], method="BDF", args=(k,)).y[0, -1]


def with_events(k: float) -> Any:
    return solve_ivp(decay, (0.0, 1.0), [1.0], events=decay, args=(k,)).y[0, -1]


def of_a_number(k: float) -> Any:
    return solve_ivp(k, (0.0, 1.0), [1.0]).y[0, -1]


def odeint(k: float) -> Any:
    return scipy.integrate.odeint(decay, [1.0], [0.0, 1.0], (k,))[0, 0]


def quad(k: float) -> Any:
    return scipy.integrate.quad(lambda x: x * k, 0.0, 1.0)[0]


def root(k: float) -> Any:
    return scipy.optimize.root(lambda x: x * x - k, 1.0).x[0]


def fsolve(k: float) -> Any:
    return scipy.optimize.fsolve(lambda x: x * x - k, 1.0)[0]


def without_a_bracket(k: float) -> Any:
    return scipy.optimize.root_scalar(lambda x: x * x - k, x0=1.0).root


def halley(k: float) -> Any:
    return newton(lambda x: x * x - k, 1.0, fprime=lambda x: 2.0 * x, fprime2=lambda x: 2.0)


def periodic(k: float) -> Any:
    s = CubicSpline([0.0, 1.0, 2.0], [0.0, k, 0.0], bc_type="periodic")
    return s(0.3)


def quadratic(k: float) -> Any:
    s = interp1d([0.0, 1.0, 2.0], [0.0, k, 0.0], kind="quadratic")
    return s(0.3)


def filled(k: float) -> Any:
    s = interp1d([0.0, 1.0, 2.0], [0.0, k, 0.0], bounds_error=False, fill_value=0.0)
    return s(0.3)


def of_degree_five(k: float) -> Any:
    s = make_interp_spline([0.0, 1.0, 2.0], [0.0, k, 0.0], k=5)
    return s(0.3)


def order_that_varies(k: float) -> Any:
    s = CubicSpline([0.0, 1.0, 2.0], [0.0, k, 0.0])
    return s(0.3, k)


REFUSED = [
    stiff,
    with_events,
    of_a_number,
    odeint,
    quad,
    root,
    fsolve,
    without_a_bracket,
    halley,
    periodic,
    quadratic,
    filled,
    of_degree_five,
    order_that_varies,
]


@pytest.mark.parametrize("program", REFUSED, ids=lambda program: str(program.__name__))
def test_what_has_no_derivative_is_refused_at_its_line(program: Any) -> None:
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(program, engine="python")(2.0)
    problem = caught.value.problem
    assert problem.loc is not None
    assert problem.loc.line in range(program.__code__.co_firstlineno + 1, program.__code__.co_firstlineno + 3)
    assert problem.why
    assert problem.fix


def test_a_function_that_cannot_be_read_is_refused() -> None:
    def program(k: float) -> Any:
        def f(x: Any) -> Any:
            return x.sort() - k

        return brentq(f, 0.0, 1.0)

    with pytest.raises(DownslopeError, match="sort"):
        ds.grad(program, engine="python")(0.5)


def outside_the_points(q: float, y: Any) -> Any:
    f = interp1d([0.0, 1.0, 2.0], y)
    return f(q)


def knots_out_of_order(q: float, y: Any) -> Any:
    f = CubicSpline([0.0, 2.0, 1.0], y)
    return f(q)


@pytest.mark.parametrize("program", [outside_the_points, knots_out_of_order])
def test_splines_raise_what_scipy_raises(program: Any) -> None:
    with pytest.raises(ProgramError, match="ValueError"):
        ds.grad(program, engine="python")(2.5, np.array([0.0, 1.0, 0.5]))
