"""The derivative as readable Python text."""

from collections.abc import Callable
from typing import Any, Literal

from downslope.calculus.program import Wrt, one_output, params_of, program
from downslope.emit.python import emit
from downslope.ir.show import shown
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse

Form = Literal["program", "tangent", "adjoint"]


def program_source(f: Callable[..., Any] | str) -> str:
    """The program as downslope reads it, helpers expanded, as readable Python.

    >>> print(program_source(lambda x: 3 * x**2).splitlines()[-1].strip())
    return 3 * x ** 2
    """
    read, _ = program(f)
    return emit(read.function)


def ir_text(f: Callable[..., Any] | str, wrt: Wrt = None, form: Form = "program") -> str:
    """The IR of a program, or of its adjoint or tangent program, as text.

    >>> print(ir_text(lambda x: x * x, form="tangent").splitlines()[-1].strip())
    return t, t_dot
    """
    read, names = program(f, wrt)
    match form:
        case "program":
            return shown(read.function)
        case "tangent":
            return shown(forward(read.function, params_of(read.function, names)))
        case "adjoint":
            one_output(read)
            return shown(reverse(read.function, params_of(read.function, names)))


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
