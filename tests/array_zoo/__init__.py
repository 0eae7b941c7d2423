"""Small programs with arrays, each with a point to differentiate at."""

from array_zoo import (
    algorithms,
    aliases,
    elements,
    indices,
    linear_algebra,
    rearranged,
    routines,
    sums,
    traps,
    whole,
)
from array_zoo.registry import ARRAY_ZOO, ArraySpecimen

FAMILIES = (elements, aliases, algorithms, whole, traps, rearranged, routines, indices, linear_algebra, sums)

__all__ = ["ARRAY_ZOO", "FAMILIES", "ArraySpecimen"]
