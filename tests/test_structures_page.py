"""The page on structures is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_structures(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "structures.md", tmp_path)
