"""What a callable is under its wrapping: the Python function to read, and the arguments it is already given."""

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

from downslope.errors import SourceUnavailable, UnsupportedError
from downslope.read.resolve import EXPANDED, row_of, spelled
from downslope.rules import RULES, SPELLINGS

Run = Callable[..., Any]


@dataclass(frozen=True)
class Callee:
    """A callable taken apart.

    `function` is read, `program` is run. `preset` are the arguments that are given already, by name.
    `rewrap` puts another function, such as one with lifted constants, into the same wrapping.
    """

    function: FunctionType
    program: Run
    preset: Mapping[str, object] = field(default_factory=dict)
    rewrap: Callable[[Run], Run] = lambda function: function

    def given(self, values: tuple[object, ...]) -> dict[str, object]:
        """The preset arguments with further positional ones."""
        names = [name for name in positional(self.function) if name not in self.preset]
        return {**self.preset, **dict(zip(names, values, strict=False))}


def positional(function: FunctionType) -> tuple[str, ...]:
    """The names of the arguments that can be given by position."""
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def callee(program: Any) -> Callee:
    """Take apart a function, method, `functools.partial`, callable object, cache or Numba dispatcher.

    Raises `SourceUnavailable` for a function behind a decorator that cannot be read, `UnsupportedError`
    for what is not a Python function at all.

    >>> callee(functools.partial(lambda a, x: a * x, 2.0)).preset
    {'a': 2.0}
    """
    match program:
        case functools.partial():
            return _partial(program)
        case MethodType():
            inner = callee(program.__func__)
            owner = program.__self__
            return Callee(
                inner.function,
                program,
                inner.given((owner,)),
                lambda g: functools.partial(inner.rewrap(g), owner),
            )
        case functools._lru_cache_wrapper():
            return callee(program.__wrapped__)
        case FunctionType():
            return _function(program)
    if isinstance(function := getattr(program, "py_func", None), FunctionType):
        return _function(function)
    call = inspect.getattr_static(type(program), "__call__", None)
    if isinstance(call, FunctionType):
        inner = callee(MethodType(call, program))
        return Callee(inner.function, program, inner.preset, inner.rewrap)
    raise UnsupportedError(
        f"{program!r} is not a Python function",
        why="only functions written with def or lambda can be read, and those of the rule table.",
        fix="wrap it in a function.",
    )


def _partial(program: "functools.partial[Any]") -> Callee:
    inner = callee(program.func)
    args, keywords = program.args, program.keywords
    return Callee(
        inner.function,
        program,
        inner.given(args),
        lambda g: functools.partial(inner.rewrap(g), *args, **keywords),
    )


def _function(program: FunctionType) -> Callee:
    if hasattr(program, "__wrapped__") and program.__code__.co_flags & (
        inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    ):
        raise SourceUnavailable(
            f"the function {program.__name__!r} is wrapped by a decorator that takes any arguments",
            why="what the decorator does to the value is not known from the source of the function.",
            fix="give the function itself: it is its `__wrapped__`.",
        )
    return Callee(program, program)


def row_text(program: Any) -> tuple[str, Mapping[str, object]] | None:
    """A program that calls one function of the rule table, as text and namespace; None for other callables.

    >>> import math
    >>> print(row_text(math.sin)[0], end="")
    def sin(x):
        return math.sin(x)
    """
    row = row_of(program)
    spellings = EXPANDED if row is not None and row.builtin else SPELLINGS
    spelling = next((s for s in spellings if spelled(s) is program), None)
    if row is None or spelling is None:
        return None
    arguments = ", ".join(EXPANDED[spelling] if row.builtin else RULES[row.name].args)
    module, _, name = spelling.rpartition(".")
    top = module.partition(".")[0]
    called = name if module == "builtins" else spelling
    text = f"def {name}({arguments}):\n    return {called}({arguments})\n"
    return text, {} if module == "builtins" else {top: importlib.import_module(top)}


def is_helper(value: object) -> bool:
    """Whether a value can be read as a function of its own (a method, a partial, a Numba dispatcher too)."""
    if hasattr(value, "downslope_source"):
        return True
    try:
        return plain(value) is not None
    except SourceUnavailable:
        return True  # why it cannot be read is said when it is


def plain(value: object) -> object:
    """The Python function under a wrapping; None where there is none."""
    if isinstance(value, type):
        return None
    try:
        return callee(value).function
    except SourceUnavailable:
        raise
    except UnsupportedError:
        return None
