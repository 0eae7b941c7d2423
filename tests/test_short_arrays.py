"""Short arrays that a program makes for each row become values, and the program stays what it is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.fitting.pose import pose
from downslope.ir.nodes import Function, Lit, New, Store, walk
from downslope.passes import short_arrays
from downslope.read.lower import lower
from downslope.read.source import read_source

X = np.linspace(0.3, 2.9, 30)


def basis(x, a=0.5, b=1.5):
    w = np.array([a, b, 1])
    return w[0] + w[1] * x + w[2] * x * x


def looped(x, a=0.5, b=1.5):
    w = [a, b, 2.0]
    total = 0.0
    for i in range(len(w)):
        total = total * x + w[i]
    return total


def overwritten(x, a=0.5, b=1.5):
    w = np.zeros(3)
    w[0] = a
    before = w[0] + w[2]
    w[0] = b * x
    w[1] = w[0] * a
    return before * w[1] + w[0]


def moved(x, a=0.5, b=1.5):
    w = np.array([a, b, x])
    for _ in range(3):
        w[0], w[1], w[2] = w[1], w[2], w[0] * w[1]
    return w[0] + 2.0 * w[1] - w[2]


def turned(x, a=0.5, b=1.5):
    turn = np.array([[np.cos(a * x), -np.sin(a * x)], [np.sin(a * x), np.cos(a * x)]])
    return (turn @ np.array([b, x])) @ np.array([1.0, 2.0])


def branched(x, a=0.5, b=1.5):
    w = np.array([a, b])
    return w[0] * x if x > 1.0 else w[1] ** 2 + w[0]


def whole(n, a=0.5, b=1.5):
    w = np.array([n, a])
    return w[0] / 2 + w[1] * b


def counted(x, a=0.5, b=1.5):
    total = 0.0
    for k in [1, 2, 3]:
        total += a * x**k + b
    return total


def stored_by_the_run(x, a=0.5, b=1.5):
    w = np.array([a, b, 0.0])
    w[int(x)] = x * a
    return w[0] + w[1] + w[2]


def long(x, a=0.5, b=1.5):
    w = np.zeros(20)
    for i in range(20):
        w[i] = a * i + b * x
    return np.sum(w * w)


GONE = [basis, looped, overwritten, moved, turned, branched, whole, counted]
LEFT = [stored_by_the_run, long]
each_program = pytest.mark.parametrize("program", GONE + LEFT, ids=[f.__name__ for f in GONE + LEFT])


def problem_of(program: Callable[..., Any]) -> Any:
    name = read_source(program).arguments[0]
    x = np.arange(1, 9) if name == "n" else X
    data = {name: x, "y": np.array([program(each) for each in x.tolist()])}
    return x.tolist(), pose(program, data, "y", ["a", "b"]).problem


def arrays(function: Function) -> int:
    return sum(isinstance(stmt, New) for stmt in walk(function.body))


@pytest.mark.parametrize("program", GONE, ids=[f.__name__ for f in GONE])
def test_no_array_is_made_for_a_row(program: Callable[..., Any]) -> None:
    assert arrays(problem_of(program)[1].program.function) == 0


@pytest.mark.parametrize("program", LEFT, ids=[f.__name__ for f in LEFT])
def test_arrays_that_are_long_or_set_where_the_run_says_are_left(program: Callable[..., Any]) -> None:
    found = problem_of(program)[1].program.function
    assert arrays(found) == arrays(lower(read_source(program))) > 0


@each_program
def test_results_and_derivatives_are_those_of_the_program(program: Callable[..., Any]) -> None:
    x, problem = problem_of(program)
    assert problem.predictions(problem.start) == pytest.approx([program(each) for each in x], rel=1e-14)
    _, slopes = problem.jacobian(problem.start)
    h = 1e-6
    for column, name in enumerate(problem.names):
        at = problem.start[column]
        up, down = (np.array([program(each, **{name: at + by}) for each in x]) for by in (h, -h))
        assert slopes[:, column] == pytest.approx((up - down) / (2.0 * h), rel=1e-6, abs=1e-8)


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = short_arrays._Values._stored

    def forgetful(self: Any, stmt: Store, at: tuple[int, ...], held: Any) -> Any:
        found = stored(self, stmt, at, held)
        if at == (0,):
            held[stmt.name] = {**held[stmt.name], at: Lit(0.25)}
        return found

    monkeypatch.setattr(short_arrays._Values, "_stored", forgetful)
    with pytest.raises(AssertionError):
        test_results_and_derivatives_are_those_of_the_program(overwritten)


def test_a_model_with_a_short_array_predicts_from_its_file_alone(tmp_path: Any) -> None:
    done = ds.fit(looped, {"x": X, "y": [looped(each, 0.7, 1.2) for each in X]}, "y")
    done.save(tmp_path / "model.json")
    assert ds.load(tmp_path / "model.json").predict({"x": X}).tolist() == done.predictions.tolist()
