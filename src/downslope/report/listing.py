"""The program's source as shown on a page: its lines, with the learnt numbers marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from downslope.fitting.fit import Fit
from downslope.report.digits import shown

AROUND = 1  # lines shown before and after a constant that stands outside of the function


@dataclass(frozen=True)
class Part:
    """A stretch of a line; a learnt number has its new text."""

    old: str
    new: str = ""


@dataclass(frozen=True)
class Line:
    """A line with its number; the number is empty where lines are left out."""

    number: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Listing:
    """The lines shown of one file."""

    file: str
    lines: tuple[Line, ...]


def listings(fit: Fit) -> list[Listing]:
    """The function, and the lines of learnt constants around it or in other files."""
    marks: dict[str, dict[int, list[tuple[int, int, str]]]] = {}
    texts: dict[str, dict[int, str]] = {}
    source = fit.source
    own = texts.setdefault(source.file, {})
    first, last = source.node.lineno, source.node.end_lineno or source.node.lineno
    for number in range(first, min(last, len(source.lines)) + 1):
        own[number] = source.lines[number - 1]
    for constant, new in zip(fit.constants, shown(fit), strict=True):
        loc = constant.loc
        lines = texts.setdefault(loc.file, {})
        lines.setdefault(loc.line, loc.text)
        if loc.file == source.file:
            for number in range(loc.line - AROUND, loc.line + AROUND + 1):
                if 0 < number <= len(source.lines):
                    lines.setdefault(number, source.lines[number - 1])
        if new is not None and loc.end_line == loc.line:
            marks.setdefault(loc.file, {}).setdefault(loc.line, []).append(
                (loc.col - 1, loc.end_col - 1, new)
            )
    return [Listing(Path(file).name, _lines(lines, marks.get(file, {}))) for file, lines in texts.items()]


def _lines(texts: dict[int, str], marks: dict[int, list[tuple[int, int, str]]]) -> tuple[Line, ...]:
    found: list[Line] = []
    before = None
    for number in sorted(texts):
        if before is not None and number > before + 1:
            found.append(Line("", (Part("⋯"),)))
        found.append(Line(str(number), _parts(texts[number], marks.get(number, []))))
        before = number
    return tuple(found)


def _parts(text: str, marks: Sequence[tuple[int, int, str]]) -> tuple[Part, ...]:
    """A line cut at its learnt numbers.

    >>> [(part.old, part.new) for part in _parts("x = 3.0  # m", [(4, 7, "3.5")])]
    [('x = ', ''), ('3.0', '3.5'), ('  # m', '')]
    """
    parts, end = [], 0
    for start, stop, new in sorted(set(marks)):
        parts += [Part(text[end:start]), Part(text[start:stop], new)]
        end = stop
    return tuple(part for part in [*parts, Part(text[end:])] if part.old)
