"""Which inputs each output depends on, many at a time: IR -> IR that carries a word of bits with each value.

Forward propagation of index domains (Griewank & Walther 2008, ch. 7), as bits. What only feeds values that
steer nothing is dead code then, so a run costs a few operations on integers for each one on floats.
"""

from collections.abc import Callable, Sequence

from downslope.ir.calls import varying
from downslope.ir.nodes import Arg, Block, Call, Carry, Dim, For, Function, Let, Lit, New, Param
from downslope.ir.types import ArrayType
from downslope.modes.forward import Forward
from downslope.passes.simplify import simplified
from downslope.rules import RULES

NOTHING = Lit(0)


def dependence(function: Function, wrt: Sequence[str]) -> Function:
    """The program with a word of bits per name in `wrt` as a further input; its outputs are such words.

    An output has a bit that an input has if its derivative in that input can be other than zero on the path
    that this run takes.

    >>> from downslope.ir.nodes import Let
    >>> steps = (Let("t", "sin", ("a",)), Let("y", "multiply", ("t", "b")), Let("k", "floor", ("a",)))
    >>> f = Function("f", (Param("a", "a"), Param("b", "b")), Block(steps, ("y", "k")), False)
    >>> [(stmt.op, stmt.args) for stmt in dependence(f, ("a", "b")).body.body]
    [('bitwise_or', ('a_dot', 'b_dot'))]
    """
    return simplified(_Dependence(function, wrt, seeded=True).run())


class _Dependence(Forward):
    zero = NOTHING

    def seed(self, name: str, _direction: int) -> Arg:
        """Bits are integers."""
        dot = self.build.names.fresh(f"{name}_dot")
        kind = self.arrays.get(name)
        self.params.append(Param(dot, dot, ArrayType("i", kind.rank) if kind else None))
        return dot

    def run(self) -> Function:
        """The words alone."""
        whole = super().run()
        words = whole.body.yields[len(self.function.body.yields) :]
        return Function(whole.name, whole.params, Block(whole.body.body, words), False, whole.loc)

    def zeros(self, array: str) -> str:
        """An array of empty words with the shape of another."""
        name = self.build.names.fresh(f"{array}_dot")
        lengths = tuple(self.build.names.fresh(f"{array}_len") for _ in range(self.arrays[array].rank))
        for axis, length in enumerate(lengths):
            self.build.keep(Dim(length, array, axis, self.build.place))
        self.build.keep(New(name, lengths, ArrayType("i", len(lengths)), NOTHING, self.build.place))
        return name

    def let(self, stmt: Let) -> None:
        """The bits of all arguments that a derivative passes from."""
        self.build.keep(stmt)
        words: Arg = NOTHING
        for arg, partial in zip(stmt.args, RULES[stmt.op].partials, strict=True):
            word = self.tangent(arg, 0) if partial != "0" else NOTHING
            if NOTHING in (word, words) or word == words:
                words = word if words == NOTHING else words
            else:
                words = self.build.apply("bitwise_or", (words, word), f"{stmt.name}_dot")
        self.tangents[stmt.name] = {0: words} if words != NOTHING else {}

    def by_rule(self, stmt: Call) -> None:
        """What is not written out: every number that comes out depends on every one that goes in."""
        self.build.keep(stmt)
        words: Arg = NOTHING
        for i in varying(stmt.callee.params):
            word = self.tangent(stmt.args[i], 0)
            if word != NOTHING:
                words = self.gathered(str(word), self.arrays.get(str(stmt.args[i])), words)
        for k in varying(stmt.callee.outputs):
            kind, word = stmt.callee.outputs[k], words
            if isinstance(kind, ArrayType):
                word = self.spread(self.zeros(stmt.results[k]), words, kind.rank, [])
            self.tangents[stmt.results[k]] = {0: word}

    def gathered(self, dot: str, kind: ArrayType | None, words: Arg) -> Arg:
        """The bits of all elements, on top of others."""
        return self._gathered(dot, kind.rank, [], words) if kind else self.both(words, dot)

    def both(self, one: Arg, other: Arg) -> Arg:
        """The bits of two words."""
        return other if one == NOTHING else self.build.apply("bitwise_or", (one, other), "bits")

    def _gathered(self, dot: str, rank: int, index: list[Arg], words: Arg) -> Arg:
        if len(index) == rank:
            return self.build.apply("bitwise_or", (words, self.build.load(dot, tuple(index))), "bits")
        return self._loop(dot, index, words, lambda at, carry: self._gathered(dot, rank, at, carry))

    def spread(self, array: str, words: Arg, rank: int, index: list[Arg]) -> str:
        """An array with the same bits in every element."""
        if len(index) == rank:
            return self.build.store(array, tuple(index), words, "bits")
        return self._loop(array, index, array, lambda at, carry: self.spread(carry, words, rank, at))

    def _loop(self, array: str, index: list[Arg], start: Arg, body: Callable[[list[Arg], str], Arg]) -> str:
        length, counter, carry, result = (
            self.build.names.fresh(hint) for hint in ("length", "k", "bits", "bits")
        )
        self.build.keep(Dim(length, array, len(index), self.build.place))
        with self.build.scope() as inside:
            last = body([*index, counter], carry)
        block = Block(tuple(inside), (last,))
        carried = (Carry(carry, start),)
        self.build.keep(
            For(counter, Lit(0), length, Lit(1), carried, block, (result,), None, self.build.place)
        )
        return result
