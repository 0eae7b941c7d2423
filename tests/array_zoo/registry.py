"""What a specimen with arrays is, and the list of all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from downslope.modes.running import running

Program = TypeVar("Program", bound=Callable[..., Any])
KINK = "at a kink the two sides have different slopes"


@dataclass(frozen=True)
class ArraySpecimen:
    """A program with arrays, and arguments to differentiate it at; `wrt` are the positions that vary.

    `numeric` says why differences do not apply; where it is empty, they do. `native` is whether it is compiled
    as well: a few programs of each kind are, for a compilation takes seconds.
    """

    program: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[int, ...]
    numeric: str = ""
    name: str = field(default="")
    native: bool = True

    def __str__(self) -> str:
        return self.name

    def fresh(self) -> tuple[Any, ...]:
        """The arguments, to be stored into at will."""
        return tuple(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in self.args)

    def value(self, *args: Any) -> Any:
        """What the program returns; derivatives inside it are by dual numbers, and nothing is compiled."""
        with running():
            return self.program(*(args or self.fresh()))


ARRAY_ZOO: list[ArraySpecimen] = []


def specimen(
    *args: Any, wrt: tuple[int, ...] | None = None, numeric: str = "", native: bool = True
) -> Callable[[Program], Program]:
    """Register a program with sample arguments; by default floats and arrays of floats vary."""
    varied = tuple(i for i, value in enumerate(args) if np.asarray(value).dtype.kind == "f")

    def add(program: Program) -> Program:
        base = program.__name__
        name = base if all(one.name != base for one in ARRAY_ZOO) else f"{base}_{len(ARRAY_ZOO)}"
        ARRAY_ZOO.append(ArraySpecimen(program, args, varied if wrt is None else wrt, numeric, name, native))
        return program

    return add


def vector(size: int, start: float = 0.3, step: float = 0.37) -> Any:
    """Numbers that differ and are not special."""
    return start + step * np.arange(size) + 0.05 * np.sin(7.0 * np.arange(size))


def matrix(rows: int, columns: int, start: float = 0.2) -> Any:
    """As `vector`, in rows."""
    return vector(rows * columns, start, 0.11).reshape(rows, columns)
