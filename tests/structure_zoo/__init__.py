"""Small programs with structures, each with a point to differentiate at."""

from structure_zoo import holders, loops, nested, objects, traps, vectors
from structure_zoo.registry import STRUCTURE_ZOO, StructureSpecimen

FAMILIES = (holders, loops, nested, objects, vectors, traps)

__all__ = ["FAMILIES", "STRUCTURE_ZOO", "StructureSpecimen"]
