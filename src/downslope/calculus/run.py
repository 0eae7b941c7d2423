"""IR and argument types -> a function that runs, native or as plain Python."""

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from downslope.calculus.makes import Make
from downslope.calculus.memory import bounded
from downslope.calculus.program import Program, by_position, number_kind, params_of
from downslope.calculus.undefined import singular, undefined
from downslope.emit.python import LIMIT, emit
from downslope.errors import DownslopeError, Loc, ProgramError
from downslope.ir.nodes import Function, names_of
from downslope.ir.types import Type
from downslope.modes.running import running
from downslope.native.scalar import scalar
from downslope.passes.guard import TOO_LARGE, guarded
from downslope.read.resolve import is_array
from downslope.read.source import Source

Engine = Literal["native", "python"]
Mode = Literal["auto", "numeric", "formal", "dual", "forward", "reverse"]
FEW = 16
"""Up to so many numbers, tangents that travel with the primal beat a tape (docs/decisions/0002)."""
MODES: tuple[Mode, ...] = ("numeric", "formal", "dual", "forward", "reverse")


def runnable(
    read: Program, function: Function, kinds: tuple[Type, ...], engine: Engine, longest: int | None = None
) -> Callable[..., Any]:
    """A function made from a program, as native code for these argument types, or as plain Python.

    Its last result is the fault code of the run (`passes.guard`). Native code has a tape of `longest` numbers at most.
    """
    given = {param.name: kind for param, kind in zip(function.params, kinds, strict=True)}
    watched = guarded(function, names_of(read.function), given)
    if engine == "python":
        from downslope.native.compiled import interpreted  # Numba is slow to load

        return interpreted(emit(watched, given, "program"), "program")
    return scalar(watched, kinds, given, longest)


@dataclass(frozen=True)
class Runner:
    """A function made from a program, to be run: compiled once for each set of argument types.

    `make` transforms the program for inputs `wrt`, in `memory` bytes (`calculus.memory`).
    """

    read: Program
    wrt: tuple[str, ...]
    make: Make
    engine: Engine
    memory: int | None = None
    _made: dict[tuple[Type, ...], Callable[..., Any]] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, values: list[Any], seeds: Sequence[float] = ()) -> tuple[float, ...]:
        """All results for the inputs and for seeds, which are tangents or cotangents.

        Raises `ProgramError` with what the user's program raises at these inputs, where it does not
        end, and for integers that native code cannot hold.
        """
        source, native = self.read.source, self.engine == "native"
        try:
            *results, fault = self._ready(values, seeds)(*values, *seeds)
        except StopIteration as error:
            raise endless(source, values) from error
        except DownslopeError:
            raise
        except RecursionError as error:
            explained(source, values)
            raise too_deep(source, values) from error
        except Exception as error:
            explained(source, values)
            singular(self.read.function, error)
            raise
        if fault or not all(map(math.isfinite, results)):
            undefined(self.read.function, explained(source, values), results)
        if native and int(fault) & TOO_LARGE:
            raise too_large(source, values)
        return tuple(map(float, results))

    def _ready(self, values: list[Any], seeds: Sequence[float]) -> Callable[..., Any]:
        real: Type = "f"
        kinds = (*map(number_kind, values), *(real for _ in seeds))
        if kinds not in self._made:
            base = self.read.function
            labels = params_of(base, self.wrt)
            self._made[kinds] = bounded(
                self.memory,
                self.engine,
                lambda checkpoints: self.make(base, labels, checkpoints),
                lambda form, longest: runnable(self.read, form, kinds, self.engine, longest),
                base,
            )
        return self._made[kinds]


def endless(source: Source, values: list[Any]) -> ProgramError:
    """The error for a `while` loop that native code stopped at its limit."""
    return ProgramError(
        f"a `while` loop of {source.name} does not end",
        loc=source.loc(source.node),
        why=f"it was stopped after {LIMIT:,} passes, at {_shown(source, values)}.",
        fix="check the loop's condition for these inputs.",
    )


def too_deep(source: Source, values: list[Any]) -> ProgramError:
    """The error for calls inside one another that do not fit on native code's stack."""
    return ProgramError(
        f"functions of {source.name} call themselves too deeply",
        loc=source.loc(source.node),
        why=f"at {_shown(source, values)} there are more calls inside one another than the stack has room for.",
        fix="write the recursion as a loop, or split the work in halves.",
    )


def too_large(source: Source, values: list[Any]) -> ProgramError:
    """The error for an integer that native code cannot hold."""
    return ProgramError(
        f"an integer of {source.name} outgrows 64 bits",
        loc=source.loc(source.node),
        why=f"at {_shown(source, values)} it comes to 9.2e18 or more, and native integers have 64 bits.",
        fix="compute with floats there (write 1.0 instead of 1), or use engine='python'.",
    )


def _shown(source: Source, values: list[Any]) -> str:
    return ", ".join(f"{n}={v!r}" for n, v in zip(source.arguments, values, strict=True))


def copied(values: Sequence[Any]) -> list[Any]:
    """The values for a run of the user's own function, which may store into its arrays."""
    return [value.copy() if is_array(value) else value for value in values]


def explained(source: Source, values: list[Any]) -> Any:
    """Run the user's own function where native code found no finite number, to say what it raises; its result."""
    try:
        with running():
            result = by_position(source, source.function)(*copied(values))
    except Exception as error:
        raise raised(source, values, error) from error
    if isinstance(result, complex):
        raise ProgramError(
            f"{source.name} returned a complex number",
            loc=source.loc(source.node),
            why=f"at {_shown(source, values)} a negative number has a power that is not whole.",
            fix="guard the power, or leave this input out.",
        )
    return result


def raised(source: Source, values: list[Any], error: Exception) -> ProgramError:
    """The error for a program that raised: what, on which of its lines, at which inputs."""
    text = f": {error}" if str(error) else ""
    return ProgramError(
        f"{source.name} raised {type(error).__name__}{text}",
        loc=raised_at(source, error),
        why=f"at {_shown(source, values)}.",
        fix="guard the operation, or leave this input out.",
    )


def raised_at(source: Source, error: Exception) -> Loc:
    """The last place of the program's file that an error came through; the program itself if none."""
    place = source.loc(source.node)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == source.file:
            line, end, col, stop = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
            spot = ast.Name(
                "", lineno=line or 0, end_lineno=end, col_offset=col or 0, end_col_offset=stop or 0
            )
            place = source.loc(spot) if line else place
        trace = trace.tb_next
    return place
