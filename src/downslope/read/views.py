"""What a variable of the program that holds an array stands for: a buffer, and a view of it.

A view is only a way to compute indices, so a store through one is a store into its buffer: what Python
does with views and names for the same array, emitted code does by construction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from downslope.ir.nodes import Arg, Lit
from downslope.ir.types import ArrayType, Type

FIRST, NEXT = Lit(0), Lit(1)


@dataclass(eq=False)
class Buffer:
    """Memory of one array. `lengths` are its dimensions; `frozen` says why nothing may be stored in it."""

    type: ArrayType
    lengths: tuple[Arg, ...]
    label: str
    frozen: str = ""
    causes: frozenset[tuple[str, str]] = frozenset()  # the variables that it is frozen for (`choices.Key`)
    growing: bool = False  # whether it is a list's: how many of its places are used is in a cell
    rows: bool = False  # whether NumPy surely has it in C order, so that a reshape is a view
    inside: tuple[Arg, Arg] | None = None  # bounds of its elements, where no name of the program reaches it


@dataclass(eq=False)
class Cell(Buffer):
    """The length of a list. What is current for it is a whole number, not the name of an array."""


@dataclass(frozen=True)
class Fixed:
    """A dimension of the buffer at one index."""

    index: Arg


@dataclass(frozen=True)
class Along:
    """A dimension of the buffer that runs with an axis of the view: at `start + step * i`."""

    axis: int
    start: Arg = FIRST
    step: Arg = NEXT


@dataclass(frozen=True)
class Mixed:
    """A dimension of the buffer that several axes share, after a reshape.

    The index is `first + by * ((start + sum of step * i) // divisor % modulus)`.
    """

    terms: tuple[tuple[int, Arg], ...]  # axis and step
    start: Arg = FIRST
    divisor: Arg = NEXT
    modulus: Arg | None = None
    first: Arg = FIRST
    by: Arg = NEXT


Place: TypeAlias = Fixed | Along | Mixed


@dataclass(frozen=True)
class View:
    """Elements of a buffer: one place per dimension of the buffer, one length per axis of the view."""

    buffer: Buffer
    places: tuple[Place, ...]
    lengths: tuple[Arg, ...]
    readonly: bool = False  # NumPy refuses stores through it

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.lengths)

    @property
    def whole(self) -> bool:
        """Whether it is the buffer itself, in order."""
        plain = tuple(Along(axis) for axis in range(self.buffer.type.rank))
        return self.places == plain and self.lengths == self.buffer.lengths and not self.readonly


def whole_view(buffer: Buffer) -> View:
    """The view of all of a buffer."""
    return View(buffer, tuple(Along(axis) for axis in range(buffer.type.rank)), buffer.lengths)


@dataclass(frozen=True)
class Listed:
    """A list of numbers: a buffer that grows, and how many of its places are used."""

    buffer: Buffer
    count: Cell


@dataclass(frozen=True)
class Lazy:
    """Elements that are computed when they are needed, so that a formula over arrays is one loop.

    `element` gives the one at an index. `reads` are the buffers it reads and how often they had been
    stored into when it was written: none of them may change before. `plain` says that an element costs no more than a load.
    """

    lengths: tuple[Arg, ...]
    element: Callable[[Sequence[Arg]], Arg]
    type: Type = "f"
    reads: tuple[tuple[Buffer, int], ...] = field(default=(), compare=False)
    views: tuple[View, ...] = ()
    plain: bool = False

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.lengths)


@dataclass(frozen=True)
class Gone:
    """A variable that does not hold one known array any more; `why` is said where it is read."""

    what: str
    why: str
    fix: str
    causes: frozenset[tuple[str, str]] = frozenset()  # it is known if these are told apart (`choices.Key`)
    number: str = field(
        default="", kw_only=True
    )  # what it is on one path, if that is a number: with an array there it may be known


@dataclass(frozen=True)
class Word:
    """A text, as the name of a mode."""

    text: str


@dataclass(frozen=True)
class Index:
    """An array of whole numbers as an index."""

    view: View


@dataclass(frozen=True)
class Mask:
    """An array of truth values as an index: it stands for as many axes as it has."""

    view: View


@dataclass(frozen=True)
class Picked:
    """Elements of a view at places that index arrays give: `place` is that of an element, in the view."""

    view: View
    lengths: tuple[Arg, ...]
    place: Callable[[Sequence[Arg]], list[Arg]]
    indices: tuple[View, ...]
