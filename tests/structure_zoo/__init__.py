"""Small programs with structures, each with a point to differentiate at."""

from structure_zoo import holders, loops, objects, vectors
from structure_zoo.registry import STRUCTURE_ZOO, StructureSpecimen

FAMILIES = (holders, loops, objects, vectors)

__all__ = ["FAMILIES", "STRUCTURE_ZOO", "StructureSpecimen"]
