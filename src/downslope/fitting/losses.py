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
from downslope.errors import UsageError, close_to
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


def quantile(r: float, share: float) -> float:
    """Least where that share of the targets lies below the prediction (Koenker & Bassett 1978)."""
    return (1.0 - share) * r if r > 0.0 else -share * r


LOSSES: Mapping[str, Callable[..., float]] = {
    "squared": squared, "absolute": absolute, "huber": huber, "soft_l1": soft_l1, "cauchy": cauchy, "quantile": quantile,
}  # fmt: skip

KINKED = ("absolute", "quantile")  # losses whose derivative jumps
WIDE = ("huber", "soft_l1", "cauchy")  # losses that have a width
MEDIAN = 0.5


def parsed(loss: str) -> tuple[str, float]:
    """The name and the number of `NAME` or `NAME:NUMBER`.

    The number is a width, where ρ is width² ρ(r / width), or the share of a quantile. Raises `UsageError` for
    an unknown name, a number that does not fit, or one of a loss that has none.

    >>> parsed("huber"), parsed("huber:2.5"), parsed("quantile:0.9")
    (('huber', 1.0), ('huber', 2.5), ('quantile', 0.9))
    """
    name, colon, text = str(loss).partition(":")
    if name not in LOSSES:
        raise UsageError(
            f"there is no loss {name!r}",
            why=f"losses are {', '.join(LOSSES)}.",
            fix=close_to(name, LOSSES, "choose one."),
        )
    if not colon:
        return name, MEDIAN if name == "quantile" else 1.0
    try:
        width = float(text)
    except ValueError:
        width = math.nan
    if name == "quantile" and not 0.0 < width < 1.0:
        raise UsageError(
            f"there is no loss {loss!r}",
            why=f"{text!r} is no share between 0 and 1.",
            fix="e.g. quantile:0.9.",
        )
    if name not in (*WIDE, "quantile") or not 0.0 < width < math.inf:
        raise UsageError(
            f"there is no loss {loss!r}",
            why=f"{name} has no width."
            if name not in (*WIDE, "quantile")
            else f"{text!r} is not a positive number.",
            fix="e.g. huber:2.5, with a width in units of the target.",
        )
    return name, width


@cache
def loss_text(loss: str) -> str:
    """ρ and ρ' of a loss as a function `_loss` of emitted code; empty for the squared loss."""
    name, width = parsed(loss)
    if name == "squared":
        return ""
    at_one = forward(simplified(lower(read_source(LOSSES[name]))), ["r"])
    if name == "quantile":
        return f"{emit(at_one, name='_narrow')}\n\n@register_jitable\ndef _loss(r):\n    return _narrow(r, {width!r})\n"
    if width == 1.0:
        return emit(at_one, name="_loss")
    return (
        f"{emit(at_one, name='_narrow')}\n\n@register_jitable\ndef _loss(r):\n"
        f"    _rho, _psi = _narrow(r / {width!r})\n"
        f"    return _rho * {width**2!r}, _psi * {width!r}\n"
    )


def sides(loss: str) -> tuple[float, float]:
    """By how much a kinked loss grows per unit below and above the target.

    >>> sides("absolute"), sides("quantile:0.75")
    ((1.0, 1.0), (0.75, 0.25))
    """
    name, share = parsed(loss)
    return (share, 1.0 - share) if name == "quantile" else (1.0, 1.0)


@cache
def bend_text(loss: str) -> str:
    """ρ'' of a loss as a function `_bend` of emitted code."""
    name, width = parsed(loss)
    once = forward(simplified(lower(read_source(LOSSES[name]))), ["r"])
    twice = emit(forward(once, ["r"]), name="_twice")
    return f"{twice}\n\n@register_jitable\ndef _bend(r):\n    return _twice(r / {width!r})[3]\n"


def pull(loss: str, residual: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """ρ'(r) of each residual, (n,).

    >>> pull("huber", np.array([0.5, -7.0])).tolist(), pull("huber:2", np.array([0.5, -7.0])).tolist()
    ([0.5, -1.0], [0.5, -2.0])
    """
    if loss == "squared":
        return residual
    text = f"@register_jitable\n{loss_text(loss)}\n\ndef _pulls(r, out):\n    for i in range(len(r)):\n"
    signature = (array_of("f"), types.Array(types.float64, 1, "C"))
    out = np.empty(len(residual))
    compiled(f"{text}        out[i] = _loss(r[i])[1]\n", "_pulls", signature)(residual, out)
    return out
