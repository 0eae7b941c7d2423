"""From a program and a table to learnt constants and a changed file."""

import numpy as np
import pytest
from typer.testing import CliRunner

import downslope as ds
from downslope.demo.taxi import duration, trip
from downslope.errors import DataError, ProgramError, UnsupportedError, UsageError, WriteError
from downslope.read.source import read_source
from downslope.report.tuned import changed, finish

TRUE = {"speed": 27.0, "jam": 0.6, "stop": 0.5, "dwell": 1.0, "decay": 0.2}


@pytest.fixture
def trips(rng):
    d, hour = rng.uniform(0.5, 9, 400), rng.integers(0, 24, 400)
    minutes = [trip(a, int(b), **TRUE) for a, b in zip(d, hour, strict=True)]
    return {"d": d, "hour": hour, "minutes": np.array(minutes)}


def test_the_constants_are_recovered(trips):
    done = ds.fit(trip, trips, "minutes", learn=["speed", "jam", "stop", "decay"], holdout=0.25)
    assert done.converged
    assert [done[n] for n in ("speed", "jam", "stop", "decay")] == pytest.approx(
        [27.0, 0.6, 0.5, 0.2], rel=1e-9
    )
    assert done.solution.holdout_after < 1e-12 < done.solution.holdout_before


def test_a_trade_off_is_said(trips):
    done = ds.fit(trip, trips, "minutes")
    assert any("stop * dwell" in sentence for sentence in done.solution.undetermined)


@pytest.mark.parametrize("solver", ["lbfgsb", "descent", "adam"])
def test_other_solvers_lower_the_cost(trips, solver):
    done = ds.fit(trip, trips, "minutes", learn=["speed"], solver=solver)
    assert done.solution.cost < done.solution.cost_before


def test_gradient_and_jtj_agree_with_rows(trips):
    problem = ds.fit(trip, trips, "minutes", learn=["speed", "jam"]).problem
    residual, jacobian = problem.jacobian(problem.start)
    sums = problem.sums(problem.start)
    np.testing.assert_allclose(sums.cost, 0.5 * residual @ residual, rtol=1e-12)
    np.testing.assert_allclose(sums.gradient, jacobian.T @ residual, rtol=1e-12)
    np.testing.assert_allclose(sums.jtj, jacobian.T @ jacobian, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"minutes": None}, DataError, "no column 'minutes'"),
        ({"d": np.full(400, np.nan)}, DataError, "row 1"),
        ({"d": np.array(["a"] * 400)}, DataError, "'a' in row 1"),
        ({"d": None}, UsageError, "'d'"),
    ],
)
def test_bad_tables_are_refused(trips, change, error, words):
    table = {n: c for n, c in (trips | change).items() if c is not None}
    with pytest.raises(error, match=words):
        ds.fit(trip, table, "minutes")


def test_unknown_names_get_a_suggestion(trips):
    with pytest.raises(UsageError, match="did you mean speed"):
        ds.fit(trip, trips, "minutes", learn=["sped"])


def raising(d, k=1.0):
    if d > 3:
        raise ValueError("too far")
    return d * k


def test_a_row_that_raises_is_named():
    with pytest.raises(ProgramError, match="ValueError on row 3"):
        ds.fit(raising, {"d": [1.0, 2.0, 4.0], "y": [1.0, 2.0, 4.0]}, "y")


FILE = "SPEED = 30.0  # km/h, guessed\n\n\ndef minutes(km):\n    return 60.0 * km / SPEED\n"


@pytest.fixture
def taxi(tmp_path):
    program, table = tmp_path / "taxi.py", tmp_path / "trips.csv"
    program.write_text(FILE)
    km = np.linspace(1, 20, 40)
    rows = [f"{k},{60 * k / 24.0 + 0.01 * (-1) ** i}" for i, k in enumerate(km)]
    table.write_text("km,t\n" + "\n".join(rows) + "\n")
    return program, table


def test_tune_writes_only_the_number(taxi):
    from downslope.cli import app

    program, table = taxi
    args = [
        "tune",
        f"{program}:minutes",
        str(table),
        "--target",
        "t",
        "--write",
        "--report",
        str(program) + ".html",
    ]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    first, *rest = program.read_text().splitlines(keepends=True)
    assert float(first.split()[2]) == pytest.approx(24.0, abs=0.01)
    assert first.endswith("# km/h, guessed\n")
    assert "".join(rest) == FILE.split("\n", 1)[1]
    assert "+SPEED" in result.output
    assert sorted(p.name for p in program.parent.iterdir() if p.is_file()) == [
        "taxi.py",
        "taxi.py.html",
        "trips.csv",
    ]


def test_a_fit_that_has_not_converged_is_not_written(taxi):
    from downslope.cli import app

    program, table = taxi
    args = ["tune", f"{program}:minutes", str(table), "--target", "t", "--write", "--max-iterations", "1"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 1, result.output
    assert "no file was changed" in result.output
    assert program.read_text() == FILE


def test_a_file_that_changed_is_not_written(taxi):
    program, table = taxi
    done = ds.fit(f"{program}:minutes", str(table), "t")
    text, difference = changed(done)
    program.write_text(FILE + "# edited\n")
    with pytest.raises(WriteError, match="has changed"):
        finish(done, text, difference, None, True)
    assert program.read_text() == FILE + "# edited\n"


def recursive(x):
    return x * recursive(x - 1)


def with_try(x):
    try:
        y = [x]
    except ValueError:
        y = {}
    return y


def maybe_unset(x):
    if x > 0:
        y = 1.0
    return y


@pytest.mark.parametrize(("program", "count"), [(recursive, 1), (with_try, 1), (maybe_unset, 1)])
def test_unsupported_source_is_refused_at_its_line(program, count):
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(program)(1.0)
    text = str(caught.value)
    assert caught.value.exit_code == 3
    assert len(caught.value.problems) >= count
    for part in (f"{read_source(program).file}:", "| ", "^", "why:", "fix:"):
        assert part in text


def test_a_function_without_source_is_said(recwarn):
    scope = {}
    exec("def f(x):\n    return 3 * x**2\n", scope)
    with pytest.warns(ds_warning(), match="dual numbers"):
        assert ds.grad(scope["f"])(4.0) == 24.0


def ds_warning():
    from downslope.errors import DownslopeWarning

    return DownslopeWarning


def test_the_textbook_example():
    assert duration(6.0) == 12.0
    slope = ds.grad(lambda v: (60.0 * 6.0 / v - 12.0) ** 2, engine="python")(35.0)
    assert slope == pytest.approx(1.00758, abs=1e-5)
    assert ds.DualFloat(3, 0) * ds.DualFloat(4, 1) ** 2 == 48
    assert (ds.DualFloat(3, 0) * ds.DualFloat(4, 1) ** 2).derivative() == 24


@pytest.mark.parametrize("loss", ["squared", "huber", "cauchy"])
def test_the_gradient_alone_is_that_of_the_sums(trips, loss):
    problem = ds.fit(trip, trips, "minutes", learn=["speed", "jam"], loss=loss, solver="lbfgsb").problem
    point = problem.start * 1.01
    cost, slopes = problem.gradient(point)
    sums = problem.sums(point)
    assert cost == sums.cost == problem.cost(point)  # to the bit: solvers compare them
    np.testing.assert_allclose(slopes, sums.gradient, rtol=1e-13)


def test_lbfgsb_takes_the_gradient_alone(trips, monkeypatch):
    from downslope.fitting.problem import Problem

    calls = {"gradient": 0, "sums": 0}

    def counted(name):
        whole = getattr(Problem, name)

        def call(self, x):
            calls[name] += 1
            return whole(self, x)

        return call

    for name in calls:
        monkeypatch.setattr(Problem, name, counted(name))
    assert ds.fit(trip, trips, "minutes", learn=["speed", "jam"], solver="lbfgsb").converged
    assert calls["gradient"] > calls["sums"]
