"""Derivatives of a function without source: the function itself is run, on dual numbers or near by."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

from downslope.calculus.program import Program, Wrt, listed, number_of, several
from downslope.calculus.run import Mode
from downslope.errors import DownslopeError, ProgramError, SourceUnavailable, UsageError, warned
from downslope.modes.dual import dual_higher
from downslope.modes.numeric import numeric_derivative, numeric_two_point
from downslope.read.resolve import is_numpy_scalar

_TOLD: WeakSet[Any] = WeakSet()
"""The functions for which the notice has been given: one notice each."""


@dataclass(frozen=True, eq=False)
class Sourceless:
    """A derivative that can be called like the function, and differentiated again.

    `path` are the arguments by which the function has been differentiated before.
    """

    run: Callable[..., Any]
    error: SourceUnavailable
    wrt: tuple[str, ...]
    mode: Mode
    several: bool
    delta: float | None = None
    with_value: bool = False
    path: tuple[str, ...] = ()

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.run)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments: a number, or a tuple for several inputs."""
        positional, keywords = _numbers(self.run, args, kwargs)
        slopes = tuple(self._slope(name, positional, keywords) for name in self.wrt)
        result = slopes if self.several else slopes[0]
        value = _ran(self.run, self.path, positional, keywords) if self.with_value else None
        return result if value is None else (_one(value), result)

    def as_program(self, wrt: Wrt) -> "tuple[Program, tuple[str, ...]]":
        """A derivative is a program in turn, but this one has no source: raises `SourceUnavailable`."""
        del wrt
        raise self.error

    def _slope(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> float:
        if self.mode != "numeric":
            return _one(_ran(self.run, (*self.path, name), args, kwargs))
        inner: Callable[..., Any] = self.run
        if self.path:
            inner = replace(
                self, wrt=self.path[-1:], mode="dual", several=False, with_value=False, path=self.path[:-1]
            )
        if self.delta is None:
            return numeric_derivative(inner, args, kwargs, name).value
        return numeric_two_point(inner, args, kwargs, name, delta=self.delta)


def without_source(
    f: Callable[..., Any],
    wrt: Wrt,
    mode: Mode,
    error: SourceUnavailable,
    delta: float | None = None,
    with_value: bool = False,
) -> Sourceless:
    """Dual numbers on the function itself, said once: never a silent change of method.

    Raises the error for modes that need source, `UsageError` for unknown arguments.
    """
    if mode not in ("auto", "numeric", "dual"):
        raise error
    run, path = (f.run, (*f.path, *f.wrt)) if isinstance(f, Sourceless) else (f, ())
    if isinstance(f, Sourceless) and f.several:
        raise UsageError(
            "a gradient of several numbers",
            why="a derivative is that of one number.",
            fix="give one name in wrt.",
        )
    asked = named(run, wrt)
    if mode == "auto":
        notice(run, error)
    return Sourceless(run, error, asked, mode, several(wrt), delta, with_value, path)


def notice(run: Callable[..., Any], error: SourceUnavailable) -> None:
    """Say, once for each function, that dual numbers are used, and why that is slower."""
    key = getattr(run, "__code__", run)
    if key in _TOLD:
        return
    _TOLD.add(key)
    warned(
        f"{error.problem.what}: it is differentiated by dual numbers, which run it in Python and are slower\n"
        f"  why: {error.problem.why}\n  fix: {error.problem.fix}"
    )


def named(run: Callable[..., Any], wrt: Wrt) -> tuple[str, ...]:
    """The names of the arguments asked for, by name or position; the first one by default."""
    names = list(inspect.signature(run).parameters)
    asked = listed(wrt, [0])
    for which in asked:
        if which not in names and not (isinstance(which, int) and -len(names) <= which < len(names)):
            raise UsageError(
                f"{which!r} is not an argument of {getattr(run, '__name__', run)}",
                why=f"its arguments are {', '.join(names)}; without source, constants are not known.",
                fix="name one of them.",
            )
    return tuple(names[which] if isinstance(which, int) else which for which in asked)


def sourceless_jacobian(f: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """All derivatives of all outputs of a function without source: an array (outputs, inputs)."""
    run, paths = _paths(f)

    def rows(*args: Any, **kwargs: Any) -> Any:
        positional, keywords = _numbers(run, args, kwargs)
        columns = [[_ran(run, (*path, name), positional, keywords) for path in paths] for name in names]
        # One path: the function, which may return a tuple. Several: the numbers of its gradient.
        flat = [c[0] if len(c) == 1 and isinstance(c[0], tuple) else c for c in columns]
        return _array(flat).T

    return rows


def _array(rows: Sequence[Sequence[float]]) -> Any:
    import numpy as np  # slow to load

    return np.array(rows, dtype=float)


def sourceless_hessian(f: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """The second derivatives of a function without source: an array (inputs, inputs)."""
    run, paths = _paths(f)
    if len(paths) > 1:
        raise UsageError(
            "a Hessian of several numbers", why="it is that of one number.", fix="give one name in wrt."
        )

    def table(*args: Any, **kwargs: Any) -> Any:
        positional, keywords = _numbers(run, args, kwargs)
        return _array(
            [[_one(_ran(run, (*paths[0], a, b), positional, keywords)) for b in names] for a in names]
        )

    return table


def _paths(f: Callable[..., Any]) -> tuple[Callable[..., Any], list[tuple[str, ...]]]:
    """The function itself, and for each output by which arguments it has been differentiated."""
    return (f.run, [(*f.path, name) for name in f.wrt]) if isinstance(f, Sourceless) else (f, [()])


def _ran(run: Callable[..., Any], path: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A derivative of any order. Raises `ProgramError` with what the function raises."""
    try:
        return dual_higher(run, args, path, kwargs)
    except DownslopeError:
        raise
    except Exception as error:
        shown = ", ".join([*map(repr, args), *(f"{n}={v!r}" for n, v in kwargs.items())])
        raise ProgramError(
            f"{getattr(run, '__name__', run)} raised {type(error).__name__}: {error}",
            why=f"at {shown}.",
            fix="guard the operation, or leave this input out.",
        ) from error


def _numbers(
    run: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments as Python numbers. Raises `UsageError` for others, and where they do not fit."""
    try:
        call = inspect.signature(run).bind(*args, **kwargs)
    except TypeError as error:
        raise UsageError(
            f"the arguments do not fit {getattr(run, '__name__', run)}",
            why=f"{error}.",
            fix=f"it takes {', '.join(inspect.signature(run).parameters)}.",
        ) from error
    positional = tuple(number_of(value, f"at position {i}", False) for i, value in enumerate(call.args))
    return positional, {name: number_of(value, name, False) for name, value in call.kwargs.items()}


def _one(value: Any) -> float:
    """One number. Raises `UsageError` for a tuple or anything else."""
    if isinstance(value, int | float) or is_numpy_scalar(value):
        return float(value)
    raise UsageError(
        f"the function returns a {type(value).__name__}, not one number",
        why="a gradient is that of one number.",
        fix="use downslope.jacobian for a tuple, or return one number.",
    )
