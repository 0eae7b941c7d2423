"""Plots: what they show is the program's own value, error, cost and slope; and bad options are told."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import downslope as ds
from downslope.cli import app
from downslope.demo import taxi
from downslope.errors import DownslopeError, ProgramError, UsageError, WriteError
from downslope.report.cost import cost_line
from downslope.report.curve import curve_lines
from downslope.report.line import drawn
from downslope.report.sample import Walk
from downslope.report.save import save

KINDS = ("value", "error", "squared-error")
TRIPS = {"distance_km": np.array([6.0, 3.0, 10.0]), "minutes": np.array([12.0, 7.0, 19.0])}


def lines_of(kinds=KINDS, tangent=35.0, walk=None, at=None, span=(20.0, 60.0), observed=12.0, unit="min"):
    return curve_lines(
        taxi.duration, "speed_kmh", span, at or {"distance_km": 6.0}, observed, kinds, tangent, walk, unit
    )


def table_line(tangent=None, walk=None):
    return cost_line(
        taxi.duration, TRIPS, "minutes", "speed_kmh", (20, 60), None, tangent, walk, "error", None
    )


def test_the_curves_are_those_of_the_formulas():
    value, error, squared = lines_of()
    v = value.grid
    np.testing.assert_allclose(value.values, 360 / v, rtol=1e-14)
    np.testing.assert_allclose(error.values, 360 / v - 12, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(squared.values, (360 / v - 12) ** 2, rtol=1e-12, atol=1e-14)
    assert (v[0], v[-1]) == (20.0, 60.0)


def test_the_tangent_at_35():
    value, error, squared = lines_of()
    e, slope = 360 / 35 - 12, -360 / 35**2
    assert value.tangent == pytest.approx((35.0, 360 / 35, slope), rel=1e-14)
    assert error.tangent == pytest.approx((35.0, e, slope), rel=1e-14)
    assert squared.tangent == pytest.approx((35.0, e * e, 2 * e * slope), rel=1e-14)
    assert str(squared) == "squared error at speed_kmh = 35: 2.93878 min², slope +1.00758 min² per km/h"


def test_the_tangent_is_drawn_with_its_slope():
    axis = drawn(lines_of(("squared-error",))).axes[0]
    curve, tangent, point = axis.lines
    (x0, x1), (y0, y1) = tangent.get_xdata(), tangent.get_ydata()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(1.0075802, abs=1e-6)
    assert np.interp(point.get_xdata()[0], *curve.get_data()) == pytest.approx(point.get_ydata()[0], abs=0.01)
    assert axis.get_xlabel() == "speed (km/h)"
    assert axis.get_ylabel() == "squared error (min²)"


def test_a_descent_on_one_call_ends_at_30():
    path = lines_of(("squared-error",), walk=Walk(start=55.0, step=2.0))[0].path
    assert path.converged
    assert path.xs[0] == 55.0
    assert path.xs[-1] == pytest.approx(30.0, abs=1e-4)
    np.testing.assert_allclose(path.costs, (360 / path.xs - 12) ** 2, rtol=1e-9, atol=1e-12)
    moves, slopes = np.diff(path.xs), 2 * (360 / path.xs - 12) * (-360 / path.xs**2)
    np.testing.assert_allclose(moves, -2.0 * slopes[:-1], rtol=1e-9, atol=1e-13)  # rounding of v


def test_a_descent_that_runs_away_is_said():
    line = lines_of(("squared-error",), walk=Walk(start=55.0, step=200.0))[0]
    assert not line.path.converged
    assert "did NOT converge" in str(line)


def test_the_cost_is_the_mean_squared_error():
    line = table_line(tangent=35.0)
    d, t = TRIPS["distance_km"], TRIPS["minutes"]
    expected = [np.mean((60 * d / v - t) ** 2) for v in line.grid]
    np.testing.assert_allclose(line.values, expected, rtol=1e-12)
    x, y, slope = line.tangent
    assert y == pytest.approx(np.mean((60 * d / x - t) ** 2), rel=1e-12)
    assert slope == pytest.approx(np.mean(2 * (60 * d / x - t) * -60 * d / x**2), rel=1e-12)


def test_the_descent_of_a_table_ends_where_the_fit_does():
    path = table_line(walk=Walk(start=55.0)).path
    assert path.converged
    assert path.xs[-1] == pytest.approx(ds.fit(taxi.duration, TRIPS, "minutes")["speed_kmh"], rel=1e-3)


def test_other_constants_can_be_set():
    table = {"d": np.array([5.5, 2.5]), "hour": np.array([8, 12]), "minutes": np.array([20.0, 6.0])}
    line = cost_line(
        taxi.trip, table, "minutes", "speed", (20, 40), {"jam": 0.7, "stop": 0.0}, 30.0, None, "error", None
    )
    rows = zip(table["d"], table["hour"], table["minutes"], strict=True)
    errors = [taxi.trip(d, int(h), speed=30.0, jam=0.7, stop=0.0) - t for d, h, t in rows]
    assert line.tangent[1] == pytest.approx(np.mean(np.square(errors)), rel=1e-12)


def test_an_inline_number_can_be_varied():
    name = [c.name for c in ds.constants(taxi.trip) if c.value == 60][-1]  # that after the loop
    line = curve_lines(taxi.trip, name, (50, 70), {"d": 0.5, "hour": 12}, None, None, 60.0, None, None)[0]
    assert line.tangent == pytest.approx((60.0, 1.0, 0.5 / 30), rel=1e-14)


def test_where_there_is_no_value_the_curve_has_a_gap():
    line = lines_of(("value",), tangent=None, span=(0.0, 20.0))[0]
    assert np.isnan(line.values).sum() == 1
    assert "no value at 1 of 201 points, the first at speed_kmh = 0" in str(line)


def test_a_jump_is_a_gap_and_a_kink_is_none():
    (line,) = curve_lines(taxi.trip, "hour", (0, 24), {"d": 5.0}, None, None, None, None, None)
    drawn_values = drawn([line]).axes[0].lines[0].get_ydata()
    assert np.isnan(drawn_values).sum() == 4  # both rush hours begin and end

    (line,) = curve_lines(lambda x: abs(x), "x", (-1, 1.01), None, None, None, None, None, None)
    assert not np.isnan(drawn([line]).axes[0].lines[0].get_ydata()).any()


def test_there_is_no_tangent_at_a_pole():
    with pytest.raises(DownslopeError, match="no tangent at x = 0|ZeroDivisionError"):
        ds.plot.curve(lambda x: 1 / x, "x", (-1, 1), tangent=0.0)


def endless(x, step=1.0):
    t = 0.0
    while x > 0:
        x -= step
        t += 2.0 * step
    return t


def test_an_endless_loop_is_told():
    with pytest.raises(ProgramError, match="does not end"):
        ds.grad(endless, "step")(5.0, 0.0)


def test_the_way_of_a_fit_is_drawn():
    done = ds.fit(taxi.duration, TRIPS, "minutes", solver="descent", step=2.0)
    left, right = ds.plot.descent(done).axes
    costs = left.lines[0].get_ydata()
    assert len(costs) == len(done.solution.history) > 2
    assert costs[0] == pytest.approx(2 * done.solution.cost_before / 3, rel=1e-12)
    assert right.lines[0].get_ydata()[-1] == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize(("suffix", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_figure_is_written_and_reproducible(tmp_path, suffix, head):
    for name in ("a", "b"):
        save(drawn(lines_of(("value",))), tmp_path / f"{name}.{suffix}", "duration: a test")
    first, second = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("a", "b"))
    assert first.startswith(head)
    assert first == second
    assert len(list(tmp_path.iterdir())) == 2


def test_an_unwritable_place_leaves_nothing(tmp_path):
    folder = tmp_path / "picture.png"
    folder.mkdir()
    with pytest.raises(WriteError, match="cannot be written"):
        save(drawn(lines_of(("value",))), folder)
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taxi.py").write_text(Path(taxi.__file__).read_text())
    (tmp_path / "trips.csv").write_text("distance_km,minutes\n6,12\n3,7\n10,19\n")
    return tmp_path


def test_the_command_draws_and_says_the_numbers(folder):
    args = "plot taxi.py:duration trips.csv --target minutes --against speed_kmh=20:60 --tangent 35 --descent --start 55 --out c.svg"
    result = CliRunner().invoke(app, args.split())
    assert result.exit_code == 0, result.output
    assert "mean squared error at speed_kmh = 35: " in result.output
    assert "55 to 30.742" in result.output  # 60 Σd² / Σdt = 60 · 145 / 283
    assert "mean squared error at speed_kmh = 35: " in (folder / "c.svg").read_text()


ONE = "plot taxi.py:duration distance_km=6 --out a.png"
MANY = "plot taxi.py:duration trips.csv --out a.png"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (f"{ONE} --against speed_kmh=60:20", "the range of speed_kmh is 60 to 20"),
        (f"{ONE} --against speed_kmh=20", "is not NAME=LO:HI"),
        (f"{ONE} --against speed_kmh=1:inf", "the range of speed_kmh is 1 to inf"),
        (f"{ONE} --against sped_kmh=20:60", "did you mean speed_kmh"),
        (f"{ONE} --against distance_km=2:6", "distance_km cannot be fixed"),
        ("plot taxi.py:duration --against speed_kmh=2:6 --out a.png", "needs a value for distance_km"),
        (f"{ONE} --against speed_kmh=2:6 --tangent 7", "outside of the range"),
        (f"{ONE} --against speed_kmh=2:6 --curve eror --observed 12", "did you mean error"),
        (f"{ONE} --against speed_kmh=2:6 --curve error", "needs an observed value"),
        (f"{ONE} --against speed_kmh=2:6 --observed nan", "observed is nan"),
        (f"{ONE} --against speed_kmh=2:6 --descent", "nothing to descend"),
        (f"{ONE} --against speed_kmh=2:6 --step 1", "there is no descent"),
        (f"{ONE} --against speed_kmh=2:6 --observed 12 --descent --step -1", "step is -1"),
        (f"{ONE} --against speed_kmh=2:6 --observed 12 --descent --steps 0", "is 0"),
        (f"{ONE} --against speed_kmh=2:6 --target minutes", "--target needs a table"),
        (f"{ONE} --against speed_kmh=2:6 --missing drop", "--missing needs a table"),
        (f"{MANY} --against speed_kmh=2:6", "compared with what"),
        (f"{MANY} --against speed_kmh=2:6 --target minuts", "did you mean minutes"),
        (f"{MANY} --against speed_kmh=2:6 --target minutes --observed 3", "--observed is for one call"),
        (f"{MANY} --against speed_kmh=2:6 --target minutes --curve error", "--curve is for one call"),
        (f"{MANY} --against distance_km=2:6 --target minutes", "distance_km is a column"),
        (f"{MANY} more.csv --against speed_kmh=2:6 --target minutes", "two tables"),
        (f"{ONE[:-4]}.pgn --against speed_kmh=2:6", "did you mean a.png"),
        (f"{ONE[:-5]}no/a.png --against speed_kmh=2:6", "no/a.png cannot be written"),
    ],
)
def test_bad_options_are_told_in_full(folder, args, words):
    with pytest.raises(DownslopeError) as caught:
        CliRunner().invoke(app, args.split(), catch_exceptions=False)
    text = str(caught.value)
    assert words in text
    assert "why:" in text
    assert "fix:" in text
    assert caught.value.exit_code == 2
    assert sorted(p.name for p in folder.iterdir() if p.is_file()) == ["taxi.py", "trips.csv"]


def test_a_constant_without_effect_has_no_descent():
    table = {"d": [0.5, 0.7], "hour": [12, 13], "minutes": [1.0, 2.0]}
    with pytest.raises(UsageError, match="no descent"):
        cost_line(taxi.trip, table, "minutes", "jam", (0.1, 1), None, None, Walk(), "error", None)


def test_matplotlib_is_loaded_only_for_plots():
    code = "import sys, downslope as ds; assert 'matplotlib' not in sys.modules; ds.plot.curve; assert 'matplotlib' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.filterwarnings("error")
def test_there_is_no_descent_from_a_pole():
    with pytest.raises(DownslopeError, match="no descent from speed_kmh = 0"):
        table_line(walk=Walk(start=0.0))


def test_a_picture_keeps_its_permissions(tmp_path):
    picture = tmp_path / "a.png"
    save(drawn(lines_of(("value",))), picture)
    picture.chmod(0o640)
    save(drawn(lines_of(("error",))), picture)
    assert picture.stat().st_mode & 0o777 == 0o640
