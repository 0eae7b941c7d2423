"""Each page under docs/ is run as a reader would run it."""

import re
from pathlib import Path

import pytest
from sybil.example import SybilFailure

import pages

DOCS = Path(__file__).parents[1] / "docs"
SHOWN = re.compile(r"^(?:>>> |\$ downslope )", re.MULTILINE)
ALONE = {"constants.md", "formula.md", "plots.md", "tutorial.md"}  # run by the tests of what they are about
PAGES = sorted(
    page.name for page in DOCS.glob("*.md") if page.name not in ALONE and SHOWN.search(page.read_text())
)


def test_there_are_pages():
    assert len(PAGES) >= 13


@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_what_comes_out(name: str, tmp_path: Path):
    assert pages.check(DOCS / name, tmp_path).printed


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("fitting.md", "'wait': 2.03", "'wait': 2.04"),
        ("interop.md", "[9.51, nan]", "[9.52, nan]"),
        ("intervals.md", "95 % by profile", "90 % by profile"),
        ("learning.md", "'speed': 19.886", "'speed': 19.887"),
    ],
)
def test_the_check_can_fail(name: str, old: str, new: str, tmp_path: Path):
    text = (DOCS / name).read_text()
    assert old in text
    (tmp_path / "other.md").write_text(text.replace(old, new))
    folder = tmp_path / "reader"
    folder.mkdir()
    with pytest.raises(SybilFailure):
        pages.check(tmp_path / "other.md", folder)
