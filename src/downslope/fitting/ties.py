"""Tied constants: constants that follow others by a function.

The tied program calls the user's with these functions' values, so that kernels, derivatives of every order
and all that is asked after a fit know only the constants that are free. What ties them is a program in turn,
differentiated for standard errors by the delta method (Oehlert 1992).
"""

import graphlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from downslope.calculus.program import Program
from downslope.errors import UsageError
from downslope.fitting.functions import Formula, Given, given
from downslope.fitting.objective import Array
from downslope.fitting.search import Mask
from downslope.fitting.solution import Follower, Solution
from downslope.modes.inner import expanded
from downslope.passes.short_arrays import without_short_arrays
from downslope.read.constants import Constant
from downslope.read.lift import lifted
from downslope.read.source import Source, from_text
from downslope.read.wholes import settled

Tie = Mapping[str, Callable[..., Any] | str]


@dataclass(frozen=True)
class Ties:
    """Which constants follow which: `constants` in an order in which each needs only those before it."""

    free: tuple[Constant, ...]
    constants: tuple[Constant, ...]
    functions: tuple[Given, ...]

    @property
    def every(self) -> tuple[Constant, ...]:
        """All constants, the free ones first."""
        return (*self.free, *self.constants)

    @property
    def _scope(self) -> dict[str, object]:
        return {f"_tie_{i}": each.source.function for i, each in enumerate(self.functions)}

    @property
    def _lines(self) -> list[str]:
        """The tied constants from the free ones, as lines of Python."""
        calls = [each.call(f"_tie_{i}") for i, each in enumerate(self.functions)]
        return [f"    {c.symbol} = {call}" for c, call in zip(self.constants, calls, strict=True)]

    def program(self, source: Source) -> Source:
        """A program in which all constants are inputs, as one of those that are free."""
        parameters = inspect.signature(source.function).parameters
        tied = {constant.symbol for constant in self.constants}
        asked = [name for name in source.arguments if name not in tied]
        first = [n for n in source.arguments if parameters[n].kind is inspect.Parameter.POSITIONAL_ONLY]
        passed = [n if n in first else f"{n}={n}" for n in source.arguments]
        call = f"    return _program({', '.join(passed)})\n"
        text = "\n".join([f"def {source.name}(*, {', '.join(asked)}):", *self._lines, call])
        made = from_text(text, {**self._scope, "_program": source.function}, f"<ties of {source.name}>")
        defaults = {name: value for name, value in source.defaults.items() if name not in tied}
        return replace(made, defaults=defaults)

    def formula(self, what: str, of: Given) -> Formula:
        """A function of any constants as one of the free ones, in their order."""
        symbols = [constant.symbol for constant in self.free]
        head = f"def formula({', '.join(symbols)}):"
        text = "\n".join([head, *self._lines, f"    return {of.call('_given')}\n"])
        return Formula.of(what, from_text(text, {**self._scope, "_given": of.source.function}, f"<{what}>"))

    def untied(self, source: Source, inputs: Sequence[str]) -> Program:
        """The user's program with all constants as inputs besides those of the table."""
        raised = lifted(source, self.every, settled(source, inputs))
        return Program(
            raised,
            without_short_arrays(expanded(raised).function, [constant.symbol for constant in self.every]),
        )

    @cached_property
    def formulas(self) -> tuple[Formula, ...]:
        """The tied constants as functions of the free ones."""
        whats = [f"the tie of {constant.name}" for constant in self.constants]
        return tuple(map(self.formula, whats, self.functions))

    def values(self, x: Array) -> Array:
        """(k,) the tied constants for the free ones, (p,)."""
        return np.array([each.value(x) for each in self.formulas])

    def slopes(self, x: Array) -> Array:
        """(p + k, p) the derivatives of all constants, the free ones first."""
        return np.vstack([np.eye(len(x)), *(each.slope(x) for each in self.formulas)])

    def told(self, solution: Solution, held: Mask) -> Solution:
        """The solution with its followers, and their standard errors by the delta method."""
        spread = np.sqrt(np.diag(self.covariance(solution, held)))[len(solution.values) :]
        rows = (self.values(solution.start), self.values(solution.values), spread)
        followers = tuple(
            Follower(constant.name, each.words, *map(float, row))
            for constant, each, *row in zip(self.constants, self.functions, *rows, strict=True)
        )
        return replace(solution, followers=followers)

    def covariance(self, solution: Solution, held: Mask) -> Array:
        """(p + k, p + k) the covariance of all constants, the free ones first.

        What follows a constant without a standard error has none, NaN, unless that one is `held`, (p,), by the user.
        """
        known, slopes = solution.covariance, self.slopes(solution.values)
        loose = np.isnan(np.diag(known))
        whole = slopes @ np.where(np.isnan(known), 0.0, known) @ slopes.T
        unsure = (slopes[:, loose & ~held] != 0.0).any(axis=1)
        unsure[: len(loose)] = loose
        whole[unsure, :] = np.nan
        whole[:, unsure] = np.nan
        return np.asarray(whole)

    def whole(self, solution: Solution, held: Mask) -> Solution:
        """The solution as one of all constants."""
        covariance = self.covariance(solution, held)
        return replace(
            solution,
            names=(*solution.names, *(constant.name for constant in self.constants)),
            start=np.concatenate([solution.start, self.values(solution.start)]),
            values=np.concatenate([solution.values, self.values(solution.values)]),
            errors=np.sqrt(np.diag(covariance)),
            covariance=covariance,
            followers=(),
        )


def ties_of(tied: Sequence[Constant], chosen: Sequence[Constant], tie: Tie) -> Ties:
    """The ties of constants, by name, and the constants that stay free. Raises `UsageError`.

    >>> from downslope.read.constants import find_constants
    >>> from downslope.read.source import read_source
    >>> def trip(d, speed=30.0, slow=20.0):
    ...     return d / speed + d / slow
    >>> every = find_constants(read_source(trip))
    >>> ties = ties_of(every[1:2], every[:2], {"slow": "0.5 * speed"})
    >>> [constant.name for constant in ties.free], ties.values(np.array([40.0])).tolist()
    (['speed'], [20.0])
    """
    free = tuple(constant for constant in chosen if constant not in tied)
    if not free:
        raise UsageError(
            "every constant is tied", why="none is left to learn.", fix="leave one out of tie, or learn more."
        )
    known = (*free, *tied)
    functions = {
        constant.symbol: given(f"the tie of {constant.name}", words, known)
        for constant, words in zip(tied, tie.values(), strict=True)
    }
    after = {symbol: set(each.symbols) & set(functions) for symbol, each in functions.items()}
    try:
        order = tuple(graphlib.TopologicalSorter(after).static_order())
    except graphlib.CycleError as error:
        names = {constant.symbol: constant.name for constant in tied}
        circle = " -> ".join(names[symbol] for symbol in reversed(error.args[1]))
        raise UsageError(
            "tied constants follow each other in a circle", why=f"{circle}.", fix="leave one of them free."
        ) from None
    by_symbol = {constant.symbol: constant for constant in tied}
    return Ties(free, tuple(by_symbol[s] for s in order), tuple(functions[s] for s in order))


def check_free(ties: Ties, given: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Raise `UsageError` for bounds, a prior, a start or a fixed value of a tied constant."""
    tied = {constant.name: each.words for constant, each in zip(ties.constants, ties.functions, strict=True)}
    for what, by_name in given.items():
        for name in by_name or ():
            if name in tied:
                raise UsageError(
                    f"{what} for {name}, which is tied",
                    why=f"its value is that of its tie, {tied[name]}.",
                    fix="set it for the constants that it follows, or give a constraint.",
                )
