"""Hand tracking, the simple variant: each point is compared with a vertex, and the 26 angles and places vary."""

from typing import Any

import numpy as np

from benchmarks.problems import hand_tracking
from benchmarks.problems.hand_tracking import MISSING, SIZES, SMALL, autograd, jax, primal, torch

__all__ = ["MISSING", "SIZES", "SMALL", "TITLE", "WRT", "autograd", "data", "jax", "primal", "torch"]
TITLE = "hand tracking, simple"
WRT = ("theta",)


def data(n: int, vertices: int) -> tuple[Any, ...]:
    theta, shares, *rest = hand_tracking.data(n, vertices)
    return theta, np.zeros_like(shares), *rest
