"""Derivatives of programs that take or return arrays: one number per element, in the shape of the array."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from downslope.calculus.makes import Make
from downslope.calculus.memory import Bounded, bounded
from downslope.calculus.native_arrays import native_array, same_memory
from downslope.calculus.program import Kinds, Program, arguments, kind_of, number_of, params_of
from downslope.calculus.prompt import finite
from downslope.calculus.run import Engine, copied, endless, explained, too_deep, too_large
from downslope.calculus.undefined import singular, undefined
from downslope.emit.python import emit
from downslope.errors import DownslopeError, UnsupportedError, UsageError
from downslope.ir.nodes import Function, names_of
from downslope.ir.types import ArrayType, Kind, Type
from downslope.modes.snapshots import Checkpoints
from downslope.passes.buffers import stored
from downslope.passes.counters import counted
from downslope.passes.filled import filled
from downslope.passes.guard import TOO_LARGE, guarded
from downslope.passes.hoist import hoisted
from downslope.passes.narrow import narrowed
from downslope.passes.plain import careful, plain
from downslope.passes.selected import selected
from downslope.passes.signs import unsigned
from downslope.passes.unroll import unrolled
from downslope.read.resolve import is_array

Values: TypeAlias = Sequence[Any]


def shaped_values(
    read: Program, args: Values, kwargs: Mapping[str, Any], wrt: Sequence[str]
) -> tuple[list[Any], list[Any]]:
    """The inputs as emitted code takes them, and as they were given.

    Numbers of `wrt` become floats, unless they index an array or bound a loop.
    """
    call = arguments(read.source, args, kwargs)
    given = [call[name] for name in read.arguments]
    values = [
        native_array(v, n, n in wrt) if is_array(v) else number_of(v, n, False)
        for n, v in zip(read.arguments, given, strict=True)
    ]
    kinds = tuple(map(kind_of, values))
    check_memory(read, kinds, given)
    floats = set(wrt) - read.counts_for(kinds)
    ready = [
        float(v) if n in floats and not is_array(v) else v
        for n, v in zip(read.arguments, values, strict=True)
    ]
    return ready, given


def check_memory(read: Program, kinds: Kinds, values: Values) -> None:
    """Raise `UsageError` if an array that the program stores into shares memory with another argument."""
    written = read.written(kinds)
    if not written:
        return
    for name, one in zip(read.arguments, values, strict=True):
        for other, value in zip(read.arguments, values, strict=True):
            if name in written and other != name and same_memory(one, value):
                raise UsageError(
                    f"the arguments {name} and {other} share memory",
                    why=f"the program stores into {name}, so its result depends on that.",
                    fix="pass a copy of one of them.",
                )


@dataclass
class Transformed:
    """A program transformed and compiled for the types it is called with; its further inputs are `seeds`."""

    program: Program
    wrt: tuple[str, ...]
    make: Make
    engine: Engine
    seeds: Type = "f"
    memory: int | None = None
    _runs: dict[Kinds, tuple[Bounded, Bounded]] = field(default_factory=dict)
    _stretches: set[tuple[Kinds, tuple[tuple[int, ...], ...]]] = field(default_factory=set)

    def form(self, values: Values) -> Function:
        """The program itself for such arguments."""
        return self.program.form(tuple(map(kind_of, values)))

    def __call__(self, values: Values, extra: Values = ()) -> tuple[Any, ...]:
        """The transformed program's results. Raises `ProgramError` where the program itself raises."""
        source, all_values = self.program.source, list(values)
        try:
            results, fault = self._run(values, extra)
        except StopIteration as error:  # the user's own function would not end either
            raise endless(source, all_values) from error
        except DownslopeError:
            raise
        except RecursionError as error:
            explained(source, all_values)
            raise too_deep(source, all_values) from error
        except ValueError as error:
            explained(source, all_values)
            singular(self.form(values), error)
            results, fault = self._stretched(values, extra, error)
        except Exception as error:
            explained(source, all_values)
            singular(self.form(values), error)
            raise
        if fault or not finite(results):
            undefined(self.form(values), explained(source, all_values), results)
        if self.engine == "native" and int(fault) & TOO_LARGE:
            raise too_large(source, all_values)
        return tuple(
            result.copy() if self._shared(result, (*values, *extra)) else result for result in results
        )

    def _shared(self, result: Any, values: Values) -> bool:
        """Whether a result is an argument itself: then the caller gets one of his own."""
        return any(same_memory(result, value) for value in values)

    def _run(self, values: Values, extra: Values) -> tuple[list[Any], Any]:
        """Results and fault code: with plain products first (`passes.plain`)."""
        kinds = self._kinds(values)
        quick, slow = self._made(kinds)
        *results, fault = quick(*values, *extra)
        if not finite(results) and careful(quick.form(0)):
            *results, fault = slow(*values, *extra)
        return results, fault

    def _kinds(self, values: Values) -> Kinds:
        """The types of the arguments; where arrays of these shapes need it, stretched ones."""
        kinds = tuple(map(kind_of, values))
        if not self._stretches or (kinds, shapes(values)) not in self._stretches:
            return kinds
        return tuple(replace(k, stretched=True) if isinstance(k, ArrayType) else k for k in kinds)

    def _stretched(self, values: Values, extra: Values, error: ValueError) -> tuple[list[Any], Any]:
        """Results and fault code of the program in which axes that happen to have length 1 are stretched."""
        key = tuple(map(kind_of, values)), shapes(values)
        if key in self._stretches:
            raise unstretched(self.program) from error
        self._stretches.add(key)
        try:
            return self._run(values, extra)
        except ValueError as again:
            raise unstretched(self.program) from again

    def quick(self, values: Values) -> Callable[..., tuple[Any, ...]] | None:
        """What a call with such arguments runs, if that needs nothing but the arguments as they are."""
        kinds = tuple(map(kind_of, values))
        if self.engine != "native" or self._stretches or self.program.written(kinds):
            return None
        return self._made(kinds)[0]

    def _made(self, kinds: Kinds) -> tuple[Bounded, Bounded]:
        if kinds not in self._runs:
            form = unrolled(unsigned(self.program.form(kinds)))
            given = {param.name: kind for param, kind in zip(form.params, kinds, strict=True)}
            base = selected(hoisted(counted(form, given)))
            labels, primal = params_of(base, self.wrt), names_of(form) & names_of(base)

            def made(checkpoints: Checkpoints) -> Function:
                return filled(narrowed(self.make(base, labels, checkpoints)))

            def run(function: Function, longest: int) -> Callable[..., Any]:
                return runnable(function, primal, kinds, self.engine, self.seeds, longest)

            self._runs[kinds] = (
                bounded(self.memory, self.engine, made, lambda f, longest: run(plain(f), longest), base),
                bounded(self.memory, self.engine, made, run, base),
            )
        return self._runs[kinds]


def shapes(values: Values) -> tuple[tuple[int, ...], ...]:
    """The lengths of each array."""
    return tuple(np.shape(value) for value in values)


def unstretched(read: Program) -> UnsupportedError:
    """The error where NumPy stretches an axis that happens to have length 1."""
    return UnsupportedError(
        f"arrays in {read.source.name} whose lengths differ, or that change their length",
        loc=read.source.loc(read.source.node),
        why="the lengths of a variable stay the same in a loop, and a store does not stretch its target.",
        fix="give what has another length a name of its own.",
    )


def runnable(
    function: Function,
    primal: frozenset[str],
    kinds: Kinds,
    engine: Engine,
    seeds: Type = "f",
    longest: int | None = None,
) -> Callable[..., Any]:
    """A function for arguments of these types, as native code or as plain Python.

    Parameters beyond `kinds` are arrays, as they say themselves, or numbers of the type `seeds`. The caller's arrays are never
    written to. Its last result is the fault code of the run (`passes.guard`). Native code has a tape of `longest` numbers
    at most.
    """  # fmt: skip
    full: tuple[Kind, ...] = (*kinds, *(param.array or seeds for param in function.params[len(kinds) :]))
    given = {param.name: kind for param, kind in zip(function.params, full, strict=True)}
    watched = guarded(function, primal, given)
    from downslope.native import arrays, compiled  # Numba is slow to load

    if engine == "native":
        return arrays.native(watched, full, given, compiled.LONGEST if longest is None else longest)
    run = compiled.interpreted(emit(watched, given, "program"), "program")
    changed = stored(watched)
    written = [param.name in changed for param in watched.params]

    def call(*values: Any) -> Any:
        with np.errstate(all="ignore"):
            return run(*arrays.own(values, written))

    return call


def positions(program: Program, wrt: Sequence[str]) -> list[int]:
    """Where the inputs that vary are among the arguments."""
    return [program.position(name) for name in wrt]


def one_number(program: Program, values: Values) -> None:
    """Raise `UsageError` unless the program returns one number for such arguments."""
    program.one_number(tuple(map(kind_of, values)))


def zero_like(value: Any) -> Any:
    """The zero tangent of a value."""
    return np.zeros(value.shape) if isinstance(value, np.ndarray) else 0.0


def directions(values: Values) -> Iterator[tuple[int, tuple[int, ...], list[Any]]]:
    """For every element of the values: which value, which element, and the tangents that move it alone."""
    for position, value in enumerate(values):
        for index in np.ndindex(np.shape(value)):
            tangents = [zero_like(v) for v in values]
            if index:
                tangents[position][index] = 1.0
            else:
                tangents[position] = 1.0
            yield position, index, tangents


def size(values: Values) -> int:
    """How many numbers there are in all."""
    return sum(int(np.size(value)) for value in values)


def blocks(outputs: Values, inputs: Values) -> list[list[Any]]:
    """An array of zeros per output and input: the shape of the one, then that of the other."""
    return [[np.zeros((*np.shape(y), *np.shape(x))) for x in inputs] for y in outputs]


def rows(run: Transformed, values: Values, outputs: Values, varied: Values) -> list[list[Any]]:
    """Derivatives of the outputs, one cotangent after another."""
    found = blocks(outputs, varied)
    for position, index, bars in directions(outputs):
        pulled_back = run(values, bars)[len(outputs) :]
        for column, bar in enumerate(pulled_back):
            found[position][column][index] = bar
    return found


def shaped_like(value: Any, slope: Any) -> Any:
    """A derivative in the type of its input: an array of the same type of floats, or a float."""
    if isinstance(value, np.ndarray):
        return np.asarray(slope, dtype=value.dtype if value.dtype.kind == "f" else float)
    return float(slope)


def by_elements(values: Values, position: int, slope: Callable[[tuple[int, ...]], Any]) -> Any:
    """The derivative in one argument, element by element: `slope(index)` is that of one element."""
    found = np.empty(np.shape(values[position]))
    for index in np.ndindex(found.shape):
        found[index] = slope(index)
    return found


def along(
    run: Callable[..., Any], values: Values, position: int, index: tuple[int, ...]
) -> tuple[Any, float]:
    """The program as a function of one element of one argument, and where that element is."""
    start = float(values[position][index] if index else values[position])

    def moved(x: float) -> float:
        own = copied(values)
        if index:
            own[position][index] = x
        else:
            own[position] = x
        return float(run(*own))

    return moved, start


def tangents_of(values: Values, given: Values, what: str) -> list[Any]:
    """Tangents or cotangents in the shapes of the values. Raises `UsageError` where they do not fit."""
    if len(values) != len(given):
        raise UsageError(
            f"there must be one {what} per value", why=f"{len(values)} values, {len(given)} {what}s."
        )
    found = []
    for value, tangent in zip(values, given, strict=True):
        if np.shape(value) != np.shape(tangent):
            raise UsageError(
                f"a {what} of shape {np.shape(tangent)} for a value of shape {np.shape(value)}",
                why=f"a {what} has the shape of its value.",
                fix="pass one of the same shape.",
            )
        found.append(np.array(tangent, dtype=float) if isinstance(value, np.ndarray) else float(tangent))
    return found
