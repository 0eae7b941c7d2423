"""Dual numbers: run the user's own function, untouched, on values that carry a derivative.

This oracle never reads source or IR. Arithmetic is generated from the rule table. Each perturbation
has a level of its own, so nested derivatives cannot be confused (Siskind & Pearlmutter 2008).
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from downslope.errors import UsageError
from downslope.modes.namesakes import evaluate, ieee
from downslope.modes.numeric import placed
from downslope.modes.object_arrays import as_objects, each, is_any_array
from downslope.modes.rebind import Patches
from downslope.modes.running import running
from downslope.rules import RULES, SPELLINGS
from downslope.rules.custom import CustomDerivative
from downslope.rules.kinds import interpret, is_mask
from downslope.rules.result_types import BOOLEAN

_LEVELS = count(1)


class DualFloat:
    """A number and its derivative: value + derivative * epsilon, with epsilon**2 = 0.

    Python's operators, comparisons, `abs`, `round`, `int` and NumPy's ufuncs work on it; for `math`, use
    `downslope.math`. Both parts may be dual numbers of a lower `level` in turn.

    >>> (DualFloat(3, 0) * DualFloat(4, 1) ** 2).derivative() == 24
    True
    """

    __slots__ = ("_derivative", "_level", "_value")
    if TYPE_CHECKING:  # generated below, from the rule table

        def __add__(self, other: Any) -> "DualFloat": ...
        def __radd__(self, other: Any) -> "DualFloat": ...
        def __sub__(self, other: Any) -> "DualFloat": ...
        def __rsub__(self, other: Any) -> "DualFloat": ...
        def __mul__(self, other: Any) -> "DualFloat": ...
        def __rmul__(self, other: Any) -> "DualFloat": ...
        def __truediv__(self, other: Any) -> "DualFloat": ...
        def __rtruediv__(self, other: Any) -> "DualFloat": ...
        def __floordiv__(self, other: Any) -> "DualFloat": ...
        def __rfloordiv__(self, other: Any) -> "DualFloat": ...
        def __mod__(self, other: Any) -> "DualFloat": ...
        def __rmod__(self, other: Any) -> "DualFloat": ...
        def __pow__(self, other: Any) -> "DualFloat": ...
        def __rpow__(self, other: Any) -> "DualFloat": ...
        def __neg__(self) -> "DualFloat": ...
        def __pos__(self) -> "DualFloat": ...
        def __abs__(self) -> "DualFloat": ...
        def __lt__(self, other: Any) -> bool: ...
        def __le__(self, other: Any) -> bool: ...
        def __gt__(self, other: Any) -> bool: ...
        def __ge__(self, other: Any) -> bool: ...

    __hash__ = None  # type: ignore[assignment]  # equality is by value, so there is no stable hash

    def __init__(self, value: Any, derivative: Any = 0.0, level: int = 0) -> None:
        self._value, self._derivative, self._level = value, derivative, level

    def value(self) -> Any:
        """The number itself."""
        return self._value

    def derivative(self) -> Any:
        """Its derivative."""
        return self._derivative

    def conjugate(self) -> "DualFloat":
        """Itself: it is real."""
        return self

    @property
    def real(self) -> "DualFloat":
        """Itself: it is real."""
        return self

    def is_integer(self) -> bool:
        """Whether the number is whole."""
        return bool(self == round(self))

    def __repr__(self) -> str:
        return f"DualFloat({self._value!r}, {self._derivative!r})"

    def __format__(self, spec: str) -> str:
        return format(self._value, spec) if spec else repr(self)

    def __float__(self) -> float:
        raise UsageError(
            "a dual number cannot become a plain float",
            why="its derivative would be lost.",
            fix="use the functions of downslope.math or NumPy, which keep it, or downslope.derivative.",
        )

    def constant(self) -> Any:
        """The number without its derivatives, of any level."""
        value = self._value
        return value.constant() if isinstance(value, DualFloat) else value

    def given_derivative(self, custom: CustomDerivative, args: Sequence[Any]) -> Any:
        """A function whose derivative is given, of arguments some of which are dual numbers."""
        return by_given(custom, args)

    def __index__(self) -> int:
        return operator.index(self._value)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._value) if digits is None else round(self._value, digits)

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return apply("floor_divide", (self, other)), apply("remainder", (self, other))

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return apply("floor_divide", (other, self)), apply("remainder", (other, self))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        row = SPELLINGS.get(f"numpy.{ufunc.__name__}")
        target = options.pop("out", (None,))[0]
        if method != "__call__" or row is None or options:
            return NotImplemented
        result = _method(row)(*inputs)
        if target is None:
            return result
        target[...] = result
        return target


def apply(op: str, args: tuple[Any, ...]) -> Any:
    """One row of the table on plain or dual numbers. On plain ones it raises what Python raises.

    >>> apply("sqrt", (DualFloat(4.0, 1.0),))
    DualFloat(2.0, 0.25)
    """
    return _applied(op, args, evaluate)


def _apply_quietly(op: str, args: tuple[Any, ...]) -> Any:
    """As `apply`, for partials: infinity or NaN where Python would raise."""
    return _applied(op, args, ieee)


def _applied(op: str, args: tuple[Any, ...], plain: Callable[[str], Callable[..., Any]]) -> Any:
    level = max((arg._level for arg in args if isinstance(arg, DualFloat)), default=None)
    if level is None:
        return plain(op)(*args)
    here = [isinstance(arg, DualFloat) and arg._level == level for arg in args]
    values = tuple(arg._value if own else arg for arg, own in zip(args, here, strict=True))
    y = _applied(op, values, plain)
    row = RULES[op]
    if row.flat:
        return y
    if isinstance(y, complex):
        raise UsageError(
            f"{op}{values} is not a real number",
            why="derivatives are those of real functions.",
            fix="keep the argument in the function's real domain.",
        )
    names = dict(zip(row.args, values, strict=True)) | {"y": y}
    total: Any = 0.0
    for arg, own, formula in zip(args, here, row.partials, strict=True):
        if own and formula != "0":
            total = _apply_quietly("add", (total, _term(formula, names, arg._derivative)))
    return DualFloat(y, total, level)


def _term(formula: str, names: Mapping[str, Any], change: Any) -> Any:
    """The product of partial and change; a zero change wins over an infinite partial, a mask selects."""
    if not isinstance(change, DualFloat) and change == 0:
        return 0.0
    partial = interpret(formula, names, _apply_quietly, lambda x: x)
    if is_mask(formula):
        return change if partial else 0.0
    return _apply_quietly("mul0", (partial, change))


def _method(op: str) -> Callable[..., Any]:
    """A row as an operator; with an array, on each of its elements."""

    def call(*args: Any) -> Any:
        if any(map(is_any_array, args)):
            found = each(lambda *numbers: apply(op, numbers), args)
            return found.astype(bool) if op in BOOLEAN and is_any_array(found) else found
        return apply(op, args)

    return call


def _swapped(op: str) -> Callable[..., Any]:
    call = _method(op)
    return lambda right, left: call(left, right)


_BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power",
}  # fmt: skip
_UNARY = {
    "neg": "negative", "pos": "positive", "abs": "absolute", "int": "to_int", "bool": "to_bool",
    "floor": "floor_int", "ceil": "ceil_int", "trunc": "trunc_int", "lt": "less", "le": "less_equal",
    "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip
for _name, _op in (_BINARY | _UNARY).items():
    setattr(DualFloat, f"__{_name}__", _method(_op))
for _name, _op in _BINARY.items():
    setattr(DualFloat, f"__r{_name}__", _swapped(_op))


_PATCHES = Patches(apply, DualFloat)


def dual_derivative(
    function: Callable[..., Any],
    args: Sequence[Any],
    which: int | str = 0,
    kwargs: Mapping[str, Any] | None = None,
) -> tuple[Any, Any]:
    """The user's function and its derivative in one argument (a position or a name): (value, derivative).

    A function that returns a tuple gives two tuples. Works without source. Raises `UsageError` for
    arguments that do not fit, and whatever the function itself raises.

    >>> dual_derivative(lambda x: x * x, (3.0,), 0)
    (9.0, 6.0)
    """
    x, place = placed(function, args, kwargs, which)
    level = next(_LEVELS)
    positional, keywords = place(DualFloat(x, 1.0, level))
    with running():
        result = ready(function)(*positional, **keywords)
    if isinstance(result, tuple):
        parts = [_parts(output, level) for output in result]
        return tuple(value for value, _ in parts), tuple(change for _, change in parts)
    return _parts(result, level)


def _parts(output: Any, level: int) -> tuple[Any, Any]:
    """The value and the change of one perturbation; what does not depend on it changes by 0."""
    if isinstance(output, DualFloat) and output._level == level:
        return output._value, output._derivative
    return output, 0.0


def by_given(custom: CustomDerivative, args: Sequence[Any]) -> Any:
    """The function's value, with the derivative that is given in place of that of its body.

    Of the perturbations of nested dual numbers, the outermost is taken off; the others are treated alike
    by the function and its derivative programs in turn.
    """
    level = max(x._level for arg in args for x in _elements(arg) if isinstance(x, DualFloat))
    values, changes = zip(*(split(as_objects(arg), level) for arg in args), strict=True)
    values = tuple(_plain_again(value) for value in values)
    result = _PATCHES.rebound(custom.function)(*values) if not _dual(values) else by_given(custom, values)
    results = result if isinstance(result, tuple) else (result,)
    varied = [change for value, change in zip(values, changes, strict=True) if _varies(value)]
    if custom.jvp is not None:
        found = _PATCHES.rebound(custom.jvp)(*values, *results, *varied)
        dots = found if isinstance(found, tuple) else (found,)
    else:
        assert custom.vjp is not None
        if len(results) != 1 or is_any_array(result):
            raise UsageError(
                f"a tangent of {custom.function.__name__}",
                why="it has no jvp, and vjp gives that of one number only.",
                fix="give it a jvp.",
            )
        bars = _PATCHES.rebound(custom.vjp)(*values, *results, 1.0)
        pairs = zip(bars if isinstance(bars, tuple) else (bars,), varied, strict=True)
        dots = (sum((_inner(bar, change) for bar, change in pairs), 0.0),)
    joined = tuple(_joined(value, dot, level) for value, dot in zip(results, dots, strict=True))
    return joined if isinstance(result, tuple) else joined[0]


def _dual(values: Sequence[Any]) -> bool:
    return any(isinstance(x, DualFloat) for value in values for x in _elements(value))


def _elements(value: Any) -> Sequence[Any]:
    return list(value.flat) if is_any_array(value) else [value]


def _varies(value: Any) -> bool:
    return not is_any_array(value) or value.dtype.kind in "fO"


def _plain_again(value: Any) -> Any:
    """An array of objects as one of floats, where no dual number is left in it."""
    left = is_any_array(value) and any(isinstance(x, DualFloat) for x in value.flat)
    return value.astype(float) if is_any_array(value) and value.dtype == object and not left else value


def _inner(bar: Any, change: Any) -> Any:
    return (bar * change).sum() if is_any_array(bar) else bar * change


def _joined(value: Any, dot: Any, level: int) -> Any:
    if not is_any_array(value):
        return DualFloat(value, dot, level)
    found = as_objects(value).copy()
    found.flat = [DualFloat(v, d, level) for v, d in zip(value.flat, dot.flat, strict=True)]
    return found


def dual_higher(
    function: Callable[..., Any],
    args: Sequence[Any],
    which: Sequence[int | str],
    kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """The derivative of any order: once in each argument of `which`, by dual numbers within dual numbers.

    >>> dual_higher(lambda x: x**5, (2.0,), (0, 0, 0))
    240.0
    """
    if not which:
        with running():
            return function(*args, **dict(kwargs or {}))
    *inner, last = which
    x, place = placed(function, args, kwargs, last)
    level = next(_LEVELS)
    positional, keywords = place(DualFloat(x, 1.0, level))
    run = function if inner else ready(function)
    result = dual_higher(run, positional, inner, keywords)
    if isinstance(result, tuple):
        return tuple(_parts(output, level)[1] for output in result)
    return _parts(result, level)[1]


def dual_element(
    function: Callable[..., Any], args: Sequence[Any], position: int, index: tuple[int, ...] = ()
) -> tuple[Any, Any]:
    """The user's function and its derivative in one element of an array argument: (value, derivative).

    Arrays of floats become arrays of objects. An `index` of () is a number's. A result that is an array
    gives two arrays, one that is a tuple two tuples. Dual numbers in the arguments are kept: nest the calls.

    >>> import numpy as np
    >>> dual_element(lambda a: a[0] * a[1], (np.array([2.0, 3.0]),), 0, (1,))
    (6.0, 2.0)
    """
    level = next(_LEVELS)
    moved = [as_objects(arg.copy()) if is_any_array(arg) else arg for arg in args]
    if index:
        moved[position][index] = DualFloat(moved[position][index], 1.0, level)
    else:
        moved[position] = DualFloat(moved[position], 1.0, level)
    with running():
        return split(ready(function)(*moved), level)


def dual_direction(
    function: Callable[..., Any], args: Sequence[Any], rates: Mapping[int, Any]
) -> tuple[Any, Any]:
    """The user's function and how fast its result moves when its inputs do: (value, rate).

    `rates` gives inputs by position, numbers and arrays, the rates at which they move. Otherwise as `dual_element`.

    >>> import numpy as np
    >>> dual_direction(lambda a: a[0] * a[1], (np.array([2.0, 3.0]),), {0: np.array([1.0, 0.5])})
    (6.0, 4.0)
    """
    level = next(_LEVELS)
    moved = [as_objects(arg.copy()) if is_any_array(arg) else arg for arg in args]
    for position, rate in rates.items():
        if is_any_array(moved[position]):
            flat, change = moved[position].ravel(), rate.ravel()
            for k, value in enumerate(flat):
                flat[k] = DualFloat(value, float(change[k]), level)
            moved[position] = flat.reshape(moved[position].shape)
        else:
            moved[position] = DualFloat(moved[position], float(rate), level)
    with running():
        return split(ready(function)(*moved), level)


def split(result: Any, level: int) -> tuple[Any, Any]:
    """The value and the change of a result, in its shape."""
    if isinstance(result, tuple):
        parts = [split(part, level) for part in result]
        return tuple(value for value, _ in parts), tuple(change for _, change in parts)
    if is_any_array(result):
        parts = [_parts(value, level) for value in result.ravel()]
        values, changes = result.astype(object, order="C"), result.astype(object, order="C")
        values.ravel()[:] = [value for value, _ in parts]
        changes.ravel()[:] = [change for _, change in parts]
        return values, changes
    return _parts(result, level)


def fresh_level() -> int:
    """A level for one perturbation, above all that there are."""
    return next(_LEVELS)


def ready(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes dual numbers: itself if it does, else a copy of it."""
    return function if _PATCHES.takes_duals(function) else _PATCHES.rebound(function)


def dual_second(function: Callable[..., Any], args: Sequence[Any], first: int, second: int) -> float:
    """The second derivative in two arguments, by a dual number inside a dual number.

    >>> dual_second(lambda x, y: x * x * y, (2.0, 3.0), 0, 1)
    4.0
    """
    return float(dual_higher(function, args, (first, second)))


def namesake(op: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """`original`, which also takes dual numbers: then it is the row `op`.

    >>> import math
    >>> namesake("sin", math.sin)(DualFloat(0.0, 1.0)).derivative()
    1.0
    """
    return _PATCHES.namesake(op, original)


def lifted_module_function(original: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `math` or NumPy that takes dual numbers as well; itself where none is known.

    >>> import math
    >>> lifted_module_function(math.log)(DualFloat(1.0, 1.0)).derivative()
    1.0
    """
    return _PATCHES.replacements().get(id(original), original)  # type: ignore[no-any-return]
