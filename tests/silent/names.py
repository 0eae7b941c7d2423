"""Names: shadowed, rebound, bound late; and calls in calls."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from silent.registry import place, vec

SCALE = 10.0


@place(3.0, right=2 * 3.0 * 4.0)
def name_of_a_builtin(x):
    """A variable called like a function is the variable, in this function only."""
    max = x * x
    sum = max * 4.0
    return sum


@place(3.0, right=6.0)
def name_of_a_module_constant(x):
    """A local name hides the module's, which has another value."""
    SCALE = x
    return SCALE * x


def shadowing(x, y):
    x = x * y
    return x


@place(3.0, right=4 * 27.0)
def name_in_a_helper(x):
    """A helper's variable of the same name is another one."""
    y = shadowing(x * x, x)
    return y * x


@place(3.0, right=6 * 3.0)
def closure_rebound(x):
    """A nested function sees what its free variable is when it is called, not when it is defined."""
    k = 1.0

    def g(v):
        return v * k

    k = 3.0 * x
    return g(x)


@place(3.0, right=2 * 3.0 + 3.0)
def default_bound_early(x):
    """A default is what it was when the function was defined."""
    k = x

    def g(v, by=k):
        return v * by

    k = 100.0
    return g(x) + 3.0 * x


@place(3.0, right=6.0)
def comprehension_of_its_own(x):
    """The variable of a comprehension is not the function's."""
    v = x
    s = sum([v * 0.0 for v in (5.0, 7.0)])
    return s + v * v


@place(3.0, right=4 * 27.0)
def names_that_change_places(x):
    """Both sides of `a, b = b, a` are read first."""
    a, b = x, x**3
    a, b = b, a
    a, b = b, a * b
    return b * a / a


def d1(x):
    return math.sin(x) * 1.01


def d2(x):
    return d1(d1(d1(d1(x))))


def d3(x):
    return d2(d2(d2(d2(x))))


def slope_of_d3(x):
    slope = 1.0
    for _ in range(16):
        slope *= math.cos(x) * 1.01
        x = math.sin(x) * 1.01
    return slope


@place(0.5, right=slope_of_d3(0.5))
def deep_calls(x):
    """Sixteen calls deep, each value is needed again on the way back."""
    return d3(x)


@place(3.0, 4.0, right=[4.0, 0.0], wrt=(0, 1))
def argument_that_is_not_used(x, y):
    """Its derivative is zero, not missing."""
    return 4.0 * x


@place(3.0, right=0.0)
def output_that_does_not_depend(x):
    """A constant has the derivative zero."""
    return 4.0 + 0.0 * math.floor(x)


@place(vec(2, 3), right=vec(0, 0))
def array_that_only_decides(a):
    """What only chooses a branch has the derivative zero."""
    s = np.zeros(2)
    if a[0] < a[1]:
        s[0] = 5.0
    return np.sum(s)


@place(3.0, right=0.0)
def overwritten_before_it_is_read(x):
    """What a variable was before it is set does not count."""
    y = x * x
    y = 2.0
    return y * 2.0
