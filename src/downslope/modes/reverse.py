"""Reverse mode: IR -> IR with a forward sweep, a tape and a reverse sweep (Griewank & Walther 2008).

Straight-line values stay in local variables. A branch hands what its reverse needs to the enclosing
block. A loop keeps on the tape, per pass, only the carried values that the reverse of a pass reads;
the pass is then replayed and reversed while its values are in registers. Storing per step and
recomputing cheap values is faster than a push and pop per value, and nested loops need a tape of the
sum of their lengths, not of the product.
"""

from collections.abc import Sequence

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    For,
    Function,
    Grow,
    If,
    Let,
    Load,
    New,
    Param,
    Stmt,
    Store,
    While,
    names_of,
)
from downslope.modes.reverse_arrays import Bars
from downslope.modes.reverse_branches import ReverseBranches
from downslope.modes.reverse_calls import ReverseCalls
from downslope.modes.reverse_snapshots import ReverseSnapshots
from downslope.modes.snapshots import WHOLE_TAPE, Checkpoints
from downslope.passes.buffers import measured
from downslope.passes.build import ONE, ZERO
from downslope.passes.simplify import simplified
from downslope.passes.untape import untaped
from downslope.rules import RULES
from downslope.rules.kinds import is_mask


def reverse(
    function: Function, wrt: Sequence[str], *, seeded: bool = False, checkpoints: Checkpoints = WHOLE_TAPE
) -> Function:
    """The program with its adjoint: outputs, then the cotangent of each name in `wrt`.

    With `seeded` the output cotangents are parameters `<output>_bar` (a vector-Jacobian product);
    otherwise the function has one output, with cotangent 1. `checkpoints` says which loops run again from
    snapshots instead of using the tape. A function with a tape, which is the result of another reverse sweep,
    gets arrays in its place first.
    """
    function = untaped(function)
    names = Names(names_of(function))
    function = measured(function, names)
    sweep = _Reverse(function, wrt, names, checkpoints)
    params = list(function.params)
    bars: Bars = {}
    with sweep.build.scope() as seeding:
        for position, output in enumerate(function.body.yields):
            seed: Arg = ONE
            if seeded:
                seed = sweep.build.names.fresh(f"y{position}_bar")
                params.append(Param(str(seed), str(seed), sweep.kind(output)))
            sweep.accumulate(bars, output, seed)
    ahead, back = sweep.block(function.body, bars)
    with sweep.build.scope() as missing:
        gradient = tuple(sweep.handed_on(bars, name, name) for name in wrt)
    body = Block((*ahead, *seeding, *back, *missing), (*function.body.yields, *gradient))
    return simplified(Function(function.name, tuple(params), body, False, function.loc))


class _Reverse(ReverseBranches, ReverseSnapshots, ReverseCalls):
    def groups(
        self, block: Block, bars: Bars, once: frozenset[int] = frozenset()
    ) -> tuple[list[tuple[Stmt, ...]], list[Stmt]]:
        """For each statement of a block its forward, and the reverse of the block; `bars` is updated.

        The builder's current scope receives nothing: the reverse is collected and returned.
        """
        ahead: list[tuple[Stmt, ...]] = []
        with self.build.scope() as back:
            for position, stmt in reversed(list(enumerate(block.body))):
                self.build.place = stmt.loc
                with self.on_tape(position in once):
                    ahead.append(self.statement(stmt, bars))
        ahead.reverse()
        return ahead, back

    def statement(self, stmt: Stmt, bars: Bars) -> tuple[Stmt, ...]:
        """Emit the reverse of a statement; return its forward, with captures and tape added."""
        match stmt:
            case Let():
                self.let(stmt, bars)
            case Load(name=name, array=array):
                bar = bars.pop(name, ZERO)
                if bar != ZERO and self.active(array):
                    self.arrays.load(stmt, bar, bars)
            case Store(array=array, value=value):
                self.accumulate(bars, value, self.arrays.store(stmt, bars, self.active(array)))
            case Grow(name=name, array=array):
                if name in bars:
                    bars[array] = bars.pop(name)
            case New(name=name):
                bars.pop(name, None)
            case If():
                return (self.branch(stmt, bars),)
            case For() | While():
                return self.loop(stmt, bars)
            case Call():
                return self.call(stmt, bars)
        return (stmt,)

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
