"""The second call with arguments of the same types gives what the first would: no check is lost on the way."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.calculus.prompt import PROMPT
from downslope.errors import ProgramError, UsageError

A = np.array([0.5, 1.5, 2.5])


def weighted(a, b, n):
    total = 0.0
    for i in range(n):
        total += a[i] * a[i] * b
    return total


def rooted(a):
    return np.sum(np.where(a > 0.0, np.sqrt(a), 0.0)) + 1.0 / a[0]


def stored(a, b):
    a[0] = a[0] * b[1]
    return a[0] * a[1]


def scaled(a, k=2.0):
    return np.sum(a * a) * k


def warm(f, *args, wrt=None):
    slope = ds.grad(f, wrt)
    slope(*args)
    return slope


def prompt(slope):
    return slope._shaped.get(PROMPT)


def test_the_second_call_is_prompt_and_equal():
    slope = warm(weighted, A, 2.0, 3, wrt=["a", "b"])
    assert prompt(slope)((A, 2.0, 3)) is not None
    a, b = slope(A + 1.0, 3.0, 2)
    assert a == pytest.approx([9.0, 15.0, 0.0])
    assert b == pytest.approx(1.5**2 + 2.5**2)
    assert isinstance(b, float)


@pytest.mark.parametrize(
    "args",
    [
        (A.astype(np.float32), 2.0, 3),
        (A.astype(">f8"), 2.0, 3),
        (np.repeat(A, 2)[::2], 2.0, 3),
        (A, 2, 3),
        (A, np.float64(2.0), 3),
        (A, 2.0, np.int64(3)),
        (A, 2.0, True),
        (np.array([1, 2, 3]), 2.0, 3),
    ],
)
def test_other_types_take_the_careful_way(args):
    slope, fresh = warm(weighted, A, 2.0, 3, wrt=["b"]), ds.grad(weighted, ["b"])
    assert prompt(slope)((A, 2.0, 3)) is not None
    assert prompt(slope)(args) is None
    assert slope(*args) == pytest.approx(fresh(*args))


@pytest.mark.parametrize(
    "args", [(A, 2.0, 4), (A, 2.0, "3"), (A.astype(complex), 2.0, 3), (A, 2.0, 2**70), (A,)]
)
def test_what_is_refused_at_first_is_refused_later(args):
    slope = warm(weighted, A, 2.0, 3)
    with pytest.raises((ProgramError, UsageError)) as first:
        ds.grad(weighted)(*args)
    with pytest.raises((ProgramError, UsageError)) as later:
        slope(*args)
    assert str(later.value) == str(first.value)


def test_a_zero_still_wins_over_an_infinite_partial():
    slope = warm(rooted, A)
    assert slope(np.array([4.0, 0.0])).tolist() == [0.25 - 1.0 / 16.0, 0.0]
    with pytest.raises(ProgramError, match="FloatingPointError"), np.errstate(all="raise"):
        slope(np.array([0.0, 1.0]))


def test_a_program_that_stores_into_an_argument_is_looked_at_each_time():
    slope = warm(stored, A.copy(), A)
    assert prompt(slope) is None
    with pytest.raises(UsageError, match="share memory"):
        slope(A, A)


def test_a_default_is_looked_up_each_time():
    slope = warm(scaled, A)
    assert slope(A).tolist() == (4.0 * A).tolist()
    scaled.__defaults__ = (3.0,)
    try:
        assert slope(A).tolist() == (6.0 * A).tolist()
    finally:
        scaled.__defaults__ = (2.0,)


def test_the_value_comes_with_it():
    run = ds.value_and_grad(scaled)
    for _ in range(2):
        value, slope = run(A, 2.0)
        assert value == pytest.approx(2.0 * math.fsum(A * A))
        assert slope == pytest.approx(4.0 * A)


def with_constant(a):
    k = 3.0
    return np.sum(a * a) * k


def test_a_constant_as_a_further_input_makes_another_derivative():
    slope = warm(with_constant, A)
    wider = slope.with_inputs(["k"])
    assert wider(A).tolist() == slope(A).tolist() == (6.0 * A).tolist()
    assert len(wider.program.arguments) == 2
