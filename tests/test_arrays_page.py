"""The page on arrays is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_arrays(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "arrays.md", tmp_path)
