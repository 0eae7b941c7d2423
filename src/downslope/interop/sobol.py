"""How much of a program's variation each input or constant explains: Sobol indices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.errors import UsageError
from downslope.interop.batched import batched
from downslope.read.source import read_source


@dataclass(frozen=True)
class Share:
    """The share of the result's variance that a name explains: alone, and with all it acts together with."""

    name: str
    first: float
    total: float


def sobol(
    f: Callable[..., Any] | str,
    bounds: Mapping[str, tuple[float, float]],
    *,
    points: int = 4096,
    seed: int = 0,
) -> tuple[Share, ...]:
    """Sobol indices of the program's result, for names that vary evenly and independently within bounds.

    Names are arguments and constants; other arguments keep their defaults. Largest total first. The program runs
    `points` × (2 + names) times; `points` is a power of two. The indices are estimates, so a small one may come
    out below 0. Source: Saltelli et al. 2010, by `scipy.stats.sobol_indices`. Raises `UsageError` for bounds
    that are none, or a result that does not vary, and `ProgramError` where the program raises.

    >>> shares = sobol(lambda x, y: x + 2.0 * y, {"x": (0.0, 1.0), "y": (0.0, 1.0)})
    >>> [(share.name, round(share.total, 2)) for share in shares]
    [('y', 0.8), ('x', 0.2)]
    """
    from scipy.stats import sobol_indices, uniform  # slow to load

    _check(bounds, points)
    arguments = read_source(f).arguments
    ready = batched(f, [name for name in bounds if name not in arguments])
    for name in bounds:
        ready.check(name, "f")

    def run(x: Any) -> Any:
        given = ready.ordered((), dict(zip(bounds, x, strict=True)))
        y = ready(np.broadcast_arrays(*given), 0)
        if not np.isfinite(y).all() or np.ptp(y) == 0.0:
            raise UsageError(
                f"the result of {ready.read.source.name} does not vary, or is not finite, within the bounds",
                why="Sobol indices are shares of its variance.",
                fix="give other bounds.",
            )
        return y

    dists = [uniform(low, high - low) for low, high in bounds.values()]
    found = sobol_indices(func=run, n=points, dists=dists, random_state=np.random.default_rng(seed))
    pairs = zip(bounds, found.first_order.ravel(), found.total_order.ravel(), strict=True)
    shares = [Share(name, float(first), float(total)) for name, first, total in pairs]
    return tuple(sorted(shares, key=lambda share: -share.total))


def _check(bounds: Mapping[str, tuple[float, float]], points: int) -> None:
    wrong = [n for n, (low, high) in bounds.items() if not -np.inf < low < high < np.inf]
    if wrong or not bounds:
        raise UsageError(
            f"the bounds of {wrong[0]} are no range" if wrong else "no bounds are given",
            why="each name varies evenly from the lower to the upper one.",
            fix='give finite bounds, as {"x": (0.0, 1.0)}.',
        )
    if points < 2 or points & (points - 1):
        raise UsageError(
            f"points is {points}",
            why="Sobol's sequence is balanced at powers of two.",
            fix="give one, as 4096.",
        )
