"""Routines on whole arrays that emitted code calls: NumPy's own, with results in C order.

`rules.whole` says which operations of a program become which of them. CPython and Numba run the same text.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable


@register_jitable
def whole_solve(a: Any, b: Any) -> Any:
    """The solution of `a @ x = b`."""
    return np.ascontiguousarray(np.linalg.solve(a, b))


WHOLE: dict[str, Any] = {name: value for name, value in globals().items() if name.startswith("whole_")}
"""By the names that emitted code uses."""
