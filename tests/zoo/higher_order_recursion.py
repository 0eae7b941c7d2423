"""Functions passed to helpers that call themselves."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import functools

from zoo.registry import specimen

CALLED = "a function that calls itself is called, not written out"


def repeated(f, n, x):
    if n == 0:
        return x
    return f(repeated(f, n - 1, x))


def scaled(k, t):
    return k * t * t


@specimen(0.7, formal=CALLED)
def a_function_is_passed_through_recursion(x):
    return repeated(lambda t: t * t * x, 2, x) + repeated(functools.partial(scaled, x), 2, 0.5)
