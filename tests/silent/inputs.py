"""Types of what comes in and goes out."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from silent.registry import place, vec


@place(3, right=6.0)
def whole_number_as_an_input(x):
    """A whole number varies like any other: its derivative is no whole number."""
    return x * x


@place(3, right=-1 / 9)
def whole_number_divided(x):
    """1 / 3 is no whole number."""
    return 1 / x


@place(np.array([1.5, 2.5], dtype=np.float32), right=vec(3, 5))
def single_precision(a):
    """32 bits come in and go out; between, the computation has 64."""
    return np.sum(a * a)


@place(vec(1, 2, 3, 4)[::2], right=vec(2, 6))
def every_other_element(a):
    """An input that is a view of a larger array."""
    return np.sum(a * a)


@place(np.array([[1.0, 2.0], [3.0, 4.0]]).T, right=np.array([[0, 2.0], [3.0, 0]]))
def transposed_input(m):
    """An input whose memory is in another order."""
    return m[0, 1] * m[1, 0]


@place(vec(2, 3), np.array([1, 0, 1]), right=vec(6, 4))
def indices_as_an_input(a, k):
    """An array of whole numbers beside one that varies."""
    s = 0.0
    for i in k:
        s = s + a[i] * a[0]
    return s - a[0] * a[0]
