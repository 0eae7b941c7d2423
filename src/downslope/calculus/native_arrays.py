"""Arrays at the border: what a caller may pass, and the form in which native code takes it."""

import numpy as np

from downslope.errors import UsageError
from downslope.ir.types import Type

_ELEMENTS: dict[str, Type] = {"f": "f", "i": "i", "u": "i", "b": "b"}
_STORED: dict[Type, type] = {"f": np.float64, "i": np.int64, "b": np.bool_}
WIDEST = 8
"""Bytes of the widest element that fits in 64 bits."""


def element_of(value: np.ndarray) -> Type:
    """What the elements of an array are."""
    return _ELEMENTS[value.dtype.kind]


def native_array(value: np.ndarray, name: str, active: bool) -> np.ndarray:
    """An array in C order with 64-bit elements; the same memory where it is so already.

    Raises `UsageError` for elements that are not real numbers, and for whole numbers that should vary.

    >>> native_array(np.ones(3, np.float32), "a", True).dtype
    dtype('float64')
    """
    if value.dtype.kind not in _ELEMENTS or value.dtype.itemsize > WIDEST:
        raise UsageError(
            f"the argument {name} is an array of {value.dtype}",
            why="elements are floats, whole numbers or truth values, of 64 bits or fewer.",
            fix="convert it, for example with .astype(float).",
        )
    if value.dtype == np.uint64 and value.size and value.max() > np.iinfo(np.int64).max:
        raise UsageError(
            f"the argument {name} holds whole numbers above 2**63 - 1",
            why="native code counts in signed 64-bit numbers.",
            fix="convert it with .astype(float).",
        )
    element = element_of(value)
    if active and element != "f":
        raise UsageError(
            f"the argument {name} is an array of {value.dtype}, and its elements should vary",
            why="a derivative is that in a real number.",
            fix="pass floats: .astype(float).",
        )
    return np.require(np.asarray(value), _STORED[element], "C")


def same_memory(one: object, other: object) -> bool:
    """Whether two values are arrays that may share memory."""
    return (
        isinstance(one, np.ndarray)
        and isinstance(other, np.ndarray)
        and bool(np.may_share_memory(one, other))
    )
