"""Functions as arguments: what is refused, at its line. That they work is shown by the zoo."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import functools
import math

import pytest

import downslope as ds
from refusals import refused_at_its_line
from zoo.higher_order import integrate, scaled


def endless(f, x):
    return f(f, x * 0.5) + x


def given_itself(x):
    return endless(endless, x)


def one_of_two(f, g, x):
    h = f if x > 0 else g
    return h(x)


def chosen_by_the_run(x):
    return one_of_two(lambda t: t * x, math.sin, x)


def too_few_arguments(x):
    return integrate(lambda a, b: a * b * x, 0.0, 1.0)


def what_has_no_rule(x):
    return integrate(len, 0.0, x)


def does_what_is_refused(x):
    def noisy(t):
        print(t)  # noqa: T201  # that is what is refused
        return t

    return integrate(noisy, 0.0, x)


def already_given(x):
    return integrate(functools.partial(scaled, k=x), 0.0, 1.0)  # Python: multiple values for k


def stops(x):
    return integrate(ds.stop_gradient, 0.0, x)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (given_itself, "more than 40 calls of 'endless' inside one another"),
        (chosen_by_the_run, "is called, but what it is depends on the run"),
        (too_few_arguments, "does not fit the helper's arguments"),
        (already_given, "does not fit the helper's arguments"),
        (what_has_no_rule, "not a number"),
        (does_what_is_refused, "an expression whose value is not used|print"),
        (stops, "'ds.stop_gradient' is a function, not a number"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_passed_is_refused_at_its_line(program, said):
    refused_at_its_line(program, said)


def test_a_program_that_is_given_a_function_says_so():
    with pytest.raises(ds.errors.DownslopeError, match="is called, but it is no function|not a number"):
        ds.grad(integrate, "a", engine="python")(math.sin, 0.0, 1.0)
