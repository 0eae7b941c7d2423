"""The page on long loops is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_long_loops(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "long-loops.md", tmp_path)
