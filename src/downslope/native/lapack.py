"""LAPACK's solver for native code. Numba's own `solve` takes seconds to compile: it writes out texts of errors.

The routine is the one that Numba links for NumPy's functions (`dgesv`).
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload, register_jitable
from numba.np import linalg

NUMBA: Any = linalg
KIND, GESV = ord("d"), NUMBA._LAPACK.numba_xgesv(types.float64)
WHOLE = NUMBA.F_INT_nptype


def solved(a: Any, b: Any) -> Any:
    """The solution of `a @ x = b` in C order, for one right side or several as columns.

    Raises `numpy.linalg.LinAlgError` for a singular matrix; the matrix is finite and not empty.
    """
    return np.ascontiguousarray(np.linalg.solve(a, b))


@overload(solved)
def _solved(a: Any, b: Any) -> Any:  # noqa: ARG001  # Numba asks for these names
    NUMBA.ensure_lapack()

    def columns(a: Any, b: Any) -> Any:
        rows = transposed(b)
        solve_rows(a, rows, len(rows))
        return transposed(rows)

    def column(a: Any, b: Any) -> Any:
        x = b.copy()
        solve_rows(a, x, 1)
        return x

    return columns if b.ndim == 2 else column


@register_jitable
def transposed(a: Any) -> Any:
    """A transposed copy, which is a copy in Fortran's order."""
    result = np.empty((a.shape[1], a.shape[0]))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            result[j, i] = a[i, j]
    return result


@register_jitable
def solve_rows(a: Any, rows: Any, count: int) -> Any:
    """Solutions in place of right sides, each a row; gives the factors, so that they live until then."""
    size = len(a)
    factors, pivots = transposed(a), np.empty(size, WHOLE)
    if GESV(KIND, size, count, factors.ctypes, size, pivots.ctypes, rows.ctypes, size):
        raise np.linalg.LinAlgError("Singular matrix")
    return factors, pivots
