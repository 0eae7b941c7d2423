"""Cross-validation against the closed form of leave-one-out, and comparisons where the better program is known."""

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DataError, UsageError

D = np.linspace(1.0, 8.0, 40)


def trip(d, speed=30.0):
    return 60.0 * d / speed


def waits(d, speed=30.0, wait=0.0):
    return wait + 60.0 * d / speed


def curved(d, speed=30.0, wait=0.0, bend=0.0):
    return wait + 60.0 * d / speed + bend * d * d


def windy(d, wind, speed=30.0, push=0.0):
    return 60.0 * d / speed + push * wind


def trips(rng):
    return {"d": D, "minutes": 2.0 + 2.5 * D + rng.normal(0.0, 0.5, len(D))}


def test_leave_one_out_is_the_closed_form(rng):
    table = trips(rng)
    done = ds.cross_validate(waits, table, "minutes", folds=40)
    design = np.column_stack([np.ones_like(D), D])
    hat = design @ np.linalg.pinv(design)
    exact = (hat @ table["minutes"] - table["minutes"]) / (1.0 - np.diag(hat))
    np.testing.assert_allclose(done.errors, exact, rtol=1e-5)
    assert done.rms > np.sqrt(np.mean(ds.fit(waits, table, "minutes").residuals ** 2))
    assert done.converged


def test_each_row_is_predicted_by_a_fit_that_has_not_seen_it(rng):
    table = trips(rng)
    done = ds.cross_validate(waits, table, "minutes", seed=3)
    assert np.bincount(done.fold).tolist() == [8] * 5
    for fold, solution in enumerate(done.solutions):
        seen = {name: column[done.fold != fold] for name, column in table.items()}
        np.testing.assert_allclose(solution.values, list(ds.fit(waits, seen, "minutes").values.values()))
    assert (ds.cross_validate(waits, table, "minutes", seed=4).fold != done.fold).any()
    assert str(done).splitlines()[-1].split()[:2] == ["all", "40"]


def test_groups_stay_together(rng):
    day = [f"day {number}" for number in np.arange(40) // 4]
    done = ds.cross_validate(waits, {**trips(rng), "day": day}, "minutes", group="day")
    assert all(len(set(done.fold[4 * number : 4 * number + 4])) == 1 for number in range(10))
    with pytest.raises(UsageError, match="folds is 11"):
        ds.cross_validate(waits, {**trips(rng), "day": day}, "minutes", folds=11, group="day")


def test_the_better_program_is_found(rng):
    table = trips(rng)
    found = ds.compare(trip, waits, table, "minutes")
    assert found.difference < -3.0 * found.error
    assert "the second is better" in str(found)
    assert ds.compare(waits, trip, table, "minutes").difference == pytest.approx(-found.difference)
    none = ds.compare(waits, curved, table, "minutes")
    assert abs(none.difference) < 3.0 * none.error


def test_the_standard_error_is_that_of_a_mean(rng):
    found = ds.compare(trip, waits, trips(rng), "minutes")
    gain = found.second.errors**2 - found.first.errors**2
    assert found.difference == pytest.approx(gain.mean())
    assert found.error == pytest.approx(gain.std(ddof=1) / np.sqrt(len(gain)))


def test_different_rows_are_refused(rng):
    table = {**trips(rng), "wind": np.where(np.arange(40) == 7, np.nan, 1.0)}
    with pytest.raises(DataError, match="leave out different rows"):
        ds.compare(trip, windy, table, "minutes", missing="drop")


@pytest.mark.parametrize(("folds", "seed"), [(1, 0), (41, 0), ("5", 0), (5, -1)])
def test_wrong_calls_are_refused(rng, folds, seed):
    with pytest.raises(UsageError):
        ds.cross_validate(waits, trips(rng), "minutes", folds, seed)


def test_a_fold_that_does_not_converge_is_said(rng):
    def steps(d, cut=3.0):
        return 1.0 if d > cut else 0.0

    done = ds.cross_validate(steps, trips(rng), "minutes", learn=["cut"])
    assert not done.converged
    assert "fold 1 did NOT converge" in str(done)
