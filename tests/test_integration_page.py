"""The page on integration is run as a reader would run it."""

from pathlib import Path

import pages


def test_the_page_on_integration(tmp_path: Path) -> None:
    pages.check(Path(__file__).parent.parent / "docs" / "integration.md", tmp_path)
