"""AIC and its kin against their formulas on lines, tests of residuals on noise that is known, trade-offs in words."""

import numpy as np
import pytest
from scipy import stats

import downslope as ds
from downslope.errors import DataError, NotConverged, UsageError
from downslope.fitting.quality import diagnostics

D = np.linspace(1.0, 8.0, 60)


def trip(d, speed=30.0, wait=0.0):
    return wait + 60.0 * d / speed


def both(d, speed=30.0, traffic=1.0):
    return 60.0 * d * traffic / speed


def trips(rng):
    return {"d": D, "minutes": 2.0 + 2.5 * D + rng.normal(0.0, 1.0, len(D))}


def test_criteria_are_those_of_the_normal_likelihood(rng):
    table = trips(rng)
    done = ds.fit(trip, table, "minutes")
    found = done.criteria()
    size = np.sqrt(np.mean(done.residuals**2))
    likelihood = stats.norm.logpdf(table["minutes"], done.predictions, size).sum()
    assert found.log_likelihood == pytest.approx(likelihood, rel=1e-12)
    assert (found.parameters, found.rows) == (3, 60)
    assert found.aic == pytest.approx(6.0 - 2.0 * likelihood)
    assert found.aicc == pytest.approx(found.aic + 24.0 / 56.0)
    assert found.bic == pytest.approx(3.0 * np.log(60.0) - 2.0 * likelihood)
    assert found.r_squared == pytest.approx(stats.pearsonr(D, table["minutes"]).statistic ** 2)
    assert found.log_likelihood > stats.norm.logpdf(table["minutes"], done.predictions, 1.1 * size).sum()


def test_criteria_of_the_absolute_loss_are_those_of_laplace_noise(rng):
    table = trips(rng)
    done = ds.fit(trip, table, "minutes", loss="absolute")
    scale = np.mean(np.abs(done.residuals))
    likelihood = stats.laplace.logpdf(table["minutes"], done.predictions, scale).sum()
    assert done.criteria().log_likelihood == pytest.approx(likelihood, rel=1e-12)


def test_only_what_the_data_determine_is_counted(rng):
    assert ds.fit(both, trips(rng), "minutes").criteria().parameters == 2


def test_what_has_no_criteria_is_refused(rng):
    with pytest.raises(UsageError, match="no AIC for the loss huber"):
        ds.fit(trip, trips(rng), "minutes", loss="huber").criteria()
    with pytest.raises(NotConverged):
        ds.fit(trip, trips(rng), "minutes", max_iterations=1).criteria()


NOISES = {
    "none": lambda rng, n: rng.normal(size=n),
    "normality": lambda rng, n: rng.exponential(size=n) - 1.0,
    "autocorrelation": lambda rng, n: np.convolve(rng.normal(size=n + 4), np.ones(5), "valid"),
    "heteroscedasticity": lambda rng, n: rng.normal(size=n) * np.linspace(0.1, 3.0, n),
}


@pytest.mark.parametrize("rows", [200, 6000])
@pytest.mark.parametrize("noise", NOISES)
def test_each_fault_of_the_noise_is_found(noise, rows, rng):
    found = diagnostics(np.linspace(0.0, 9.0, rows), NOISES[noise](rng, rows))
    if noise == "none":
        assert all(test.p > 0.01 for test in found.tests), str(found)
        assert "doubtful" not in str(found)
    else:
        assert found[noise].p < 1e-4
        assert f"{noise}: p = " in str(found)


def test_p_values_are_even_where_nothing_is_wrong(rng):
    many = [diagnostics(np.linspace(0.0, 9.0, 50), rng.normal(size=50)) for _ in range(300)]
    for index in range(3):
        assert stats.kstest([each.tests[index].p for each in many], "uniform").pvalue > 1e-3
    assert stats.kstest([each.tests[0].p ** 2 for each in many], "uniform").pvalue < 1e-3  # it can fail


def test_residuals_that_cannot_be_tested_are_refused():
    with pytest.raises(DataError, match="there are 7"):
        diagnostics(np.arange(7.0), np.arange(7.0))
    with pytest.raises(DataError, match="all the same"):
        diagnostics(np.arange(9.0), np.ones(9))
    assert diagnostics(np.ones(9), np.arange(9.0))["heteroscedasticity"].p == 1.0


def test_near_tradeoffs_are_said_from_condition_30_on(rng):
    far = {"d": D + 100.0, "minutes": 2.0 + 2.5 * (D + 100.0) + rng.normal(0.0, 1.0, len(D))}
    done = ds.fit(trip, far, "minutes")
    design = np.column_stack([np.ones_like(D), far["d"]])
    condition = np.linalg.cond(design / np.linalg.norm(design, axis=0))
    assert condition > 30.0
    said = done.identified[-1]
    assert f"hardly tell speed and wait apart (condition {condition:.2g})" in said
    assert f"speed is known ±{done.errors['speed']:.3g}" in said
    alone = ds.fit(trip, far, "minutes", ["speed"], bounds=None)
    assert alone.identified == ()
    assert ds.fit(trip, trips(rng), "minutes").identified == ()
    assert abs(done.correlation[0, 1]) > 0.99


def test_correlations_are_of_the_covariance(rng):
    done = ds.fit(trip, trips(rng), "minutes")
    errors = np.array(list(done.errors.values()))
    np.testing.assert_allclose(done.correlation * np.outer(errors, errors), done.covariance)
    assert np.isnan(ds.fit(both, trips(rng), "minutes").correlation).all()
