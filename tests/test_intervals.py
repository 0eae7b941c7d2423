"""Intervals against closed forms, against SciPy on problems of NIST, and by how often they hold the truth."""

import math
from functools import partial
from unittest import mock

import numpy as np
import pytest
from scipy import optimize, stats

import downslope as ds
from acceptance.nist import read
from acceptance.test_nist import FOLDER, fitted
from downslope.errors import DataError, NotConverged, UsageError
from downslope.fitting import profile
from downslope.fitting.solve import solve

D = np.linspace(1.0, 8.0, 20)


def trip(d, speed=30.0, wait=0.0):
    return wait + 60.0 * d / speed


def crossing(d, slope=1.0, zero=1.0):
    return slope * (d - zero)


def faint(d, slope=0.1, zero=-5.0):
    return slope * (d - zero)


def both(d, speed=30.0, traffic=1.0):
    return 60.0 * d * traffic / speed


def decay(d, size=3.0, rate=0.3):
    return size * math.exp(-rate * d)


def trips(rng, noise=1.0):
    return {"d": D, "minutes": 2.0 + 60.0 * D / 24.0 + rng.normal(0.0, noise, len(D))}


def line(table, target):
    """Least squares on 1 and d: values, (X'X)⁻¹, s², freedom."""
    design = np.column_stack([np.ones_like(table["d"]), table["d"]])
    values, squares = np.linalg.lstsq(design, table[target])[:2]
    freedom = len(design) - 2
    return values, np.linalg.inv(design.T @ design), float(squares[0]) / freedom, freedom


def test_wald_is_the_value_and_t_standard_errors(rng):
    table = trips(rng)
    values, inverse, variance, freedom = line(table, "minutes")
    low, high = ds.fit(trip, table, "minutes").intervals(0.9)["wait"]
    reach = stats.t.ppf(0.95, freedom) * np.sqrt(variance * inverse[0, 0])
    np.testing.assert_allclose([low, high], [values[0] - reach, values[0] + reach], rtol=1e-6)


def test_the_profile_of_a_speed_is_that_of_the_slope_turned_round(rng):
    table = trips(rng)
    values, inverse, variance, freedom = line(table, "minutes")
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(variance * inverse[1, 1])
    exact = [60.0 / (values[1] + reach), 60.0 / (values[1] - reach)]
    done = ds.fit(trip, table, "minutes")
    np.testing.assert_allclose(done.intervals(method="profile")["speed"], exact, rtol=1e-6)
    with pytest.raises(AssertionError):  # another level is another interval
        np.testing.assert_allclose(done.intervals(0.94, "profile")["speed"], exact, rtol=1e-3)


def fieller(table):
    """Where a line crosses zero, by Fieller's theorem: the roots of a quadratic, and its leading factor."""
    (a, b), inverse, variance, freedom = line(table, "y")
    q = stats.t.ppf(0.975, freedom) ** 2 * variance
    leading = b * b - q * inverse[1, 1]  # (a + b z)² ≤ q Var(a + b z)
    return np.sort(np.roots([leading, 2 * (a * b - q * inverse[0, 1]), a * a - q * inverse[0, 0]])), leading


def test_the_profile_of_a_crossing_is_fiellers(rng):
    table = {"d": D, "y": 0.5 * (D - 3.0) + rng.normal(0.0, 0.8, len(D))}
    exact, leading = fieller(table)
    assert leading > 0.0
    done = ds.fit(crossing, table, "y").intervals(method="profile")
    np.testing.assert_allclose(done["zero"], exact, rtol=1e-6)
    assert not done.said


def test_a_crossing_that_the_data_hardly_show_has_no_end():
    table = {"d": D, "y": 0.5 + 0.1 * D + 1.5 * (-1.0) ** np.arange(len(D))}
    roots, leading = fieller(table)
    assert leading < 0.0, "Fieller's set goes to infinity here"
    done = ds.fit(faint, table, "y").intervals(method="profile", names=["zero"])
    low, high = done["zero"]
    finite = [value for value in (low, high) if np.isfinite(value)]
    assert len(finite) < 2, str(done)
    for value in finite:
        assert np.min(np.abs(roots / value - 1.0)) < 1e-5
    assert any("has no end" in said for said in done.said)
    assert "inf" in str(done)


def at_end(problem, fit, index, value):
    """How far S has grown, in s², at a value of one parameter, by SciPy with 2-point differences."""
    names = problem.parameters
    code = compile(problem.formula, problem.name, "eval")
    functions = {name: getattr(np, name) for name in ("exp", "cos", "sin", "pi")} | {"atan": np.arctan}

    def residual(others):
        values = dict(zip(names, np.insert(others, index, value), strict=True))
        return eval(code, {**functions, **problem.columns, **values}) - problem.target

    start = np.delete(fit.solution.values, index)
    found = optimize.least_squares(residual, start, x_scale=np.abs(start), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    variance = problem.squares / (len(problem.target) - len(names))
    return (2 * found.cost - problem.squares) / variance


@pytest.mark.skipif(not FOLDER.exists(), reason="no NIST files")
@pytest.mark.parametrize("name", ["Misra1a", "Misra1d", "Chwirut2", "DanWood", "Roszman1", "Gauss1"])
def test_profile_ends_of_nist_problems(name, tmp_path):
    problem = read(FOLDER / f"{name}.dat")
    done = fitted(problem, 1, tmp_path)
    found = done.intervals(method="profile")
    level = stats.t.ppf(0.975, len(problem.target) - len(problem.values)) ** 2
    for index, parameter in enumerate(problem.parameters):
        for value in found[parameter]:
            assert at_end(problem, done, index, value) == pytest.approx(level, rel=1e-4), parameter
    wald = done.intervals()
    assert max(at_end(problem, done, 0, value) for value in wald[problem.parameters[0]]) != pytest.approx(
        level, rel=1e-4
    )  # the check can fail


def covered(method, count, **options):
    """How often the interval of `rate` holds the truth, over seeded tables with noise."""
    rng = np.random.default_rng(7)
    truth = 3.0 * np.exp(-0.3 * D)
    hits = 0
    for _ in range(count):
        done = ds.fit(decay, {"d": D, "y": truth + rng.normal(0.0, 0.3, len(D))}, "y")
        low, high = done.intervals(method=method, names=["rate"], **options)["rate"]
        hits += low <= 0.3 <= high
    return hits / count


def allowed(rate, count):
    """The range of three standard deviations of a binomial share."""
    spread = 3.0 * np.sqrt(0.95 * 0.05 / count)
    return rate - spread, rate + spread


@pytest.mark.parametrize("method", ["wald", "profile"])
def test_coverage(method):
    low, high = allowed(0.95, 150)
    assert low <= covered(method, 150) <= high
    assert covered(method, 100, level=0.6) < low  # the check can fail


def test_coverage_of_the_bootstrap():
    low, high = allowed(0.95, 40)
    share = covered("bootstrap", 40, draws=60, resample="residuals")
    assert low - 0.03 <= share <= high  # percentiles of 20 rows are known to be a little narrow


def test_the_bootstrap_of_a_mean_has_the_known_spread(rng):
    y = rng.normal(5.0, 2.0, 50)

    def mean(d, a=1.0):
        return a + 0.0 * d

    done = ds.fit(mean, {"d": np.zeros(50), "y": y}, "y", ["a"])
    for resample, spread in (("pairs", np.std(y)), ("residuals", np.std(y, ddof=1))):
        low, high = done.intervals(0.6826894921, "bootstrap", draws=800, resample=resample)["a"]
        assert (high - low) / 2 == pytest.approx(spread / np.sqrt(50), rel=0.1)
    again = done.intervals(method="bootstrap", draws=20)
    assert again["a"] == done.intervals(method="bootstrap", draws=20)["a"]
    assert again["a"] != done.intervals(method="bootstrap", draws=20, seed=1)["a"]


def test_groups_are_drawn_whole(rng):
    day = np.arange(200) // 10
    d = rng.uniform(1.0, 20.0, 200)
    minutes = 2.0 + 2.5 * d + rng.normal(0.0, 2.0, 20)[day] + rng.normal(0.0, 0.5, 200)
    table = {"d": d, "minutes": minutes, "day": day}
    single = ds.fit(trip, table, "minutes").intervals(method="bootstrap", draws=100)["wait"]
    grouped = ds.fit(trip, table, "minutes", group="day")
    low, high = grouped.intervals(method="bootstrap", draws=100)["wait"]
    assert high - low > 1.3 * (single[1] - single[0])
    wald = grouped.intervals()["wait"]
    assert (high - low) == pytest.approx(wald[1] - wald[0], rel=0.3)
    assert "by day" in grouped.intervals(method="bootstrap", draws=5).assumed
    with pytest.raises(UsageError, match="go together"):
        grouped.intervals(method="bootstrap", resample="residuals")


def test_lost_draws_are_counted_and_said(rng):
    done = ds.fit(trip, trips(rng), "minutes")
    short = partial(solve, max_iterations=1)
    with mock.patch(
        "downslope.fitting.bootstrap.solve", lambda *a, **k: (short if rng.random() < 0.5 else solve)(*a, **k)
    ):
        found = done.intervals(method="bootstrap", draws=40)
    assert "of 40 draws did not converge" in " ".join(found.said)
    with (
        mock.patch("downslope.fitting.bootstrap.solve", short),
        pytest.raises(NotConverged, match="none of 40"),
    ):
        done.intervals(method="bootstrap", draws=40)


def test_ends_at_bounds_are_said(rng):
    table = trips(rng, noise=3.0)
    done = ds.fit(trip, table, "minutes", bounds={"wait": (0.0, 100.0), "speed": (1.0, 40.0)})
    found = done.intervals(0.999, "profile")
    assert found["wait"][0] == 0.0
    assert any("reaches its bound" in said or "stands at its bound" in said for said in found.said)


def test_what_the_data_do_not_determine_has_no_ends(rng):
    table = {"d": D, "y": 2.5 * D + rng.normal(0.0, 0.3, len(D))}
    done = ds.fit(both, table, "y")
    assert done.intervals()["speed"] == (-np.inf, np.inf)
    assert "do not determine it by itself" in " ".join(done.intervals().said)
    drawn = done.intervals(method="bootstrap", draws=3)
    assert drawn["speed"] == drawn["traffic"] == (-np.inf, np.inf)
    assert "do not determine it by itself" in " ".join(drawn.said)
    found = done.intervals(method="profile", names=["traffic"])
    assert found["traffic"][1] == np.inf
    assert "has no end above" in " ".join(found.said)


def test_an_end_that_is_not_found_is_said(rng):
    done = ds.fit(trip, trips(rng), "minutes")
    least = profile.Profile._least

    def walled(self, value):
        if value > done["speed"] + 0.1:
            raise profile.Stuck("the cost has a hole")
        return least(self, value)

    with mock.patch.object(profile.Profile, "_least", walled):
        found = done.intervals(method="profile", names=["speed"])
    assert np.isnan(found["speed"][1])
    assert np.isfinite(found["speed"][0])
    assert "the cost has a hole" in found.said[0]
    assert "?" in str(found)


def test_a_lower_minimum_on_the_way_is_said(rng):
    done = ds.fit(trip, trips(rng), "minutes")
    least = profile.Profile._least
    with mock.patch.object(profile.Profile, "_least", lambda self, value: least(self, value) - 100.0):
        assert "lower than the fit's" in " ".join(done.intervals(method="profile", names=["wait"]).said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"level": 1.0}, "level is"),
        ({"level": "high"}, "level is"),
        ({"method": "guess"}, "guess"),
        ({"names": ["sped"]}, "was not learnt"),
        ({"method": "bootstrap", "draws": 1}, "draws is 1"),
        ({"method": "bootstrap", "seed": -1}, "seed is -1"),
        ({"method": "bootstrap", "resample": "rows"}, "no resampling"),
    ],
)
def test_wrong_calls_are_refused(rng, options, said):
    done = ds.fit(trip, trips(rng), "minutes")
    with pytest.raises(UsageError, match=said):
        done.intervals(**options)


def test_what_cannot_be_had_is_refused(rng):
    table = trips(rng)
    with pytest.raises(UsageError, match="no profile likelihood for the loss huber"):
        ds.fit(trip, table, "minutes", loss="huber").intervals(method="profile")
    with pytest.raises(DataError, match="no standard errors"):
        ds.fit(trip, table, "minutes", loss="absolute").intervals()
    with pytest.raises(NotConverged, match="did not converge"):
        ds.fit(trip, table, "minutes", max_iterations=1).intervals()
    two = ds.fit(trip, {"d": [1.0, 2.0], "minutes": [3.0, 5.0]}, "minutes")
    for method in ("wald", "profile"):
        with pytest.raises(DataError):
            two.intervals(method=method)


def test_ctrl_c_says_what_was_interrupted(rng):
    done = ds.fit(trip, trips(rng), "minutes")
    for where in ("profile", "bootstrap"):
        with (
            mock.patch(f"downslope.fitting.{where}.solve", side_effect=KeyboardInterrupt),
            pytest.raises(NotConverged, match="while intervals were computed"),
        ):
            done.intervals(method=where)
