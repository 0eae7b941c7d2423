"""Operations on whole arrays that are not written out as loops: LAPACK's routine, and its derivatives.

One entry is one operation. Its derivatives are programs, read and compiled like the user's: `jvp(*args,
*results, *tangents)` returns the tangent of each result, `vjp(*args, *results, *cotangents)` the
cotangent of each argument, for numbers and arrays of floats. Both may call operations with an entry,
so all orders exist. Formulas: Giles 2008, "Collected matrix derivative results for forward and reverse
mode algorithmic differentiation", where no other source is named.
"""

# ruff: noqa: ARG001  # every derivative program takes all arguments, results and derivatives

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from downslope.ir.types import ArrayType, Kind
from downslope.rules.programs import factors

Program = Callable[..., Any]
Result = Callable[[Sequence[Kind]], tuple[Kind, ...]]
MATRIX, VECTOR = ArrayType("f", 2), ArrayType("f", 1)


@dataclass(frozen=True)
class Whole:
    """An operation: its name, and the routine in `native.whole` that emitted code calls.

    `results` gives the types of the results for those of the arguments, which the reader has checked.
    """

    name: str
    routine: str
    results: Result
    jvp: Program | None = None  # without derivatives, its results count as constants
    vjp: Program | None = None


def _solve_jvp(a: Any, b: Any, x: Any, a_dot: Any, b_dot: Any) -> Any:
    return np.linalg.solve(a, b_dot - a_dot @ x)


def _solve_vjp(a: Any, b: Any, x: Any, x_bar: Any) -> Any:
    b_bar = np.linalg.solve(a.T, x_bar)
    if x.ndim == 1:
        return -np.outer(b_bar, x), b_bar
    return -(b_bar @ x.T), b_bar


def _inv_jvp(a: Any, x: Any, a_dot: Any) -> Any:
    return -(x @ a_dot @ x)


def _inv_vjp(a: Any, x: Any, x_bar: Any) -> Any:
    return -(x.T @ x_bar @ x.T)


def _det_jvp(a: Any, y: Any, a_dot: Any) -> Any:
    """Where the matrix is singular, the value is not used (`rules.programs.elimination`)."""
    return y * np.sum(np.linalg.inv(a).T * a_dot) if y != 0.0 else 0.0


def _det_vjp(a: Any, y: Any, y_bar: Any) -> Any:
    return y_bar * y * np.linalg.inv(a).T if y != 0.0 else np.zeros(a.shape)


def _slogdet_jvp(a: Any, sign: Any, value: Any, a_dot: Any) -> Any:
    """NaN where the matrix is singular: there the logarithm is -inf on every side."""
    return 0.0, (np.sum(np.linalg.inv(a).T * a_dot) if sign != 0.0 else np.nan)


def _slogdet_vjp(a: Any, sign: Any, value: Any, sign_bar: Any, value_bar: Any) -> Any:
    if sign == 0.0:
        return np.full(a.shape, np.nan if value_bar != 0.0 else 0.0)
    return value_bar * np.linalg.inv(a).T


def _factor(name: str, *results: Kind) -> Whole:
    """An entry whose derivatives are in `rules.programs.factors`, as `name_jvp` and `name_vjp`."""
    programs = (getattr(factors, f"{name}_{way}") for way in ("jvp", "vjp"))
    return Whole(name, f"whole_{name}", lambda _: results, *programs)


ROWS = (
    Whole("solve", "whole_solve", lambda kinds: (kinds[1],), _solve_jvp, _solve_vjp),
    Whole("held", "whole_held", lambda kinds: (kinds[0],)),
    Whole("inv", "whole_inv", lambda _: (MATRIX,), _inv_jvp, _inv_vjp),
    Whole("det", "whole_det", lambda _: ("f",), _det_jvp, _det_vjp),
    Whole("slogdet", "whole_slogdet", lambda _: ("f", "f"), _slogdet_jvp, _slogdet_vjp),
    _factor("cholesky", MATRIX),
    _factor("eigh", VECTOR, MATRIX),
    _factor("eigvalsh", VECTOR),
    _factor("qr", MATRIX, MATRIX),
    _factor("svd", MATRIX, VECTOR, MATRIX),
    _factor("svdvals", VECTOR),
    _factor("pinv", MATRIX),
    _factor("lstsq", MATRIX, "i"),
)
WHOLE: Mapping[str, Whole] = MappingProxyType({row.name: row for row in ROWS})
"""By name."""
