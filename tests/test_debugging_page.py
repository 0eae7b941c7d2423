"""The page on debugging is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_debugging(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "debugging.md", tmp_path)
