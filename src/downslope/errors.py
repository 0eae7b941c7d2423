"""Every exception of downslope, and the place in a source file that it points to.

A message has five parts: place, what, the source line with a caret, why, how to fix it.
"""

import inspect
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Loc:
    """A place in the user's source. Lines and columns count from 1; `end_col` is exclusive."""

    file: str
    line: int
    col: int
    end_line: int
    end_col: int
    text: str  # the whole source line `line`, without its newline

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}"

    def caret(self) -> str:
        """The source line with the place underlined."""
        stop = self.end_col if self.end_line == self.line else len(self.text) + 1
        gutter = f"{self.line:>5} | "
        indent = " " * (len(gutter) - 2) + "| "
        return f"{gutter}{self.text}\n{indent}{' ' * (self.col - 1)}{'^' * max(1, stop - self.col)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: what, where, why, and how to fix it."""

    what: str
    loc: Loc | None = None
    why: str = ""
    fix: str = ""

    def __str__(self) -> str:
        lines = [f"{self.loc}: {self.what}" if self.loc else self.what]
        if self.loc:
            lines.append(self.loc.caret())
        lines += [f"  {label}: {text}" for label, text in (("why", self.why), ("fix", self.fix)) if text]
        return "\n".join(lines)


def close_to(name: str, known: Iterable[object], fix: str, quoted: bool = False) -> str:
    """Advice on a name that is not there: the closest one that is, or else `fix`.

    >>> close_to("speeed", ["speed", "wait"], "check the name.")
    'did you mean speed?'
    """
    import difflib  # only where something is wrong

    near = difflib.get_close_matches(name, [str(key) for key in known], 1)
    if not near:
        return fix
    return f"did you mean {near[0]!r}?" if quoted else f"did you mean {near[0]}?"


class DownslopeError(Exception):
    """Base of all downslope errors. `exit_code` is what the command line exits with."""

    exit_code = 2

    def __init__(self, what: str, *, loc: Loc | None = None, why: str = "", fix: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(what, loc, why, fix),)
        super().__init__(str(self.problems[0]))

    @property
    def problem(self) -> Problem:
        """The first (mostly the only) problem."""
        return self.problems[0]


class UsageError(DownslopeError):
    """A call or command with arguments that make no sense."""


class DataError(DownslopeError):
    """The table cannot be used as it is."""


class ProgramError(DownslopeError):
    """The user's program raised, or did not end, on a row."""


class WriteError(DownslopeError):
    """A file could not be written; nothing was changed."""


class NotConverged(DownslopeError):
    """It ran, but did not reach an answer that can be trusted."""

    exit_code = 1


class UnsupportedError(DownslopeError):
    """The source does something that downslope does not differentiate; all places at once."""

    exit_code = 3

    def __init__(
        self,
        what: str = "",
        *,
        loc: Loc | None = None,
        why: str = "",
        fix: str = "",
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(what, loc=loc, why=why, fix=fix)
        if problems:
            self.problems = tuple(problems)
            self.args = ("\n".join(str(problem) for problem in problems),)


class ArrayExpected(UnsupportedError):
    """The program uses a number as an array; with an array for that argument it may well be supported."""


class SourceUnavailable(UnsupportedError):
    """The function has no source text to read."""


class StaleSource(UnsupportedError):
    """The text on disk is not that of the function which is running."""


class DownslopeWarning(UserWarning):
    """Something the user should know that does not stop the work."""


def warned(message: object) -> None:
    """Warn with `DownslopeWarning` at the line of the user's that called us, however deep we are."""
    ours = str(Path(__file__).parent)
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_code.co_filename.startswith(ours):
        frame, level = frame.f_back, level + 1
    warnings.warn(str(message), DownslopeWarning, stacklevel=level)
