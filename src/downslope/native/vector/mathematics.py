"""The namesake of `math` for compiled row loops: vector functions where there are some.

Under CPython its functions are those of `math`. Numba compiles a call of one to a call of a private
function of the code at hand, which LLVM always inlines; it is written only where it is used.
"""

import math
import operator
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from numba import extending, types

from downslope.native import runtime
from downslope.native.vector import (
    errorfunction,
    exponential,
    hyperbolic,
    inverse,
    logarithm,
    powers,
    trigonometric,
)
from downslope.native.vector.calls import Written, called
from downslope.native.vector.operand import sqrt

FUNCTIONS: dict[str, Written] = {
    function.__name__: function
    for function in (
        exponential.exp,
        exponential.exp2,
        exponential.expm1,
        exponential.sinh,
        exponential.cosh,
        exponential.tanh,
        logarithm.log,
        logarithm.log1p,
        logarithm.log2,
        logarithm.log10,
        trigonometric.sin,
        trigonometric.cos,
        trigonometric.tan,
        inverse.atan,
        inverse.atan2,
        inverse.asin,
        inverse.acos,
        hyperbolic.asinh,
        hyperbolic.acosh,
        hyperbolic.atanh,
        powers.pow,
        powers.cbrt,
        powers.hypot,
        errorfunction.erf,
        errorfunction.erfc,
        sqrt,
    )
}
"""The functions of `math` that there are as vector functions."""

OWN: dict[str, Written] = {
    "expit": exponential.expit,
    "exp10": exponential.exp10,
    "ndtr": errorfunction.ndtr,
    "logaddexp": logarithm.logaddexp,
}
"""Vector functions that `math` does not have."""

PLAIN: dict[str, Callable[..., float]] = {
    "expit": runtime.expit,
    "exp10": lambda x: 10.0**x,
    "ndtr": runtime.ndtr,
    "logaddexp": runtime.logaddexp,
}
"""What CPython computes those by."""

BINARY = frozenset({"pow", "atan2", "hypot", "logaddexp"})
BRANCHING = frozenset({"sin", "cos", "tan"})

# Numba's decorators have no types of their own.
type_callable: Any = extending.type_callable
lower_builtin: Any = extending.lower_builtin
FLOAT: Any = types.float64


def _vector(name: str, written: Written) -> Callable[..., float]:
    """A function that CPython computes by `math` or `PLAIN`, and Numba by what `written` writes."""
    plain = PLAIN.get(name) or getattr(math, name)
    kinds = [FLOAT] * (2 if name in BINARY else 1)
    signature = FLOAT(*kinds)

    def function(*args: float) -> float:
        return float(plain(*args))

    def typed(x: Any) -> Any:
        return signature if _number(x) else None

    def typed_pair(x: Any, y: Any) -> Any:
        return signature if _number(x) and _number(y) else None

    def lowered(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return called(builder, name, written, args, name in BRANCHING)

    function.__name__ = function.__qualname__ = name
    type_callable(function)(lambda _: typed_pair if name in BINARY else typed)
    lower_builtin(function, *kinds)(lowered)
    return function


def _number(kind: Any) -> bool:
    return isinstance(kind, types.Number | types.Boolean) and not isinstance(kind, types.Complex)


VECTOR = {name: _vector(name, written) for name, written in (FUNCTIONS | OWN).items()}


def power(a: float, b: float) -> float:
    """`a ** b`: the vector function where one of them is floating point."""
    return float(a**b) if isinstance(a, float) or isinstance(b, float) else a**b


def _power_typed(context: Any) -> Callable[..., Any]:
    def typed(a: Any, b: Any) -> Any:
        if isinstance(a, types.Float) or isinstance(b, types.Float):
            return FLOAT(FLOAT, FLOAT)
        return context.resolve_function_type(operator.pow, (a, b), {})

    return typed


def _power_lowered(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
    return called(builder, "pow", powers.pow, args, branches=False)


def _whole_power_lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return context.get_function(operator.pow, signature)(builder, args)


type_callable(power)(_power_typed)
lower_builtin(power, FLOAT, FLOAT)(_power_lowered)
lower_builtin(power, types.Integer, types.Integer)(_whole_power_lowered)

# Numba looks up the attributes of modules when it compiles, so this has to be one.
mathematics = ModuleType("downslope.mathematics", __doc__)
vars(mathematics).update({name: value for name, value in vars(math).items() if not name.startswith("_")})
vars(mathematics).update(VECTOR)


def _with_vector_functions(helper: Any) -> Any:
    """A helper of emitted code, compiled with these functions in place of those of `math`."""
    again = FunctionType(helper.__code__, {"math": mathematics}, helper.__name__)
    return extending.register_jitable(again)


HELPERS = {helper.__name__: _with_vector_functions(helper) for helper in (runtime.logit,)}
"""Helpers that are made of vector functions."""
