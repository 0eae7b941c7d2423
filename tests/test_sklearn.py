"""`ProgramRegressor` is a regressor as scikit-learn understands it."""

import math
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

import downslope as ds
from downslope.errors import ProgramError, UsageError
from downslope.sklearn import ProgramRegressor
from files import Files

COLUMNS = 10  # as many as scikit-learn's checks give
WEIGHTS = [f"w{i}" for i in range(COLUMNS)]
EXCEPTIONS = {
    "check_array_api_input": "programs run on NumPy's columns; scikit-learn itself runs this check only where "
    "SCIPY_ARRAY_API is set before SciPy is loaded",
}
"""The checks that do not apply, each with its reason."""


def linear_text():
    inputs = ", ".join(f"col{i}=0.0" for i in range(COLUMNS))
    weights = ", ".join(f"{name}=0.1" for name in WEIGHTS)
    total = " + ".join(f"w{i} * col{i}" for i in range(COLUMNS))
    return f"def program({inputs}, bias=0.0, {weights}):\n    return bias + {total}\n"


def decay(t, scale=1.0, size=2.0, rate=0.5):
    return size * math.exp(-rate * t) * scale


def hours(km, hour, speed=30.0, rush=1.2):
    minutes = 60.0 * km / speed
    for _ in range(hour % 2):
        minutes *= rush
    return minutes


@pytest.fixture(scope="session")
def linear(tmp_path_factory):
    program = Files(tmp_path_factory.mktemp("linear"), {"main.py": linear_text()}).program
    return ProgramRegressor(program, ["bias", *WEIGHTS])


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    t = rng.uniform(0.0, 5.0, 200)
    return t[:, None], 3.0 * np.exp(-0.8 * t) + rng.normal(0.0, 0.01, 200)


def checks():
    """scikit-learn's checks, by name and number."""
    found = estimator_checks_generator(ProgramRegressor(decay))
    return [getattr(check, "func", check).__name__ for _, check in found]


def test_the_exceptions_are_still_checks():
    assert set(EXCEPTIONS) <= set(checks())
    assert len(checks()) > 45


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("number", range(len(checks())), ids=lambda i: f"{i}-{checks()[i]}")
def test_the_checks_of_scikit_learn(linear, number):
    estimator, check = list(estimator_checks_generator(linear))[number]
    if checks()[number] not in EXCEPTIONS:
        check(estimator)


def test_a_check_can_fail(linear):
    class Wrong(ProgramRegressor):
        def predict(self, x):
            return super().predict(x) + np.arange(len(x))

    found = estimator_checks_generator(Wrong(linear.program, linear.learn))
    check = next(c for _, c in found if c.func.__name__ == "check_methods_subset_invariance")
    with pytest.raises(AssertionError):
        check(Wrong(linear.program, linear.learn))


def test_it_learns_what_fit_learns(data):
    x, y = data
    model = ProgramRegressor(decay, ["size", "rate"]).fit(x, y)
    done = ds.fit(decay, {"t": x[:, 0], "y": y}, "y", ["size", "rate"])
    assert model.values_ == done.values
    assert model.errors_ == done.errors
    assert model.score(x, y) > 0.999
    np.testing.assert_array_equal(model.predict(x), done.predictions)
    np.testing.assert_array_equal(model.predict(x[:5]), done.predict({"t": x[:5, 0]}))


def test_columns_of_a_frame_are_found_by_name():
    frame = pd.DataFrame({"hour": [0, 1, 2, 3, 4], "km": [3.0, 4.0, 5.0, 6.0, 7.0], "note": [0.0] * 5})
    minutes = [hours(km, hour, 24.0, 1.5) for km, hour in zip(frame["km"], frame["hour"], strict=True)]
    model = ProgramRegressor(hours, ["speed", "rush"]).fit(frame, minutes)
    assert model.values_ == pytest.approx({"speed": 24.0, "rush": 1.5})
    np.testing.assert_allclose(model.predict(frame), minutes)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["km", "hour", "note"]])


def test_columns_of_an_array_are_the_arguments_in_order(data):
    x, y = data
    both = np.column_stack([x, np.full(len(x), 2.0)])
    model = ProgramRegressor(decay, ["size", "rate"]).fit(both, 2.0 * y)
    assert model.values_ == pytest.approx({"size": 3.0, "rate": 0.8}, rel=0.01)
    with pytest.raises(UsageError, match="X has 3 columns, and decay 2 arguments"):
        ProgramRegressor(decay, ["size", "rate"]).fit(np.column_stack([both, both[:, 0]]), y)
    with pytest.raises(UsageError, match="'hour' is neither a column"):
        ProgramRegressor(hours).fit(x, y)


def test_the_target_has_a_name_of_its_own():
    def program(x, y, k=1.0):
        return k * x * y

    x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]])
    assert ProgramRegressor(program).fit(x, [4.0, 12.0, 30.0]).values_ == pytest.approx({"k": 2.0})
    with pytest.raises(UsageError, match="the target 'y' is an argument"):
        ProgramRegressor(program, target="y").fit(x, [4.0, 12.0, 30.0])


def test_clone_and_parameters():
    model = ProgramRegressor(decay, ["rate"], loss="huber:0.5", bounds={"rate": (0.0, 2.0)})
    other = clone(model)
    assert other.get_params() == model.get_params()
    assert other.set_params(loss="squared", learn=["size"]).learn == ["size"]
    assert model.loss == "huber:0.5"
    with pytest.raises(NotFittedError):
        other.predict([[1.0]])


def test_cross_validation_grid_search_and_pipelines(data):
    x, y = data
    assert cross_val_score(ProgramRegressor(decay, ["size", "rate"]), x, y, cv=4).min() > 0.999
    wild = y + 5.0 * (np.arange(len(y)) % 17 == 0)
    search = GridSearchCV(
        ProgramRegressor(decay, ["size", "rate"]),
        {"loss": ["squared", "cauchy:0.02"], "learn": [["size", "rate"], ["size"]]},
        cv=3,
        scoring="neg_median_absolute_error",
        error_score="raise",
    ).fit(x, wild)
    assert search.best_params_ == {"loss": "cauchy:0.02", "learn": ["size", "rate"]}
    assert search.best_estimator_.values_ == pytest.approx({"size": 3.0, "rate": 0.8}, rel=0.01)
    pipe = make_pipeline(FunctionTransformer(lambda x: x / 60.0), ProgramRegressor(decay, ["size", "rate"]))
    assert pipe.fit(60.0 * x, y).score(60.0 * x, y) > 0.999


def test_a_pickled_regressor_predicts_in_another_process(tmp_path, data):
    x, y = data
    files = Files(
        tmp_path,
        {"main.py": "import math\n\n\ndef program(t, size=2.0):\n    return size * math.exp(-0.8 * t)\n"},
    )
    model = ProgramRegressor(files.program, ["size"]).fit(x, y)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    (tmp_path / "main.py").unlink()
    code = (
        "import pickle, pathlib\n"
        f"model = pickle.loads(pathlib.Path({str(tmp_path / 'model.pickle')!r}).read_bytes())\n"
        "print(*model.predict([[1.0], [2.5]]), hasattr(model, 'fit_'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
    )
    *values, fit = run.stdout.split()
    assert [float(value) for value in values] == model.predict([[1.0], [2.5]]).tolist()
    assert fit == "False"


def test_a_fit_that_does_not_converge_warns(data):
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        ProgramRegressor(decay, ["size", "rate"], max_iterations=1).fit(*data)


def test_a_row_where_the_program_raises():
    def program(x, k=1.0):
        return k * math.log(x)

    model = ProgramRegressor(program).fit([[1.0], [2.0]], [0.0, 1.0])
    with pytest.raises(ProgramError, match="ValueError on row 2"):
        model.predict([[1.0], [-1.0]])
