"""The page on large tables is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_large_tables(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "large-tables.md", tmp_path)
