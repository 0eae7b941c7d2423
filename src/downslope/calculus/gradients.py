"""The derivative of a program with arrays, in every mode: an array per array."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Protocol

import numpy as np

from downslope.calculus.chunks import Directions, columns
from downslope.calculus.makes import Make, reversed_once, tangents
from downslope.calculus.program import Program, by_position
from downslope.calculus.prompt import PROMPT, Prompt
from downslope.calculus.run import FEW, Engine, copied
from downslope.calculus.shaped import (
    Transformed,
    along,
    by_elements,
    one_number,
    positions,
    shaped_like,
    shaped_values,
)  # fmt: skip
from downslope.errors import UnsupportedError
from downslope.modes.dual import dual_element
from downslope.modes.numeric import ridders, two_point
from downslope.modes.running import running


class Asked(Protocol):
    """What is asked for: a derivative before it is called."""

    @property
    def program(self) -> Program:
        """The program."""

    @property
    def wrt(self) -> tuple[str, ...]:
        """The inputs that vary."""

    @property
    def mode(self) -> str:
        """How to differentiate."""

    @property
    def engine(self) -> Engine:
        """How to run."""

    @property
    def delta(self) -> float | None:
        """The step of the two-point quotient."""

    @property
    def memory(self) -> int | None:
        """The budget of a reverse sweep in bytes."""

    @property
    def origin(self) -> Any:
        """What is differentiated."""

    @property
    def path(self) -> tuple[str, ...]:
        """The inputs by which it has been differentiated before."""

    @property
    def _shaped(self) -> dict[Any, Any]:
        """What was compiled so far."""


def gradient(asked: Asked, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[float, list[Any]]:
    """Value and derivatives, each in the shape of its input and with its type of floats."""
    read = asked.program
    values, given = shaped_values(read, args, kwargs, asked.wrt)
    one_number(read, values)
    places = positions(read, asked.wrt)
    value, slopes = _found(asked, values, places)
    _learn(asked, args, values, places)
    return value, [shaped_like(given[place], slope) for place, slope in zip(places, slopes, strict=True)]


def _found(asked: Asked, values: list[Any], places: list[int]) -> tuple[float, list[Any]]:
    match asked.mode:
        case "formal":
            raise UnsupportedError(
                "a formula of a program with arrays",
                loc=asked.program.source.loc(asked.program.source.node),
                why="a formula is of single numbers.",
                fix="use mode='reverse'.",
            )
        case "numeric" | "dual":
            run = by_position(
                asked.program.source, asked.origin if asked.path else asked.program.source.function
            )
            with nullcontext() if asked.path else running():
                value = float(run(*copied(values)))
                return value, [
                    by_elements(values, place, _slope(asked, run, values, place)) for place in places
                ]
        case "forward":
            swept = _directions(asked)
            varied = [values[place] for place in places]
            value = float(swept.primal(values, varied)[0])
            return value, columns(swept, values, varied, [value])[0]
    value, *slopes = _transformed(asked, _cheaper(asked, values, places))(values)
    return float(value), slopes


def _learn(asked: Asked, args: Sequence[Any], values: list[Any], places: list[int]) -> None:
    """Keep what the call ran, for a prompt answer to the next one."""
    make = _cheaper(asked, values, places)
    floats = all(isinstance(values[p], float) or _of_floats(values[p]) for p in places)
    if asked.mode in ("auto", "reverse") and floats and make in asked._shaped:
        run = _transformed(asked, make).quick(values)
        if run is not None:
            asked._shaped.setdefault(PROMPT, Prompt()).learn(args, values, run)


def _of_floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == float


def _cheaper(asked: Asked, values: list[Any], places: list[int]) -> Make:
    """For `auto`: tangents beside the program where few numbers vary, as for programs of numbers."""
    numbers = not any(isinstance(values[place], np.ndarray) for place in places)
    return tangents if asked.mode == "auto" and numbers and len(places) <= FEW else reversed_once


def _slope(
    asked: Asked, run: Callable[..., Any], values: list[Any], place: int
) -> Callable[[tuple[int, ...]], float]:
    """The derivative in one element, by running the user's own function."""

    def by_dual(index: tuple[int, ...]) -> float:
        return float(dual_element(run, values, place, index)[1])

    def by_differences(index: tuple[int, ...]) -> float:
        moved, x = along(run, values, place, index)
        return ridders(moved, x).value if asked.delta is None else two_point(moved, x, asked.delta)

    return by_dual if asked.mode == "dual" and not asked.path else by_differences


def _directions(asked: Asked) -> Directions:
    if Directions not in asked._shaped:
        asked._shaped[Directions] = Directions(asked.program, asked.wrt, asked.engine)
    found: Directions = asked._shaped[Directions]
    return found


def _transformed(asked: Asked, make: Make) -> Transformed:
    if make not in asked._shaped:
        asked._shaped[make] = Transformed(asked.program, asked.wrt, make, asked.engine, memory=asked.memory)
    found: Transformed = asked._shaped[make]
    return found
