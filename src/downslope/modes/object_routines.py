"""Operations on whole arrays (`rules.whole`) for arrays of any numbers, so for dual numbers: written out in Python.

They know no derivative, so they are an oracle for the programs that do.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def solve(a: Any, b: Any) -> Any:
    """The solution of `a @ x = b`, by elimination with pivots.

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]], object), np.array([2.0, 2.0]))
    array([1.0, 0.5], dtype=object)
    """
    rows, size = np.array(a, dtype=object), len(a)
    found = np.array(b, dtype=object)
    for k in range(size):
        best = max(range(k, size), key=lambda i: abs(rows[i, k]))
        rows[[k, best]], found[[k, best]] = rows[[best, k]], found[[best, k]]
        if rows[k, k] == 0:
            raise np.linalg.LinAlgError("Singular matrix")
        for i in range(k + 1, size):
            factor = rows[i, k] / rows[k, k]
            rows[i, k:] = rows[i, k:] - factor * rows[k, k:]
            found[i] = found[i] - factor * found[k]
    for k in reversed(range(size)):
        for i in range(k + 1, size):
            found[k] = found[k] - rows[k, i] * found[i]
        found[k] = found[k] / rows[k, k]
    return found


ROUTINES: Mapping[str, Callable[..., Any]] = {"numpy.linalg.solve": solve}
"""By spelling."""
