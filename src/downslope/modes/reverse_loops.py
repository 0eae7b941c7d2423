"""The reverse of a loop: its passes backwards, each computed again from what was carried into it."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Carry,
    For,
    Function,
    Let,
    Like,
    Lit,
    Loop,
    New,
    Pop,
    Push,
    Stmt,
    Store,
    While,
    defined,
    names_of,
    walk,
)
from downslope.ir.rename import renamed
from downslope.modes.replay import Plan, planned
from downslope.modes.reverse_arrays import Bars
from downslope.modes.sweep import Sweep
from downslope.passes.build import ZERO
from downslope.passes.simplify import live_block, unfailing

_WHOLE: Mapping[str, Callable[..., int]] = {
    "range_length": lambda start, stop, step: len(range(start, stop, step)),
    "subtract": operator.sub,
    "add": operator.add,
    "multiply": operator.mul,
}


@dataclass(frozen=True)
class _Pass:
    """One pass of a loop: the forward (`first`; `once` are those of it that do not run again), the reverse."""

    first: list[Stmt]
    once: list[Stmt]
    body: list[Stmt]
    outputs: list[Arg]


class ReverseLoops(Sweep):
    """The reverse of loops."""

    def loop(self, stmt: Loop, bars: Bars) -> tuple[Stmt, ...]:
        """Emit the reverse of a loop; return its forward, with its tape and its count of passes."""
        if all(bars.get(name, ZERO) == ZERO for name in stmt.results):
            return (stmt,)
        slots = [i for i, carry in enumerate(stmt.carried) if self.active(carry.name)]
        for i in slots:
            if self.kind(stmt.results[i]):
                self.arrays.needed(bars, stmt.results[i])
        seeds = [bars.pop(name, ZERO) for name in stmt.results]
        carry_bars = {
            stmt.carried[i].name: self.build.names.fresh(f"{stmt.carried[i].name}_bar") for i in slots
        }
        shared = self.reads(stmt.body) - {carry.name for carry in stmt.carried}
        for name in sorted(shared):
            if self.kind(name):
                self.arrays.needed(bars, name)
        totals = {name: self.build.names.fresh(f"{name}_bar") for name in sorted(shared)}
        plan = planned(stmt, self.replaced, self.lost)
        around, self.lost = self.lost, plan.lost
        self.depth += 1
        passed = self.replayed(stmt, slots, carry_bars, totals, plan)
        self.depth -= 1
        self.lost = around
        return (self.swept(stmt, slots, seeds, carry_bars, totals, passed, bars),)

    def replayed(
        self, stmt: Loop, slots: list[int], carry_bars: dict[str, str], totals: dict[str, str], plan: Plan
    ) -> _Pass:
        """One pass: its forward with what is kept of it; what runs again of it, then its reverse."""
        inner: Bars = dict(totals)
        with self.build.scope() as seeding:
            for i in slots:
                self.accumulate(inner, stmt.body.yields[i], carry_bars[stmt.carried[i].name])
            ahead, back = self.groups(stmt.body, inner, plan.once)
        with self.build.scope() as missing:
            outputs = [self.handed_on(inner, stmt.carried[i].name, stmt.carried[i].name) for i in slots]
        outputs += [inner.get(name, ZERO) for name in totals]
        ran = plan.once | {i for i, group in enumerate(ahead) if any(map(closed, group))}
        again = [s for i, group in enumerate(ahead) if i not in ran for s in group]
        once = [s for i, group in enumerate(ahead) if i in ran for s in group]
        plain = stmt.body.body
        first = [s for i, group in enumerate(ahead) for s in (group if i in ran else (plain[i],))]
        return _Pass(first, once, [*unfailing(again), *seeding, *back, *missing], outputs)

    def swept(
        self, stmt: Loop, slots: list[int], seeds: list[Arg], carry_bars: dict[str, str], totals: dict[str, str],
        passed: _Pass, bars: Bars,
    ) -> Stmt:  # fmt: skip
        """Emit the reverse loop; return the forward loop with its tape and trip count."""
        results = [name for s in passed.once for name in defined(s)]  # what is inside them keeps its name
        local = [name for s in passed.body for name in sorted(defined_deep(s))]
        fresh = {name: self.build.names.fresh(name) for name in (*results, *local)}
        fresh |= {carry.name: self.build.names.fresh(carry.name) for carry in stmt.carried}
        if isinstance(stmt, For):
            fresh[stmt.index] = self.build.names.fresh(stmt.index)
        again = renamed(Block(tuple(passed.body), tuple(passed.outputs)), fresh)
        replay, reads = live_block(again, frozenset())
        kept = [name for name in (*(c.name for c in stmt.carried), *results) if fresh[name] in reads]
        pops = [Pop(tuple(fresh[name] for name in kept), tuple(kept), stmt.loc)] if kept else []
        ahead, count = self.recorded(stmt, kept, passed)
        carried = [Carry(carry_bars[stmt.carried[i].name], seeds[i]) for i in slots]
        carried += [Carry(total, bars.get(name, ZERO)) for name, total in totals.items()]
        ends = [self.build.names.fresh(carry.name) for carry in carried]
        start, stop, step, index = self.backwards(stmt, count, fresh)
        loop = For(
            index,
            start,
            stop,
            step,
            tuple(carried),
            Block((*pops, *replay.body), replay.yields),
            tuple(ends),
            None,
            stmt.loc,
        )
        self.build.keep(loop)
        for name, result in zip(totals, ends[len(slots) :], strict=True):
            bars[name] = result
        # Only now: a carry's start may be one of the shared values, whose total is set above.
        for i, result in zip(slots, ends[: len(slots)], strict=True):
            self.accumulate(bars, stmt.carried[i].init, result)
        return ahead

    def recorded(self, stmt: Loop, kept: list[str], passed: _Pass) -> tuple[Stmt, Arg]:
        """The forward loop, which keeps values on the tape and counts its passes.

        What a pass keeps is on top of what its inner loops keep, so the reverse pass finds it first.
        """
        push = (Push(tuple(kept), stmt.loc),) if kept else ()
        body = (*passed.first, *push) if passed.once else (*push, *passed.first)
        if isinstance(stmt, For) and stmt.until is None:
            new: Stmt = For(
                stmt.index,
                stmt.start,
                stmt.stop,
                stmt.step,
                stmt.carried,
                Block(body, stmt.body.yields),
                stmt.results,
                None,
                stmt.loc,
            )
            return new, Lit(None)
        passes, after, total = (self.build.names.fresh("passes") for _ in range(3))
        block = Block((*body, Let(after, "add", (passes, Lit(1)))), (*stmt.body.yields, after))
        carried = (*stmt.carried, Carry(passes, Lit(0)))
        results = (*stmt.results, total)
        if isinstance(stmt, For):
            return For(
                stmt.index, stmt.start, stmt.stop, stmt.step, carried, block, results, stmt.until, stmt.loc
            ), total
        return While(carried, stmt.test, block, results, stmt.until, stmt.loc), total

    def backwards(self, stmt: Loop, count: Arg, fresh: dict[str, str]) -> tuple[Arg, Arg, Arg, str]:
        """The range of the reverse loop: the same passes, last first."""
        apply = self.build.apply
        if not isinstance(stmt, For):
            return count, Lit(0), Lit(-1), self.build.names.fresh("step")
        if count == Lit(None):
            count = self.integer("range_length", (stmt.start, stmt.stop, stmt.step))
        last = self.integer("subtract", (count, Lit(1)))
        first = self.integer("add", (stmt.start, self.integer("multiply", (last, stmt.step))))
        stop = self.integer("subtract", (stmt.start, stmt.step))
        step = Lit(-stmt.step.value) if isinstance(stmt.step, Lit) else apply("negative", (stmt.step,))  # type: ignore[operator]
        return first, stop, step, fresh[stmt.index]

    def integer(self, op: str, args: tuple[Arg, ...]) -> Arg:
        """An op on integers, folded where all are literals."""
        if all(isinstance(arg, Lit) for arg in args):
            numbers = [int(arg.value) for arg in args if isinstance(arg, Lit) and arg.value is not None]
            return Lit(_WHOLE[op](*numbers))
        return self.build.apply(op, args, "bound")


def closed(stmt: Stmt) -> bool:
    """Whether a statement is a loop that gives numbers only and keeps nothing: they cost less to keep than to find again."""
    if not isinstance(stmt, For | While):
        return False
    return not any(isinstance(inner, Push | Store | New | Like | Call) for inner in walk(Block((stmt,))))


def defined_deep(stmt: Stmt) -> frozenset[str]:
    """Every name that a statement or its blocks define."""
    function = Function("", (), Block((stmt,)), False)
    return names_of(function)
