"""Measures of arrays, bounds, running sums along axes, and methods."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from array_zoo.registry import matrix, specimen, vector


@specimen(vector(5))
def deviations(a):
    return np.std(a) * a + np.var(a, ddof=1) + a.std(ddof=1) * a.var()


@specimen(matrix(3, 2), native=False)
def deviations_of_axes(m):
    return np.std(m, axis=0) * m + np.var(m, axis=1, ddof=1, keepdims=True) * m[0]


@specimen(matrix(3, 3), native=False)
def standardised_columns(m):
    return (m - np.mean(m, axis=0)) / np.std(np.sin(4.0 * m), axis=0)


@specimen(vector(4), vector(4, 1.0, 0.2), native=False)
def averages(a, w):
    return np.average(a, weights=w) * a + np.average(a) * np.ptp(a) + np.average(a, weights=w * w)


@specimen(matrix(3, 2), vector(2), vector(3), native=False)
def averages_of_axes(m, w, v):
    return np.average(m, axis=1, weights=w) * v + np.average(m, axis=0, weights=v)[0] + np.ptp(m, axis=1)


@specimen(np.array([1.0, np.nan, 2.0, 0.5]), wrt=(0,), numeric="one element is NaN", native=False)
def sums_without_nan(a):
    return np.nansum(a * a) + np.nanmean(a)


@specimen(vector(5, 1.0, -0.2))
def middle_of_five(a):
    return np.median(a) * a + np.median(a[:4]) ** 2


@specimen(matrix(3, 3), native=False)
def medians_of_axes(m):
    w = np.cos(7.0 * m)
    return np.median(w, axis=0) * m + np.median(w, axis=1) + np.median(w)


@specimen(np.array([1.0, 2.0, 2.0, 2.0]), numeric="elements tie", native=False)
def a_median_of_equals(a):
    return np.median(a) * np.median(a[1:])


@specimen(vector(6, 2.0, -0.3), native=False)
def quantiles(a):
    return (
        np.quantile(a, 0.3) * a[0]
        + np.percentile(a, 90) ** 2
        + np.quantile(a, np.array([0.1, 0.5, 1.0])) * a[1]
    )


@specimen(matrix(2, 5), 0.4, native=False)
def quantiles_of_axes(m, q):
    return np.quantile(np.sin(9.0 * m), q, axis=1) * m[0, 0]


@specimen(vector(5), 0.8)
def bounds_of_elements(a, high):
    return np.clip(a, 0.5, high) * a + a.clip(0.4, 1.2) * np.clip(a * a, a[0], a[3])


@specimen(np.array([1.0, 2.0, 3.0]), numeric="two elements are at their bounds", native=False)
def elements_at_their_bounds(a):
    return np.clip(a, 1.0, 3.0) ** 2


@specimen(vector(4), native=False)
def truth_of_arrays(a):
    total = 0.0
    if np.all(a > 0.0):
        total += a[0]
    if np.any(a > 9.0) or (a > 1.0).any():
        total += a[1] ** 2
    if not (a < 1.0).all():
        total *= 2.0
    return total * a


@specimen(matrix(2, 3), native=False)
def truth_of_axes(m):
    return m[:, np.any(m > 0.5, axis=0)] * 2.0, m[np.all(m > 0.3, axis=1)]


@specimen(matrix(3, 2))
def running_sums_of_axes(m):
    return np.cumsum(m, axis=0) * np.cumprod(m, axis=1) + np.cumsum(m)[4] * m.cumsum(axis=1)


@specimen(matrix(2, 4), native=False)
def differences_of_axes(m):
    return np.diff(m, axis=0) * np.diff(m, 2, axis=1)[0, 0], np.diff(m) ** 2, np.ediff1d(m[0] * m[1])


@specimen(vector(4), native=False)
def nearly_equal(a):
    b = np.where(np.isclose(a, a[0]), a * 2.0, a * a)
    return b * 2.0 if np.allclose(a, a + 1e-12) else b


@specimen(matrix(2, 3), native=False)
def ufuncs_over_axes(m):
    return (
        np.add.reduce(m) * np.multiply.reduce(m, axis=0) + np.add.accumulate(m[0]),
        np.maximum.reduce(m, axis=1) - np.minimum.reduce(m, axis=1),
    )


@specimen(matrix(2, 2), native=False)
def methods_of_arrays(m):
    b = m.copy()
    b.fill(2.0)
    b[0, 1] = m.item(1, 0) * m.mean()
    return b.sum(axis=0) * m.max() + b.prod() * m.min(axis=1) + m.argmax() + m.ravel().dot(b.flatten())


@specimen(1.3, native=False)
def steps_that_are_not_whole(x):
    t = np.arange(0.0, 1.0, 0.3)
    s = np.arange(x, x + 2.0, 0.5 * x)
    return np.sum(np.exp(-t * x)) * s


@specimen(vector(3), np.array([3, 1, 2]), native=False)
def whole_numbers_divided(a, n):
    k = n // 2 + n % 2 * 3 - (-n) // 2
    return a * k + np.maximum(n, 2) * a / n + (n / 2) * a[np.minimum(n, 2) - 1]


@specimen(vector(3), native=False)
def truth_values_added(a):
    m = a > 0.5
    both = m * (a < 1.0)
    return a[m + both] * 2.0, a[both] ** 2
