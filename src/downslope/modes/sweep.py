"""What the reverse of every kind of statement shares: the builder, what is active, and cotangents."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Function, Stmt
from downslope.ir.types import ArrayType
from downslope.modes.forward import selecting
from downslope.modes.reverse_arrays import ArrayBars, Bars
from downslope.passes.activity import of, varied
from downslope.passes.buffers import Shapes, replaced
from downslope.passes.build import ZERO, Builder
from downslope.passes.simplify import live_block
from downslope.passes.types import arrays


class Sweep(ABC):
    """One reverse sweep."""

    def __init__(self, function: Function, wrt: Sequence[str], names: Names) -> None:
        self.build = Builder(names)
        self.careful = selecting(function)
        self.facts = dict(varied(function, {name: frozenset({0}) for name in wrt}))
        self.kinds = dict(arrays(function))
        self.replaced = replaced(function)
        self.arrays = ArrayBars(self.build, Shapes(function))
        self.lost: frozenset[str] = frozenset()  # arrays that the loops around have overwritten by then
        self.depth = 0  # how many loops are around
        self.tape_only = False  # whether what is emitted runs forward once only

    def kind(self, arg: Arg) -> ArrayType | None:
        """The type of an array; None for a number."""
        return self.kinds.get(arg) if isinstance(arg, str) else None

    def handed_on(self, bars: Bars, arg: Arg, model: Arg) -> Arg:
        """The cotangent that a block yields for a value; zero is an array of zeros if `model` is one."""
        bar = bars.get(arg, ZERO) if isinstance(arg, str) else ZERO
        return self.arrays.zeros(str(model)) if bar == ZERO and self.kind(model) else bar

    def active(self, arg: Arg) -> bool:
        """Whether a value depends on what varies."""
        return bool(of(arg, self.facts))

    def accumulate(self, bars: Bars, arg: Arg, change: Arg) -> None:
        """`bars[arg] += change`, for an active value."""
        if not isinstance(arg, str) or not self.active(arg) or change == ZERO:
            return
        if (kind := self.kind(arg)) is not None:
            self.arrays.add(bars, arg, change, kind)
        else:
            bars[arg] = self.build.add(bars.get(arg, ZERO), change, f"{arg}_bar")

    def reads(self, block: Block) -> frozenset[str]:
        """Active values from outside that a block reads."""
        _, live = live_block(block, frozenset())
        return frozenset(name for name in live if self.active(name))

    def block(self, block: Block, bars: Bars) -> tuple[list[Stmt], list[Stmt]]:
        """The forward statements of a block, and those of its reverse; `bars` is updated."""
        ahead, back = self.groups(block, bars)
        return [stmt for group in ahead for stmt in group], back

    @contextmanager
    def on_tape(self, only: bool = True) -> Iterator[None]:
        """With `only`, what is emitted inside keeps its values on the tape."""
        before, self.tape_only = self.tape_only, self.tape_only or only
        try:
            yield
        finally:
            self.tape_only = before

    @abstractmethod
    def groups(
        self, block: Block, bars: Bars, once: frozenset[int] = frozenset()
    ) -> tuple[list[tuple[Stmt, ...]], list[Stmt]]:
        """For each statement of a block its forward, and the reverse of the block; `bars` is updated.

        Those at the positions `once` run in the forward sweep only.

        The builder's current scope receives nothing: the reverse is collected and returned.
        """
