"""A problem without its rows: what is learnt from which columns, and what does not fit together."""

import difflib
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from downslope.calculus.program import Program
from downslope.data.table import Table
from downslope.errors import UsageError
from downslope.fitting.cost_problem import CostProblem
from downslope.fitting.costs import composed, is_cost, name_of
from downslope.fitting.objective import Array
from downslope.fitting.parts import Bounds, PriorsByName, Values, bounds_of, pairs_of, values_of
from downslope.fitting.priors import priors_of
from downslope.fitting.problem import Priors, Problem, bounded, check_learnt
from downslope.fitting.readying import Readying
from downslope.fitting.ties import Tie, Ties, check_free, ties_of
from downslope.modes.inner import expanded
from downslope.passes.short_arrays import without_short_arrays
from downslope.passes.types import arrays
from downslope.read.constants import Constant, find_constants, pick
from downslope.read.element_names import below, canonical
from downslope.read.lift import lifted
from downslope.read.source import Source
from downslope.read.wholes import settled, why_not


class Listed(Protocol):
    """A table of which the columns are known."""

    @property
    def source(self) -> str:
        """What messages call it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""


@dataclass(frozen=True)
class Statement:
    """A problem without its rows."""

    source: Source
    program: Program
    chosen: tuple[Constant, ...]
    inputs: tuple[str, ...]
    kept: Mapping[str, float]  # arguments that keep their default
    target: str
    start: Array
    lower: Array
    upper: Array
    loss: Callable[..., float] | str
    weights: str | None
    priors: Priors | None
    threads: int | None
    missing: str
    ties: Ties | None = None

    @property
    def readying(self) -> Readying:
        """What is done to a table before kernels read it."""
        inputs = (*self.inputs, *self.kept)
        return Readying(inputs, self.kept, self.target, self.weights, self.loss == "poisson", self.missing)

    def problem(self, rows: Table) -> Problem:
        """The problem on some rows."""
        labels = tuple(constant.symbol for constant in self.chosen)
        names = tuple(constant.name for constant in self.chosen)
        inputs = (*self.inputs, *self.kept)
        fields = (self.program, rows, inputs, self.target, labels, names, self.start, self.lower, self.upper)
        if is_cost(self.loss):
            costs = composed(self.program.function, self.loss)
            return CostProblem(
                *fields, name_of(self.loss), self.threads, self.weights, self.priors, row_cost=costs
            )
        return Problem(*fields, str(self.loss), self.threads, self.weights, self.priors)


def state(
    source: Source,
    chosen: tuple[Constant, ...],
    inputs: tuple[str, ...],
    target: str,
    *,
    loss: Callable[..., float] | str,
    weights: str | None,
    bounds: Bounds | None,
    priors: PriorsByName | None,
    start: Values | None,
    fixed: Values | None,
    threads: int | None,
    missing: str,
    ties: Ties | None = None,
) -> Statement:
    """All of a problem that does not depend on its rows. Raises `UsageError` for what does not fit together."""
    raised = lifted(source, ties.every if ties else chosen, settled(source, inputs))
    if ties is not None:
        check_free(ties, {"bounds": bounds, "a prior": priors, "a value": start, "a fixed value": fixed})
        raised = ties.program(raised)
    symbols = [constant.symbol for constant in chosen]
    program = Program(raised, without_short_arrays(expanded(raised).function, symbols))
    check_counts(program, chosen)
    no_array(raised, program)
    if not is_cost(loss):
        one_result(raised, program)
    names = tuple(constant.name for constant in chosen)
    fixed = values_of(names, fixed or {})
    begin = begun(chosen, {**values_of(names, start or {}), **fixed})
    held_at = {name: (value, value) for name, value in fixed.items()}
    limits = bounded(names, {**bounds_of(names, bounds or {}), **held_at}, begin)
    known = priors_of(names, pairs_of(names, priors or {}))
    if known and not (is_cost(loss) or loss == "squared"):
        raise UsageError(
            f"priors with the loss {loss}",
            why="how much a prior counts against a row is known for a likelihood only.",
            fix="use squared, poisson or gaussian, or bounds in place of priors.",
        )
    kept = fixed_inputs(raised, inputs, chosen)
    return Statement(
        source,
        program,
        chosen,
        inputs,
        kept,
        target,
        begin,
        *limits,
        loss,
        weights,
        known,
        threads,
        missing,
        ties,
    )


def check_counts(program: Program, chosen: Sequence[Constant]) -> None:
    """Raise `UsageError` for a constant that bounds a loop or indexes an array, through whatever variables."""
    for constant in chosen:
        if constant.symbol in program.counts:
            raise UsageError(
                f"{constant.name} cannot be learnt", loc=constant.loc,
                why="it bounds a loop or is an index: it must stay a whole number.",
                fix="choose another constant.",
            )  # fmt: skip


def begun(chosen: Sequence[Constant], given: Mapping[str, float]) -> Array:
    """(p,) where to start: the values in the source, or those given by name. Raises `UsageError`."""
    names = [constant.name for constant in chosen]
    for name, value in given.items():
        check_learnt(name, names, "a value", "check the name.")
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise UsageError(
                f"the value of {name}, {value!r}, is no finite number",
                why="a constant is one.",
                fix="give one.",
            )
    return np.array([float(given.get(constant.name, constant.value)) for constant in chosen])


def learnable(source: Source, learn: Sequence[str] | None, inputs: Sequence[str]) -> tuple[Constant, ...]:
    """The constants to learn: those asked for, or all that are proposed and are not columns."""
    found = find_constants(source)
    if learn is not None:
        return asked(found, learn, inputs)
    chosen = tuple(c for c in found if c.proposed and c.name not in inputs and c.argument not in inputs)
    if not chosen:
        off = [f"{c.name} ({'it is a column' if c.name in inputs else c.why})" for c in found]
        raise UsageError(
            f"{source.name} has no constant to learn",
            why=f"none of its numbers is proposed: {'; '.join(off) or 'it has none'}.",
            fix="name some with learn=[...] (--learn NAME), or give the program a keyword default.",
        )
    return chosen


def tied(source: Source, chosen: tuple[Constant, ...], tie: Tie | None, inputs: Sequence[str]) -> Ties | None:
    """The ties by name, None for none. Raises `UsageError`."""
    if not tie:
        return None
    if not isinstance(tie, Mapping):
        raise UsageError(
            f"tie is {tie!r}",
            why="it says by name what a constant follows.",
            fix="give e.g. {'slow': '0.5 * speed'} (--tie 'slow=0.5 * speed').",
        )
    constants = asked(find_constants(source), list(tie), inputs)
    for name in tie:
        if canonical(name) not in {constant.name for constant in constants}:
            raise UsageError(
                f"{name} is tied, and holds several numbers",
                why="each constant follows by a function of its own.",
                fix=f"name them one by one: {', '.join(below(canonical(name), [c.name for c in constants]))}.",
            )
    return ties_of(constants, chosen, tie)


def asked(found: Sequence[Constant], learn: Sequence[str], inputs: Sequence[str]) -> tuple[Constant, ...]:
    """The constants named by the user, each once and none of them a column. Raises `UsageError`."""
    names = [learn] if isinstance(learn, str) else list(learn)
    if not names:
        raise UsageError(
            "there is no constant to learn", why="learn is empty.", fix="leave it out, or name some."
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(
            f"{twice[0]!r} is to be learnt twice", why="each constant has one value.", fix="name it once."
        )
    chosen = pick(found, names)
    for constant in chosen:
        if constant.argument in inputs:
            raise UsageError(
                f"{constant.name!r} is to be learnt, and is a column of the table",
                why="a column gives the argument's value row by row, so there is no constant left.",
                fix="drop or rename the column, or do not learn it.",
            )
    return chosen


def check_names(source: Source, frame: Listed, inputs: Sequence[str], target: str) -> None:
    """The target is a column's name and no input, and every argument is a column or has a numeric default."""
    if not isinstance(target, str):
        raise UsageError(
            f"the target is {target!r}", why="it is named by a text.", fix="name the column to predict."
        )
    if target in inputs:
        raise UsageError(
            f"the target {target!r} is an argument of {source.name}",
            why="a program that is given its answer has nothing to predict.",
            fix="name the column that the program's result is compared with.",
        )
    structures = settled(source, inputs)
    for name in source.arguments:
        if name in inputs or name in _numeric(source) or name in structures:
            continue
        close = difflib.get_close_matches(name, frame.names, 1)
        columns = f"the columns of {frame.source} are {', '.join(frame.names) or 'none'}"
        default = _said(source.defaults[name]) if name in source.defaults else ""
        raise UsageError(
            f"the argument {name!r} is neither a column nor a number with a default",
            why=f"{default}{columns}.",
            fix=(f"did you mean the column {close[0]!r}? If so, rename it" if close else "rename a column")
            + ", or give the argument a numeric default.",
        )


def _said(default: object) -> str:
    """What a message says of a default that is no number."""
    why = why_not(default)
    return f"its default is {reprlib.repr(default)}{f': {why}' if why else ''}; "


def fixed_inputs(source: Source, inputs: Sequence[str], chosen: Sequence[Constant]) -> dict[str, float]:
    """Arguments that keep their default."""
    learnt = {constant.symbol for constant in chosen}
    return {n: v for n, v in _numeric(source).items() if n not in inputs and n not in learnt}


def no_array(source: Source, program: Program) -> None:
    """Raise `UsageError` for a program that returns an array for each row."""
    known = arrays(program.function)
    if any(output in known for output in program.function.body.yields):
        raise UsageError(
            f"{source.name} returns an array",
            loc=source.loc(source.node),
            why="a row has one target, and a residual is one number minus it.",
            fix="return one number, e.g. an element or np.sum(...).",
        )


def one_result(source: Source, program: Program) -> None:
    """Raise `UsageError` for a program that returns several numbers: there is one target."""
    count = len(program.function.body.yields)
    if count != 1:
        raise UsageError(
            f"{source.name} returns {count} numbers",
            loc=source.loc(source.node),
            why="a residual is one number minus the target.",
            fix="return one, or give a loss that takes them all and the target (loss='gaussian': mean and spread).",
        )


def _numeric(source: Source) -> dict[str, Any]:
    return {name: value for name, value in source.defaults.items() if isinstance(value, int | float)}
