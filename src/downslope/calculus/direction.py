"""The dot-product test: forward and reverse mode are transposes of each other in any direction."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.calculus.products import jvp, vjp
from downslope.calculus.run import Engine
from downslope.read.resolve import is_array

SEED, TOLERANCE = 20_080, 1e-9


@dataclass(frozen=True, slots=True)
class Direction:
    """A product with the Jacobian J in one random direction, by both sweeps.

    `forward` is <y_bar, J x_dot>, `reverse` is <J' y_bar, x_dot>; `scale` is the sum of the absolute terms
    of `reverse`, of which rounding is a small part.
    """

    forward: float
    reverse: float
    scale: float

    @property
    def agree(self) -> bool:
        """Whether both are the same up to rounding; what is not finite agrees with nothing."""
        allowed = TOLERANCE * max(1.0, self.scale)
        return math.isfinite(self.scale) and abs(self.forward - self.reverse) <= allowed

    def __str__(self) -> str:
        """Both numbers, in the form of a row of `check`."""
        return f"direction  <y_bar, J x_dot> {self.forward:.10g}, <J' y_bar, x_dot> {self.reverse:.10g}"


def direction(
    f: Callable[..., Any] | str,
    args: Sequence[Any],
    wrt: Sequence[str | int],
    slopes: Sequence[Any],
    engine: Engine = "native",
) -> Direction:
    """The dot-product test of a program with one output; the direction has the shapes of its `slopes` in `wrt`.

    The directions are drawn with a fixed seed. Source: Claerbout, Earth Soundings Analysis (1992), ch. 5.

    >>> direction(lambda x, y: x * y, (2.0, 3.0), ("x", "y"), (3.0, 2.0), "python").agree
    True
    """
    rng = np.random.default_rng(SEED)
    y_bar = float(rng.standard_normal())
    dots = [rng.standard_normal(part.shape) if is_array(part) else rng.standard_normal() for part in slopes]
    _, y_dot = jvp(f, args, [_plain(dot) for dot in dots], wrt=wrt, engine=engine)
    _, pull = vjp(f, *args, wrt=wrt, engine=engine)
    terms = np.concatenate(
        [np.ravel(bar) * np.ravel(dot) for bar, dot in zip(pull(y_bar), dots, strict=True)]
    )
    return Direction(y_bar * float(y_dot), float(terms.sum()), float(np.abs(terms).sum()))


def _plain(value: Any) -> Any:
    return value if is_array(value) else float(value)
