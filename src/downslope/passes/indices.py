"""A last check of what the reader made: indices and lengths are whole numbers."""

from collections.abc import Mapping, Sequence

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Call, Callee, Function, Grow, Load, New, Store, walk
from downslope.ir.types import Kind
from downslope.passes.types import inferred, inside, type_of


def with_whole_indices(function: Function, kinds: Sequence[Kind]) -> Function:
    """The function itself. Raises `UnsupportedError` where an index or a length is not a whole number."""
    given = {param.name: kind for param, kind in zip(function.params, kinds, strict=True)}
    _check(function, inferred(function, given), set())
    return function


def _check(function: Function, facts: Mapping[str, Kind], done: set[tuple[Callee, tuple[Kind, ...]]]) -> None:
    for stmt in walk(function.body):
        if isinstance(stmt, Call) and stmt.callee.function is not None:
            kinds = tuple(type_of(arg, facts) or "f" for arg in stmt.args)
            if (stmt.callee, kinds) not in done:
                done.add((stmt.callee, kinds))
                _check(stmt.callee.function, inside(stmt.callee, kinds), done)
        numbers: tuple[Arg, ...] = ()
        match stmt:
            case Load(index=index) | Store(index=index):
                numbers = index
            case New(shape=shape):
                numbers = shape
            case Grow(least=least):
                numbers = (least,)
        for number in numbers:
            if type_of(number, facts) != "i":
                raise UnsupportedError(
                    "an index or a length that is not a whole number",
                    loc=stmt.loc,
                    why="a float or a truth value does not count elements.",
                    fix="use an int, for example int(x) or a // b.",
                )
