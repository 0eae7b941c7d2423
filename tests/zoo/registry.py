"""What a specimen is, and the list of all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Program = TypeVar("Program", bound=Callable[..., Any])

TRIPS = "how often a loop runs depends on the arguments"
ARRAYS = "a formula is of single numbers, not of arrays"
LENGTH = "written out, its formula has too many terms"
KINK = "at a kink the two sides have different slopes"
POINT = "at this one point another branch gives the value"
EDGE = "the program has no value on one side of this point"


@dataclass(frozen=True)
class Specimen:
    """A program and a point to differentiate at.

    `wrt` are the positions differentiated by. `numeric` and `formal` say why that mode does not apply;
    where they are empty, it does.
    """

    program: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[int, ...]
    numeric: str = ""
    formal: str = ""
    name: str = field(default="")

    def __str__(self) -> str:
        return self.name


ZOO: list[Specimen] = []


def specimen(
    *args: Any, wrt: tuple[int, ...] | None = None, numeric: str = "", formal: str = ""
) -> Callable[[Program], Program]:
    """Register a program with sample arguments; by default it is differentiated by its float ones."""
    floats = tuple(position for position, value in enumerate(args) if isinstance(value, float))
    chosen = floats if wrt is None else wrt

    def add(program: Program) -> Program:
        taken = {one.name for one in ZOO}
        base = program.__name__.replace("<lambda>", "lambda_")
        name = base if base not in taken else f"{base}_{len(ZOO)}"
        ZOO.append(Specimen(program, args, chosen, numeric, formal, name))
        return program

    return add
