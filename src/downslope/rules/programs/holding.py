"""What a program of ours chooses by its values and then holds fixed: its derivative counts as 0."""

from typing import Any


def held(a: Any) -> Any:
    """The array, as constants."""
    return a.copy()
