"""A fingerprint of a table: whether two fits saw the same numbers."""

import hashlib
from collections.abc import Sequence

import numpy as np

from downslope.data.table import Table


def fingerprint(table: Table, columns: Sequence[str]) -> str:
    """SHA-256 over names, types and numbers of some columns, row by row; their order does not matter.

    >>> table = Table({"x": np.arange(3.0), "y": np.arange(3)}, "t")
    >>> fingerprint(table, ["x", "y"]) == fingerprint(table, ["y", "x"])
    True
    >>> fingerprint(table, ["x"]) == fingerprint(table.take(np.array([0, 2, 1])), ["x"])
    False
    """
    digest = hashlib.sha256()
    for name in sorted(columns):
        column = np.ascontiguousarray(table.columns[name])
        little = column.astype(column.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{name}\0{column.dtype.kind}{column.dtype.itemsize}\0{len(column)}\0".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
