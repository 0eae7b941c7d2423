"""How well data tell constants apart, in words, also where they just manage to.

Source: Belsley, Kuh and Welsch, Regression Diagnostics (1980), section 3.2: condition indices of the
Jacobian with columns of length one, and the share that each direction has in the variance of each
constant.
"""

import numpy as np

from downslope.fitting.objective import Array
from downslope.fitting.spectrum import Spectrum

STRONG = 30.0  # condition index from which a near trade-off is said
SHARE = 0.5  # a constant takes part where more than this share of its variance is along the direction


def near_tradeoffs(names: tuple[str, ...], found: Spectrum) -> tuple[str, ...]:
    """A sentence for each direction that is determined, but `STRONG` times worse than the best one.

    `names` are those of the parameters of `found`. Two or more constants must each have more
    than `SHARE` of their variance along it.

    >>> from downslope.fitting.normal import from_rows
    >>> from downslope.fitting.spectrum import spectrum
    >>> t = np.linspace(10.0, 11.0, 50)
    >>> line = from_rows([(np.sin(t), np.column_stack([np.ones(50), t]))], 2)
    >>> print(*near_tradeoffs(("a", "b"), spectrum(line)))
    these data hardly tell a and b apart (condition 71): a is known ±4.39, and would be ±0.123 if b were known
    """
    rank = found.rank
    if rank < 2:
        return ()
    indices = found.values[0] / found.values[:rank]
    parts = (found.vt[:rank] / found.values[:rank, None]) ** 2
    total = parts.sum(axis=0)
    shares = parts / np.where(total > 0.0, total, 1.0)
    said = []
    for index, share in zip(indices, shares, strict=True):
        members = np.flatnonzero((share > SHARE) & ~found.loose)
        if index >= STRONG and len(members) > 1:
            said.append(_sentence(names, found, float(index), [int(m) for m in members]))
    return tuple(said)


def _sentence(names: tuple[str, ...], found: Spectrum, index: float, members: list[int]) -> str:
    own = [names[member] for member in members]
    listed = f"{', '.join(own[:-1])} and {own[-1]}"
    begin = f"these data hardly tell {listed} apart (condition {index:.2g})"
    block = found.covariance()[np.ix_(members, members)]
    if not np.isfinite(block).all() or not (np.diag(block) > 0.0).all():
        return begin
    error = float(np.sqrt(block[0, 0]))
    rest = block[0, 1:] @ np.linalg.pinv(block[1:, 1:]) @ block[1:, 0]
    alone = float(np.sqrt(max(0.0, block[0, 0] - rest)))
    others = " and ".join(own[1:])
    return f"{begin}: {own[0]} is known ±{error:.3g}, and would be ±{alone:.3g} if {others} were known"


def correlation(covariance: Array) -> Array:
    """(p, p) correlations of a covariance; NaN where it is NaN or the variance is zero.

    >>> correlation(np.array([[4.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    sizes = np.sqrt(np.diag(covariance))
    sizes = np.where(sizes > 0.0, sizes, np.nan)
    return np.asarray(covariance / np.outer(sizes, sizes))
