"""The page on functions is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_functions(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "functions.md", tmp_path)
