"""The derivative as readable Python text."""

from collections.abc import Callable
from typing import Any

from downslope.calculus.program import Wrt, one_output, params_of, program
from downslope.emit.python import emit
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse


def adjoint_source(f: Callable[..., Any] | str, wrt: Wrt = None) -> str:
    """The adjoint program as readable Python: outputs, then the gradient.

    >>> adjoint_source(lambda x: x * x).splitlines()[-1].strip()
    'return x * x, x + x'
    """
    read, names = program(f, wrt)
    one_output(read)
    return emit(reverse(read.function, params_of(read.function, names)))


def tangent_source(f: Callable[..., Any] | str, wrt: Wrt = None) -> str:
    """The forward-mode program as readable Python: outputs, then their tangents.

    >>> print(tangent_source(lambda x: x * x).splitlines()[-1].strip())
    return x * x, x + x
    """
    read, names = program(f, wrt)
    return emit(forward(read.function, params_of(read.function, names)))
