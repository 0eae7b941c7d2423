"""The page on linear algebra is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_linear_algebra(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "linear-algebra.md", tmp_path)
