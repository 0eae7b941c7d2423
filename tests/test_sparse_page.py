"""The page on sparse derivatives is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_sparse_derivatives(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "sparse.md", tmp_path)
