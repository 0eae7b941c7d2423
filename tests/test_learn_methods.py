"""What a learner comes to agrees with a fit of the same rows, whatever the method and the batches."""

import itertools
import math

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DataError, DownslopeWarning, ProgramError, UsageError
from downslope.learn.learner import Learner


def plane(a, b, left=0.5, right=1.0, base=3.0):
    return base + left * a + right * b


def decay(t, size=2.0, rate=0.2):
    return size * math.exp(-rate * t)


def trip(km, speed=30.0, wait=0.0):
    if km > 5.0:
        return wait + 60.0 * km / speed
    return wait + 80.0 * km / speed


def planes(rng, rows=600):
    a, b = rng.normal(size=(2, rows))
    return {"a": a, "b": b, "y": 1.0 + 2.0 * a - 3.0 * b + rng.normal(0.0, 0.3, rows)}


def decays(rng, rows=400, rate=0.5):
    t = rng.uniform(0.0, 6.0, rows)
    return {"t": t, "y": 5.0 * np.exp(-rate * t) + rng.normal(0.0, 0.05, rows)}


def cut(table, parts):
    """The table's rows in consecutive batches."""
    edges = np.linspace(0, len(table["y"]), parts + 1).astype(int)
    return [{n: c[i:j] for n, c in table.items()} for i, j in itertools.pairwise(edges)]


def taught(program, batches, **options):
    learner = Learner(program, "sqlite://", "y", **options)
    for batch in batches:
        learner.update(batch)
    return learner


def agree(learner, done, part=1e-3):
    """Values within a part of a standard error, standard errors to the same relative part."""
    for name, value in done.values.items():
        assert abs(learner.values[name] - value) <= part * done.errors[name], name
    assert learner.errors == pytest.approx(done.errors, rel=part)


@pytest.mark.parametrize("parts", [1, 2, 7, 300])
def test_rls_on_a_linear_program_is_the_fit_whatever_the_batches(rng, parts):
    table = planes(rng)
    learner, done = taught(plane, cut(table, parts)), ds.fit(plane, table, "y")
    agree(learner, done, 1e-8)
    assert learner.covariance == pytest.approx(done.covariance, rel=1e-8)
    with pytest.raises(AssertionError):  # the check can fail
        agree(taught(plane, cut(table, parts)[:-1] or [planes(rng)]), done, 1e-8)


def test_rls_on_one_batch_of_any_program_is_the_fit(rng):
    table = decays(rng)
    agree(taught(decay, [table]), ds.fit(decay, table, "y"), 1e-4)


def test_rls_over_batches_of_a_curved_program_comes_near_the_fit(rng):
    table = decays(rng, 4_000)
    agree(taught(decay, cut(table, 20)), ds.fit(decay, table, "y"), 0.1)


@pytest.mark.parametrize("parts", [1, 9])
def test_ekf_on_a_linear_program_is_the_fit(rng, parts):
    table = planes(rng)
    agree(taught(plane, cut(table, parts), method="ekf", prior=1e5), ds.fit(plane, table, "y"), 1e-4)


def test_ekf_with_many_passes_over_a_curved_program_is_the_fit(rng):
    table = decays(rng)
    learner, done = taught(decay, [table], method="ekf", passes=300, prior=10.0), ds.fit(decay, table, "y")
    agree(learner, done, 0.02)
    with pytest.raises(AssertionError):  # one pass is not enough
        agree(taught(decay, [table], method="ekf", passes=1, prior=10.0), done, 0.02)


def test_sgd_with_many_passes_comes_near_the_fit(rng):
    table = planes(rng)
    learner, done = taught(plane, [table], method="sgd", passes=2_000), ds.fit(plane, table, "y")
    for name, value in done.values.items():
        assert abs(learner.values[name] - value) <= 0.1 * done.errors[name]
    assert all(math.isnan(error) for error in learner.errors.values())


@pytest.mark.parametrize("method", ["rls", "ekf"])
def test_forgetting_is_weighted_least_squares(rng, method):
    table, kept = planes(rng, 300), 0.98
    learner = taught(plane, cut(table, 5), method=method, forgetting=kept, prior=1e5)
    roots = np.sqrt(kept ** np.arange(300)[::-1])
    design = np.column_stack([table["a"], table["b"], np.ones(300)]) * roots[:, None]
    best = np.linalg.lstsq(design, table["y"] * roots, rcond=None)[0]
    assert list(learner.values.values()) == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("method", ["rls", "ekf", "sgd"])
def test_a_learner_that_forgets_follows_a_change(rng, method):
    options = {"method": method, "forgetting": 0.99, "rate": 0.1}
    before, after = decays(rng, 2_000, 0.5), decays(rng, 2_000, 0.9)
    learner = taught(decay, [*cut(before, 20), *cut(after, 20)], **options)
    assert learner.values["rate"] == pytest.approx(0.9, rel=0.05)
    keeps = taught(decay, [*cut(before, 20), *cut(after, 20)], method="rls")
    assert keeps.values["rate"] < 0.8


def test_ekf_with_known_noise_gives_its_covariance(rng):
    table = planes(rng)
    learner = taught(plane, [table], method="ekf", noise=0.6, prior=1e5)
    design = np.column_stack([table["a"], table["b"], np.ones(600)])
    assert learner.covariance == pytest.approx(0.36 * np.linalg.inv(design.T @ design), rel=1e-6)


def test_ekf_that_walks_stays_unsure(rng):
    table = planes(rng)
    still = taught(plane, [table], method="ekf", noise=0.3)
    walks = taught(plane, [table], method="ekf", noise=0.3, walk=0.01)
    assert all(walks.errors[name] > 2.0 * error for name, error in still.errors.items())


def test_a_constant_that_no_row_shows_stays_where_it_is(rng):
    learner = taught(trip, [{"km": [2.0, 2.0], "y": [9.0, 9.1]}], learn=["speed"])
    assert learner.values["speed"] == pytest.approx(160.0 / 9.05)
    one = Learner(plane, "sqlite://", "y")
    one.update({"a": [0.0], "b": [0.0], "y": [7.0]})
    assert one.values == pytest.approx({"left": 0.5, "right": 1.0, "base": 7.0})
    assert math.isnan(one.errors["left"])


def test_predictions_are_those_of_the_program_with_the_learnt_values(rng):
    learner = taught(trip, [{"km": [2.0, 7.0, 9.0], "y": [9.0, 22.0, 28.0]}], learn=["speed", "wait"])
    shown = learner.predict({"km": [1.0, 8.0]})
    assert shown == pytest.approx([trip(1.0, **learner.values), trip(8.0, **learner.values)])


@pytest.mark.parametrize("method", ["rls", "ekf", "sgd"])
def test_a_row_that_cannot_be_used_is_named_and_changes_nothing(rng, method):
    def risky(x, size=1.0):
        return size / x

    learner = taught(risky, [{"x": [1.0, 2.0], "y": [2.0, 1.0]}], method=method)
    before = learner.history()
    for batch, error, said in [
        ({"x": [1.0, math.nan], "y": [1.0, 2.0]}, DataError, "'x' of the table is nan in row 2"),
        ({"x": [1.0, "two"], "y": [1.0, 2.0]}, DataError, "holds 'two' in row 2"),
        ({"x": [1.0], "z": [1.0]}, DataError, "has no column 'y'"),
        ({"x": [1.0, 3.0, 0.0], "y": [1.0, 2.0, 3.0]}, ProgramError, "ZeroDivisionError on row 3"),
        ({"x": [], "y": []}, DataError, "has no rows"),
    ]:
        with pytest.raises(error, match=said):
            learner.update(batch)
    assert learner.history() == before


def test_missing_rows_can_be_dropped():
    learner = Learner(plane, "sqlite://", "y", missing="drop")
    version = learner.update({"a": [1.0, math.nan, 2.0], "b": [0.0, 1.0, 3.0], "y": [1.0, 1.0, 2.0]})
    assert version.rows == 2


def test_whole_and_real_numbers_may_change_from_batch_to_batch():
    learner = taught(plane, [{"a": [1, 2], "b": [3, 5], "y": [1, 2]}, {"a": [1.5], "b": [True], "y": [2]}])
    assert len(learner.history()) == 3


@pytest.mark.parametrize("drift", ["none", "alarm", "reset"])
def test_drift_is_noticed_once_and_met_as_asked(rng, drift):
    learner = Learner(decay, "sqlite://", "y", drift=drift)
    for batch in cut(decays(rng, 4_000, 0.5), 10):
        learner.update(batch)  # warnings are errors: no false alarm
    changed = cut(decays(rng, 4_000, 0.9), 10)
    if drift == "none":
        for batch in changed:
            learner.update(batch)
        assert {version.kind for version in learner.history()} == {"start", "update"}
        return
    with pytest.warns(DownslopeWarning, match="errors of predictions have grown"):
        learner.update(changed[0])
    assert learner.history()[-1].kind == drift
    if drift == "reset":
        alone = ds.fit(decay, changed[0], "y")
        agree(learner, alone, 1e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "rsl"}, "no method 'rsl'"),
        ({"drift": "panic"}, "no drift 'panic'"),
        ({"forgetting": 0.0}, "forgetting is 0.0"),
        ({"rate": -1.0}, "rate is -1.0"),
        ({"prior": math.nan}, "prior is nan"),
        ({"noise": 0.0}, "noise is 0.0"),
        ({"walk": -0.1}, "walk is -0.1"),
        ({"passes": 0}, "passes is 0"),
        ({"method": "ekf", "passes": 2, "forgetting": 0.9}, "one pass"),
        ({"forgeting": 0.9}, "did you mean forgetting?"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(options, said):
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        Learner(plane, "sqlite://", "y", **options)
