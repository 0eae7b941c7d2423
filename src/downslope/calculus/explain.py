"""`explain`: what is active, where derivatives are cut, which mode, what is kept, and what it costs."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from downslope.calculus.explanation import ACTIVE, CONSTANT, CUT, STOPPED, UNREAD, Explanation, Line, Measured
from downslope.calculus.makes import Make, pushed, reversed_once, tangents
from downslope.calculus.program import Differentiated, Kinds, Program, Wrt, kind_of, params_of, program
from downslope.calculus.run import FEW, Mode
from downslope.calculus.shaped import (
    Transformed,
    positions,
    shaped_values,
    zero_like,
)
from downslope.calculus.structured import call, is_structured
from downslope.errors import Loc, UsageError
from downslope.ir.nodes import Function, Let, Load, New, Store, names_of, walk
from downslope.modes.reverse import reverse
from downslope.modes.snapshots import WHOLE_TAPE
from downslope.passes.activity import Seeds, varied
from downslope.passes.census import census
from downslope.passes.cuts import severed
from downslope.passes.guard import guarded
from downslope.passes.kept import kept
from downslope.passes.simplify import simplified
from downslope.passes.types import arrays
from downslope.passes.useful import useful
from downslope.read.guess import guessed
from downslope.read.targets import target

Facts = Mapping[str, Seeds]
ORDER = (ACTIVE, CUT, STOPPED, CONSTANT, UNREAD)
"""Of several calls of a helper, the first of these tells."""


def explain(f: Callable[..., Any] | str, wrt: Wrt = None, *, at: Sequence[Any] | None = None) -> Explanation:
    """Explain how a program is differentiated in the inputs or constants `wrt` (by default the first).

    With the arguments `at`, value and derivatives are also compiled, run there and timed (seconds), and the
    tape is measured. Raises `UnsupportedError` for what cannot be read, `UsageError` for names or
    arguments that do not fit, `ProgramError` where the program raises at these arguments.

    >>> import math
    >>> found = explain(lambda x, k: math.exp(x) * math.floor(k), "x")
    >>> found.mode, [line.active for line in found.lines]
    ('forward', [True])
    """
    read, names = program(f, wrt)
    if at is not None and not isinstance(at, str) and is_structured(read, at, {}):
        one = call(read, names, at, {})
        return explain(one.leaves, one.wrt, at=one.values)
    values = None if at is None else _values(read, names, at)
    kinds = _kinds(read) if values is None else tuple(map(kind_of, values))
    function = read.form(kinds)
    labels = params_of(function, names)
    mode, reason, make = _mode(function, names)
    derived = isinstance(f, Differentiated) and not read.source.leaves
    whole = function if derived else read.lowered(kinds).function
    cuts = tuple(place for place in severed(function, labels) if place is not None)
    taken = kept(reverse(function, labels, seeded=True), names_of(function))
    times = None if values is None else _measure(Transformed(read, names, make, "native"), values)
    return Explanation(
        read.source.name, names, tuple(_lines(whole, params_of(whole, names))), cuts, mode, reason, taken,
        census(function), census(make(function, labels, WHOLE_TAPE)), times,
    )  # fmt: skip


def _values(read: Program, names: Sequence[str], at: Sequence[Any]) -> list[Any]:
    if isinstance(at, str) or not isinstance(at, Sequence):
        raise UsageError(
            "`at` is not a list of arguments", why="it is what f is called with.", fix="at=(1.0,)"
        )
    return shaped_values(read, at, {}, names)[0]


def _kinds(read: Program) -> Kinds:
    """The types of the arguments, as far as they are known before a call."""
    return guessed(read.source) if read.given is None else tuple("f" for _ in read.arguments)


def _mode(function: Function, names: Sequence[str]) -> tuple[Mode, str, Make]:
    count = f"{len(names)} input{'s' * (len(names) != 1)}"
    known = arrays(function)
    if not function.scalar or any(output in known for output in function.body.yields):
        return "forward", "several outputs: a Jacobian is made of tangents; here with one of them", pushed
    if known.keys() & set(params_of(function, names)):
        return "reverse", "inputs are arrays: one sweep back gives the slope in every element", reversed_once
    if len(names) <= FEW:
        return (
            "forward",
            f"{count}, at most {FEW}: tangents beside the program cost less than a tape",
            tangents,
        )
    return "reverse", f"{count}, more than {FEW}: one sweep back gives every slope", reversed_once


def _lines(function: Function, seeds: Sequence[str]) -> list[Line]:
    """Each line that computes, by the value that it computes last; active if it is in any call of a helper."""
    start = dict.fromkeys(seeds, frozenset({0}))
    facts = varied(function, start), varied(function, start, lambda _op, _position: True)
    smoothly, at_all = useful(function), _read_at_all(function)
    why: dict[Loc, list[str]] = {}
    last: dict[tuple[str, int], Loc] = {}
    for stmt in walk(function.body):
        if isinstance(stmt, Let | Load | Store | New) and stmt.loc is not None:
            last[stmt.loc.file, stmt.loc.line] = stmt.loc
            why.setdefault(stmt.loc, []).append(_why(stmt.name, *facts, smoothly, at_all))
    return [
        Line(last[place], target(last[place]), min(why[last[place]], key=ORDER.index))
        for place in sorted(last)
    ]


def _read_at_all(function: Function) -> Set[str]:
    """The values that the result reads in any way; a value that only decides a branch counts."""
    return names_of(Function(function.name, (), simplified(function).body))


def _why(name: str, varying: Facts, depending: Facts, smoothly: Set[str], at_all: Set[str]) -> str:
    if name not in at_all:
        return UNREAD
    if not varying.get(name):
        return STOPPED if depending.get(name) else CONSTANT
    return ACTIVE if name in smoothly else CUT


def _measure(run: Transformed, values: Sequence[Any]) -> Measured:
    from downslope.native.measure import call_alone, measured  # Numba is slow to load

    base = run.form(values)
    form = run.make(base, params_of(base, run.wrt), WHOLE_TAPE)
    extra = len(form.params) > len(base.params)  # tangents
    varied = [values[place] for place in positions(run.program, run.wrt)]
    every = [*values, *(zero_like(value) for value in varied * extra)]
    run(values, every[len(values) :])  # raises what there is to raise
    given = {param.name: kind_of(value) for param, value in zip(form.params, every, strict=True)}
    names = names_of(base)
    seconds, _ = measured(guarded(base, names, given), given, values)
    with_slopes, tape = measured(guarded(form, names, given), given, every)
    return Measured(seconds, with_slopes, call_alone(base, given, values), tape)
