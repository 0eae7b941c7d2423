"""The benchmarks time nothing that is wrong. No times are asserted here."""

import os

import numpy as np
import pytest
from benchmarks import learning, modes, timing
from benchmarks.timing import Wrong, agreeing, in_turns, table


def test_results_that_agree_pass():
    agreeing({"a": [1.0, 2.0], "b": np.array([1.0, 2.0 + 1e-12])})


@pytest.mark.parametrize("wrong", [[1.0, 2.00001], [1.0], [1.0, float("nan")]])
def test_a_wrong_result_is_not_timed(wrong):
    with pytest.raises(Wrong, match="b differs from a"):
        agreeing({"a": [1.0, 2.0], "b": wrong})


def test_cases_take_turns():
    order: list[str] = []
    times = in_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    assert order == ["a", "a", "b", "b"] * 3  # each is warmed up just before it is timed
    assert [len(found) for found in times.values()] == [3, 3]


def test_a_table_shows_ratios_within_rounds():
    text = table({"one": [0.001, 0.002, 0.003], "two": [0.002, 0.004, 0.006]}, "one", "title")
    assert text.splitlines()[0] == "title"
    assert "2.00 ms" in text
    assert text.rstrip().endswith("2.00x")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no such call")
def test_one_core_is_given_back():
    before = os.sched_getaffinity(0)
    with timing.one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("kind", [modes.straight, modes.looping])
def test_both_modes_are_compared_on_the_same_sum(kind, monkeypatch):
    monkeypatch.setattr(modes, "ROWS", 50)
    results = {name: run() for name, run in modes.cases(modes.loaded(kind, 3), 3).items()}
    agreeing(results)
    assert np.asarray(results["forward"]).shape == (4,)


def test_all_ways_to_a_learner_come_to_the_same_values():
    assert learning.tables(600, 1).count("r/s") == 2 * 12
