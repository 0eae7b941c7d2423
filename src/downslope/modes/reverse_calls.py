"""The reverse of calls: a call of the other half of the callee, or of the program that is given."""

from collections.abc import Sequence

from downslope.ir.calls import measured_only, varying
from downslope.ir.nodes import Arg, Block, Call, Carry, Dim, For, Like, Lit, Load, New, Pop, Push, Stmt
from downslope.ir.types import ArrayType
from downslope.modes.forward_calls import without
from downslope.modes.halves import halves
from downslope.modes.reverse_arrays import Bars
from downslope.modes.sweep import Sweep
from downslope.passes.build import ONE, ZERO


class ReverseCalls(Sweep):
    """The reverse of calls."""

    def call(self, stmt: Call, bars: Bars) -> tuple[Stmt, ...]:
        """Emit the reverse of a call; return its forward, with what its reverse needs of arrays saved."""
        callee = stmt.callee
        has_bar = any(bars.get(name, ZERO) != ZERO for name in stmt.results)
        if not has_bar or not any(self.active(name) for name in stmt.results):
            for name in stmt.results:
                bars.pop(name, None)
            return (stmt,)
        if callee.function is None or callee.given:
            return self.by_rule(stmt, bars)
        return (self.by_body(stmt, bars),)

    def gone(self, array: Arg) -> bool:
        """Whether what an array holds now is overwritten by the time the reverse comes here."""
        return array in self.replaced or array in self.lost

    def bar_of(self, bars: Bars, name: str) -> Arg:
        """The cotangent of a result, which is used up."""
        if self.kind(name):
            self.arrays.needed(bars, name)
        return bars.pop(name, ZERO)

    # ---- callees with a body ---------------------------------------------------------------------

    def by_body(self, stmt: Call, bars: Bars) -> Stmt:
        """The forward is the half that runs ahead; the reverse calls the one that comes back."""
        args = stmt.args
        active = frozenset(i for i in varying(stmt.callee.params) if self.active(args[i]))
        intact = frozenset(
            i for i, arg in enumerate(args)
            if self.kind(arg) and not self.gone(arg) and i not in stmt.callee.memory
        )  # fmt: skip
        pair = halves(stmt.callee, active, intact, self.careful, type(self))
        given: list[Arg] = [args[i] for i in (*pair.numbers, *pair.intact)]
        given += [self.bar_of(bars, stmt.results[k]) for k in pair.outputs]
        given += [self.arrays.needed(bars, str(args[i])) for i in pair.added]
        results = tuple(self.build.names.fresh(f"{args[i]}_bar") for i in pair.inputs)
        self.build.keep(Call(results, pair.back, tuple(given), stmt.loc))
        for i, result in zip(pair.inputs, results, strict=True):
            if self.kind(args[i]):
                bars[str(args[i])] = result
            else:
                self.accumulate(bars, args[i], result)
        return Call(stmt.results, pair.ahead, args, stmt.loc)

    # ---- callees whose derivative is given -------------------------------------------------------

    def by_rule(self, stmt: Call, bars: Bars) -> tuple[Stmt, ...]:
        """The reverse calls the program that is given; the arrays that it reads are saved where needed."""
        callee = stmt.callee
        given = [self.bar_of(bars, stmt.results[k]) for k in varying(callee.outputs)]
        if callee.vjp is None:
            self.by_tangents(stmt, given, bars)
            return (stmt,)
        vjp = callee.vjp()
        unread = measured_only(vjp)
        saving: list[Stmt] = []
        read: list[Arg] = []
        for position, arg in enumerate((*stmt.args, *stmt.results)):
            if self.kind(arg) is None or not self.gone(arg):
                read.append(arg)
            elif position in unread:
                read.append(self.blank(str(arg)))
            else:
                read.append(self.saved(str(arg), saving))
        inputs = varying(callee.params)
        results = tuple(self.build.names.fresh(f"{callee.name}_bar") for _ in inputs)
        self.build.keep(Call(results, vjp, (*read, *given), stmt.loc))
        for i, result in zip(inputs, results, strict=True):
            self.accumulate(bars, stmt.args[i], result)
        return (stmt, *saving)

    def by_tangents(self, stmt: Call, given: list[Arg], bars: Bars) -> None:
        """The cotangents of numbers from their tangents, where only these are given: one call for each."""
        callee = stmt.callee
        kinds = (*callee.params, *callee.outputs)
        if callee.jvp is None or any(isinstance(kind, ArrayType) for kind in kinds):
            raise without(stmt, "reverse mode", "vjp", "jvp gives that of numbers only")
        inputs = varying(callee.params)
        for i in inputs:
            if not self.active(stmt.args[i]):
                continue
            dots = tuple(ONE if j == i else ZERO for j in inputs)
            names = tuple(self.build.names.fresh(f"{callee.name}_dot") for _ in varying(callee.outputs))
            self.build.keep(Call(names, callee.jvp(), (*stmt.args, *stmt.results, *dots), stmt.loc))
            for bar, name in zip(given, names, strict=True):
                self.accumulate(bars, stmt.args[i], self.build.product(bar, name, self.careful))

    # ---- arrays on the tape ------------------------------------------------------------------------

    def saved(self, array: str, saving: list[Stmt]) -> str:
        """Put an array's elements on the tape ahead, and take them back: the array on the way back."""
        kind, fresh, place = self.kinds[array], self.build.names.fresh, self.build.place
        pushed = fresh(array)
        sizes = [fresh(f"{array}_len") for _ in range(kind.rank)]
        taken = [Dim(size, array, axis, place) for axis, size in enumerate(sizes)]
        saving[:0] = [*taken, *self._pushes(array, pushed, sizes, [])]  # what is popped last is pushed first
        restored = self.blank(array)
        known = [fresh(f"{array}_len") for _ in range(kind.rank)]
        for axis, size in enumerate(known):
            self.build.keep(Dim(size, restored, axis, place))
        return self._pops(restored, pushed, known, [])

    def blank(self, array: str) -> str:
        """An array of the same shape on the way back, whose elements are not set."""
        name = self.build.names.fresh(array)
        lengths = self.arrays.shapes.lengths(array)
        if isinstance(lengths, str):
            self.build.keep(Like(name, lengths, self.build.place))
        else:
            self.build.keep(New(name, lengths, self.kinds[array], Lit(None), self.build.place))
        return name

    def _pushes(self, array: str, pushed: str, sizes: Sequence[str], index: list[Arg]) -> list[Stmt]:
        place = self.build.place
        if len(index) == len(sizes):
            return [Load(pushed, array, tuple(index), place), Push((pushed,), place)]
        counter = self.build.names.fresh("k")
        body = self._pushes(array, pushed, sizes, [*index, counter])
        return [For(counter, Lit(0), sizes[len(index)], Lit(1), (), Block(tuple(body)), (), None, place)]

    def _pops(self, array: str, pushed: str, sizes: Sequence[Arg], index: list[Arg]) -> str:
        fresh, place = self.build.names.fresh, self.build.place
        if len(index) == len(sizes):
            value = fresh(pushed)
            self.build.keep(Pop((value,), (pushed,), place))
            return self.build.store(array, tuple(index), value, array)
        counter, carry, result = fresh("k"), fresh(array), fresh(array)
        last = self.build.apply("subtract", (sizes[len(index)], Lit(1)), "last")
        with self.build.scope() as body:
            end = self._pops(carry, pushed, sizes, [*index, counter])
        block = Block(tuple(body), (end,))
        self.build.keep(
            For(counter, last, Lit(-1), Lit(-1), (Carry(carry, array),), block, (result,), None, place)
        )
        return result
