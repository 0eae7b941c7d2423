"""A program as a function of one of its numbers, all others fixed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from downslope.calculus.derivative import Derivative, made
from downslope.calculus.run import Engine
from downslope.errors import UsageError, close_to
from downslope.read.constants import find_constants
from downslope.read.source import Source, read_source


@dataclass(frozen=True)
class Along:
    """One input or constant of a program, with the value and the slope of the program there."""

    program: str  # its name
    name: str
    default: float | None  # the number in the source, where there is one
    _run: Callable[..., Any]
    _keyword: str
    _fixed: Mapping[str, float | int]

    def __call__(self, x: float) -> tuple[float, float]:
        """The program's value where the number is x, and the derivative by it."""
        value, slopes = self._run(**self._fixed, **{self._keyword: x})
        return float(value), float(slopes[0])


def along(
    f: Callable[..., Any] | str,
    name: str,
    at: Mapping[str, float | int] | None = None,
    engine: Engine = "native",
) -> Along:
    """The program as a function of `name`, an input or a constant; `at` fixes others.

    Raises `UsageError` for a name that the program does not have, or an input without a value.

    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> along(duration, "speed", {"km": 6.0}, engine="python")(30.0)
    (12.0, -0.4)
    """
    source = read_source(f)
    fixed = dict(at or {})
    numbers = {constant.name: constant for constant in find_constants(source)}
    for known in (name, *fixed):
        _known(known, [*source.arguments, *numbers], source.name)
    if name in fixed:
        raise UsageError(f"{name} cannot be fixed", why="it is what varies.", fix=f"leave out {name}=….")
    _complete(source, {name, *fixed})
    lifted = [n for n in fixed if n not in source.arguments]
    run = made(f, [name, *lifted], "auto", engine, with_value=True, quiet=True)
    assert isinstance(run, Derivative)  # the source was read
    keywords = dict(zip([name, *lifted], run.wrt, strict=True))
    default = float(numbers[name].value) if name in numbers else None
    values = {keywords.get(n, n): value for n, value in fixed.items()}
    return Along(source.name, name, default, run, keywords[name], values)


def _complete(source: Source, given: set[str]) -> None:
    missing = [n for n in source.arguments if n not in given and n not in source.defaults]
    if missing:
        raise UsageError(
            f"{source.name} needs a value for {' and '.join(missing)}",
            why="the source gives none.",
            fix=f"add {missing[0]}=NUMBER.",
        )


def _known(name: str, names: list[str], program: str) -> None:
    if name in names:
        return
    raise UsageError(
        f"{program} has no input or constant {name!r}",
        why=f"it has {', '.join(dict.fromkeys(names))}.",
        fix=close_to(name, names, "name one of these."),
    )
