"""Reverse mode: IR -> IR with a forward sweep, a tape and a reverse sweep (Griewank & Walther 2008).

Straight-line values stay in local variables. A branch hands what its reverse needs to the enclosing
block. A loop keeps on the tape, per pass, only the carried values that the reverse of a pass reads;
the pass is then replayed and reversed while its values are in registers. Storing per step and
recomputing cheap values is faster than a push and pop per value, and nested loops need a tape of the
sum of their lengths, not of the product.
"""

import operator
from collections.abc import Callable, Mapping, Sequence

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Carry,
    For,
    Function,
    If,
    Let,
    Lit,
    Loop,
    Param,
    Pop,
    Push,
    Stmt,
    While,
    defined,
    names_of,
)
from downslope.modes.forward import selecting
from downslope.passes.activity import of, varied
from downslope.passes.build import ONE, ZERO, Builder
from downslope.passes.rename import renamed
from downslope.passes.simplify import live_block, simplified, unfailing
from downslope.rules import RULES
from downslope.rules.kinds import is_mask

_WHOLE: Mapping[str, Callable[..., int]] = {
    "range_length": lambda start, stop, step: len(range(start, stop, step)),
    "subtract": operator.sub,
    "add": operator.add,
    "multiply": operator.mul,
}
Bars = dict[str, Arg]  # the cotangent of each value seen so far; a missing one is zero


def reverse(function: Function, wrt: Sequence[str], *, seeded: bool = False) -> Function:
    """The program with its adjoint: outputs, then the cotangent of each name in `wrt`.

    With `seeded` the output cotangents are parameters `<output>_bar` (a vector-Jacobian product);
    otherwise the function has one output, with cotangent 1. The function must be tape-free.
    """
    sweep = _Reverse(function, wrt)
    params = list(function.params)
    bars: Bars = {}
    for position, output in enumerate(function.body.yields):
        seed: Arg = ONE
        if seeded:
            seed = sweep.build.names.fresh(f"y{position}_bar")
            params.append(Param(str(seed), str(seed)))
        sweep.accumulate(bars, output, seed)
    ahead, back = sweep.block(function.body, bars)
    gradient = tuple(bars.get(name, ZERO) for name in wrt)
    body = Block((*ahead, *back), (*function.body.yields, *gradient))
    return simplified(Function(function.name, tuple(params), body, False, function.loc))


class _Reverse:
    def __init__(self, function: Function, wrt: Sequence[str]) -> None:
        self.build = Builder(Names(names_of(function)))
        self.careful = selecting(function)
        self.facts = varied(function, {name: frozenset({0}) for name in wrt})

    def active(self, arg: Arg) -> bool:
        return bool(of(arg, self.facts))

    def accumulate(self, bars: Bars, arg: Arg, change: Arg) -> None:
        """`bars[arg] += change`, for an active value."""
        if isinstance(arg, str) and self.active(arg) and change != ZERO:
            bars[arg] = self.build.add(bars.get(arg, ZERO), change, f"{arg}_bar")

    def block(self, block: Block, bars: Bars) -> tuple[list[Stmt], list[Stmt]]:
        """The forward statements of a block, and those of its reverse; `bars` is updated.

        The builder's current scope receives nothing: the reverse is collected and returned.
        """
        ahead: list[Stmt] = []
        with self.build.scope() as back:
            for stmt in reversed(block.body):
                self.build.place = stmt.loc
                ahead.append(self.statement(stmt, bars))
        ahead.reverse()
        return ahead, back

    def statement(self, stmt: Stmt, bars: Bars) -> Stmt:
        """Emit the reverse of a statement; return its forward, with captures and tape added."""
        match stmt:
            case Let():
                self.let(stmt, bars)
            case If():
                return self.branch(stmt, bars)
            case For() | While():
                return self.loop(stmt, bars)
        return stmt

    def let(self, stmt: Let, bars: Bars) -> None:
        bar = bars.pop(stmt.name, ZERO)
        if bar == ZERO:
            return
        for position, (arg, formula) in enumerate(zip(stmt.args, RULES[stmt.op].partials, strict=True)):
            if formula == "0" or not self.active(arg):
                continue
            partial = self.build.partial(stmt, position)
            if is_mask(formula):
                change = self.build.apply("where", (partial, bar, ZERO))
            else:
                change = self.build.product(bar, partial, self.careful)
            self.accumulate(bars, arg, change)

    # ---- branches ----------------------------------------------------------------------------

    def branch(self, stmt: If, bars: Bars) -> Stmt:
        seeds = [bars.pop(name, ZERO) for name in stmt.results]
        if all(seed == ZERO for seed in seeds):
            return stmt
        sides = [self.side(block, seeds, bars) for block in (stmt.then, stmt.orelse)]
        touched = sorted(
            {n for _, _, side in sides for n in side if side[n] != bars.get(n)} - self._inside(stmt)
        )
        results = {name: self.build.names.fresh(f"{name}_bar") for name in touched}
        then_block, else_block = (
            Block(tuple(back), tuple(side.get(n, ZERO) for n in touched)) for _, back, side in sides
        )
        reverse_if = If(stmt.cond, then_block, else_block, tuple(results.values()), stmt.loc)
        forward_if, reverse_if = self.captured(stmt, sides[0][0], sides[1][0], reverse_if)
        if touched:
            self.build.keep(reverse_if)
        bars.update(results)
        return forward_if

    def side(self, block: Block, seeds: list[Arg], bars: Bars) -> tuple[list[Stmt], list[Stmt], Bars]:
        """Forward, reverse and resulting cotangents of one branch."""
        side = dict(bars)
        with self.build.scope() as seeding:
            for arg, seed in zip(block.yields, seeds, strict=True):
                self.accumulate(side, arg, seed)
            ahead, back = self.block(block, side)
        return ahead, seeding + back, side

    def _inside(self, stmt: If) -> frozenset[str]:
        return frozenset(n for block in (stmt.then, stmt.orelse) for s in block.body for n in defined(s))

    def captured(self, stmt: If, then: list[Stmt], orelse: list[Stmt], back: If) -> tuple[If, If]:
        """Hand the values that the reverse of a branch reads out of the forward branch."""
        results = list(stmt.results)
        yields = [list(stmt.then.yields), list(stmt.orelse.yields)]
        reversed_sides: list[Block] = []
        for position, (ahead, block) in enumerate(((then, back.then), (orelse, back.orelse))):
            live, reads = live_block(block, frozenset())
            local = {name for s in ahead for name in defined(s)}
            fresh = {name: self.build.names.fresh(name) for name in sorted(reads & local)}
            for name, outside in fresh.items():
                results.append(outside)
                yields[position].append(name)
                yields[1 - position].append(Lit(None))
            reversed_sides.append(renamed(live, fresh))
        forward_if = If(
            stmt.cond,
            Block(tuple(then), tuple(yields[0])),
            Block(tuple(orelse), tuple(yields[1])),
            tuple(results),
            stmt.loc,
        )
        return forward_if, If(back.cond, reversed_sides[0], reversed_sides[1], back.results, back.loc)

    # ---- loops ---------------------------------------------------------------------------------

    def loop(self, stmt: Loop, bars: Bars) -> Stmt:
        seeds = [bars.pop(name, ZERO) for name in stmt.results]
        if all(seed == ZERO for seed in seeds):
            return stmt
        slots = [i for i, carry in enumerate(stmt.carried) if self.active(carry.name)]
        carry_bars = {
            stmt.carried[i].name: self.build.names.fresh(f"{stmt.carried[i].name}_bar") for i in slots
        }
        shared = self.reads(stmt.body) - {carry.name for carry in stmt.carried}
        totals = {name: self.build.names.fresh(f"{name}_bar") for name in sorted(shared)}
        body, outputs = self.replayed(stmt, slots, carry_bars, totals)
        return self.swept(stmt, slots, seeds, carry_bars, totals, body, outputs, bars)

    def reads(self, block: Block) -> frozenset[str]:
        """Active values from outside that a block reads."""
        _, live = live_block(block, frozenset())
        return frozenset(name for name in live if self.active(name))

    def replayed(
        self, stmt: Loop, slots: list[int], carry_bars: dict[str, str], totals: dict[str, str]
    ) -> tuple[list[Stmt], list[Arg]]:
        """One pass of the reverse loop: the pass's forward again, then its reverse."""
        inner: Bars = dict(totals)
        with self.build.scope() as seeding:
            for i in slots:
                self.accumulate(inner, stmt.body.yields[i], carry_bars[stmt.carried[i].name])
            ahead, back = self.block(stmt.body, inner)
        outputs = [inner.get(stmt.carried[i].name, ZERO) for i in slots]
        outputs += [inner.get(name, ZERO) for name in totals]
        return [*unfailing(ahead), *seeding, *back], outputs

    def swept(
        self, stmt: Loop, slots: list[int], seeds: list[Arg], carry_bars: dict[str, str], totals: dict[str, str],
        body: list[Stmt], outputs: list[Arg], bars: Bars,
    ) -> Stmt:  # fmt: skip
        """Emit the reverse loop; return the forward loop with its tape and trip count."""
        fresh = {name: self.build.names.fresh(name) for s in body for name in defined_deep(s)}
        fresh |= {carry.name: self.build.names.fresh(carry.name) for carry in stmt.carried}
        if isinstance(stmt, For):
            fresh[stmt.index] = self.build.names.fresh(stmt.index)
        replay, reads = live_block(renamed(Block(tuple(body), tuple(outputs)), fresh), frozenset())
        kept = [c for c in stmt.carried if fresh[c.name] in reads]
        pops = (
            [Pop(tuple(fresh[c.name] for c in kept), tuple(c.name for c in kept), stmt.loc)] if kept else []
        )
        ahead, count = self.recorded(stmt, kept)
        carried = [Carry(carry_bars[stmt.carried[i].name], seeds[i]) for i in slots]
        carried += [Carry(total, bars.get(name, ZERO)) for name, total in totals.items()]
        results = [self.build.names.fresh(carry.name) for carry in carried]
        start, stop, step, index = self.backwards(stmt, count, fresh)
        loop = For(
            index,
            start,
            stop,
            step,
            tuple(carried),
            Block((*pops, *replay.body), replay.yields),
            tuple(results),
            None,
            stmt.loc,
        )
        self.build.keep(loop)
        for name, result in zip(totals, results[len(slots) :], strict=True):
            bars[name] = result
        # Only now: a carry's start may be one of the shared values, whose total is set above.
        for i, result in zip(slots, results[: len(slots)], strict=True):
            self.accumulate(bars, stmt.carried[i].init, result)
        return ahead

    def recorded(self, stmt: Loop, kept: list[Carry]) -> tuple[Stmt, Arg]:
        """The forward loop, which keeps carried values on the tape and counts its passes."""
        push = (Push(tuple(carry.name for carry in kept), stmt.loc),) if kept else ()
        body = (*push, *stmt.body.body)
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


def defined_deep(stmt: Stmt) -> frozenset[str]:
    """Every name that a statement or its blocks define."""
    function = Function("", (), Block((stmt,)), False)
    return names_of(function)
