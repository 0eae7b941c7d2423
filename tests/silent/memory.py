"""One memory under several names, values overwritten, and loops that run never, backwards or for long."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from silent.registry import place, vec


@place(vec(2, 3, 5), right=vec(15, 0, 6))
def store_through_a_view(a):
    """A store through a view is one into its base: who copies the view loses it."""
    r = a[1:]
    r[0] = a[0] * 3.0
    return a[1] * a[2]


@place(vec(2, 3, 5), right=vec(20, 24, 0))
def overlapping_slices(a):
    """Both sides are one memory: the right side is read before the left is written."""
    a[1:] = a[:-1] * 2.0
    return np.sum(a * a)


@place(1.5, 3, right=4 * 1.5**3)
def variable_overwritten_in_a_loop(x, n):
    """The reverse sweep needs each value that the variable had, not the last one."""
    s = x
    for _ in range(n):
        s = s * x
    return s


@place(vec(2, 3), right=vec(108, 36))
def element_overwritten_in_a_loop(a):
    """The same for an element that is stored into."""
    for _ in range(2):
        a[1] = a[1] * a[0] * 1.5
    a[0] = 0.0
    return 4.0 * a[1]


@place(3.0, right=2 * 3.0 + 4 * 27.0)
def reassigned_with_another_shape(x):
    """The same name for a number and then for an array: two cotangents."""
    t = x * x
    t = np.array([t, t * t])
    return np.sum(t)


@place(3.0, right=6.0)
def reassigned_with_another_type(x):
    """A variable that starts as a whole number is no whole number for good."""
    t = 0
    for _ in range(2):
        t = t + x
    t = t * x / 2
    return t


@place(vec(2, 3, 5), right=vec(3, 2, 10))
def swap_of_elements(a):
    """Both right sides are read before either is written."""
    a[0], a[1], a[2] = a[1], a[2], a[0]
    return a[0] * a[2] + a[1] ** 2


@place(vec(2, 3), vec(5, 7), 3, right=[vec(63, 84), vec(0, 18)], wrt=(0, 1))
def arrays_that_change_places(u, v, n):
    """Which array a name means depends on the number of passes; a store must follow it."""
    a, b = u, v
    for _ in range(n):
        b[0] = a[0] * a[1]
        a, b = b, a
    return a[0]


@place(vec(2, 3), right=vec(64, 96))
def array_added_to_itself(a):
    """`a += a` reads and writes one memory, whatever its names are."""
    a += a
    b = a
    b += a
    return np.sum(a * b)


@place(vec(2, 3), right=vec(4 * 8, 4 * 27))
def array_times_itself(a):
    """In place, both factors are the array before."""
    a *= a
    return np.sum(a * a)


@place(2.0, 0, right=1.0)
def loop_that_never_runs(x, n):
    """The value before the loop is the result: its derivative is not zero."""
    s = x
    for i in range(n):
        s = s * s + i
    return s


@place(2.0, right=24.0)
def break_in_nested_loops(x):
    """The reverse sweep runs as many passes as the forward one did, in each loop."""
    s = 0.0
    for i in range(4):
        for j in range(4):
            if j > i:
                break
            s += x**3 * j
        if i == 2:
            break
    return s * 0.5


@place(vec(1, 2, 3, 4), right=vec(0, 5, 0, 18))
def negative_steps(a):
    """A range and a slice that run backwards."""
    s = 0.0
    for i in range(3, 0, -2):
        s = s * 2.0 + a[i]
    t = a[::-2]
    return s * t[0] + t[1]


@place(vec(2, 3), right=vec(1, 1))
def empty_arrays(a):
    """A sum of nothing is 0, a product 1; neither has a derivative."""
    none = a[2:]
    s = np.sum(none * none) + np.prod(none)
    for v in none:
        s = s * v
    return s * a[0] + a[1]


@place(0.9999, 100_000, right=100_000 * 0.9999**99_999)
def very_long_loop(x, n):
    """A tape that is too short, or a stack that runs over."""
    s = 1.0
    for _ in range(n):
        s = s * x
    return s


def product_of(u, v):
    for i in range(len(u)):
        u[i] = u[i] * v[i]
    return u[0] + v[1]


@place(vec(2, 3), right=vec(4, 6))
def same_array_passed_twice(a):
    """Inside the helper, two names are one memory."""
    return product_of(a, a)


@place(vec(2, 3), right=np.eye(2))
def output_that_is_an_input(a):
    """The result is the argument itself: the identity, not nothing."""
    return a


@place(vec(2, 3), right=np.array([[0, 0], [0, 1]]))
def output_that_is_a_changed_input(a):
    """The result is the argument after a store: that row is zero."""
    a[0] = 1.0
    return a


@place(vec(2, 3, 5), right=vec(2, 3, 0))
def repeated_indices_in_gather(a):
    """What is read twice gets both cotangents."""
    return np.sum(a[np.array([0, 1, 1, 0, 1])])


@place(vec(2, 3, 5), right=vec(1, 0, 1))
def repeated_indices_in_scatter(a):
    """What is stored twice keeps the last: the first gets nothing."""
    b = np.zeros(2)
    b[np.array([1, 1, 0])] = np.array([a[1], a[0], a[2]])
    return np.sum(b)


@place(vec(2, 3, 5), right=vec(8, 8, 1))
def repeated_indices_in_accumulation(a):
    """What is added twice keeps both."""
    b = np.zeros(2)
    np.add.at(b, np.array([1, 1, 0]), np.array([a[1], a[0], a[2]]))
    return b[1] * 8.0 + b[0]
