"""What `trace` finds, and its text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.errors import Loc, Problem
from downslope.modes.interpret import Event, Pass
from downslope.read.targets import target


@dataclass(frozen=True, slots=True)
class Slope:
    """An input in which the derivative is not finite, and where that arose."""

    wrt: str
    event: Event


@dataclass(frozen=True)
class Trace:
    """Where values that are not finite arose; None where there is none.

    `value` has the results. `primal` is the event of a result that is not finite, else the first on the
    way to it. `tangent` and `adjoint` are those of a derivative in forward and in reverse mode. `raised`
    is what the program raises in Python: then it has no derivative.
    """

    name: str
    value: tuple[Any, ...]
    primal: Event | None
    tangent: Slope | None
    adjoint: Slope | None
    raised: Problem | None
    ops: Mapping[Loc, tuple[str, ...]]
    whiles: frozenset[Loc]

    @property
    def finite(self) -> bool:
        """Whether the results and all derivatives asked for are finite."""
        return self._value_is_finite and self.tangent is None and self.adjoint is None

    @property
    def _value_is_finite(self) -> bool:
        return self.raised is None and all(bool(np.isfinite(value).all()) for value in self.value)

    def __str__(self) -> str:
        """What arose where, with the user's lines."""
        return "\n".join(self._parts())

    def _parts(self) -> Iterator[str]:
        if self.raised is not None:
            yield str(self.raised)
        if self.primal is not None:
            yield f"{self.name}: {self._head(self.primal)}:"
            yield from self._chain(self.primal)
        for slope, kind, mode in ((self.tangent, "tangent", "forward"), (self.adjoint, "adjoint", "reverse")):
            if slope is not None and self._value_is_finite:
                yield f"{self.name}: the derivative in {slope.wrt} is not finite in {mode} mode; its {kind}:"
                yield from self._chain(slope.event, of_slope=True)
        if self.finite:
            also = "the derivatives" if self.primal else "the result and its derivatives"
            yield f"{self.name}: {also} are finite"

    def _head(self, event: Event) -> str:
        if self._value_is_finite:
            return "the result is finite; on the way to it, a value was not"
        return "the first value that is not finite" if event.value is not None else "it raises here"

    def _chain(self, event: Event, of_slope: bool = False) -> Iterator[str]:
        """An event, after the one that it came from."""
        if event.cause is not None:
            yield from self._chain(event.cause, of_slope)
            yield "  and then"
        if event.loc is not None:
            yield f"  {event.loc}"
            yield event.loc.caret()
        yield f"  operation: {_operation(event)}{self._derived(event) if of_slope else ''}"
        if event.loc is not None and (name := target(event.loc)):
            yield f"  variable:  {name}"
        yield from (f"  loop:      {self._which(one)}" for one in event.loops)

    def _derived(self, event: Event) -> str:
        """Of what the derivative is computed; nothing where the program itself computes this."""
        ops = self.ops.get(event.loc, ()) if event.loc else ()
        seen = self.primal is not None and _place(self.primal.first) == _place(event)
        return f", in the derivative of {' and '.join(ops)}" if ops and not seen else ""

    def _which(self, one: Pass) -> str:
        """Which pass of a loop, with the loop's line."""
        if one.loc is None:
            return f"pass {one.number}"
        index = "pass" if one.loc in self.whiles else f"{target(one.loc) or 'index'} ="
        return f"{index} {one.number} of line {one.loc.line}: {one.loc.text.strip()}"


def _place(event: Event) -> tuple[str, tuple[float, ...], Loc | None]:
    return event.op, event.operands, event.loc


def _operation(event: Event) -> str:
    shown = f"({', '.join(map(repr, event.operands))})"
    if event.op == "input":
        where = f"[{', '.join(map(str, event.operands))}]" if event.operands else ""
        return f"none: the input {event.name}{where} is {event.value!r}"
    if event.op == "not set":
        return f"none: element {shown} is read before it is set"
    if event.value is None:
        return event.op + shown * bool(event.operands)
    return f"{event.op}{shown} = {event.value!r}"
