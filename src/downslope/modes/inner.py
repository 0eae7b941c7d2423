"""Derivatives that a program takes itself: the reader asks, and the modes here answer, one IR for another."""

from collections.abc import Sequence

from downslope.ir.nodes import Function
from downslope.ir.structure import Shape
from downslope.ir.types import Kind
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse
from downslope.read.differentiated import How
from downslope.read.lower import Lowered, lowered
from downslope.read.source import Source


def expanded(source: Source, kinds: Sequence[Kind] = (), shapes: Sequence[Shape] = ()) -> Lowered:
    """The program as IR (`read.lower`), with the derivatives that it takes itself expanded.

    So they are statements like any other to every mode. Raises `UnsupportedError` as the reader does.

    >>> import downslope as ds
    >>> from downslope.read.source import read_source
    >>> def slope_at_one(x):
    ...     return ds.grad(lambda y: x * y * y)(1.0)
    >>> expanded(read_source(slope_at_one)).function.body.yields != ()
    True
    """
    return lowered(source, kinds, shapes, differentiated)


def differentiated(function: Function, names: Sequence[str], how: How) -> Function:
    """A function inside a program with its derivative in some of its inputs."""
    seeded = how in ("pushed", "pulled")
    return (forward if how in ("forward", "pushed") else reverse)(function, names, seeded=seeded)
