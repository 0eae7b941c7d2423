"""The page on a fit in a real browser: wide and narrow, light and dark. In CI it must be there."""

import os
import re

import numpy as np
import pytest

import downslope as ds
from browser import BROWSER, seen
from downslope.report.page import page
from downslope.report.tuned import changed

pytestmark = pytest.mark.skipif(
    BROWSER is None and not os.environ.get("CI"), reason="not run: no chromium is installed"
)
PROGRAM = """\
SPEED = 30.0  # <script>console.error("from the source")</script>


def minutes(km, hour, wait=1.0, a_constant_with_a_name_that_is_longer_than_a_narrow_screen_is_wide=0.5):
    return wait + 60.0 * km / SPEED + hour * a_constant_with_a_name_that_is_longer_than_a_narrow_screen_is_wide
"""
TARGET = "<script>console.error('from a column')</script>" + "t" * 90


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    rng = np.random.default_rng(5)
    file = tmp_path_factory.mktemp("page") / f"{'long' * 20}.py"
    file.write_text(PROGRAM)
    km, hour = rng.uniform(1, 20, 200), rng.uniform(0, 24, 200)
    table = {"km": km, "hour": hour, TARGET: 2.0 + 2.5 * km + 0.1 * hour + rng.normal(0, 0.5, 200)}
    done = ds.fit(f"{file}:minutes", table, TARGET)
    return page(done, changed(done)[1], [done.intervals(method="bootstrap", draws=20)])


def luminance(color: str) -> float:
    red, green, blue = (int(part) / 255.0 for part in re.findall(r"\d+", color)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_fits_and_says_nothing_on_the_console(text, tmp_path, width, dark):
    found = seen(text, tmp_path, width, dark)
    assert (found.width, found.scroll, found.dark) == (width, width, dark)
    assert found.errors == []
    assert found.out == []
    assert len(found.pictures) == 6
    assert min(found.pictures) > 600
    assert (luminance(found.text) > 0.8) == dark  # light text on dark, dark on light


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("<script>console.error('no')</script>", "errors"),
        ("<script>undefined_name</script>", "errors"),
        ("<p style='width: 3000px'>wide</p>", "out"),
        ("<img src='data:image/png;base64,AAAA' alt='broken'>", "pictures"),
    ],
)
def test_the_check_can_fail(tmp_path, bad, what):
    found = seen(f"<!doctype html><title>bad</title>{bad}", tmp_path, 390, dark=False)
    if what == "pictures":
        assert found.pictures == [0]
    else:
        assert getattr(found, what)
    assert (found.scroll > found.width) == (what == "out")
