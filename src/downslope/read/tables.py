"""Arrays of a module or a closure that a program reads: constants, written into it element by element.

What they hold is part of the emitted text, and so of the name under which machine code is kept.
"""

from itertools import product
from typing import Any

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Lit, Stmt
from downslope.ir.types import ArrayType, Type
from downslope.read.arrays import Arrays
from downslope.read.resolve import is_array
from downslope.read.views import View

LARGEST = 256
"""Elements of an array that is written into a program."""
WHY = "it is not the program's own: a program changes nothing outside of itself."
TYPES: dict[str, Type] = {"f": "f", "i": "i", "u": "i", "b": "b"}


def is_table(value: object) -> bool:
    """Whether a value from outside a program is an array of numbers."""
    return is_array(value) and value.dtype.kind in TYPES and value.dtype.itemsize <= 8  # type: ignore[attr-defined]


class Tables:
    """The constant arrays of one function; `made` are the statements that it starts with."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.made: list[Stmt] = []
        self._known: dict[int, tuple[Any, View, str]] = {}

    def types(self) -> dict[str, ArrayType]:
        """The types of the arrays, by the names that hold them."""
        return {version: view.buffer.type for _, view, version in self._known.values()}

    def view(self, value: Any, shown: str) -> View:
        """The array as a value of the program. Raises `UnsupportedError` for one that is too long."""
        if id(value) not in self._known:
            if value.size > LARGEST:
                raise UnsupportedError(
                    f"{shown} is an array of {value.size} numbers",
                    loc=self.arrays.host.place,
                    why=f"an array from outside is written into the program, up to {LARGEST} numbers.",
                    fix="pass it as an argument.",
                )
            self._known[id(value)] = self._written(value, shown)
        _, view, version = self._known[id(value)]
        self.arrays.current.setdefault(view.buffer, version)
        return view

    def _written(self, value: Any, shown: str) -> tuple[Any, View, str]:
        host = self.arrays.host
        outer, host.out = host.out, self.made
        try:
            lengths = [Lit(n) for n in value.shape]
            view = self.arrays.new(
                TYPES[value.dtype.kind], lengths, Lit(None), shown.rpartition(".")[2].lower()
            )
            places = product(*map(range, value.shape))
            for place, number in zip(places, value.ravel().tolist(), strict=True):
                self.arrays.store(view, [Lit(at) for at in place], Lit(number))
        finally:
            host.out = outer
        view.buffer.frozen = WHY
        return value, view, self.arrays.current[view.buffer]
