"""The transformed programs that the public calls run: each of a program, the inputs that vary, and its checkpoints."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from downslope.ir.nodes import Function
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse
from downslope.modes.snapshots import Checkpoints

Names: TypeAlias = Sequence[str]
Make: TypeAlias = Callable[[Function, Names, Checkpoints], Function]
"""What transforms a program. Forward mode keeps nothing, so checkpoints mean nothing to it."""


def tangents(function: Function, names: Names, _checkpoints: Checkpoints) -> Function:
    """The derivative in each input."""
    return forward(function, names)


def pushed(function: Function, names: Names, _checkpoints: Checkpoints) -> Function:
    """The differential: tangents of the inputs are further parameters."""
    return forward(function, names, seeded=True)


def reversed_once(function: Function, names: Names, checkpoints: Checkpoints) -> Function:
    """The gradient of the one output."""
    return reverse(function, names, checkpoints=checkpoints)


def pulled(function: Function, names: Names, checkpoints: Checkpoints) -> Function:
    """The transpose: cotangents of the outputs are further parameters."""
    return reverse(function, names, seeded=True, checkpoints=checkpoints)


def gradient_tangents(function: Function, names: Names, checkpoints: Checkpoints) -> Function:
    """The derivative of the gradient in each input (forward over reverse)."""
    return forward(reversed_once(function, names, checkpoints), names)


def pushed_gradient(function: Function, names: Names, checkpoints: Checkpoints) -> Function:
    """The differential of the gradient (forward over reverse)."""
    return forward(reversed_once(function, names, checkpoints), names, seeded=True)
