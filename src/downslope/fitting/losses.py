"""Losses of a residual r, for the row kernels.

Each loss is ρ(r), with ψ = ρ'(r) from forward mode on ρ's own program, and the weight ψ / r of
iteratively reweighted least squares (Holland & Welsch 1977) in the Gauss-Newton matrix.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import types

from downslope.emit.python import emit
from downslope.modes.forward import forward
from downslope.native.compiled import array_of, compiled
from downslope.passes.simplify import simplified
from downslope.read.lower import lower
from downslope.read.source import read_source


def squared(r: float) -> float:
    """Half the square: least squares."""
    return 0.5 * r * r


def absolute(r: float) -> float:
    """The size: least absolute deviations."""
    return abs(r)


def huber(r: float) -> float:
    """Squared up to 1, then linear (Huber 1964)."""
    return 0.5 * r * r if abs(r) <= 1.0 else abs(r) - 0.5


def soft_l1(r: float) -> float:
    """A smooth form of the size: sqrt(1 + r**2) - 1."""
    return math.sqrt(1.0 + r * r) - 1.0


def cauchy(r: float) -> float:
    """Half of log(1 + r**2): far residuals hardly count."""
    return 0.5 * math.log1p(r * r)


LOSSES: Mapping[str, Callable[[float], float]] = {
    "squared": squared, "absolute": absolute, "huber": huber, "soft_l1": soft_l1, "cauchy": cauchy,
}  # fmt: skip

KINKED = ("absolute",)  # losses whose derivative jumps


@cache
def loss_text(name: str) -> str:
    """ρ and ρ' of a loss as one function of emitted code; empty for the squared loss."""
    if name == "squared":
        return ""
    return emit(forward(simplified(lower(read_source(LOSSES[name]))), ["r"]), name="_loss")


def pull(name: str, residual: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """ρ'(r) of each residual, (n,).

    >>> pull("huber", np.array([0.5, -7.0])).tolist()
    [0.5, -1.0]
    """
    if name == "squared":
        return residual
    text = f"@register_jitable\n{loss_text(name)}\n\ndef _pulls(r, out):\n    for i in range(len(r)):\n"
    signature = (array_of("f"), types.Array(types.float64, 1, "C"))
    out = np.empty(len(residual))
    compiled(f"{text}        out[i] = _loss(r[i])[1]\n", "_pulls", signature)(residual, out)
    return out
