"""The reverse of a branch: both sides again, with what the side taken has computed handed to it."""

from downslope.ir.nodes import Arg, Block, Call, For, Grow, If, Lit, Stmt, Store, While, defined
from downslope.ir.rename import renamed
from downslope.modes.reverse_arrays import Bars
from downslope.modes.sweep import Sweep
from downslope.passes.buffers import in_place
from downslope.passes.build import ZERO
from downslope.passes.simplify import live_block


class ReverseBranches(Sweep):
    """The reverse of branches."""

    def branch(self, stmt: If, bars: Bars) -> Stmt:
        """Emit the reverse of a branch; return its forward, with what its reverse reads handed out."""
        if all(bars.get(name, ZERO) == ZERO for name in stmt.results):
            return stmt
        self.prepare(stmt, bars)
        seeds = [bars.pop(name, ZERO) for name in stmt.results]
        sides = [self.side(block, seeds, bars) for block in (stmt.then, stmt.orelse)]
        touched = sorted(
            {n for _, _, side in sides for n in side if side[n] != bars.get(n)} - self._inside(stmt)
        )
        results = {name: self.build.names.fresh(f"{name}_bar") for name in touched}
        then_block, else_block = (self.handed_back(back, side, touched) for _, back, side in sides)
        reverse_if = If(stmt.cond, then_block, else_block, tuple(results.values()), stmt.loc)
        forward_if, reverse_if = self.captured(stmt, sides[0][0], sides[1][0], reverse_if)
        if touched:
            self.build.keep(reverse_if)
        bars.update(results)
        return forward_if

    def handed_back(self, back: list[Stmt], side: Bars, touched: list[str]) -> Block:
        """The reverse of one side with the cotangents it yields."""
        with self.build.scope() as missing:
            ends = tuple(self.handed_on(side, name, name) for name in touched)
        return Block((*back, *missing), ends)

    def prepare(self, stmt: If, bars: Bars) -> None:
        """Before a branch: cotangents of the active arrays that it changes or reads."""
        for name in stmt.results:
            if self.kind(name) and self.active(name):
                self.arrays.needed(bars, name)
        changed = {base for block in (stmt.then, stmt.orelse) for base in self.bases(block)}
        for block in (stmt.then, stmt.orelse):
            for name in sorted(self.reads(block) - changed):
                if self.kind(name):
                    self.arrays.needed(bars, name)

    def bases(self, block: Block) -> frozenset[str]:
        """The arrays from outside whose next versions a block yields."""
        source: dict[str, Arg] = {}
        for stmt in block.body:
            match stmt:
                case Store(name=name, array=array) | Grow(name=name, array=array):
                    source[name] = array
                case Call():
                    source |= in_place(stmt)
                case If():
                    source |= zip(stmt.results, stmt.then.yields, strict=True)
                case For() | While():
                    source |= zip(stmt.results, (carry.init for carry in stmt.carried), strict=True)
        found: set[str] = set()
        for end in block.yields:
            while isinstance(end, str) and end in source:
                end = source[end]
            if isinstance(end, str):
                found.add(end)
        return frozenset(found)

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
