"""The gradient of log-sum-exp by hand."""

import math
from typing import Any

import numba
import numpy as np


@numba.njit(error_model="numpy", fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator]
def gradient(x: Any) -> Any:
    out = np.empty(x.size)
    top = x.max()
    total = 0.0
    for i in range(x.size):
        out[i] = math.exp(x[i] - top)
        total += out[i]
    scale = 1.0 / total
    for i in range(x.size):
        out[i] *= scale
    return top + math.log(total), out
