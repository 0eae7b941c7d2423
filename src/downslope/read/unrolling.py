"""Loops over what is known when the program is read: each pass is read for itself."""

import ast
from abc import abstractmethod
from collections.abc import Callable, Sequence

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Lit
from downslope.read.array_reader import Passes
from downslope.read.calling import CallReader
from downslope.read.frames import Frame, Value

MOST = 100
"""Passes of a loop that are read one by one."""


class Unroll(Exception):  # no error: the loop is read again, pass by pass
    """A structure is indexed by a number that is known if some loop is read pass by pass."""

    def __init__(self, indices: frozenset[str], error: UnsupportedError) -> None:
        super().__init__(str(error))
        self.indices, self.error = indices, error


class UnrollingReader(CallReader):
    """What the reader does with loops over structures."""

    @abstractmethod
    def truth(self, value: Value) -> Arg:
        """A value as a boolean."""

    def counted(self, node: ast.For, frame: Frame) -> None:
        """`for`: over elements that are known now pass by pass, else as one loop."""
        passes = self.passes(node.iter, frame)
        if passes.items is not None:
            self.one_by_one(passes.items, node, frame)
            return
        start = self.state(frame)
        index = self.index_name(node, passes)
        self.indices.append(index)
        try:
            self.looped(node, frame, passes, index)
        except Unroll as asked:
            if index not in asked.indices:
                raise
            self.back_to(start, frame)
            self.one_by_one(self.known_passes(passes, asked), node, frame)
        finally:
            self.indices.remove(index)

    def known_passes(self, passes: Passes, asked: Unroll) -> Sequence[Callable[[], Value]]:
        """The passes of a loop whose bounds are known; else the loops that they depend on are to be unrolled."""
        bounds = [self.constant(bound) for bound in (passes.start, passes.stop, passes.step)]
        start, stop, step = bounds
        if start is None or stop is None or step is None:
            names = {
                name for bound in (passes.start, passes.stop, passes.step) for name in self.factors(bound)
            }
            around = names & set(self.indices[:-1])
            raise Unroll(frozenset(around), asked.error) if around else asked.error
        numbers = range(start, stop, step)
        if len(numbers) > MOST:
            raise asked.error
        return [lambda k=k: passes.item(Lit(k)) for k in numbers]  # type: ignore[misc]  # a default in a lambda

    def one_by_one(self, items: Sequence[Callable[[], Value]], node: ast.For, frame: Frame) -> None:
        """Read the body for each item; after one that may have left the loop, the rest is in a branch."""
        if not items:
            return
        self.told_apart(lambda: self.assign(node.target, items[0](), frame), frame)
        self.block(node.body, frame)
        flag = frame.until.get(node)
        left = self.truth(self.known(frame.env[flag])) if flag else Lit(False)
        if left == Lit(True):
            return
        if left == Lit(False):
            self.one_by_one(items[1:], node, frame)
            return
        rest = self.sides(frame, lambda: None, lambda: self.one_by_one(items[1:], node, frame))
        self.merged(left, *rest, frame)

    def constant(self, value: Value) -> int | None:
        """A whole number that is known now."""
        known = self.arrays.numbers.sum_of(value) if isinstance(value, str | Lit) else None
        return known.constant if known is not None and known.known else None

    def factors(self, value: Value) -> set[str]:
        """The whole numbers that one is a sum of."""
        known = self.arrays.numbers.sum_of(value) if isinstance(value, str | Lit) else None
        return set() if known is None else set(known.factors)

    def position(self, value: Value, size: int, error: UnsupportedError) -> int:
        """The position that an index means; the error where it is not known, or not one of them."""
        index = self.constant(value)
        if index is None:
            around = self.factors(value) & set(self.indices)
            raise Unroll(frozenset(around), error) if around else error
        if not -size <= index < size:
            raise error
        return index
