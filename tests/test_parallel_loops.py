"""Loops over `numba.prange` whose passes are not independent are refused at the place that shows it."""

from typing import Any

import numpy as np
import pytest
from numba import prange

import downslope as ds
from downslope.errors import UnsupportedError

# mypy: ignore-errors


def carries(x: Any) -> Any:
    last = 0.0
    for i in prange(len(x)):
        last = last * 0.5 + x[i]  # shared
    return last


def reads_the_sum(x: Any) -> Any:
    total, y = 0.0, np.zeros(len(x))
    for i in prange(len(x)):
        total += x[i]  # shared
        y[i] = total
    return np.sum(y)


def neighbours(x: Any) -> Any:
    for i in prange(1, len(x)):
        x[i] = x[i - 1] * x[i]  # not certain
    return np.sum(x)


def one_place(x: Any) -> Any:
    y = np.zeros(2)
    for i in prange(len(x)):
        y[0] = x[i]  # not certain
    return y[0]


def the_whole(x: Any) -> Any:
    y = np.ones(len(x))
    for i in prange(len(x)):
        y[i] = x[i] * np.sum(y)  # reads all
    return np.sum(y)


def one_row(x: Any) -> Any:
    y = np.zeros((2, 2))
    for i in prange(len(x)):
        y[0][0] = x[i]  # not certain
    return y[0, 0]


def leaves(x: Any) -> Any:
    total = 0.0
    for i in prange(len(x)):
        if x[i] > 1.0:
            break  # end the loop
        total += x[i]
    return total


def appends(x: Any) -> Any:
    s = [1.0]
    for i in prange(len(x)):
        s.append(x[i])  # noqa: PERF401  # the order
    return s[1]


@pytest.mark.parametrize(
    "program", [carries, reads_the_sum, neighbours, one_place, the_whole, one_row, leaves, appends]
)
def test_passes_that_depend_on_one_another_are_refused_at_the_line(program: Any) -> None:
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(program, engine="python")(np.array([0.5, 1.5, 2.0]))
    (problem,) = caught.value.problems[:1]
    assert problem.loc is not None
    shown = problem.loc.text.rpartition("#")[2].strip()
    assert problem.loc.line > program.__code__.co_firstlineno
    expected = {"shared": "another pass", "not certain": "not certain", "reads all": "reads all"}
    assert expected.get(shown, shown) in problem.why or "order" in shown
    assert "prange" in problem.what
