"""Operations on whole arrays that are not written out as loops: NumPy's own routine, and its derivatives.

One entry is one operation. Its derivatives are programs, read and compiled like the user's: `jvp(*args,
*results, *tangents)` returns the tangent of each result, `vjp(*args, *results, *cotangents)` the
cotangent of each argument, for numbers and arrays of floats. Both may call operations with an entry,
so all orders exist. An operation that has no derivative for some argument leaves it out of `wrt`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from downslope.ir.types import ArrayType, Kind

Program = Callable[..., Any]
Result = Callable[[Sequence[Kind]], "tuple[Kind, ...] | str"]


@dataclass(frozen=True)
class Whole:
    """An operation: how programs spell it, and the routine in `native.whole` that emitted code calls.

    `results` gives the types of the results for those of the arguments, or says why they do not fit.
    """

    spelling: str
    routine: str
    results: Result
    jvp: Program
    vjp: Program


def _solve_results(kinds: Sequence[Kind]) -> tuple[Kind, ...] | str:
    a, b = kinds
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType) or a.rank != 2 or b.rank not in (1, 2):
        return "it takes a matrix, and a vector or a matrix."
    return (ArrayType("f", b.rank),)


# ruff: noqa: ARG001  # every derivative program takes all arguments, results and derivatives


def _solve_jvp(a: Any, b: Any, x: Any, a_dot: Any, b_dot: Any) -> Any:
    return np.linalg.solve(a, b_dot - a_dot @ x)


def _solve_vjp(a: Any, b: Any, x: Any, x_bar: Any) -> Any:
    b_bar = np.linalg.solve(a.T, x_bar)
    if x.ndim == 1:
        return -np.outer(b_bar, x), b_bar
    return -(b_bar @ x.T), b_bar


ROWS = (Whole("numpy.linalg.solve", "whole_solve", _solve_results, _solve_jvp, _solve_vjp),)
WHOLE: Mapping[str, Whole] = MappingProxyType({row.spelling: row for row in ROWS})
"""By spelling."""
