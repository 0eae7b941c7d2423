"""Whether an oracle runs the user's function: then the derivatives that it takes itself are by dual numbers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import getattr_static
from types import CellType, CodeType, FunctionType
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

from downslope.errors import warned
from downslope.ir.structure import holder_of, shape_of
from downslope.read.classes import is_lasting
from downslope.read.tables import LARGEST, is_table

P = ParamSpec("P")
R = TypeVar("R")
_TOLD: "WeakSet[CodeType]" = WeakSet()
"""The functions that have been spoken of."""
_RUNNING: ContextVar[bool] = ContextVar("running", default=False)


@contextmanager
def running() -> Iterator[None]:
    """While this is entered, `grad` and its like give what `modes.nested` gives.

    >>> with running():
    ...     is_running()
    True
    """
    token = _RUNNING.set(True)
    try:
        yield
    finally:
        _RUNNING.reset(token)


def is_running() -> bool:
    """Whether that holds."""
    return _RUNNING.get()


def _around(function: object) -> bool:
    """Whether a function closes over what is no constant; then it is said, once for each place in the source."""
    names = [name for name, cell in zip(*_closure(function), strict=True) if not _constant(_content(cell))]
    if names and isinstance(function, FunctionType) and function.__code__ not in _TOLD:
        _TOLD.add(function.__code__)
        warned(
            f"{function.__name__!r} closes over {names[0]!r}: its derivative runs on dual numbers, in Python\n"
            "  why: what can change, or is large, is not compiled; inside a program that is differentiated it is.\n"
            f"  fix: pass {names[0]} as an argument."
        )
    return bool(names)


def _constant(value: object) -> bool:
    """Whether a value that a function closes over can be written into a program by itself."""
    if is_table(value):
        return int(value.size) <= LARGEST  # type: ignore[attr-defined]  # it is an array
    return holder_of(type(value)) is None or is_lasting(shape_of(value))


def _closure(function: object) -> tuple[Sequence[str], Sequence[CellType]]:
    if not isinstance(function, FunctionType):
        return (), ()
    return function.__code__.co_freevars, function.__closure__ or ()


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def sees_duals(function: object) -> bool:
    """Whether a callable of ours finds out by itself that it is given dual numbers, so that no copy is made."""
    return getattr_static(function, "sees_duals", False) is True


def under_oracles(other: Callable[..., Any]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: where an oracle runs, `other` is called instead, without the options that say how to run.

    So it is, with a notice, for a function that closes over a large array or over what can change: as a
    program by itself it has no text to be compiled from, unlike inside the program around it.

    >>> under_oracles(lambda x: "other")(lambda x: "own")(1.0)
    'own'
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if not is_running() and not _around(args[0] if args else None):
                return function(*args, **kwargs)
            found: R = other(
                *args, **{n: v for n, v in kwargs.items() if n not in ("engine", "memory", "sparse")}
            )
            return found

        call.sees_duals = True  # type: ignore[attr-defined]  # functions take attributes
        return call

    return decorated
