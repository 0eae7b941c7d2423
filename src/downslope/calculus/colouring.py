"""Columns of a sparse matrix in groups that share no row: one run differentiates in a whole group.

Greedy colouring of the column intersection graph, columns with many entries first (Curtis, Powell & Reid
1974; Gebremedhin, Manne & Pothen 2005).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

WORD = 64
_FULL = np.uint64(2**WORD - 1)


def coloured(matrix: sparse.csc_array) -> NDArray[np.int64]:
    """A number per column, from 0: columns of the same number have no row in common.

    >>> arrow = sparse.csc_array(np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]]))
    >>> coloured(arrow).tolist()
    [0, 1, 2]
    >>> coloured(sparse.csc_array(np.eye(3))).tolist()
    [0, 0, 0]
    """
    rows, columns = matrix.shape
    taken = np.zeros((rows, 1), np.uint64)  # by row, the colours that its columns have so far
    colours = np.zeros(columns, np.int64)
    sizes = np.diff(matrix.indptr)
    for column in np.argsort(-sizes, kind="stable"):
        mine = matrix.indices[matrix.indptr[column] : matrix.indptr[column + 1]]
        words = np.bitwise_or.reduce(taken[mine], axis=0)
        free = np.flatnonzero(words != _FULL)
        if not len(free):
            taken = np.hstack([taken, np.zeros((rows, 1), np.uint64)])
        word = int(free[0]) if len(free) else taken.shape[1] - 1
        bit = _lowest_zero(int(words[word])) if len(free) else 0
        taken[mine, word] |= np.uint64(1 << bit)
        colours[column] = WORD * word + bit
    return colours


def _lowest_zero(word: int) -> int:
    return (~word & (word + 1)).bit_length() - 1
