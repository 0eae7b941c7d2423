"""Dual numbers: run the user's own function, untouched, on values that carry a derivative.

This oracle never reads source or IR. Arithmetic is generated from the rule table. Each perturbation
has a level of its own, so nested derivatives cannot be confused (Siskind & Pearlmutter 2008).
"""

import builtins
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import count
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from downslope.errors import UsageError
from downslope.rules import RULES, SPELLINGS
from downslope.rules.kinds import interpret, is_mask

_LEVELS = count(1)


class DualFloat:
    """A number and its derivative: value + derivative * epsilon, with epsilon**2 = 0.

    >>> (DualFloat(3, 0) * DualFloat(4, 1) ** 2).derivative() == 24
    True
    """

    __slots__ = ("_derivative", "_level", "_value")
    __hash__ = None  # type: ignore[assignment]  # equality is by value, so there is no stable hash

    def __init__(self, value: Any, derivative: Any = 0.0, level: int = 0) -> None:
        self._value, self._derivative, self._level = value, derivative, level

    def value(self) -> Any:
        """The number itself."""
        return self._value

    def derivative(self) -> Any:
        """Its derivative."""
        return self._derivative

    def __repr__(self) -> str:
        return f"DualFloat({self._value!r}, {self._derivative!r})"

    def __float__(self) -> float:
        raise UsageError(
            "a dual number cannot become a plain float",
            why="its derivative would be lost.",
            fix="use the functions of NumPy, which keep it, or downslope.derivative.",
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        row = SPELLINGS.get(f"numpy.{ufunc.__name__}")
        if method != "__call__" or row is None or options:
            return NotImplemented
        return apply(row, tuple(inputs))


def apply(op: str, args: tuple[Any, ...]) -> Any:
    """One row of the table on plain or dual numbers."""
    level = max((arg._level for arg in args if isinstance(arg, DualFloat)), default=-1)
    if level < 0:
        return _primal(op)(*args)
    here = [isinstance(arg, DualFloat) and arg._level == level for arg in args]
    values = tuple(arg._value if own else arg for arg, own in zip(args, here, strict=True))
    y = apply(op, values)
    row = RULES[op]
    if row.flat:
        return y
    names = dict(zip(row.args, values, strict=True)) | {"y": y}
    total: Any = 0.0
    for arg, own, formula in zip(args, here, row.partials, strict=True):
        if own and formula != "0":
            total = total + _term(formula, names, arg._derivative)
    return DualFloat(y, total, level)


def _term(formula: str, names: Mapping[str, Any], change: Any) -> Any:
    """partial * change; a zero change wins over an infinite partial, a mask selects."""
    if not isinstance(change, DualFloat) and change == 0:
        return 0.0
    partial = interpret(formula, names, apply, lambda x: x)
    if is_mask(formula):
        return change if partial else 0.0
    return apply("mul0" if isinstance(change, float) else "multiply", (partial, change))


@cache
def _primal(op: str) -> Callable[..., Any]:
    """The row as emitted code computes it, on plain numbers."""
    from downslope.native import runtime  # Numba is slow to load, and `import downslope` must not need it

    row = RULES[op]
    names = ", ".join(row.args)
    return eval(f"lambda {names}: {row.python.format(*row.args)}", dict(runtime.NAMES))  # type: ignore[no-any-return]


def _method(op: str, swap: bool = False) -> Callable[..., Any]:
    def method(*args: Any) -> Any:
        return apply(op, args[::-1] if swap else args)

    return method


_BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power",
}  # fmt: skip
for _name, _op in _BINARY.items():
    setattr(DualFloat, f"__{_name}__", _method(_op))
    setattr(DualFloat, f"__r{_name}__", _method(_op, swap=True))
for _name, _op in {"neg": "negative", "pos": "positive", "abs": "absolute", "int": "to_int", "bool": "to_bool",
                   "floor": "floor_int", "ceil": "ceil_int", "trunc": "trunc_int"}.items():  # fmt: skip
    setattr(DualFloat, f"__{_name}__", _method(_op))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _word = {
        "lt": "less",
        "le": "less_equal",
        "gt": "greater",
        "ge": "greater_equal",
        "eq": "equal",
        "ne": "not_equal",
    }
    setattr(DualFloat, f"__{_name}__", _method(_word[_name]))


def _rounded(self: Any, digits: int | None = None) -> Any:
    return round(self._value) if digits is None else round(self._value, digits)


DualFloat.__round__ = _rounded  # type: ignore[attr-defined]


def _namesake(op: str) -> Callable[..., Any]:
    def namesake(*args: Any) -> Any:
        if any(isinstance(arg, DualFloat) for arg in args):
            return apply(op, args)
        return _primal(op)(*args)

    namesake.__name__ = op
    return namesake


def _log(x: Any, base: Any = None) -> Any:
    value = _namesake("log")(x)
    return value if base is None else value / _namesake("log")(base)


def _hypot(*args: Any) -> Any:
    total = args[0]
    for arg in args[1:]:
        total = _namesake("hypot")(total, arg)
    return total


@cache
def _replacements() -> dict[int, Any]:
    """For each function object with a row: one that takes dual numbers as well."""
    found: dict[int, Any] = {}
    modules = {"math": math, "numpy": np, "builtins": builtins}
    for spelling, op in SPELLINGS.items():
        module, _, name = spelling.rpartition(".")
        if module == "scipy.special":
            import scipy.special  # slow to load; needed only for functions that use it

            modules[module] = scipy.special
        target = getattr(modules[module], name, None)
        if target is not None and spelling not in (
            "builtins.int",
            "builtins.bool",
            "builtins.abs",
            "builtins.round",
        ):
            found[id(target)] = _namesake(op)
    found[id(math.log)], found[id(math.hypot)] = _log, _hypot
    found[id(np.clip)] = lambda x, low, high: _namesake("minimum")(_namesake("maximum")(x, low), high)
    found[id(np.float64)] = _namesake("to_float")
    return found


class _Patched:
    """A module whose functions take dual numbers."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        return _Patched(value) if isinstance(value, ModuleType) else _replacements().get(id(value), value)


def rebound(function: Callable[..., Any], done: dict[int, Any] | None = None) -> Callable[..., Any]:
    """A copy of a function (and of the helpers it calls) whose mathematics takes dual numbers."""
    done = {} if done is None else done
    plain: Any = getattr(function, "py_func", function)
    if id(plain) in done:
        return done[id(plain)]  # type: ignore[no-any-return]
    # A function takes its builtins from its globals when it is made, so they come first.
    patched = {n: _replacements().get(id(v), v) for n, v in vars(builtins).items()}
    scope: dict[str, Any] = {"__builtins__": patched}
    cells = tuple(CellType() for _ in plain.__closure__ or ())
    copy = FunctionType(plain.__code__, scope, plain.__name__, plain.__defaults__, cells or None)
    copy.__kwdefaults__ = plain.__kwdefaults__
    done[id(plain)] = copy
    scope.update(plain.__globals__)
    scope["__builtins__"] = patched
    used = _names(plain.__code__)
    scope.update({name: _rebound_value(scope[name], done) for name in used if name in plain.__globals__})
    for cell, original in zip(cells, plain.__closure__ or (), strict=True):
        cell.cell_contents = _rebound_value(original.cell_contents, done)
    return copy


def _names(code: Any) -> set[str]:
    inner = [constant for constant in code.co_consts if hasattr(constant, "co_names")]
    return set(code.co_names).union(*map(_names, inner))


def _rebound_value(value: Any, done: dict[int, Any]) -> Any:
    if isinstance(value, ModuleType):
        return _Patched(value)
    if id(value) in _replacements():
        return _replacements()[id(value)]
    return rebound(value, done) if isinstance(getattr(value, "py_func", value), FunctionType) else value


def dual_derivative(function: Callable[..., Any], args: Sequence[Any], position: int) -> tuple[Any, Any]:
    """The user's function and its derivative in one argument: (value, derivative).

    >>> dual_derivative(lambda x: x * x, (3.0,), 0)
    (9.0, 6.0)
    """
    level = next(_LEVELS)
    seeded = list(args)
    seeded[position] = DualFloat(args[position], 1.0, level)
    result = rebound(function)(*seeded)
    outputs = result if isinstance(result, tuple) else (result,)
    parts = [
        (o._value, o._derivative) if isinstance(o, DualFloat) and o._level == level else (o, 0.0)
        for o in outputs
    ]
    if isinstance(result, tuple):
        return tuple(p[0] for p in parts), tuple(p[1] for p in parts)
    return parts[0]


def dual_second(function: Callable[..., Any], args: Sequence[Any], first: int, second: int) -> float:
    """The second derivative in two arguments, by a dual number inside a dual number."""

    def inner(*values: Any) -> Any:
        return dual_derivative(function, values, first)[1]

    level = next(_LEVELS)
    seeded = list(args)
    seeded[second] = DualFloat(args[second], 1.0, level)
    result = inner(*seeded)
    return float(result._derivative) if isinstance(result, DualFloat) and result._level == level else 0.0
