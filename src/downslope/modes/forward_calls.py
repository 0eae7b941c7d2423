"""Tangents of calls: the call of the tangent function, or of the tangent program that is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from downslope.errors import UnsupportedError
from downslope.ir.calls import varying
from downslope.ir.nodes import Arg, Block, Call, Callee, Function, Lit
from downslope.ir.types import ArrayType
from downslope.passes.activity import NONE, TAPE, Seeds, flows, of
from downslope.passes.build import ONE, ZERO, Builder
from downslope.passes.simplify import simplified

Slots = tuple[tuple[int, int], ...]
"""Pairs of a position (of an argument or output) and a direction."""


class CallTangents(ABC):
    """The part of a forward sweep for calls."""

    build: Builder
    facts: Mapping[str, Seeds]
    tangents: dict[str, dict[int, Arg]]
    arrays: Mapping[str, ArrayType]
    function: Function
    params: list[Any]
    careful: bool
    every: Seeds
    zero: Arg

    @abstractmethod
    def handed_on(self, arg: Arg, direction: int) -> Arg:
        """The tangent that leaves a block; an array of zeros if the value is an array without one."""

    @abstractmethod
    def named(self, names: Sequence[str], slots: Sequence[tuple[int, int]]) -> list[str]:
        """Fresh tangents of values, one per slot (position, direction)."""

    @abstractmethod
    def block(self, block: Block) -> None:
        """Emit the statements of a block and their tangents."""

    @abstractmethod
    def inside(self, callee: Callee, seeds: Mapping[str, Seeds]) -> CallTangents:
        """A sweep over the body of a callee, whose parameters have tangents in these directions."""

    def call(self, stmt: Call) -> None:
        """Emit a call and the tangents of its results."""
        callee = stmt.callee
        if not callee.half and not any(of(name, self.facts) for name in stmt.results):
            self.build.keep(stmt)
        elif callee.function is None or callee.given:
            self.by_rule(stmt)
        else:
            pattern = tuple(of(arg, self.facts) for arg in stmt.args)
            new, given, found = tangent_callee(self, callee, pattern)
            dots = [self.handed_on(stmt.args[i], d) for i, d in given]
            results = self.named(stmt.results, found)
            self.build.keep(Call((*stmt.results, *results), new, (*stmt.args, *dots), stmt.loc))

    def by_rule(self, stmt: Call) -> None:
        """The tangent program that is given, once for each direction."""
        self.build.keep(stmt)
        callee = stmt.callee
        inputs, outputs = varying(callee.params), varying(callee.outputs)
        directions = sorted(NONE.union(*(of(stmt.args[i], self.facts) for i in inputs)))
        for name in stmt.results:
            self.tangents[name] = {}
        if callee.jvp is None:
            self.by_cotangents(stmt, directions)
            return
        jvp = callee.jvp()
        for direction in directions:
            dots = [self.handed_on(stmt.args[i], direction) for i in inputs]
            fresh = [self.build.names.fresh(f"{stmt.results[k]}_dot") for k in outputs]
            self.build.keep(Call(tuple(fresh), jvp, (*stmt.args, *stmt.results, *dots), stmt.loc))
            for k, name in zip(outputs, fresh, strict=True):
                self.tangents[stmt.results[k]][direction] = name

    def by_cotangents(self, stmt: Call, directions: Sequence[int]) -> None:
        """The tangent of one number from its cotangents, where only these are given: their inner product."""
        callee = stmt.callee
        if callee.vjp is None or len(callee.outputs) != 1 or isinstance(callee.outputs[0], ArrayType):
            raise without(stmt, "forward mode", "jvp", "vjp gives that of one number only")
        inputs = varying(callee.params)
        bars = tuple(self.build.names.fresh(f"{stmt.args[i]}_bar") for i in inputs)
        self.build.keep(Call(bars, callee.vjp(), (*stmt.args, *stmt.results, ONE), stmt.loc))
        for direction in directions:
            total: Arg = ZERO
            for i, bar in zip(inputs, bars, strict=True):
                if direction not in of(stmt.args[i], self.facts):
                    continue
                dot = self.handed_on(stmt.args[i], direction)
                kind = callee.params[i]
                if isinstance(kind, ArrayType):
                    total = self.build.inner(bar, str(dot), kind.rank, total)
                else:
                    total = self.build.add(total, self.build.product(bar, dot, self.careful))
            self.tangents[stmt.results[0]][direction] = total


def without(stmt: Call, mode: str, program: str, why: str) -> UnsupportedError:
    """The error for a derivative that is not given."""
    callee = stmt.callee
    return UnsupportedError(
        f"{mode} through {callee.name}",
        loc=stmt.loc,
        why=callee.refused or f"it has no {program}, and {why}.",
        fix=f"give it a {program} (downslope.custom_derivative).",
    )


def tangent_callee(
    sweep: CallTangents, callee: Callee, pattern: tuple[Seeds, ...]
) -> tuple[Callee, Slots, Slots]:
    """The tangent function of a callee, whose arguments have tangents in the directions of `pattern`.

    Also which tangents it takes after the arguments, and which it gives after the results.
    """
    key = ("forward", type(sweep), pattern, sweep.every if callee.half else NONE, sweep.careful)
    if key in callee.made:
        found: tuple[Callee, Slots, Slots] = callee.made[key]
        return found
    assert callee.function is not None
    given = tuple((i, d) for i, directions in enumerate(pattern) for d in sorted(directions))
    outputs = tuple(
        (k, d)
        for k, sources in enumerate(flows(callee))
        for d in sorted(NONE.union(*(sweep.every if i == TAPE else pattern[i] for i in sources)))
    )
    places = {slot: len(callee.params) + place for place, slot in enumerate(given)}
    memory = [None if callee.memory[k] is None else places.get((callee.memory[k], d)) for k, d in outputs]  # type: ignore[arg-type]
    new = Callee(
        f"{callee.name}_dot",
        (*callee.params, *(_like(callee.params[i], sweep.zero) for i, _ in given)),
        (*callee.outputs, *(_like(callee.outputs[k], sweep.zero) for k, _ in outputs)),
        (*callee.memory, *memory),
        half=callee.half, partner=callee.partner, origin=callee.origin or callee,
    )  # fmt: skip
    callee.made[key] = new, given, outputs
    seeds = {p.name: s for p, s in zip(callee.function.params, pattern, strict=True)}
    inner = sweep.inside(callee, seeds)
    inner.block(callee.function.body)
    dots = [inner.handed_on(callee.function.body.yields[k], d) for k, d in outputs]
    body = Block(tuple(inner.build.out), (*callee.function.body.yields, *dots))
    new.function = simplified(Function(new.name, tuple(inner.params), body, False, callee.function.loc))
    return new, given, outputs


def _like(kind: Any, zero: Arg) -> Any:
    """The type of a tangent; with an integer zero it is one of words."""
    if not isinstance(kind, ArrayType):
        return None
    words = isinstance(zero, Lit) and isinstance(zero.value, int)
    return ArrayType("i", kind.rank) if words else kind
