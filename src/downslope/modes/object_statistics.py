"""Measures of NumPy for arrays of any numbers, so for dual numbers: from NumPy's own sums, sorts and products."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def var(a: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The mean square of the distance from the mean.

    >>> var(np.array([1.0, 3.0], object))
    1.0
    """
    away = a - np.mean(a, axis=axis, keepdims=True)
    total = np.sum(away * away, axis=axis, keepdims=keepdims)
    return total / (np.size(a) // max(np.size(total), 1) - ddof)


def std(a: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The square root of the variance."""
    return var(a, axis, ddof, keepdims) ** 0.5


def quantile(a: Any, q: Any, axis: Any = None) -> Any:
    """Linear between the elements in rising order."""
    rows = np.sort(a, axis=None) if axis is None else np.moveaxis(np.sort(a, axis=axis), axis, 0)
    if np.ndim(q):
        return np.array([quantile(rows, part, 0) for part in q], object)
    through = q * (len(rows) - 1)
    low = int(through)
    part = through - low
    return rows[low] * (1.0 - part) + rows[min(low + 1, len(rows) - 1)] * part


def median(a: Any, axis: Any = None) -> Any:
    """The middle element in rising order, or the mean of the two."""
    return quantile(a, 0.5, axis)


def percentile(a: Any, q: Any, axis: Any = None) -> Any:
    """A quantile in hundredths."""
    return quantile(a, np.asarray(q) / 100.0 if np.ndim(q) else q / 100.0, axis)


def _with_zeros(a: Any) -> tuple[Any, Any]:
    """What is not NaN, with zeros for the rest, and where that is."""
    known = np.asarray(np.equal(a, a), bool)
    filled = np.where(known, a, 0.0)
    return filled, known


def nansum(a: Any, axis: Any = None) -> Any:
    """The sum of what is not NaN."""
    return np.sum(_with_zeros(a)[0], axis=axis)


def nanmean(a: Any, axis: Any = None) -> Any:
    """The mean of what is not NaN."""
    filled, known = _with_zeros(a)
    return np.sum(filled, axis=axis) / np.sum(known, axis=axis)


def average(a: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean with weights."""
    if weights is None:
        return np.mean(a, axis=axis)
    by = weights
    if np.ndim(weights) != np.ndim(a):
        by = np.reshape(weights, [-1 if k == axis % a.ndim else 1 for k in range(a.ndim)])
    return np.sum(a * by, axis=axis) / np.sum(by, axis=axis)


STATISTICS: Mapping[str, Callable[..., Any]] = {
    f"numpy.{routine.__name__}": routine
    for routine in (var, std, quantile, median, percentile, nansum, nanmean, average)
}
"""By spelling."""
