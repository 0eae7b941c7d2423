"""Priors, fixed values, other starts, and searches from several places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import downslope as ds
from command import downslope
from downslope.errors import UsageError

RNG = np.random.default_rng(0)
X = np.linspace(0.0, 1.0, 40)
TABLE = {"x": X, "y": 1.0 + 2.0 * X + 0.3 * RNG.normal(size=40)}


def line(x, a=0.5, b=0.5):
    return a + b * x


def wave(x, w=1.0, p=0.1):
    return np.sin(w * x + p)


def test_a_prior_is_a_posterior_with_learnt_noise() -> None:
    done = ds.fit(line, TABLE, "y", priors={"b": (3.0, 0.2)})
    slopes = np.column_stack([np.ones_like(X), X])
    weights, means = np.diag([0.0, 25.0]), np.array([0.0, 3.0])
    variance = 1.0
    for _ in range(200):  # the fixed point of MacKay's update, by hand
        precision = slopes.T @ slopes / variance + weights
        values = np.linalg.solve(precision, slopes.T @ TABLE["y"] / variance + weights @ means)
        left = slopes @ values - TABLE["y"]
        kept = 2.0 - 25.0 * np.linalg.inv(precision)[1, 1]
        variance = left @ left / (40.0 - kept)
    np.testing.assert_allclose(done.solution.values, values, rtol=1e-6)
    np.testing.assert_allclose(done.solution.covariance, np.linalg.inv(precision), rtol=1e-5)


def test_a_prior_far_off_pulls_and_a_wide_one_does_not() -> None:
    plain = ds.fit(line, TABLE, "y")
    wide = ds.fit(line, TABLE, "y", priors={"b": (3.0, 1e3)})
    sharp = ds.fit(line, TABLE, "y", priors={"b": (3.0, 1e-3)})
    np.testing.assert_allclose(wide.solution.values, plain.solution.values, rtol=1e-5)
    np.testing.assert_allclose(wide.solution.errors, plain.solution.errors, rtol=1e-4)
    assert sharp["b"] == pytest.approx(3.0, abs=1e-3)
    assert sharp.errors["b"] == pytest.approx(1e-3, rel=1e-2)


def test_a_prior_determines_what_the_data_do_not() -> None:
    def shifted(x, a=0.5, b=0.5, c=0.0):
        return a + b * x + c

    assert np.isnan(ds.fit(shifted, TABLE, "y").errors["c"])
    done = ds.fit(shifted, TABLE, "y", priors={"c": (0.2, 0.1)})
    assert done["c"] == pytest.approx(0.2, abs=1e-6)
    assert done.errors["c"] == pytest.approx(0.1, rel=1e-3)


def test_a_prior_of_a_likelihood_needs_no_noise() -> None:
    def rate(x, a=0.5):
        return a + 0.0 * x

    counts = {"x": X, "n": RNG.poisson(4.0, 40).astype(float)}
    done = ds.fit(rate, counts, "n", loss="poisson", priors={"a": (5.0, 0.1)})
    total = float(counts["n"].sum())
    slope = 40.0 - total / done["a"] + (done["a"] - 5.0) / 0.1**2  # of minus the log-posterior
    assert slope == pytest.approx(0.0, abs=1e-3)
    assert done.errors["a"] == pytest.approx((total / done["a"] ** 2 + 100.0) ** -0.5, rel=1e-6)


def test_profile_and_bootstrap_keep_the_prior() -> None:
    done = ds.fit(line, TABLE, "y", priors={"b": (3.0, 0.2)})
    low, high = done.intervals()["b"]
    profile = done.intervals(method="profile")["b"]
    np.testing.assert_allclose(profile, (low, high), rtol=2e-2)
    drawn = done.intervals(method="bootstrap", draws=100)["b"]
    assert low < drawn[0] < done["b"] < drawn[1] < high  # the prior does not move from draw to draw


def test_fixed_values_are_not_learnt() -> None:
    done = ds.fit(line, TABLE, "y", fixed={"a": 1.0})
    expected = X @ (TABLE["y"] - 1.0) / (X @ X)
    assert done["a"] == 1.0
    assert done["b"] == pytest.approx(expected, rel=1e-9)
    assert done.solution.start.tolist() == [1.0, 0.5]


def test_several_starts_find_the_lowest_minimum() -> None:
    x = np.linspace(0.0, 10.0, 120)
    table = {"x": x, "y": np.sin(3.3 * x + 0.4) + 0.1 * RNG.normal(size=120)}
    one = ds.fit(wave, table, "y")
    many = ds.fit(wave, table, "y", starts=32, bounds={"w": (0.5, 6.0), "p": (-3.0, 3.0)})
    assert one.cost > 10.0 * many.cost
    assert many["w"] == pytest.approx(3.3, abs=0.02)
    assert many.solution.start.tolist() == [1.0, 0.1]
    assert many.cost_before == pytest.approx(one.cost_before)
    assert any("of 32 starts ended here" in said for said in many.solution.undetermined)
    again = ds.fit(wave, table, "y", starts=32, bounds={"w": (0.5, 6.0), "p": (-3.0, 3.0)})
    assert again.solution.values.tolist() == many.solution.values.tolist()
    near = ds.fit(wave, table, "y", start={"w": 3.0})
    np.testing.assert_allclose(near.solution.values, many.solution.values, rtol=1e-6)


def test_a_start_where_the_program_fails_is_passed_over() -> None:
    def root(x, a=1.0):
        return (a * x + 0.1) ** 0.5 if a * x > -0.1 else 1 / 0

    table = {"x": X, "y": np.sqrt(2.0 * X + 0.1)}
    done = ds.fit(root, table, "y", starts=8, bounds={"a": (-5.0, 5.0)})
    assert done["a"] == pytest.approx(2.0, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"priors": {"z": (1.0, 1.0)}}, "a prior for 'z'"),
        ({"priors": {"a": (1.0, 0.0)}}, "the prior of a"),
        ({"priors": {"a": 1.0}}, "the prior of a"),
        ({"priors": {"a": (1.0, 1.0)}, "loss": "huber"}, "priors with the loss huber"),
        ({"fixed": {"z": 1.0}}, "a value for 'z'"),
        ({"fixed": {"a": float("nan")}}, "no finite number"),
        ({"start": {"a": "1"}}, "no finite number"),
        ({"starts": 0}, "starts is 0"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ds.fit(line, TABLE, "y", **options)


def test_the_command_takes_them(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text("def line(x, a=0.5, b=0.5):\n    return a + b * x\n")
    rows = "\n".join(f"{x},{y}" for x, y in zip(X, TABLE["y"], strict=True))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n")
    options = ("--target", "y", "--prior", "b:3:0.001", "--fix", "a=1", "--starts", "2", "--holdout", "0")
    done = downslope("tune", "prog.py:line", "t.csv", *options, folder=tmp_path)
    assert done.code == 0, done.err
    assert "+def line(x, a=1.0, b=2.99997):" in done.out
    bad = downslope("tune", "prog.py:line", "t.csv", "--target", "y", "--prior", "b:3", folder=tmp_path)
    assert bad.code == 2
    assert "'b:3' is not NAME:MEAN:SPREAD" in bad.err
