"""The memory of a reverse sweep: the whole tape where a run is short, snapshots in a budget where it is long."""

import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from downslope.errors import Loc, UsageError
from downslope.ir.calls import bodies
from downslope.ir.nodes import For, Function, Let, Push, While, walk
from downslope.modes.snapshots import WORD, Checkpoints, Which

TAPE = 32 * 2**20
"""Bytes of a tape that is kept whole by default (docs/decisions/0013)."""
SHARE, UNKNOWN = 4, 4 * 2**30
"""One in so many bytes of the machine is the default budget; its memory where the system does not tell."""
LEVELS: tuple[Which, ...] = ("none", "outer", "every")
"""Which loops run from snapshots: more of them where the tape is still too long."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes that a reverse sweep may use: for a whole tape, and for snapshots with what runs again."""

    tape: int
    most: int


def budget(memory: int | None) -> Budget:
    """The budget for `memory` bytes; by default a short tape, else a quarter of the machine's memory.

    Raises `UsageError` for what is no number of bytes.

    >>> budget(1_000_000)
    Budget(tape=1000000, most=1000000)
    """
    if memory is None:
        return Budget(TAPE, 1 << ((_machine() // SHARE).bit_length() - 1))
    if isinstance(memory, bool) or not isinstance(memory, int) or memory < WORD:
        raise UsageError(
            f"memory={memory!r} is no memory budget",
            why="it is a number of bytes.",
            fix="pass for example memory=200_000_000, or leave it out.",
        )
    return Budget(memory, memory)


def _machine() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not every system knows them
        return UNKNOWN


@dataclass
class Bounded:
    """A program with its reverse sweep, made again with more snapshots where its tape outgrows the budget.

    `forms` makes the program, `compiled` makes it run with a tape of so many numbers at most. What a
    run of some lengths needed is remembered for runs of these lengths.
    """

    budget: Budget
    levels: tuple[Which, ...]
    forms: Callable[[Checkpoints], Function]
    compiled: Callable[[Function, int], Callable[..., Any]]
    program: str
    _forms: dict[int, Function] = field(default_factory=dict)
    _runs: dict[int, Callable[..., Any]] = field(default_factory=dict)
    _level: dict[Hashable, int] = field(default_factory=dict)

    def __call__(self, *values: Any) -> Any:
        """What the program gives. Raises `UsageError` where the budget is too small."""
        level = self._level.get(_lengths(values), 0) if self._level else 0
        while True:
            try:
                return self._run(level)(*values)
            except MemoryError as error:
                if not _keeps(self.form(level)):
                    raise  # it is the program itself
                following = self._next(level)
                if following is None:
                    raise self._too_small() from error
                level = self._level[_lengths(values)] = following

    @property
    def made(self) -> bool:
        """Whether it has been compiled."""
        return bool(self._runs)

    def form(self, level: int) -> Function:
        """The program at a level."""
        if level not in self._forms:
            self._forms[level] = self.forms(Checkpoints(self.levels[level], self.budget.most))
        return self._forms[level]

    def _run(self, level: int) -> Callable[..., Any]:
        if level not in self._runs:
            most = self.budget.most if level else self.budget.tape
            self._runs[level] = self.compiled(self.form(level), most // WORD)
        return self._runs[level]

    def _next(self, level: int) -> int | None:
        """The next level at which the program is another."""
        return next((n for n in range(level + 1, len(self.levels)) if self.form(n) != self.form(level)), None)

    def _too_small(self) -> UsageError:
        return UsageError(
            f"memory budget too small: {self.budget.most:,} bytes for the derivative of {self.program}",
            loc=_first_loop(self.form(0)),
            why="the values that its reverse sweep needs do not fit, with snapshots of every loop either.",
            fix="pass a larger memory=, or use mode='forward', which keeps nothing.",
        )


def bounded(
    memory: int | None,
    engine: str,
    forms: Callable[[Checkpoints], Function],
    compiled: Callable[[Function, int], Callable[..., Any]],
    program: Function,
) -> Bounded:
    """A program in `memory` bytes. Plain Python has a tape of any length, and snapshots where a budget is given."""
    levels: tuple[Which, ...] = LEVELS if engine == "native" else ("none",) if memory is None else ("every",)
    return Bounded(budget(memory), levels, forms, compiled, program.name)


def _lengths(values: Sequence[Any]) -> Hashable:
    """What numbers of passes may depend on: shapes and whole numbers."""
    return tuple(
        getattr(value, "shape", None) or (value if isinstance(value, int) else None) for value in values
    )


def _keeps(function: Function) -> bool:
    """Whether a program keeps anything for its reverse."""
    return any(
        isinstance(stmt, Push) or (isinstance(stmt, Let) and stmt.op == "snapshot_room")
        for body in bodies(function)
        for stmt in walk(body.body)
    )


def _first_loop(function: Function) -> Loc | None:
    return next((s.loc for s in walk(function.body) if isinstance(s, For | While) and s.loc), function.loc)
