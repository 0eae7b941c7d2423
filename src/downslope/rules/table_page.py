"""The documentation page of the rule table: `python -m downslope.rules.table_page > docs/rules.md`."""

from collections.abc import Sequence

from downslope.rules.elementwise import (
    ARITHMETIC,
    BESSEL,
    PIECEWISE_CONSTANT,
    POWERS,
    SPECIAL,
    TRIGONOMETRY,
    UNKNOWN,
)
from downslope.rules.kinds import Elementwise

HEAD = """# The rule table

Written by `python -m downslope.rules.table_page`; do not edit by hand. All modes of differentiation and
the tests read the same rows. `y` is the value of the function. `slope` has one formula per argument, in
their order; a comparison selects the incoming derivative or drops it. NaN means that no closed form exists.
How to add a row: [adding-a-rule.md](adding-a-rule.md).
"""
SECTIONS: Sequence[tuple[str, tuple[Elementwise, ...]]] = (
    ("Arithmetic", ARITHMETIC),
    ("Powers, exponentials, logarithms", POWERS),
    ("Trigonometry and hyperbolic functions", TRIGONOMETRY),
    ("Special functions", SPECIAL),
    ("Bessel functions", BESSEL),
    ("Constant by pieces: slope 0, unless stated", PIECEWISE_CONSTANT),
)


def page() -> str:
    """The page as Markdown text.

    >>> page().splitlines()[0]
    '# The rule table'
    """
    return "\n".join([HEAD, *(_section(title, rows) for title, rows in SECTIONS)])


def _section(title: str, rows: Sequence[Elementwise]) -> str:
    head = f"## {title}\n\n| function | slope | written as | note |\n|---|---|---|---|\n"
    return head + "".join(_line(row) for row in rows)


def _line(row: Elementwise) -> str:
    slopes = ", ".join(_code("NaN" if p == UNKNOWN else p) for p in row.partials)
    spellings = ", ".join(map(_code, row.spellings)) or "an operator, or only in formulas"
    signature = f"{row.name}({', '.join(row.args)})"
    return f"| {_code(signature)} | {slopes} | {spellings} | {row.note} |\n"


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    print(page(), end="")
