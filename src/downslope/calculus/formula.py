"""`formula`: the derivative as a closed formula."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from downslope.calculus.program import (
    Program,
    Wrt,
    number_kind,
    number_of,
    one_output,
    program,
    several,
    values_of,
)
from downslope.calculus.run import explained
from downslope.errors import UnsupportedError, UsageError
from downslope.ir.types import Type
from downslope.modes.formal import Formulas, UnknownTrips, extent, formulas
from downslope.modes.sympy_run import runnable
from downslope.modes.sympy_simple import readable
from downslope.modes.sympy_text import latex, text

WRITTEN = 3000
"""Terms of a formula that is still written out; a longer one can only be called."""


@dataclass(frozen=True)
class Formula:
    """A closed formula of a program's inputs: of a derivative, or (order 0) of the program itself.

    `str` gives text in Python's notation, `latex()` gives LaTeX, a notebook shows it typeset, and a call
    with the program's arguments gives its value. `given` are the inputs that are fixed.
    """

    program: Program
    wrt: str
    order: int
    given: Mapping[str, float]
    found: Formulas

    @cached_property
    def expression(self) -> Any:
        """The SymPy expression, simplified; it leaves out isolated points where a row defines the slope.

        Raises `UnsupportedError` where it is too long to be written out.
        """
        size, _ = extent(self._exact, {})
        if size > WRITTEN:
            raise UnsupportedError(
                f"the formula has {size} terms",
                loc=self.program.function.loc,
                why=f"more than {WRITTEN} terms cannot be read.",
                fix="call it, or use another mode.",
            )
        return readable(self._exact, self.found.edges)

    @property
    def value(self) -> "Formula":
        """The formula of the program itself."""
        return replace(self, order=0)

    @property
    def domain(self) -> Any:
        """The SymPy condition under which the program raises nothing (`assert`, `raise`)."""
        return self.found.domain

    @property
    def _exact(self) -> Any:
        return self.found.slopes[0] if self.order else self.found.value

    @cached_property
    def _run(self) -> Callable[..., tuple[float, ...]]:
        return runnable(list(self.found.symbols.values()), [self._exact])

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.program.source.function)

    def __call__(self, *args: Any, **kwargs: Any) -> float:
        """The number for the program's arguments; what the program raises is raised as `ProgramError`."""
        call = inspect.signature(self.program.source.function)
        try:
            already = call.bind_partial(*args, **kwargs).arguments
        except TypeError:
            already = {}  # `bound` says what is wrong
        fixed = {name: value for name, value in self.given.items() if name not in already}
        values = values_of(self.program, args, {**fixed, **kwargs}, (self.wrt,))
        return evaluated(self.program, self.found, self._run, values, self.given)[0]

    def latex(self) -> str:
        """The formula as LaTeX, without dollar signs."""
        return latex(self.expression)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return text(self.expression)


def evaluated(
    read: Program,
    found: Formulas,
    run: Callable[..., tuple[float, ...]],
    values: Sequence[Any],
    given: Mapping[str, float],
) -> tuple[float, ...]:
    """The formulas' numbers at the program's inputs, once the program itself has run without raising.

    Raises `UsageError` for an input that differs from the number it is fixed to, or that is no integer
    where the formula holds for integers.
    """
    by_name = dict(zip(read.arguments, values, strict=True))
    for name, value in by_name.items():
        symbol = found.symbols.get(name)
        wanted = str(given[name]) if name in given else "an integer"
        if (name in given and value != given[name]) or (
            symbol is not None and symbol.is_integer and value != int(value)
        ):
            raise UsageError(
                f"{name} is {value!r}, not {wanted}",
                why="the formula was made for that.",
                fix=f"make another formula, or pass {name}={wanted}.",
            )
    explained(read.source, list(values))
    return run(*(float(by_name[name]) for name in found.symbols))


def formula(
    f: Callable[..., Any] | str,
    wrt: Wrt = None,
    order: int = 1,
    *,
    given: Mapping[str, float] | None = None,
) -> Formula | tuple[Formula, ...]:
    """The derivative of a program as a closed formula, in the program's own names.

    One name in `wrt` gives a `Formula`, several give one each; by default the first input. `order` 2 is
    the second derivative in that name, and 0 the program itself; `formula(grad(f, "x"), "y")` mixes two.
    `given` fixes inputs to numbers, such as the number of passes of a loop. Branches give a formula by
    pieces, loops of known length are unrolled. An `assert` or `raise` restricts `domain` and leaves the
    formula alone. Raises `UnsupportedError` at the line for loops of unknown length and formulas that are
    too long, `UsageError` for unknown names. Derivatives come from the rule table; SymPy simplifies.

    >>> def duration(d, speed):
    ...     return 60 * d / speed
    >>> str(formula(duration, "speed"))
    '-60*d/speed**2'
    """
    read, names = program(f, wrt)
    one_output(read)
    if order < 0:
        raise UsageError(f"order {order}", why="an order is 0, 1, 2 …", fix="use 1.")
    fixed = _fixed(read, names, given or {})
    whole = _integers(read) - {*names}
    found = [
        Formula(read, n, order, fixed, formulas(read.function, [(n,)] * order, fixed, whole)) for n in names
    ]
    return tuple(found) if several(wrt) else found[0]


@dataclass(frozen=True)
class FormulaRunner:
    """Value and derivatives by formulas, which are made for the inputs' types when they are first needed.

    An integer that decides how often a loop runs is fixed to its value; other integers stay symbols.
    """

    program: Program
    wrt: tuple[str, ...]
    _needed: dict[tuple[Type, ...], tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)
    _made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, values: list[Any]) -> tuple[float, ...]:
        """The value and the derivatives. Raises `UnsupportedError` where there is no formula."""
        kinds = tuple(map(number_kind, values))
        by_name = dict(zip(self.program.arguments, values, strict=True))
        while True:
            fixed = {name: by_name[name] for name in self._needed.get(kinds, ())}
            try:
                found, run = self._formulas(kinds, fixed)
            except UnknownTrips as unknown:
                whole = {n for n, kind in zip(by_name, kinds, strict=True) if kind != "f"}
                if not unknown.inputs or not unknown.inputs <= whole - fixed.keys():
                    raise
                self._needed[kinds] = (*fixed, *sorted(unknown.inputs))
            else:
                return evaluated(self.program, found, run, values, fixed)

    def _formulas(self, kinds: tuple[Type, ...], fixed: Mapping[str, float]) -> Any:
        key = kinds, tuple(fixed.items())
        if key not in self._made:
            names = zip(self.program.arguments, kinds, strict=True)
            whole = frozenset(name for name, kind in names if kind != "f")
            found = formulas(self.program.function, [self.wrt], fixed, whole)
            run = runnable(list(found.symbols.values()), [found.value, *found.slopes])
            self._made[key] = found, run
        return self._made[key]


def _fixed(read: Program, names: Sequence[str], given: Mapping[str, float]) -> dict[str, float]:
    """The inputs that are given. Raises `UsageError` for one that is unknown, or differentiated by."""
    fixed = {read.arguments[read.position(n)]: number_of(value, n, False) for n, value in given.items()}
    for name in names:
        if name in fixed:
            raise UsageError(
                f"{name} is given",
                why="a derivative is with respect to something that changes.",
                fix="leave it out of `given` or of `wrt`.",
            )
    return fixed


def _integers(read: Program) -> frozenset[str]:
    """The inputs that are integers by their annotation or their default."""
    parameters: Iterable[inspect.Parameter] = inspect.signature(read.source.function).parameters.values()
    kinds = (int, bool, "int", "bool")
    return frozenset(p.name for p in parameters if p.annotation in kinds or isinstance(p.default, int | bool))
