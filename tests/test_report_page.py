"""The page on a fit: self-contained, says what was learnt, and marks the learnt numbers in the source."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import downslope as ds
from downslope.report.listing import listings
from downslope.report.page import page
from downslope.report.tuned import changed

PROGRAM = """\
SPEED = 30.0  # km/h, <guessed> & rounded


# a gap

def minutes(km, wait=1.0):
    \"\"\"Minutes for a trip.\"\"\"
    return wait + 60.0 * km / SPEED
"""


@pytest.fixture
def done(tmp_path, rng):
    file = tmp_path / "taxi.py"
    file.write_text(PROGRAM)
    km = rng.uniform(1, 20, 300)
    took = 2.0 + 60.0 * km / 24.0 + rng.normal(0, 0.5, 300)
    took[5] = np.nan
    return ds.fit(f"{file}:minutes", {"km": km, "t": took}, "t", holdout=0.2, missing="drop")


class Tags(HTMLParser):
    """Every tag with its attributes, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.found if tag == name]


def test_the_page_is_whole_and_needs_no_other_file(done):
    text = page(done, changed(done)[1])
    tags = Tags(text)
    assert tags.open == []
    assert not re.search(r"(?:src|href)=\"(?!data:)", text)
    assert "url(" not in text
    assert "@import" not in text
    assert tags.all("html") == [{"lang": "en"}]


def test_every_picture_has_a_text_and_is_a_picture(done, tmp_path):
    pictures = Tags(page(done, "")).all("img")
    assert len(pictures) == 6  # rows: 3; the way, the cost against each constant, profiles
    for number, picture in enumerate(pictures):
        assert len(picture["alt"]) > 30
        file = tmp_path / f"{number}.png"
        file.write_bytes(base64.b64decode(picture["src"].removeprefix("data:image/png;base64,")))
        with Image.open(file) as image:
            colours = image.convert("RGB").getcolors(1_000_000)
        assert len(colours) > 20, "the picture is empty"


def test_the_page_says_what_was_learnt(done):
    text = page(done, changed(done)[1])
    assert "<h1>minutes: learnt from 239 rows</h1>" in text
    assert "60 rows held out" in text
    assert "1 rows without a finite number left out" in text
    assert 'class="state good"' in text
    for name in ("SPEED", "wait"):
        assert f'<th scope="row">{name}</th><td>' in text
        assert f"{done[name]:.6g}" in text
    assert "&lt;guessed&gt; &amp; rounded" in text
    assert "<guessed>" not in text


def test_learnt_numbers_are_marked_in_the_source(done):
    (listing,) = listings(done)
    marked = {part.old: part.new for line in listing.lines for part in line.parts if part.new}
    assert marked.keys() == {"30.0", "1.0"}
    assert float(marked["30.0"]) == pytest.approx(24.0, abs=0.5)
    assert [line.number for line in listing.lines] == ["1", "2", "", "5", "6", "7", "8"]
    shown = {line.number: "".join(part.old for part in line.parts) for line in listing.lines if line.number}
    source = PROGRAM.splitlines()
    assert all(text == source[int(number) - 1] for number, text in shown.items())


def test_a_fit_that_failed_says_so(tmp_path):
    file = tmp_path / "taxi.py"
    file.write_text(PROGRAM)
    km = np.linspace(1, 20, 30)
    done = ds.fit(f"{file}:minutes", {"km": km, "t": 60 * km / 9.0}, "t", max_iterations=1)
    text = page(done, "")
    assert 'class="state bad"' in text
    assert "Did NOT converge" in text


def test_the_page_says_how_sure_each_constant_is(done):
    given = done.intervals(0.9, "bootstrap", draws=10)
    text = page(done, "", [given])
    for head in ("standard, 90 %", "profile likelihood, 90 %", "bootstrap, 90 %"):
        assert f'<th scope="col">{head}</th>' in text
    for each in (given, done.intervals(0.9), done.intervals(0.9, "profile")):
        low, high = each["SPEED"]
        assert f"<td>{low:.5g} to {high:.5g}</td>" in text
    between = done.correlation[0, 1]
    assert f">{between:.3f}</td>" in text
    assert "Nothing was found: the data tell every constant." in text


def test_the_page_says_what_is_not_determined(tmp_path):
    def both(km, speed=30.0, traffic=1.0):
        return 60.0 * km * traffic / speed

    km = np.linspace(1, 20, 30)
    done = ds.fit(both, {"km": km, "t": 2.5 * km + np.sin(9.0 * km)}, "t")
    text = page(done, "")
    assert "−∞ to ∞" in text
    assert "profile likelihood" in text.lower()
    assert done.identified
    for each in done.identified:
        assert f"<li>{each}</li>" in text


def test_many_rows_give_a_small_page_that_says_how_it_shows_them(rng):
    def line(x, slope=1.0, start=0.0):
        return start + slope * x

    x = rng.uniform(0, 9, 200_000)
    done = ds.fit(line, {"x": x, "y": 2.0 * x + 1.0 + rng.normal(0, 1, len(x))}, "y")
    text = page(done, "")
    assert len(text) < 1_500_000
    assert "The 200,000 rows are counted in hexagons." in text
    assert "only where asked for: tune --intervals profile" in text
    assert len(Tags(text).all("img")) == 5


def test_a_notebook_shows_a_small_table(rng):
    x = rng.uniform(0, 9, 50)
    done = ds.fit(lambda x, a=1.0: a * x, {"x": x, "<b>": 2.0 * x + 0.1 * np.sin(x)}, "<b>")
    text = done._repr_html_()
    assert Tags(text).open == []
    assert f"<td>{done['a']:.6g}</td>" in text
    assert len(text) < 2000
