"""`trace` names the place, the operation, the operands and the passes where what is not finite arose."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.calculus.program import kind_of, params_of, program
from downslope.calculus.shaped import shaped_values
from downslope.errors import ProgramError, UsageError
from downslope.modes import interpret
from downslope.modes.forward import forward
from downslope.modes.interpret import Interpreter
from downslope.modes.reverse import reverse
from downslope.native.steps import Steps
from zoo import ZOO

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not depend on:downslope.errors.DownslopeWarning"),
    pytest.mark.filterwarnings("ignore:.*is 0 everywhere:downslope.errors.DownslopeWarning"),
]


def told(event):
    """What an event says of itself, for comparing."""
    return event.op, event.operands, event.loc.text.strip(), [one.number for one in event.loops]


def text(found):
    return " ".join(str(found).split())


def zero_times_infinity(x):
    big = x * 1e308 * 10
    return big * 0.0


def infinity_minus_infinity(x):
    big = x * 1e308 * 10
    small = x * 1e308 * 100
    return big - small


def log_of_zero(x):
    y = np.log(x)
    return y + 1


def test_a_nan_made_of_an_infinity_names_both_places():
    found = ds.trace(zero_times_infinity, 2.0)
    assert told(found.primal) == ("multiply", (math.inf, 0.0), "return big * 0.0", [])
    assert math.isnan(found.primal.value)
    assert told(found.primal.first) == ("multiply", (2.0, 1e308), "big = x * 1e308 * 10", [])
    assert not found.finite
    assert "variable: big" in text(found)
    assert "multiply(2.0, 1e+308) = inf" in text(found)


def test_infinity_minus_infinity():
    found = ds.trace(infinity_minus_infinity, 1.0)
    assert told(found.primal) == ("subtract", (math.inf, math.inf), "return big - small", [])
    assert told(found.primal.first) == ("multiply", (1e308, 10), "big = x * 1e308 * 10", [])


def test_the_log_of_zero():
    found = ds.trace(log_of_zero, 0.0)
    assert told(found.primal) == ("log", (0.0,), "y = np.log(x)", [])
    assert found.primal.value == -math.inf
    assert found.raised is None


def root(a):
    r = math.sqrt(a)
    return r  # noqa: RET504  # the line is meant


@pytest.mark.parametrize("sweep", ["tangent", "adjoint"])
def test_the_slope_of_a_root_at_zero_is_in_the_helper(sweep):
    found = ds.trace(lambda x: 2 * root(x), 0.0)
    assert found.primal is None
    assert told(getattr(found, sweep).event) == ("divide", (0.5, 0.0), "r = math.sqrt(a)", [])
    assert getattr(found, sweep).wrt == "x"
    assert "in the derivative of sqrt" in text(found)
    assert "variable: r" in text(found)


def test_the_slope_of_a_power():
    found = ds.trace(lambda x: x**0.5, 0.0)
    assert found.adjoint.event.value == math.inf
    assert 0.0 in found.adjoint.event.operands
    assert "in the derivative of power" in text(found)


def test_the_input_whose_slope_it_is():
    def f(x, y):
        return x * 2 + root(y)

    assert ds.trace(f, 1.0, 0.0, wrt=("x", "y")).adjoint.wrt == "y"
    assert ds.trace(f, 1.0, 0.0, wrt="x").finite


def nested(x, n):
    t = 0.0
    for i in range(2, n):
        for j in range(3):
            t = t + math.sqrt(x * abs(i - 4) + abs(j - 1))
    return t


def test_the_passes_of_each_loop_around():
    found = ds.trace(nested, 0.0, 6)
    # The root is of 0 where j is 1, and depends on x unless i is 4.
    assert [one.number for one in found.tangent.event.loops] == [2, 1]
    assert [one.number for one in found.adjoint.event.loops] == [5, 1]
    assert "i = 2 of line" in text(found)
    assert "j = 1 of line" in text(found)


def halving(x):
    s = 0.0
    while x > 1:
        x = x / 2
        s = s + np.log(x - 1) + np.sqrt(x - 1)
    return s


def test_the_pass_of_a_while_loop():
    found = ds.trace(halving, 8.0)
    assert told(found.primal)[::3] == ("log", [3])
    assert "pass 3 of line" in text(found)


def test_the_pass_of_a_while_loop_going_back():
    def f(x):
        s = x * 0
        while s < 3:
            s = s + 1 + math.sqrt(x * (3 - s))
        return s

    found = ds.trace(f, 0.0)
    assert [one.number for one in found.adjoint.event.loops] == [3]
    assert [one.number for one in found.tangent.event.loops] == [1]


def raising(x):
    for i in range(5):
        if x + i > 6:
            raise ValueError("too far")
    return x


def test_a_program_that_raises_says_where():
    found = ds.trace(raising, 4.0)
    assert told(found.primal) == ("raise ValueError", (), 'raise ValueError("too far")', [3])
    assert "too far" in found.raised.what
    assert not found.finite
    assert "i = 3 of line" in text(found)


def test_what_raises_in_python_is_named_with_its_operands():
    def f(x):
        t = 1.0
        for i in range(4):
            t = t / (x - i)
        return t

    found = ds.trace(f, 2.0)
    assert "ZeroDivisionError" in found.raised.what
    assert told(found.primal) == ("divide", (0.5, 0.0), "t = t / (x - i)", [2])
    assert (found.tangent, found.adjoint) == (None, None)


def test_where_all_is_finite():
    found = ds.trace(nested, 1.0, 6)
    assert found.finite
    assert (found.primal, found.tangent, found.adjoint, found.raised) == (None,) * 4
    assert str(found) == "nested: the result and its derivatives are finite"
    assert found.value == (nested(1.0, 6),)


def test_an_infinity_that_does_not_reach_the_result():
    found = ds.trace(lambda x: np.minimum(np.exp(x), 3.0) + x, 1000.0)
    assert found.finite
    assert found.primal.op == "exp"
    assert "on the way" in str(found)


def test_an_input_that_is_not_finite():
    assert ds.trace(lambda x: x + 1, math.nan).primal.op == "input"
    found = ds.trace(lambda a: a[0] + a[1], np.array([1.0, math.inf]))
    assert (found.primal.op, found.primal.operands) == ("input", (1,))


def stored(a):
    b = np.zeros(3)
    for i in range(3):
        b[i] = np.sqrt(a[i])
    return b[0] * b[2] + b[1]


def test_an_element_of_an_array_keeps_where_it_arose():
    found = ds.trace(stored, np.array([1.0, -1.0, 2.0]))
    assert told(found.primal) == ("sqrt", (-1.0,), "b[i] = np.sqrt(a[i])", [1])
    found = ds.trace(stored, np.array([1.0, 0.0, 2.0]))
    assert told(found.adjoint.event)[::3] == ("divide", [1])
    assert ds.trace(stored, np.ones(3)).finite


def test_an_array_that_is_returned():
    assert ds.trace(lambda a: a * 2.0, np.ones(2)).finite
    found = ds.trace(lambda a: np.sqrt(a), np.array([1.0, 0.0]))
    assert found.adjoint.event.op == "divide"


def test_a_loop_without_end_is_stopped(monkeypatch):
    def f(x):
        while x > 0:
            x = x + 1
        return x

    monkeypatch.setattr(interpret, "PASSES", 1000)
    with pytest.raises(ProgramError, match="stopped"):
        ds.trace(f, 1.0)


def test_arguments_that_do_not_fit_are_refused():
    with pytest.raises(UsageError):
        ds.trace(nested, 1.0)


@pytest.mark.parametrize("one", ZOO, ids=str)
def test_the_interpreter_computes_what_emitted_code_does(one):
    read, names = program(one.program, one.wrt)
    values, _ = shaped_values(read, one.args, {}, names)
    function = read.form(tuple(map(kind_of, values)))
    labels = params_of(function, names)
    steps = Steps()
    for mode, make in (("forward", forward), ("reverse", reverse)):
        value, *slopes = [found for found, _ in Interpreter(make(function, labels), steps)(values)]
        expected = ds.value_and_grad(one.program, one.wrt, engine="python")(*one.args)[0]
        assert value == pytest.approx(expected, rel=1e-13, nan_ok=True)
        wanted = ds.derivative(one.program, one.wrt, mode, engine="python")(*one.args)
        assert slopes == pytest.approx(list(wanted), rel=1e-12, abs=1e-300)
        assert slopes != pytest.approx([1.001 * slope + 1 for slope in wanted], rel=1e-12)  # it can fail
