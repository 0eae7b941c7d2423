"""What the commands share: their arguments, how they are read, and where they print."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from downslope.errors import UsageError

out = Console(highlight=False, soft_wrap=True, markup=False)


def programs(incomplete: str) -> list[str]:
    """How a FILE.py:FUNCTION may go on: the Python files here, and after a colon their functions."""
    path, colon, _ = incomplete.partition(":")
    if not colon:
        return sorted(f"{file}:" for file in Path().glob(f"{path}*.py"))
    try:
        body = ast.parse(Path(path).read_bytes()).body
    except (OSError, ValueError, SyntaxError):
        return []
    return [f"{path}:{node.name}" for node in body if isinstance(node, ast.FunctionDef)]


Program = Annotated[
    str, typer.Argument(metavar="FILE.py:FUNCTION", help="The program.", autocompletion=programs)
]
Inputs = Annotated[list[str], typer.Argument(metavar="NAME=VALUE…", help="The inputs.")]
Point = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME=VALUE…]", help="The inputs, to measure there.")
]
Wrt = Annotated[list[str] | None, typer.Option("--wrt", help="Input or constant; may be repeated.")]


def values_of(inputs: list[str]) -> dict[str, float | int]:
    """`NAME=VALUE` arguments as numbers by name. Raises `UsageError` for other text, or a name given twice."""
    pairs = [_pair(text) for text in inputs]
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{name} is given twice", why="an input has one value.", fix="leave one out.")
    return dict(pairs)


def _pair(text: str) -> tuple[str, float | int]:
    name, sign, value = text.partition("=")
    number = _parsed(value, (int, float))
    if not sign or number is None:
        raise UsageError(
            f"{text!r} is not NAME=NUMBER", why="inputs are given by name.", fix="e.g. distance_km=6"
        )
    return name, number


def _parsed(text: str, kinds: tuple[Callable[[str], Any], ...]) -> Any:
    for kind in kinds:
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def ties_of(texts: list[str] | None) -> dict[str, str]:
    """`NAME=EXPRESSION` options by name."""
    found: dict[str, str] = {}
    for text in texts or ():
        name, sign, words = text.partition("=")
        if not sign or not words.strip() or name.strip() in found:
            raise UsageError(
                f"{text!r} is not NAME=EXPRESSION, once for each name",
                why="a tied constant follows others.",
                fix="e.g. --tie 'slow=0.5 * fast'",
            )
        found[name.strip()] = words.strip()
    return found


def bounds_of(texts: list[str] | None) -> dict[str, tuple[float, float]]:
    """`NAME:LO:HI` options as pairs by name."""
    return _pairs(texts, "NAME:LO:HI", "bounds are two numbers.", "e.g. speed:5:120")


def priors_of(texts: list[str] | None) -> dict[str, tuple[float, float]]:
    """`NAME:MEAN:SPREAD` options as pairs by name."""
    return _pairs(texts, "NAME:MEAN:SPREAD", "a prior is two numbers.", "e.g. speed:30:5")


def _pairs(texts: list[str] | None, form: str, why: str, fix: str) -> dict[str, tuple[float, float]]:
    found = {}
    for text in texts or ():
        parts = text.rsplit(":", 2)
        ends = [_parsed(part, (float,)) for part in parts[1:]]
        if len(parts) != 3 or None in ends:
            raise UsageError(f"{text!r} is not {form}", why=why, fix=fix)
        found[parts[0]] = (ends[0], ends[1])
    return found


def range_of(text: str) -> tuple[str, tuple[float, float]]:
    """A `NAME=LO:HI` option as a name and two numbers."""
    name, _, ends = text.rpartition("=")
    low, high = (_parsed(part, (float,)) for part in (ends.partition(":")[::2]))
    if not name or low is None or high is None:
        why = "a range is a name and two numbers."
        raise UsageError(f"{text!r} is not NAME=LO:HI", why=why, fix="e.g. speed_kmh=10:60")
    return name, (low, high)
