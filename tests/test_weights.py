"""Weights: rows that count more or less, against SciPy and against rows given several times."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import curve_fit

import downslope as ds
from command import downslope
from downslope.errors import DataError

RNG = np.random.default_rng(0)
T = np.linspace(0.0, 10.0, 200)
SPREAD = 0.01 + 0.1 * RNG.random(200)
TABLE = {"t": T, "y": 3.0 * np.exp(-0.4 * T) + SPREAD * RNG.normal(size=200), "w": 1.0 / SPREAD**2}


def decay(t, a=1.0, b=0.1):
    return a * np.exp(-b * t)


def model(t, a, b):
    return a * np.exp(-b * t)


@pytest.mark.parametrize("solver", ["auto", "lbfgsb", "reweighted"])
def test_weights_are_as_one_over_the_variance(solver: str) -> None:
    values, covariance = curve_fit(model, T, TABLE["y"], [1.0, 0.1], sigma=SPREAD)
    done = ds.fit(decay, TABLE, "y", weights="w", solver=solver)
    np.testing.assert_allclose(done.solution.values, values, rtol=1e-6)
    np.testing.assert_allclose(done.solution.covariance, covariance, rtol=1e-4)
    plain = ds.fit(decay, TABLE, "y")
    assert abs(plain["b"] - done["b"]) > 1e-5  # the weights matter


def test_a_common_factor_of_the_weights_does_not_matter() -> None:
    one = ds.fit(decay, TABLE, "y", weights="w")
    other = ds.fit(decay, {**TABLE, "w": 7.0 * TABLE["w"]}, "y", weights="w")
    np.testing.assert_allclose(other.solution.values, one.solution.values, rtol=1e-9)
    np.testing.assert_allclose(other.solution.errors, one.solution.errors, rtol=1e-6)
    np.testing.assert_allclose(other.criteria().aic, one.criteria().aic, rtol=1e-9)


@pytest.mark.parametrize("loss", ["squared", "huber:0.05", "cauchy:0.1", "absolute"])
def test_a_whole_weight_is_a_row_given_so_often(loss: str) -> None:
    times = RNG.integers(0, 4, 200)
    often = {name: np.repeat(column, times) for name, column in TABLE.items()}
    repeated = ds.fit(decay, often, "y", loss=loss)
    weighted = ds.fit(decay, {**TABLE, "w": times.astype(float)}, "y", loss=loss, weights="w")
    assert weighted.converged
    np.testing.assert_allclose(weighted.solution.values, repeated.solution.values, rtol=1e-5)
    assert weighted.cost == pytest.approx(repeated.cost, rel=1e-7)
    assert weighted.solution.rows == np.count_nonzero(times)  # rows of weight 0 are none


def test_robust_errors_weigh_each_row() -> None:
    done = ds.fit(decay, TABLE, "y", weights="w", errors="robust")
    slopes = np.column_stack([np.exp(-done["b"] * T), -done["a"] * T * np.exp(-done["b"] * T)])
    weight, left = TABLE["w"], done.residuals
    bread = np.linalg.inv(slopes.T @ (weight[:, None] * slopes))
    parts = slopes * (weight * left)[:, None]
    expected = np.sqrt(np.diag(bread @ (parts.T @ parts) @ bread) * 200 / 198)
    np.testing.assert_allclose(
        done.solution.errors, expected, rtol=2e-2
    )  # the bread has second derivatives too


def test_intervals_know_the_weights() -> None:
    done = ds.fit(decay, TABLE, "y", weights="w")
    wald = done.intervals()["b"]
    for method in ("profile", "bootstrap"):
        found = done.intervals(method=method, draws=200, resample="residuals")["b"]
        np.testing.assert_allclose(found, wald, rtol=3e-3)


@pytest.mark.parametrize(
    ("column", "said"), [([1.0, -2.0, 1.0], "the weight -2 in row 2"), ([0.0] * 3, "every weight")]
)
def test_bad_weights_are_refused(column: list[float], said: str) -> None:
    table = {"t": [0.0, 1.0, 2.0], "y": [3.0, 2.0, 1.0], "w": column}
    with pytest.raises(DataError, match=said):
        ds.fit(decay, table, "y", weights="w")


def test_an_argument_may_be_called_target() -> None:
    def double(target, k=1.0):
        return k * target

    assert ds.fit(double, {"target": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]}, "y")["k"] == pytest.approx(2.0)


def test_the_command_takes_weights(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text("def line(x, k=1.0):\n    return k * x\n")
    (tmp_path / "t.csv").write_text("x,y,w\n1,2,1\n2,9,0\n3,6,1\n")
    done = downslope(
        "tune", "prog.py:line", "t.csv", "--target", "y", "--weights", "w", "--holdout", "0", folder=tmp_path
    )
    assert done.code == 0
    assert "+def line(x, k=2.0):" in done.out
