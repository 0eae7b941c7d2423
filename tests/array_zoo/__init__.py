"""Small programs with arrays, each with a point to differentiate at."""

from array_zoo import (
    algorithms,
    aliases,
    elements,
    given,
    indices,
    integration,
    linear_algebra,
    lists,
    nested,
    parallel,
    procedures,
    rearranged,
    rebound,
    recursion,
    routines,
    statistics,
    sums,
    tables,
    traps,
    whole,
)
from array_zoo.registry import ARRAY_ZOO, ArraySpecimen

FAMILIES = (
    integration,
    algorithms,
    aliases,
    elements,
    given,
    indices,
    linear_algebra,
    lists,
    nested,
    parallel,
    procedures,
    rearranged,
    rebound,
    recursion,
    routines,
    statistics,
    sums,
    tables,
    traps,
    whole,
)

__all__ = ["ARRAY_ZOO", "FAMILIES", "ArraySpecimen"]
