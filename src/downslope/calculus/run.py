"""IR and argument types -> a function that runs, native or as plain Python."""

from collections.abc import Callable
from typing import Any, Literal

from downslope.calculus.program import by_position
from downslope.emit.python import LIMIT, emit
from downslope.errors import ProgramError
from downslope.ir.nodes import Function
from downslope.passes.types import Type
from downslope.read.source import Source

Engine = Literal["native", "python"]


def floats(count: int) -> tuple[Type, ...]:
    """The types of so many floating-point arguments."""
    kind: Type = "f"
    return (kind,) * count


def runnable(function: Function, kinds: tuple[Type, ...], engine: Engine) -> Callable[..., Any]:
    """The function as native code for these argument types, or as plain Python."""
    from downslope.native.compiled import SCALARS, compiled, interpreted  # Numba is slow to load

    given = {param.name: kind for param, kind in zip(function.params, kinds, strict=True)}
    text = emit(function, given, "program")
    if engine == "python":
        return interpreted(text, "program")
    return compiled(text, "program", tuple(SCALARS[kind] for kind in kinds))


def endless(source: Source, values: list[Any]) -> ProgramError:
    """The error for a `while` loop that native code stopped at its limit."""
    return ProgramError(
        f"a `while` loop of {source.name} does not end",
        loc=source.loc(source.node),
        why=f"it was stopped after {LIMIT:,} passes, at {_shown(source, values)}.",
        fix="check the loop's condition for these inputs.",
    )


def _shown(source: Source, values: list[Any]) -> str:
    return ", ".join(f"{n}={v!r}" for n, v in zip(source.arguments, values, strict=True))


def explained(source: Source, values: list[Any]) -> None:
    """Run the user's own function where native code found no finite number, to say what it raises."""
    try:
        by_position(source, source.function)(*values)
    except Exception as error:
        raise ProgramError(
            f"{source.name} raised {type(error).__name__}: {error}",
            loc=source.loc(source.node),
            why=f"at {_shown(source, values)}.",
            fix="guard the operation, or leave this input out.",
        ) from error
