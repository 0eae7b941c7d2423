"""The derivative by hand, and the program itself, both compiled by Numba as it comes."""

from importlib import import_module
from types import FunctionType
from typing import Any

from benchmarks.tools import Calls


def prepared(problem: Any, args: tuple[Any, ...]) -> Calls:
    """Primal: `numba.njit` of the program and of its helpers."""
    gradient = import_module(f"{problem.__name__}_hand").gradient
    primal = compiled(problem.primal)
    return lambda: primal(*args), lambda: gradient(*args)[1:]


def compiled(plain: FunctionType) -> Any:
    """A function compiled by Numba, with the functions that it calls."""
    import numba

    names = dict(plain.__globals__)
    for name in plain.__code__.co_names:
        if isinstance(names.get(name), FunctionType):
            names[name] = compiled(names[name])
    copy = FunctionType(plain.__code__, names, plain.__name__, plain.__defaults__, plain.__closure__)
    return numba.njit(error_model="numpy")(copy)
