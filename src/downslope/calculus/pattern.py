"""Where a Jacobian can be other than zero, found by running the program with words of bits.

Inputs are looked at in blocks, and blocks that matter are split until each is one input. Blocks that no output
shares are split by the same bits (hierarchical detection, as in CasADi: Andersson et al. 2019), so a
Jacobian with k entries in a row takes about k log(n) runs of a word each, and not n / 52.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from downslope.calculus.colouring import coloured

WORD = 52
"""Bits of a word: a whole number of so many is exact in the floats of which a tape is made."""

Whole: TypeAlias = NDArray[np.int64]
Words: TypeAlias = Callable[[Whole], Whole]
"""The word of each output for words of the inputs."""


def pattern(words: Words, inputs: int, outputs: int) -> sparse.csc_array:
    """A matrix of shape (outputs, inputs) with ones where the derivative can be other than zero.

    >>> neighbours = lambda bits: bits | np.roll(bits, 1)
    >>> pattern(neighbours, 3, 3).toarray().tolist()
    [[1, 0, 1], [1, 1, 0], [0, 1, 1]]
    """
    if not inputs or not outputs:
        return sparse.csc_array((outputs, inputs), dtype=np.int8)
    starts = np.array([0, inputs], dtype=np.int64)
    found = sparse.csc_array(np.ones((outputs, 1), np.int8))
    while True:
        finer = _split(starts)
        found = _refined(words, found, starts, finer)
        if len(finer) == inputs + 1:
            return found
        starts = finer


def _split(starts: Whole) -> Whole:
    """Where the parts of the blocks start, at most one word of parts each; with the end."""
    length = -(-int(np.diff(starts).max()) // WORD)
    parts = [np.arange(a, b, length) for a, b in pairwise(starts)]
    return np.concatenate([*parts, starts[-1:]]).astype(np.int64)


def _refined(words: Words, coarse: sparse.csc_array, starts: Whole, finer: Whole) -> sparse.csc_array:
    """The pattern by parts of blocks. Each run splits as many groups of blocks as a word has room for."""
    block = np.searchsorted(starts, finer[:-1], side="right") - 1  # of each part
    first = np.searchsorted(finer, starts)  # the first part of each block
    width = int(np.diff(first).max())
    groups = coloured(coarse)
    together = WORD // width
    shift = width * (groups % together)
    masks = np.uint64(1) << (np.arange(len(block)) - first[block] + shift[block]).astype(np.uint64)
    part = np.searchsorted(finer, np.arange(finer[-1]), side="right") - 1  # of each input
    entries = coarse.tocoo()
    found = []
    for run in range(int(groups.max()) // together + 1):
        chosen = groups // together == run
        seeds = np.where(chosen[block], masks, np.uint64(0))[part]
        seen = words(seeds.view(np.int64)).view(np.uint64)
        mine = chosen[entries.col]
        rows, blocks = entries.row[mine], entries.col[mine]
        bits = seen[rows] >> shift[blocks].astype(np.uint64)
        found.append(_parts(bits, rows, first[blocks], first[blocks + 1]))
    row, column = np.hstack(found)
    return sparse.csc_array((np.ones(len(row), np.int8), (row, column)), (coarse.shape[0], len(block)))


def _parts(bits: NDArray[np.uint64], rows: Whole, first: Whole, end: Whole) -> Whole:
    """Rows and parts for the lowest bits of each word: bit k is the part `first + k`, before `end`."""
    pairs = []
    for k in range(int((end - first).max(initial=0))):
        hit = (bits >> np.uint64(k) & np.uint64(1)).astype(bool) & (first + k < end)
        pairs.append(np.stack([rows[hit], first[hit] + k]))
    return np.hstack(pairs) if pairs else np.empty((2, 0), np.int64)
