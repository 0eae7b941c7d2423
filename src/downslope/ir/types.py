"""The types of values: a number of one of three kinds, or an array of such numbers with a known rank."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Type = Literal["b", "i", "f"]


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An array: what its elements are, and how many dimensions it has. Lengths are known when it runs.

    `stretched` asks the reader for a program in which an axis that happens to have length 1 is stretched.
    """

    element: Type
    rank: int
    stretched: bool = False

    def __str__(self) -> str:
        return f"{ {'b': 'bool', 'i': 'int', 'f': 'float'}[self.element] } array of rank {self.rank}"


Kind: TypeAlias = Type | ArrayType
