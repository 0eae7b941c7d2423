"""Kinks, ties, edges of domains and values that are not finite."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from silent.registry import place, vec


@place(2.0, right=1.0 + 2.0)
def tie_of_two_numbers(x):
    """At a tie, the derivative is that of the branch which runs: the first of equals."""
    y = 2.0
    return max(x, y) + 2.0 * min(x, y)


@place(vec(3, 3, 1, 1), right=vec(1, 0, 2, 0))
def ties_in_an_array(a):
    """One element gets all: splitting it, or counting it twice, is no derivative of what ran."""
    return np.max(a) + 2.0 * np.min(a)


@place(vec(2, 1, 2), right=vec(4, 2, 8))
def ties_in_a_sort(a):
    """Equal elements keep their order, and each keeps its derivative."""
    b = np.sort(a, kind="stable")
    return 2.0 * b[0] + 4.0 * b[1] + 8.0 * b[2]


@place(vec(1, 5, 5, 9), right=vec(0, 0.5, 0.5, 0))
def median_of_an_even_number(a):
    """The mean of the two in the middle, equal or not."""
    b = np.sort(a)
    return (b[1] + b[2]) / 2


@place(0.0, right=0.0)
def power_of_nothing(x):
    """`x**0` is 1 everywhere, also at 0: not `0 * 0**-1`."""
    return x**0


@place(0.0, 3.0, right=[0.0, 0.0], wrt=(0, 1))
def nothing_to_a_power(x, y):
    """`0**y` is 0 around y = 3: not `0 * log(0)`."""
    return x**y


@place(0.0, right=1.0)
def nothing_to_the_first(x):
    """`x**1` has slope 1 at 0."""
    return x**1


@place(-2.0, right=3 * 4.0 + 5 * 16.0)
def negative_base(x):
    """A negative base has a slope, whole exponent or not: not `y * log(x)`."""
    return x**3 + x**5.0


@place(0.0, right=0.0)
def size_at_zero(x):
    """`abs` has no slope at 0; 0 is between the two."""
    return abs(x)


@place(0.0, right=1.0)
def root_in_a_branch_not_taken(x):
    """The infinite slope of a branch that is not taken is not there."""
    return math.sqrt(x) if x > 0 else x


@place(vec(0, 4), right=vec(0, 0.25))
def logarithm_where_it_is_not_wanted(a):
    """`where` computes both: zero times the infinite slope of the other is not a number."""
    return np.sum(np.where(a > 0, np.log(np.where(a > 0, a, 1.0)), 0.0))


@place(vec(0, 4), right=vec(0, 0.25))
def root_where_it_is_not_wanted(a):
    """The same for the root, with no second `where` to save it."""
    return np.sum(np.where(a > 0, np.sqrt(a), 0.0))


@place(vec(0, 0), right=vec(0, 0))
def norm_of_nothing(a):
    """A norm has no slope at 0: what is multiplied by 0 stays 0."""
    return 0.0 * np.linalg.norm(a)


@place(0.0, 4.0, right=[0.0, 1.0], wrt=(0, 1))
def hypotenuse_on_an_axis(x, y):
    """One side is 0: its slope is 0, and the other's 1."""
    return math.hypot(x, y)


@place(1.0, right=0.0)
def angle_at_the_edge(x):
    """An infinite slope times nothing stays nothing."""
    return 0.0 * np.arccos(x)


@place(7.5, right=1.0)
def integer_division_and_modulo(x):
    """Floor division has slope 0 and the remainder 1."""
    return x // 2.0 + x % 2.0


@place(-7.5, right=1.0)
def modulo_of_a_negative(x):
    """The remainder has the divisor's sign."""
    return x % 2.0


@place(2.7, right=2.0)
def floor_in_a_product(x):
    """A floor is a constant factor."""
    return math.floor(x) * x


@place(vec(0, 0.5, 1, 2, -1), right=vec(1, 1, 1, 0, 0))
def clip_at_its_bounds(a):
    """At a bound the value itself is the first of equals."""
    return np.sum(np.clip(a, 0.0, 1.0))


@place(vec(2, -3), right=vec(4, 3))
def where_with_both_branches(a):
    """Each element gets the slope of its own branch."""
    return np.sum(np.where(a > 0, a * a, 3.0 * a))


@place(vec(1000, 1000), right=vec(0.5, 0.5))
def overflow_in_logsumexp(a):
    """`exp(1000)` overflows, so the largest is taken out: its slope cancels, at a tie too."""
    m = np.max(a)
    return m + np.log(np.sum(np.exp(a - m)))


@place(np.eye(2), right=np.eye(2))
def repeated_eigenvalues(m):
    """The eigenvectors have no slope there, but the sum of the eigenvalues has."""
    return np.sum(np.linalg.eigvalsh(m))
