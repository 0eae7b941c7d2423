"""A piece of emitted text that knows how tightly it binds."""

from dataclasses import dataclass

ATOM, UNARY, POWER = 20, 11, 12
PART, RECURSIVE = "@part", "@recursive"  # head a function that others of the same text call


@dataclass(frozen=True)
class Text:
    """An expression: its text, how tightly it binds, and the variables it reads."""

    text: str
    binds: int = ATOM
    reads: frozenset[str] = frozenset()

    def inside(self, least: int) -> str:
        """The text, in parentheses where an operand must bind at least so tightly."""
        return self.text if self.binds >= least else f"({self.text})"
