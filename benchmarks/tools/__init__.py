"""One file per library: `prepared(problem, args)` gives the primal and the gradient as calls without arguments."""

from collections.abc import Callable, Sequence
from typing import Any

Calls = tuple[Callable[[], Any], Callable[[], Sequence[Any]]]
TOOLS = {
    "downslope": "numba",
    "by hand": "numba",
    "JAX": "jax",
    "PyTorch": "torch",
    "HIPS autograd": "autograd",
    "CasADi": "casadi",
}
"""The columns of the table, and the package that each needs."""
FILES = {
    "downslope": "ours",
    "by hand": "hand",
    "JAX": "with_jax",
    "PyTorch": "with_torch",
    "HIPS autograd": "with_autograd",
    "CasADi": "with_casadi",
}


def places(problem: Any) -> list[int]:
    """The positions of the arguments that vary."""
    code = problem.primal.__code__
    return [code.co_varnames[: code.co_argcount].index(name) for name in problem.WRT]
