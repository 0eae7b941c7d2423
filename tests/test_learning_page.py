"""The page on learning that goes on shows what comes out."""

from pathlib import Path

import pytest
from sybil.example import SybilFailure

import pages

PAGE = Path(__file__).parents[1] / "docs" / "learning.md"


def test_the_page_shows_what_comes_out(tmp_path):
    assert len(pages.check(PAGE, tmp_path).printed) >= 5


def test_the_check_can_fail(tmp_path):
    other = tmp_path / "other.md"
    other.write_text(PAGE.read_text().replace("'speed': 19.886", "'speed': 19.887"))
    folder = tmp_path / "reader"
    folder.mkdir()
    with pytest.raises(SybilFailure):
        pages.check(other, folder)
