"""Small programs, each with a point to differentiate at: the constructs that a program may use."""

from zoo import (
    algorithms,
    arithmetic,
    branches,
    calls,
    functions,
    given,
    higher_order,
    higher_order_recursion,
    loops,
    models,
    nested,
    nested_constructs,
    nested_recursion,
    recursion,
    rewritten,
    traps,
)
from zoo.registry import ZOO, Specimen

FAMILIES = (
    arithmetic,
    branches,
    loops,
    calls,
    functions,
    given,
    higher_order,
    algorithms,
    models,
    nested,
    nested_constructs,
    nested_recursion,
    higher_order_recursion,
    recursion,
    rewritten,
    traps,
)

__all__ = ["FAMILIES", "ZOO", "Specimen"]
