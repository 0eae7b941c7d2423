"""Which combination of parameters the data determine, in words, where they cannot tell them apart.

Along a null direction of the Jacobian no prediction changes. Whether the trade-off is a product
(`a * b`) or a sum (`2*a + b`) is found by moving along it both ways, by a finite amount.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from downslope.fitting.objective import Array

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
TINY = 1e-6  # entries of a reduced direction below this are zero
LARGEST = 12  # largest denominator of a coefficient or an exponent that is written as a whole number
MOVE = 0.1  # how far to go along a direction, relative to the values
SAME = 1e-6  # part of the change that one parameter alone would cause


def sentences(
    names: tuple[str, ...], x: Array, null: Array, norms: Array, cost: Callable[[Array], float]
) -> tuple[str, ...]:
    """One sentence for each group of parameters that trade off.

    `null` is (p, k), the directions at x along which no prediction changes; `norms` (p,) are the
    lengths of the Jacobian's columns; `cost` is the cost at any point.

    >>> flat = lambda x: (x[0] * x[1] - 6.0) ** 2 / 2
    >>> null = np.array([[2.0], [-3.0]])
    >>> sentences(("a", "b"), np.array([2.0, 3.0]), null, np.array([3.0, 2.0]), flat)
    ('only a * b is determined by these data, not a and b by themselves',)
    """
    basis = reduced((null * norms[:, None]).T)
    found = []
    for members, rows in _groups(basis):
        directions = basis[rows] / np.where(norms > 0.0, norms, 1.0)
        found.append(_sentence(names, x, members, directions, norms, cost))
    return tuple(found)


def reduced(matrix: Array) -> Array:
    """Reduced row echelon form with full pivoting of each row; its rows span the same space.

    >>> reduced(np.array([[1.0, 1.0], [2.0, 2.0]])).tolist()
    [[1.0, 1.0]]
    """
    work = matrix.astype(np.float64)
    rank = 0
    for column in range(work.shape[1]):
        if rank == len(work):
            break
        pivot = rank + int(np.argmax(np.abs(work[rank:, column])))
        if abs(work[pivot, column]) < TINY * max(1.0, float(np.abs(work).max())):
            work[rank:, column] = 0.0
            continue
        work[[rank, pivot]] = work[[pivot, rank]]
        work[rank] /= work[rank, column]
        others = np.arange(len(work)) != rank
        work[others] -= np.outer(work[others, column], work[rank])
        rank += 1
    work[np.abs(work) < TINY] = 0.0
    return np.asarray(work[:rank])


def _groups(basis: Array) -> Iterator[tuple[Mask, list[int]]]:
    """Directions that share parameters, with the mask of the parameters they move."""
    left = list(range(len(basis)))
    while left:
        rows = [left.pop(0)]
        members = basis[rows[0]] != 0.0
        while more := [row for row in left if (members & (basis[row] != 0.0)).any()]:
            rows += more
            left = [row for row in left if row not in more]
            members = members | (basis[more] != 0.0).any(axis=0)
        yield members, rows


def _sentence(
    names: tuple[str, ...],
    x: Array,
    members: Mask,
    directions: Array,
    norms: Array,
    cost: Callable[[Array], float],
) -> str:
    own = [name for name, member in zip(names, members, strict=True) if member]
    listed = f"{', '.join(own[:-1])} and {own[-1]}" if len(own) > 1 else own[0]
    if len(own) == 1:
        return f"`{own[0]}` has no measurable effect on any prediction at these values"
    tail = f"determined by these data, not {listed} by themselves"
    for combine, spread in ((_product, _multiply), (_sum, _add)):
        if combine is _product and not x[members].all():
            continue
        weights = directions / x if combine is _product else directions
        kept = _integers(_complement(weights[:, members]))
        if kept is None or not kept.size:
            continue
        if all(_flat(x, line, norms, members, cost, spread) for line in directions):
            what = " and ".join(combine(own, row) for row in kept)
            return f"only {what} {'is' if len(kept) == 1 else 'are'} {tail}"
    return f"these data cannot tell {listed} apart: moved together in proportion, they change no prediction"


def _flat(
    x: Array,
    direction: Array,
    norms: Array,
    members: Mask,
    cost: Callable[[Array], float],
    spread: Callable[[Array, Array], Array],
) -> bool:
    """Whether the cost stays the same along a direction, a tenth of the values both ways."""
    size = np.where(x[members] != 0.0, np.abs(x[members]), 1.0)
    line = direction * MOVE / float(np.max(np.abs(direction[members]) / size))
    here = cost(x)
    alone = 0.5 * float(np.max(norms[members] * np.abs(line[members]))) ** 2
    allowed = SAME * alone + 1e-11 * here
    return all(abs(cost(spread(x, sign * line)) - here) <= allowed for sign in (1.0, -1.0))


def _multiply(x: Array, line: Array) -> Array:
    return np.asarray(x * np.exp(np.divide(line, x, out=np.zeros_like(x), where=line != 0.0)))


def _add(x: Array, line: Array) -> Array:
    return x + line


def _complement(rows: Array) -> Array:
    """Combinations that do not change along any of the rows: an echelon basis."""
    scaled = rows / np.abs(rows).max(axis=1, keepdims=True)
    _, values, vt = np.linalg.svd(scaled)
    rank = int(np.sum(values > TINY * values[0]))
    return reduced(vt[rank:])


def _integers(rows: Array) -> Array | None:
    """The rows times the smallest number that makes them whole; None where there is none."""
    whole = []
    for row in rows:
        parts = [Fraction(float(value)).limit_denominator(LARGEST) for value in row]
        if any(abs(float(part) - value) > 1e-5 for part, value in zip(parts, row, strict=True)):
            return None
        factor = np.lcm.reduce([part.denominator for part in parts])
        whole.append([float(part * int(factor)) for part in parts])
    return np.array(whole)


def _product(names: list[str], exponents: Array) -> str:
    above = [_power(name, power) for name, power in zip(names, exponents, strict=True) if power > 0]
    below = [_power(name, -power) for name, power in zip(names, exponents, strict=True) if power < 0]
    return " / ".join([" * ".join(above) or "1", *below])


def _power(name: str, power: float) -> str:
    return name if power == 1.0 else f"{name}**{power:g}"


def _sum(names: list[str], factors: Array) -> str:
    text = ""
    for name, factor in zip(names, factors, strict=True):
        if factor:
            size = "" if abs(factor) == 1.0 else f"{abs(factor):g}*"
            sign = ("- " if factor < 0 else "+ ") if text else ("-" if factor < 0 else "")
            text += f" {sign}{size}{name}" if text else f"{sign}{size}{name}"
    return text
