"""A last check of what the reader made: indices and lengths are whole numbers."""

from collections.abc import Sequence

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Function, Load, New, Store, walk
from downslope.ir.types import Kind
from downslope.passes.types import inferred, type_of


def with_whole_indices(function: Function, kinds: Sequence[Kind]) -> Function:
    """The function itself. Raises `UnsupportedError` where an index or a length is not a whole number."""
    given = {param.name: kind for param, kind in zip(function.params, kinds, strict=True)}
    facts = inferred(function, given)
    for stmt in walk(function.body):
        numbers: tuple[Arg, ...] = ()
        match stmt:
            case Load(index=index) | Store(index=index):
                numbers = index
            case New(shape=shape):
                numbers = shape
        for number in numbers:
            if type_of(number, facts) != "i":
                raise UnsupportedError(
                    "an index or a length that is not a whole number",
                    loc=stmt.loc,
                    why="a float or a truth value does not count elements.",
                    fix="use an int, for example int(x) or a // b.",
                )
    return function
