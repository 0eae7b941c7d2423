"""Where native arithmetic and Python part, the program is never silently wrong: by call and by row."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.emit import python as emitted
from downslope.errors import DataError, ProgramError, UnsupportedError, UsageError
from downslope.fitting.pose import pose


def hidden_division(x, k=1.0):
    return min(5.0, 1.0 / x) * k


def compared_division(x, k=1.0):
    return k if 1.0 / x > 3.0 else 2.0 * k


def division_in_a_test(x, k=1.0):
    n = 0
    while 1.0 / (x - n) < 3.0 and n < 2:
        n += 1
    return k * (n + 1)


def hidden_root(x, k=1.0):
    return k * max(1.0, 0.0 if math.sqrt(x) > 1.0 else 2.0)


def hidden_overflow(x, k=1.0):
    return k / (1.0 + math.exp(1000.0 * (1.0 - x)))


def hidden_in_loop(x, k=1.0):
    total = 0.0
    for i in range(4):
        total += min(1.0, 1.0 / (x + 1.0 - i))
    return k * total


def grows(x, k=1.0):
    n = 3
    for _ in range(int(x)):
        n = n * n
    return k * (1.0 if n > 0 else 2.0)


def shifts(x, k=1.0):
    return k * (1 << (int(x) + 70))


def too_big_to_convert(x, k=1.0):
    return k * (int(x * 1e300) % 7)


def floor_of_infinity(x, k=1.0):
    return k * (math.floor(1e308 * (x + 10.0) * 10.0) % 7 + 1)


def power_is_complex(x, k=1.0):
    return k * min(2.0, (x - 1.0) ** 0.5)


FAULTS: tuple[tuple[Callable[..., float], float, float, str], ...] = (
    (hidden_division, 2.0, 0.0, "ZeroDivisionError"),
    (compared_division, 2.0, 0.0, "ZeroDivisionError"),
    (division_in_a_test, 0.5, 1.0, "ZeroDivisionError"),
    (hidden_root, 4.0, -1.0, "ValueError"),
    (hidden_overflow, 2.0, 0.0, "OverflowError"),
    (hidden_in_loop, 9.0, 2.0, "ZeroDivisionError"),
    (grows, 2.0, 8.0, "64 bits"),
    (shifts, -69.0, 3.0, "64 bits"),
    (too_big_to_convert, 1e-300, 1.0, "64 bits"),
    (floor_of_infinity, -10.0, 1.0, "OverflowError"),
    (power_is_complex, 2.0, 0.5, "complex|TypeError"),
)
NAMES = [program.__name__ for program, *_ in FAULTS]


def table(program: Callable[..., float], good: float, bad: float) -> dict[str, Any]:
    """Six rows, the fourth of them bad."""
    x = np.array([good] * 3 + [bad] + [good] * 2)
    return {"x": x, "y": np.full(6, program(good))}


@pytest.mark.parametrize(("program", "good", "bad", "words"), FAULTS, ids=NAMES)
def test_a_hidden_fault_is_named_with_its_row(program, good, bad, words):
    with pytest.raises(ProgramError, match=words) as caught:
        pose(program, table(program, good, bad), "y", ["k"])
    assert "row 4" in str(caught.value)
    pose(program, table(program, good, good), "y", ["k"])


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("program", "good", "bad", "words"), FAULTS, ids=NAMES)
def test_a_hidden_fault_is_told_by_a_call(program, good, bad, words, mode):
    slope = ds.derivative(program, "k", mode)
    assert slope(good) == pytest.approx(program(good))
    with pytest.raises(ProgramError, match=words):
        slope(bad)


def test_without_the_guard_the_value_would_be_wrong():
    """The check is able to fail: the kernels alone pass over a division by zero."""
    data = table(hidden_division, 2.0, 2.0)
    problem = pose(hidden_division, data, "y", ["k"]).problem
    zero = problem.on(problem.table.adding({"x": np.zeros(6)}))
    assert math.isfinite(zero.cost(zero.start))
    with pytest.raises(ProgramError, match="row 1"):
        zero.check(zero.start)


def numpy_functions(x, k=1.0):
    return k * min(3.0, 1.0 + np.exp(1000.0 * x))


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_what_numpy_only_warns_of_is_no_fault():
    data = {"x": np.linspace(0.0, 2.0, 5), "y": [2.0, 3.0, 3.0, 3.0, 3.0]}
    assert ds.fit(numpy_functions, data, "y", ["k"])["k"] == pytest.approx(1.0)
    assert ds.grad(numpy_functions, "k")(2.0) == 3.0


def grows_while_learning(x, k=1.0):
    return x * k if k < 1.5 else min(x * k, 1.0 / (x - x))


def test_the_learnt_values_are_checked_too():
    done = ds.fit(grows_while_learning, {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]}, "y")
    assert not done.converged
    assert "ZeroDivisionError on row 1" in done.solution.reason


def raises_inside(x, k=1.0):
    return k * (7 // int(x))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_row_is_known_without_a_search(threads):
    x = np.ones(40_000)
    x[[17_001, 39_000]] = 0.0
    with pytest.raises(ProgramError, match="row 17002 "):
        pose(raises_inside, {"x": x, "y": np.ones(40_000)}, "y", ["k"], threads=threads)


def endless(x, k=1.0):
    while x > 0.0:
        y = 3.0
        while y > 1.0:
            y -= k
        x += 0.0 * y
    return x


def test_an_endless_loop_is_stopped_and_named(monkeypatch):
    monkeypatch.setattr(emitted, "LIMIT", 10_000)
    with pytest.raises(ProgramError, match="does not end on row 3 "):
        pose(endless, {"x": [-1.0, -1.0, 1.0], "y": [1.0, 1.0, 1.0]}, "y", ["k"])
    with pytest.raises(ProgramError, match="does not end"):
        ds.grad(endless)(1.0)


def huge(x):
    return x + 1180591620717411303424


def test_a_literal_that_does_not_fit_is_refused_at_its_line():
    with pytest.raises(UnsupportedError, match="does not fit 64 bits"):
        ds.grad(huge)(1.0)


def test_a_prediction_that_is_not_finite_is_named():
    with pytest.raises(DataError, match="not finite in row 2"):
        pose(lambda x, k=1e300: k * x, {"x": [1.0, 1e300], "y": [1.0, 1.0]}, "y", ["k"])


def counted(x, n, k=1.0):
    total = 0.0
    for i in range(n):
        total = total + k * x * i
    return total


def always_raises(x, k=1.0):
    raise ValueError(f"no value for {x}")


@pytest.mark.parametrize("engine", ["native", "python"])
def test_a_range_of_floats_is_refused_as_python_refuses_it(engine):
    assert ds.grad(counted, engine=engine)(1.0, 3) == 3.0
    with pytest.raises(UsageError, match=r"test_faults.py:\d+:5: range\(\) of a number that is not an int"):
        ds.grad(counted, engine=engine)(1.0, 2.5)


def test_a_column_of_floats_is_no_range():
    table = {"x": [1.0, 2.0, 3.0], "n": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]}
    with pytest.raises(UsageError, match=r"range\(\) of a number"):
        ds.fit(counted, table, "y")


@pytest.mark.filterwarnings("ignore:.*does not depend")
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_program_that_always_raises_says_what_it_says(mode):
    with pytest.raises(ProgramError, match=r"ValueError: no value for 2.0"):
        ds.derivative(always_raises, mode=mode)(2.0)
