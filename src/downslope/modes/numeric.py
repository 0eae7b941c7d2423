"""Numeric differentiation of the user's own function: an oracle that never reads a rule."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from downslope.errors import DownslopeError, UsageError

Scalar = Callable[[float], float]
Place = Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]

STARTS = (0.2, 0.02, 0.002)
"""First steps that are tried, relative to the size of the argument."""
NO_VALUE = (ArithmeticError, AssertionError, LookupError, RuntimeError, ValueError, DownslopeError)
"""What a program may raise outside its domain: there it has no value."""


class Estimate(NamedTuple):
    """A derivative and how far off it may be, in the same units."""

    value: float
    error: float


UNKNOWN = Estimate(math.nan, math.inf)


def placed(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any] | None, which: int | str
) -> tuple[Any, Place]:
    """One argument of a call, and how to put another value in its place.

    `which` is a position or a name (defaults are filled in). Raises `UsageError` if there is no such
    argument.

    >>> x, place = placed(lambda a, b=2.0: a * b, (3.0,), None, "b")
    >>> x, place(5.0)
    (2.0, ((3.0, 5.0), {}))
    """
    positional, keywords = list(args), dict(kwargs or {})
    if isinstance(which, str) and which not in keywords:
        positional, keywords, which = _bound(function, positional, keywords, which)
    if isinstance(which, str):
        name = which
        return keywords[name], lambda x: (tuple(positional), keywords | {name: x})
    if not -len(positional) <= which < len(positional):
        raise UsageError(
            f"there is no argument {which}",
            why=f"the call has {len(positional)} positional arguments.",
            fix="count from 0, or give the name.",
        )
    at = which % len(positional)
    return positional[at], lambda x: ((*positional[:at], x, *positional[at + 1 :]), keywords)


def _bound(
    function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], name: str
) -> tuple[list[Any], dict[str, Any], int | str]:
    """The call with its defaults filled in, and where the named argument is."""
    try:
        call = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise UsageError(
            f"the arguments do not fit {getattr(function, '__name__', 'the function')}",
            why=f"{error}.",
            fix="give each argument once.",
        ) from error
    call.apply_defaults()
    if name in call.kwargs:
        return list(call.args), dict(call.kwargs), name
    names = list(call.arguments)
    if name not in names:
        raise UsageError(
            f"there is no argument {name}", why=f"there are {', '.join(names)}.", fix="name one."
        )
    return list(call.args), dict(call.kwargs), names.index(name)


def _along(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any] | None, which: int | str
) -> tuple[float, Scalar]:
    """Where one argument is, and the function of it alone."""
    x, place = placed(function, args, kwargs, which)

    def along(value: float) -> Any:
        positional, keywords = place(value)
        return function(*positional, **keywords)

    return float(x), along


def numeric_derivative(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    which: int | str = 0,
) -> Estimate:
    """The derivative in one argument (a position or a name) by `ridders`, with an error estimate.

    >>> round(numeric_derivative(lambda x, y: x * y, (2.0, 3.0), which="y").value, 9)
    2.0
    """
    x, along = _along(function, args, kwargs, which)
    return ridders(along, x)


def numeric_two_point(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    which: int | str = 0,
    *,
    delta: float,
) -> float:
    """The textbook's quotient in one argument, a position or a name: see `two_point`.

    >>> numeric_two_point(lambda x, y: x * y, (2.0, 3.0), which=1, delta=0.5)
    2.0
    """
    x, along = _along(function, args, kwargs, which)
    return two_point(along, x, delta)


def two_point(function: Scalar, x: float, delta: float) -> float:
    """The textbook's definition: (f(x + delta) - f(x)) / delta.

    >>> round(two_point(lambda x: x * x, 3.0, 1e-6), 4)
    6.0
    """
    if not delta:
        raise UsageError(
            "delta is zero", why="the definition divides by it.", fix="use a small number, e.g. 1e-6."
        )
    return (function(x + delta) - function(x)) / delta


def ridders(function: Scalar, x: float) -> Estimate:
    """Central differences extrapolated to step zero, from several starting steps (Ridders 1982).

    The best row is the one whose neighbours agree best (Press et al., Numerical Recipes, 5.7). Where the
    function has values on one side only, differences of that side. NaN with infinite error if none work.

    >>> round(ridders(math.exp, 0.0).value, 9)
    1.0
    >>> round(ridders(lambda x: x * math.sqrt(x), 0.0).value, 2)  # no value for x < 0
    0.0
    """
    scale = max(abs(x), 0.1)
    best = _best(lambda h: _quotient(function, x + h, x - h), scale, 2)
    if math.isfinite(best.error):
        return best
    sides = [_best(lambda h, s=s: _quotient(function, x + s * h, x), scale, 1) for s in (1.0, -1.0)]  # type: ignore[misc]
    return min(sides, key=lambda estimate: estimate.error)


def numeric_second(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    first: int | str = 0,
    second: int | str = 0,
) -> Estimate:
    """The second derivative in two arguments, by extrapolated central differences of second order.

    >>> round(numeric_second(lambda x, y: x * x * y, (2.0, 3.0), None, 0, 1).value, 6)
    4.0
    """
    x, place = placed(function, args, kwargs, first)
    base_args, base_kwargs = place(x)
    y, _ = placed(function, base_args, base_kwargs, second)
    same = _same(function, args, kwargs, first, second)
    x, y = float(x), float(y)

    def at(dx: float, dy: float) -> float:
        positional, keywords = place(x + dx)
        if not same:
            positional, keywords = placed(function, positional, keywords, second)[1](y + dy)
        return _value(lambda _: function(*positional, **keywords), 0.0)

    tall = max(abs(y), 0.1) / max(abs(x), 0.1)

    def pure(h: float) -> float:
        return (at(h, 0.0) - 2.0 * at(0.0, 0.0) + at(-h, 0.0)) / (h * h)

    def mixed(h: float) -> float:
        k = h * tall
        return (at(h, k) - at(h, -k) - at(-h, k) + at(-h, -k)) / (4.0 * h * k)

    return _best(pure if same else mixed, max(abs(x), 0.1), 2)


def _same(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    first: int | str,
    second: int | str,
) -> bool:
    """Whether two positions or names are one argument."""
    mark = object()
    filled, keywords = placed(function, args, kwargs, first)[1](mark)
    return placed(function, filled, keywords, second)[0] is mark


def _best(difference: Scalar, scale: float, power: int) -> Estimate:
    """The most certain of several tables."""
    import numpy as np  # slow to load

    with np.errstate(all="ignore"):
        estimates = [_table(difference, scale * start, power) for start in STARTS]
    return min(estimates, key=lambda estimate: estimate.error)


def _table(difference: Scalar, step: float, power: int, rows: int = 10, shrink: float = 1.6) -> Estimate:
    """Neville's table of a difference whose error has terms in step**power, step**(2 * power) and so on."""
    best = UNKNOWN
    previous: list[float] = []
    for _ in range(rows):
        row = [difference(step)]
        factor = shrink**power
        for column, old in enumerate(previous):
            row.append((row[column] * factor - old) / (factor - 1.0))
            factor *= shrink**power
            error = max(abs(row[-1] - row[column]), abs(row[-1] - old))
            if error <= best.error and math.isfinite(row[-1]):
                best = Estimate(row[-1], error)
        previous, step = row, step / shrink
    return best


def _quotient(function: Scalar, high: float, low: float) -> float:
    return (_value(function, high) - _value(function, low)) / (high - low)


def _value(function: Scalar, x: float) -> float:
    """The function's value; NaN where it has none, or a complex one."""
    try:
        result = function(x)
    except NO_VALUE:
        return math.nan
    return math.nan if isinstance(result, complex) else float(result)
