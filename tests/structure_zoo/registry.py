"""What a specimen with structures is, and the list of all of them."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

Program = TypeVar("Program", bound=Callable[..., Any])


@dataclass(frozen=True)
class StructureSpecimen:
    """A program with structures, and arguments to differentiate it at; `wrt` are the arguments that vary.

    `numeric` says why differences do not apply; where it is empty, they do.
    """

    program: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
    numeric: str = ""

    def __str__(self) -> str:
        return self.program.__name__

    def fresh(self) -> tuple[Any, ...]:
        """The arguments, to be changed at will."""
        return deepcopy(self.args)


STRUCTURE_ZOO: list[StructureSpecimen] = []


def specimen(
    *args: Any, wrt: tuple[str, ...] | None = None, numeric: str = ""
) -> Callable[[Program], Program]:
    """Register a program with sample arguments; by default all vary but whole numbers and texts."""

    def add(program: Program) -> Program:
        assert all(str(one) != program.__name__ for one in STRUCTURE_ZOO), program.__name__
        names = program.__code__.co_varnames[: program.__code__.co_argcount]
        smooth = tuple(n for n, value in zip(names, args, strict=True) if not isinstance(value, int))
        STRUCTURE_ZOO.append(StructureSpecimen(program, args, smooth if wrt is None else wrt, numeric))
        return program

    return add


def vector(size: int, start: float = 0.3, step: float = 0.37) -> Any:
    """Numbers that differ and are not special."""
    return start + step * np.arange(size) + 0.05 * np.sin(7.0 * np.arange(size))


def matrix(rows: int, columns: int, start: float = 0.2) -> Any:
    """As `vector`, in rows."""
    return vector(rows * columns, start, 0.11).reshape(rows, columns)
