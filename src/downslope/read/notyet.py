"""What is raised, and caught again, where a function is called before it is known what it returns."""

from collections.abc import Set


class NotYet(Exception):  # no error: another path tells what the function returns
    """Functions are called whose results are not known yet; `unknown` are they."""

    def __init__(self, unknown: Set[object]) -> None:
        super().__init__("a result is not known yet")
        self.unknown = frozenset(unknown)
