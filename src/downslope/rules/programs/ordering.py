"""Order: sorting, searching and counting, as programs that the reader expands.

They give places, which do not vary; what is read at these places does. Merge sort from the bottom up:
Knuth, "The Art of Computer Programming", vol. 3, 5.2.4; it keeps the order of equal elements.
"""

from typing import Any

import numpy as np

Array = Any


def places_of(mask: Array) -> Array:
    """The places of the elements that are not zero."""
    count = 0
    for i in range(len(mask)):
        if mask[i]:
            count += 1
    places = np.empty(count, dtype=int)
    k = 0
    for i in range(len(mask)):
        if mask[i]:
            places[k] = i
            k += 1
    return places


def sorted_places(v: Array) -> Array:
    """The places of the elements in rising order, equal ones as they come; NaN is last."""
    n = len(v)
    order = np.arange(n)
    merged = np.arange(n)
    width = 1
    while width < n:
        for start in range(0, n, 2 * width):
            middle = min(start + width, n)
            end = min(start + 2 * width, n)
            left = start
            right = middle
            for k in range(start, end):
                take = left < middle
                if take and right < end:
                    one = v[order[left]]
                    other = v[order[right]]
                    take = not (other < one or (one != one and other == other))
                if take:
                    merged[k] = order[left]
                    left += 1
                else:
                    merged[k] = order[right]
                    right += 1
        for k in range(n):
            order[k] = merged[k]
        width *= 2
    return order


def place_of_largest(v: Array) -> int:
    """The place of the first of the largest elements, or of the first NaN."""
    best = 0
    top = v[0]
    for i in range(1, len(v)):
        if v[i] > top or (v[i] != v[i] and top == top):
            best = i
            top = v[i]
    return best


def place_of_smallest(v: Array) -> int:
    """The place of the first of the smallest elements, or of the first NaN."""
    best = 0
    top = v[0]
    for i in range(1, len(v)):
        if v[i] < top or (v[i] != v[i] and top == top):
            best = i
            top = v[i]
    return best


def place_left(v: Array, x: float) -> int:
    """How many elements of a sorted array are less than x; NaN counts as larger than all numbers."""
    low = 0
    high = len(v)
    while low < high:
        middle = (low + high) // 2
        if v[middle] < x or (x != x and v[middle] == v[middle]):
            low = middle + 1
        else:
            high = middle
    return low


def place_right(v: Array, x: float) -> int:
    """How many elements of a sorted array are at most x; NaN counts as larger than all numbers."""
    low = 0
    high = len(v)
    while low < high:
        middle = (low + high) // 2
        if x < v[middle] or (x == x and v[middle] != v[middle]):
            high = middle
        else:
            low = middle + 1
    return low


def counted(places: Array, least: int) -> Array:
    """How often each whole number occurs."""
    out = np.zeros(counts_needed(places, least), dtype=int)
    for i in range(len(places)):
        out[places[i]] += 1
    return out


def weighed(places: Array, weights: Array, least: int) -> Array:
    """The sum of the weights of each whole number."""
    out = np.zeros(counts_needed(places, least))
    if len(weights) != len(places):
        raise ValueError("The weights and list don't have the same length.")
    for i in range(len(places)):
        out[places[i]] += weights[i]
    return out


def counts_needed(places: Array, least: int) -> int:
    """One more than the largest of some whole numbers, and at least so many."""
    n = least
    for i in range(len(places)):
        if places[i] < 0:
            raise ValueError("'list' argument must have no negative elements")
        n = max(n, places[i] + 1)
    return n


def rising(v: Array) -> bool:
    """Whether a sequence never falls; it must never fall or never rise."""
    up = True
    down = True
    for i in range(1, len(v)):
        if v[i] < v[i - 1]:
            up = False
        if v[i] > v[i - 1]:
            down = False
    if not up and not down:
        raise ValueError("bins must be monotonically increasing or decreasing")
    return up


def median_of(v: Array) -> Any:
    """The middle element in rising order, or the mean of the two; NaN where one is."""
    n = len(v)
    if n == 0:
        raise ValueError("the median of nothing")
    order = sorted_places(v)
    middle = v[order[n // 2]]
    if n % 2 == 0:
        middle = (v[order[n // 2 - 1]] + middle) / 2.0
    last = v[order[n - 1]]
    return last if last != last else middle


def quantile_of(v: Array, place: float) -> Any:
    """The element at a part of the way through the elements in rising order, linear between two; NaN where one is."""
    n = len(v)
    if n == 0 or not 0.0 <= place <= 1.0:
        raise ValueError("Quantiles must be in the range [0, 1]")
    order = sorted_places(v)
    through = place * (n - 1)
    low = int(through)
    high = min(low + 1, n - 1)
    part = through - low
    one = v[order[low]]
    other = v[order[high]]
    last = v[order[n - 1]]
    between = one + (other - one) * part
    if part >= 0.5:
        between = other - (other - one) * (1.0 - part)
    return last if last != last else between
