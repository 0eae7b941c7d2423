"""`explain`: what is active, where derivatives are cut, which mode, what is kept, and what it costs."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from downslope.calculus.derivative import FEW
from downslope.calculus.explanation import ACTIVE, CONSTANT, CUT, STOPPED, UNREAD, Explanation, Line, Measured
from downslope.calculus.program import Differentiated, Program, Wrt, kind_of, params_of, program, values_of
from downslope.calculus.run import Mode, Runner
from downslope.errors import Loc, UsageError
from downslope.ir.nodes import Function, Let, names_of, walk
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse
from downslope.passes.activity import Seeds, varied
from downslope.passes.census import census
from downslope.passes.cuts import severed
from downslope.passes.guard import guarded
from downslope.passes.kept import kept
from downslope.passes.simplify import simplified
from downslope.passes.types import Type
from downslope.passes.useful import useful
from downslope.read.lower import lower
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
    labels = params_of(read.function, names)
    adjoint = reverse(read.function, labels, seeded=True)
    mode, reason = _mode(read, names)
    tangent = forward(read.function, labels)
    form = tangent if mode == "forward" else reverse(read.function, labels)
    whole = read.function if isinstance(f, Differentiated) else lower(read.source)
    cuts = tuple(place for place in severed(read.function, labels) if place is not None)
    return Explanation(
        read.source.name,
        names,
        tuple(_lines(whole, params_of(whole, names))),
        cuts,
        mode,
        reason,
        kept(adjoint, names_of(read.function)),
        census(read.function),
        census(form),
        None if at is None else _measure(read, names, form, at),
    )


def _mode(read: Program, names: Sequence[str]) -> tuple[Mode, str]:
    count = f"{len(names)} input{'s' * (len(names) != 1)}"
    if not read.function.scalar:
        return "forward", f"{len(read.function.body.yields)} outputs: a Jacobian is made of tangents"
    if len(names) <= FEW:
        return "forward", f"{count}, at most {FEW}: tangents beside the program cost less than a tape"
    return "reverse", f"{count}, more than {FEW}: one sweep back gives every slope"


def _lines(function: Function, seeds: Sequence[str]) -> list[Line]:
    """Each line that computes, by the value that it computes last; active if it is in any call of a helper."""
    start = dict.fromkeys(seeds, frozenset({0}))
    facts = varied(function, start), varied(function, start, lambda _op, _position: True)
    smoothly, at_all = useful(function), _read_at_all(function)
    why: dict[Loc, list[str]] = {}
    last: dict[tuple[str, int], Loc] = {}
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and stmt.loc is not None:
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


def _measure(read: Program, names: Sequence[str], form: Function, at: Sequence[Any]) -> Measured:
    if isinstance(at, str) or not isinstance(at, Sequence):
        raise UsageError(
            "`at` is not a list of arguments", why="it is what f is called with.", fix="at=(1.0,)"
        )
    from downslope.native.measure import call_alone, measured  # Numba is slow to load

    values = values_of(read, at, {}, names)
    Runner(read, form, "native")(values)  # raises what there is to raise
    given: dict[str, Type] = {p.name: kind_of(v) for p, v in zip(form.params, values, strict=True)}
    primal, gradient = (
        guarded(function, names_of(read.function), given) for function in (read.function, form)
    )
    seconds, _ = measured(primal, given, values)
    with_slopes, tape = measured(gradient, given, values)
    return Measured(seconds, with_slopes, call_alone(primal, given, values), tape)
