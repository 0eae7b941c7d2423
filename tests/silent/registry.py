"""What a place is where a derivative can be wrong without a word, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

Program = TypeVar("Program", bound=Callable[..., Any])


@dataclass(frozen=True)
class Place:
    """A program whose docstring says what goes wrong elsewhere, and its Jacobian by hand.

    `right` has one array per input that varies, in the shape of the output followed by that of the input.
    """

    program: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[int, ...]
    right: tuple[Any, ...]

    def __str__(self) -> str:
        return self.program.__name__

    def fresh(self) -> tuple[Any, ...]:
        """The arguments, to be stored into at will."""
        return tuple(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in self.args)


PLACES: list[Place] = []


def place(*args: Any, right: Any, wrt: tuple[int, ...] = (0,)) -> Callable[[Program], Program]:
    """Register a program with its arguments and its derivative; several inputs have a list of them."""

    def add(program: Program) -> Program:
        assert program.__doc__  # the reason
        PLACES.append(Place(program, args, wrt, tuple(right) if len(wrt) > 1 else (right,)))
        return program

    return add


def vec(*numbers: float) -> Any:
    """An array of these numbers."""
    return np.array(numbers, dtype=float)
