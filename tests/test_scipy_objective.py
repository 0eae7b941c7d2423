"""`objective` gives SciPy's solvers exact derivatives, and they find what `fit` finds."""

import math

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

import downslope as ds
from downslope.errors import UsageError

LEARNT = ["size", "rate", "floor"]
LOSSES = ("squared", "huber", "huber:0.3", "soft_l1", "soft_l1:2", "cauchy:0.5", "cauchy")


def decay(t, size=2.0, rate=0.5, floor=0.3):
    value = floor + size * math.exp(-rate * t)
    if t > 3.0:
        value += 0.1 * rate * (t - 3.0)
    return value


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    t = rng.uniform(0.0, 6.0, 400)
    y = [decay(value, 3.0, 0.9, 0.5) for value in t]
    noise = rng.normal(0.0, 0.1, 400) + 3.0 * (rng.uniform(size=400) < 0.03)
    return {"t": t, "y": y + noise}


def checked(cost, x, scale=1.0):
    """Compare every derivative with differences; `scale` shows that a wrong one is found."""
    step = 1e-5 * np.eye(len(x))
    gradient = [(cost.fun(x + h) - cost.fun(x - h)) / 2e-5 for h in step]
    np.testing.assert_allclose(scale * cost.jac(x), gradient, rtol=1e-6, atol=1e-6)
    hessian = [(cost.jac(x + h) - cost.jac(x - h)) / 2e-5 for h in step]
    np.testing.assert_allclose(scale * cost.hess(x), hessian, rtol=1e-5, atol=1e-4)
    jacobian = [(cost.residuals(x + h) - cost.residuals(x - h)) / 2e-5 for h in step]
    np.testing.assert_allclose(scale * cost.residuals_jac(x), np.transpose(jacobian), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_derivatives_are_those_of_the_cost(table, loss):
    cost = ds.objective(decay, table, "y", LEARNT, loss=loss)
    checked(cost, np.array([2.2, 0.7, 0.35]))


def test_the_check_can_fail(table):
    with pytest.raises(AssertionError):
        checked(ds.objective(decay, table, "y", LEARNT), np.array([2.2, 0.7, 0.35]), scale=1.001)


def test_the_hessian_is_more_than_gauss_newton(table):
    cost = ds.objective(decay, table, "y", LEARNT)
    jacobian = cost.residuals_jac(cost.x0)
    assert np.abs(cost.hess(cost.x0) - jacobian.T @ jacobian).max() > 1.0
    np.testing.assert_array_equal(cost.hess(cost.x0), cost.hess(cost.x0).T)


@pytest.mark.parametrize("loss", ["squared", "cauchy:0.5"])
@pytest.mark.parametrize("method", ["L-BFGS-B", "trust-ncg", "Newton-CG", "trust-exact", "trust-constr"])
def test_minimize_finds_what_fit_finds(table, method, loss):
    cost = ds.objective(decay, table, "y", LEARNT, loss=loss)
    second = {} if method == "L-BFGS-B" else {"hess": cost.hess}
    found = minimize(cost.fun, cost.x0, method=method, jac=cost.jac, **second)
    done = ds.fit(decay, table, "y", LEARNT, loss=loss)
    assert done.converged
    assert found.fun == pytest.approx(done.cost, rel=1e-9)
    np.testing.assert_allclose(found.x, list(done.values.values()), rtol=1e-3)
    assert list(cost.named(found.x)) == list(done.values)


def test_least_squares_finds_what_fit_finds(table):
    cost = ds.objective(decay, table, "y", LEARNT)
    found = least_squares(cost.residuals, cost.x0, cost.residuals_jac, cost.bounds)
    done = ds.fit(decay, table, "y", LEARNT)
    np.testing.assert_allclose(found.x, list(done.values.values()), rtol=1e-5)
    assert found.cost == pytest.approx(cost.fun(found.x), rel=1e-12)


def test_bounds_are_kept(table):
    cost = ds.objective(decay, table, "y", ["rate", "size"], bounds={"rate": (0.0, 0.55)})
    assert cost.names == ("rate", "size")
    found = minimize(cost.fun, cost.x0, method="L-BFGS-B", jac=cost.jac, bounds=cost.bounds)
    assert found.x[0] == 0.55
    inside = least_squares(cost.residuals, cost.x0, cost.residuals_jac, cost.bounds)
    assert inside.x[0] == pytest.approx(0.55, abs=1e-6)


def test_the_start_is_a_copy(table):
    cost = ds.objective(decay, table, "y", LEARNT)
    cost.x0[:] = 0.0
    assert cost.x0.tolist() == [2.0, 0.5, 0.3]


def test_an_x_of_another_shape(table):
    cost = ds.objective(decay, table, "y", LEARNT)
    for name in ("fun", "jac", "hess", "residuals", "residuals_jac", "named"):
        with pytest.raises(UsageError, match=r"x has shape \(2,\)") as error:
            getattr(cost, name)([1.0, 2.0])
        assert "size, rate, floor" in str(error.value)
