"""The page on what downslope reads is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_reading(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "reading.md", tmp_path)
