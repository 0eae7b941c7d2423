"""Losses that are no function of a residual, and quantiles: against closed forms, SciPy, and differences."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, special

import downslope as ds
from command import downslope
from downslope.errors import DataError, UsageError
from downslope.fitting.pose import pose

RNG = np.random.default_rng(1)
X = np.linspace(0.0, 2.0, 300)
COUNTS = {"x": X, "n": RNG.poisson(np.exp(1.0 + 0.8 * X)).astype(float)}
NOISY = {"x": X, "y": 1.0 + 2.0 * X + np.exp(-1.0 + 0.7 * X) * RNG.normal(size=300)}


def rate(x, a=0.5, b=0.5):
    return math.exp(a + b * x)


def line(x, a=0.0, b=1.0):
    return a + b * x


def mean_and_spread(x, a=0.0, b=1.0, s=1.0, t=0.1):
    return a + b * x, math.exp(s + t * x)


def log_cosh(prediction, target):
    return math.log(math.cosh(prediction - target))


def negative_likelihood(p: Any) -> float:
    """Of the counts, in full."""
    mean = np.exp(p[0] + p[1] * X)
    return float(np.sum(mean - COUNTS["n"] * np.log(mean) + special.gammaln(COUNTS["n"] + 1.0)))


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgsb"])
def test_counts_by_their_likelihood(solver: str) -> None:
    found = optimize.minimize(negative_likelihood, [0.5, 0.5], method="BFGS", options={"gtol": 1e-6})
    done = ds.fit(rate, COUNTS, "n", loss="poisson", solver=solver)
    assert done.converged
    np.testing.assert_allclose(done.solution.values, found.x, rtol=1e-5)
    mean = done.predictions
    information = np.array([[mean.sum(), mean @ X], [mean @ X, mean @ X**2]])
    np.testing.assert_allclose(done.solution.covariance, np.linalg.inv(information), rtol=1e-6)
    assert done.criteria().log_likelihood == pytest.approx(-found.fun, rel=1e-9)
    assert done.criteria().parameters == 2


def test_robust_errors_of_counts_are_the_sandwich() -> None:
    done = ds.fit(rate, COUNTS, "n", loss="poisson", errors="robust")
    slopes = np.column_stack([np.ones_like(X), X])
    bread = np.linalg.inv(slopes.T @ (done.predictions[:, None] * slopes))
    parts = slopes * done.residuals[:, None]
    expected = bread @ (parts.T @ parts) @ bread * 300 / 298
    np.testing.assert_allclose(done.solution.covariance, expected, rtol=1e-6)


def test_noise_that_the_program_gives() -> None:
    done = ds.fit(mean_and_spread, NOISY, "y", loss="gaussian")

    def cost(p: Any) -> float:
        spread = np.exp(p[2] + p[3] * X)
        return float(np.sum(0.5 * ((NOISY["y"] - p[0] - p[1] * X) / spread) ** 2 + np.log(spread)))

    found = optimize.minimize(cost, [1.0, 2.0, -1.0, 0.7], method="BFGS", options={"gtol": 1e-6})
    assert done.converged
    np.testing.assert_allclose(done.solution.values, found.x, atol=1e-5)
    assert done.cost == pytest.approx(found.fun, rel=1e-9)
    np.testing.assert_allclose(done.predictions, done["a"] + done["b"] * X)  # the mean, not the spread
    unweighted = ds.fit(line, NOISY, "y")
    assert done.errors["a"] < unweighted.errors["a"]


def test_a_loss_of_ones_own_is_differentiated() -> None:
    done = ds.fit(line, NOISY, "y", loss=log_cosh)
    left = done.residuals
    np.testing.assert_allclose([np.tanh(left).sum(), np.tanh(left) @ X], 0.0, atol=1e-6)
    assert done.converged
    assert np.isfinite(done.solution.errors).all()
    twice = ds.fit(line, {**NOISY, "w": np.full(300, 2.0)}, "y", loss=log_cosh, weights="w")
    np.testing.assert_allclose(twice.solution.values, done.solution.values, rtol=1e-6)
    assert twice.cost == pytest.approx(2.0 * done.cost)


@pytest.mark.parametrize("loss", ["poisson", log_cosh])
def test_sums_agree_with_differences(loss: Any) -> None:
    table, target, program = (COUNTS, "n", rate) if loss == "poisson" else (NOISY, "y", line)
    problem = pose(program, table, target, loss=loss).problem
    x = np.array([0.7, 0.9])
    sums = problem.sums(x)
    for i, step in enumerate(np.eye(2) * 1e-6):
        up, down = problem.sums(x + step), problem.sums(x - step)
        assert sums.gradient[i] == pytest.approx((up.cost - down.cost) / 2e-6, rel=1e-6)
        np.testing.assert_allclose(sums.jtj[i], (up.gradient - down.gradient) / 2e-6, rtol=1e-6)
    cost, gradient = pose(program, table, target, loss=loss).problem.gradient(x)
    assert cost == pytest.approx(sums.cost)
    np.testing.assert_allclose(gradient, sums.gradient)
    assert pose(program, table, target, loss=loss).problem.cost(x) == pytest.approx(sums.cost)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_quantile_is_the_linear_programs(share: float) -> None:
    n = len(X)
    matrix = np.hstack([np.column_stack([np.ones(n), X]), -np.eye(n), np.eye(n)])
    prices = np.concatenate([[0.0, 0.0], np.full(n, 1.0 - share), np.full(n, share)])
    limits = [(None, None)] * 2 + [(0.0, None)] * (2 * n)
    best = optimize.linprog(prices, A_eq=matrix, b_eq=NOISY["y"], bounds=limits)
    done = ds.fit(line, NOISY, "y", loss=f"quantile:{share}")
    assert done.converged
    np.testing.assert_allclose(done.solution.values, best.x[:2], rtol=1e-6)
    assert done.cost == pytest.approx(best.fun, rel=1e-9)
    assert np.mean(done.residuals >= -1e-9) == pytest.approx(share, abs=0.02)


def test_newton_finds_what_the_other_solvers_find() -> None:
    for loss in ("squared", "huber", "cauchy"):
        one = ds.fit(line, NOISY, "y", loss=loss)
        other = ds.fit(line, NOISY, "y", loss=loss, solver="newton")
        assert other.converged
        np.testing.assert_allclose(other.solution.values, one.solution.values, rtol=1e-6)


def test_a_cost_without_a_minimum_is_no_success() -> None:
    def falls(prediction, target):
        return prediction - target

    done = ds.fit(line, NOISY, "y", loss=falls)
    assert not done.converged


def test_a_constant_that_the_cost_does_not_see_is_said() -> None:
    def shifted(x, a=0.0, b=1.0, c=0.5):
        return a + c + b * x

    done = ds.fit(shifted, NOISY, "y", loss=log_cosh)
    assert done.converged
    assert np.isnan(done.errors["a"])
    assert np.isnan(done.errors["c"])
    assert np.isfinite(done.errors["b"])
    assert any("`a` and `c`" in said for said in done.solution.undetermined)


def test_bounds_hold() -> None:
    done = ds.fit(rate, COUNTS, "n", loss="poisson", bounds={"b": (0.0, 0.6)})
    assert done["b"] == 0.6
    assert "`b` is at its bound 0.6" in done.solution.undetermined


@pytest.mark.parametrize(
    ("program", "table", "target", "options", "said"),
    [
        (mean_and_spread, NOISY, "y", {}, "returns 2 numbers"),
        (line, NOISY, "y", {"loss": "gaussian"}, "the loss gaussian takes 3 arguments"),
        (line, NOISY, "y", {"loss": log_cosh, "solver": "adam"}, "adam cannot minimise this loss"),
        (line, {"x": [1.0], "y": [-1.0]}, "y", {"loss": "poisson"}, "the count -1 in row 1"),
        (line, NOISY, "y", {"loss": "quantile:1.5"}, "there is no loss 'quantile:1.5'"),
        (line, NOISY, "y", {"loss": lambda p: p}, "takes 1 arguments"),
    ],
)
def test_what_does_not_fit_is_refused(
    program: Any, table: Any, target: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises((UsageError, DataError), match=said):
        ds.fit(program, table, target, **options)


def test_the_command_takes_a_loss_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text(
        "import math\n\ndef line(x, k=1.0):\n    return k * x\n\n"
        "def cost(p, t):\n    return math.log(math.cosh(p - t))\n"
    )
    (tmp_path / "t.csv").write_text("x,y\n1,2.1\n2,3.9\n3,6\n")
    options = ("--target", "y", "--loss", "prog.py:cost", "--holdout", "0")
    done = downslope("tune", "prog.py:line", "t.csv", *options, folder=tmp_path)
    assert done.code == 0, done.err
    assert "mean cost before" in done.out
    assert "+def line(x, k=1.993):" in done.out
