"""Variables that are called like functions of emitted code: the code still calls its functions."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.modes.dual import dual_derivative


def sign_of_a_size(x, sign=1.0):
    return sign * abs(x)


def logistic_names(x, expit=2.0):
    floor = x * expit
    return math.tanh(floor)


def names_of_the_tape(tape, top, steps, grown=1.0, muladd=2.0):
    while tape > 0.5:
        tape = tape * 0.5 * muladd / 2
    return tape * top * steps * grown


def names_of_rules(fault, mul0=3.0, where=0.5):
    float_power = max(fault, mul0) ** 2 * abs(fault)
    return float_power**where


CASES = [
    (sign_of_a_size, (-0.5,)),
    (logistic_names, (0.5,)),
    (names_of_the_tape, (3.0, 2.0, 1.0)),
    (names_of_rules, (4.0,)),
]


@pytest.mark.parametrize("engine", ["python", "native"])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("program", "args"), CASES, ids=lambda case: getattr(case, "__name__", ""))
def test_a_variable_may_have_the_name_of_a_helper(program, args, mode, engine):
    expected = dual_derivative(program, args, 0)[1]
    assert ds.derivative(program, mode=mode, engine=engine)(*args) == pytest.approx(expected, rel=1e-12)


def name_of_an_index(x, at):
    i = int(at)
    return x[i] * x[i]


@pytest.mark.parametrize("engine", ["python", "native"])
def test_a_variable_may_have_the_name_of_an_index(engine):
    slope = ds.grad(name_of_an_index, engine=engine)(np.array([1.0, 2.0]), 1)
    assert slope.tolist() == [0.0, 4.0]


def test_other_variables_keep_their_names():
    assert "def sign_of_a_size(x, sign_1):" in ds.adjoint_source(sign_of_a_size)
    assert "def logistic_names(x, expit_1):" in ds.adjoint_source(logistic_names)
    assert "floor = x * expit" in ds.adjoint_source(logistic_names)


def test_inputs_keep_the_names_that_the_user_gave():
    assert ds.grad(sign_of_a_size, "sign")(-0.5) == 0.5
    assert ds.grad(sign_of_a_size)(x=-0.5, sign=2.0) == -2.0
