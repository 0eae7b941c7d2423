"""`explain`: activity, cuts, the mode, what is kept, the counts, and the measured time and tape."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.calculus.explanation import Measured
from downslope.errors import ProgramError, UsageError
from downslope.ir.nodes import Block, Function, Let, Lit, Param, names_of
from downslope.modes.reverse import reverse
from downslope.passes.census import COSTS, kind_of_op
from downslope.passes.kept import kept
from downslope.rules import RULES


def root(a):
    r = math.sqrt(a)
    return r * 2


def program(x, k, n=5):
    dead = x * 3  # noqa: F841
    whole = math.floor(x)
    if x > 1:  # noqa: SIM108  # the statement is meant
        y = root(x) + whole
    else:
        y = k
    t = k * 2
    for i in range(n):
        t = t + y * math.sin(t) + i
    size = y * 2
    if size > 7:
        t = t + 1
    return t


def line(found, text):
    (one,) = [line for line in found.lines if line.loc.text.strip().startswith(text)]
    return one


@pytest.mark.parametrize(
    ("wrt", "text", "variable", "why"),
    [
        ("x", "dead =", "dead", "the result does not read it"),
        ("x", "whole =", "whole", "the derivative is cut here or before"),
        ("x", "r = math", "r", "active"),
        ("k", "r = math", "r", "does not depend"),
        ("x", "y = root", "y", "active"),
        ("x", "t = k * 2", "t", "does not depend"),
        ("k", "t = k * 2", "t", "active"),
        ("x", "t = t + y", "t", "active"),
        ("x", "size =", "size", "every way to the result is cut"),
    ],
)
def test_each_line_is_active_or_says_why_not(wrt, text, variable, why):
    one = line(ds.explain(program, wrt), text)
    assert (one.variable, one.active) == (variable, why == "active")
    assert why in one.why


def test_the_cuts_are_where_a_derivative_stops():
    found = ds.explain(program, "x")
    assert [place.text.partition("  #")[0].strip() for place in found.cuts] == [
        "whole = math.floor(x)",
        "if x > 1:",
        "if size > 7:",
    ]
    assert [place.text.strip() for place in ds.explain(program, "k").cuts] == ["if size > 7:"]


def many(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16):
    s = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7
    for _ in range(1000):
        s = s * s * a16
        for _ in range(3):
            s = math.sin(s)
    return s + a8 + a9 + a10 + a11 + a12 + a13 + a14 + a15


def test_the_mode_is_the_one_that_a_gradient_takes():
    for count in (16, 17):
        found = ds.explain(many, range(count))
        assert found.mode == ds.grad(many, range(count)).chosen
        assert str(count) in found.reason
    assert {ds.explain(many, range(c)).mode for c in (16, 17)} == {"forward", "reverse"}


def test_what_is_kept_per_pass_of_each_loop():
    found = ds.explain(many, range(17))
    assert [(one.where, len(one.names), one.loop.text.strip()) for one in found.kept] == [
        ("tape", 1, "for _ in range(1000):"),
        ("tape", 1, "for _ in range(3):"),
    ]
    (register,) = ds.explain(lambda x: math.exp(x) * 2, "x").kept
    assert (register.where, len(register.names)) == ("register", 1)


def test_the_names_kept_are_those_of_the_adjoint_program():
    text = ds.adjoint_source(many, range(17))
    assert all(name in text for one in ds.explain(many, range(17)).kept for name in one.names)


def test_the_tape_is_as_long_as_the_program_says():
    found = ds.explain(many, range(17), at=[0.1] * 17)
    # 1000 passes, the last of which has been taken back when its own 3 are recorded again.
    assert found.measured.tape == 1000 - 1 + 3
    assert ds.explain(many, "a0", at=[0.1] * 17).measured.tape == 0


def test_operations_are_counted_per_pass():
    counted = ds.explain(many, range(17)).primal
    (outer,) = counted.inner
    (inner,) = outer.inner
    assert (outer.passes, inner.passes) == (1000, 3)
    assert counted.operations == {"arithmetic": 15}
    assert (outer.operations, inner.operations) == ({"arithmetic": 2}, {"function": 1})
    assert counted.cost == 15 + 1000 * (2 + 3 * COSTS["function"])


def test_a_loop_of_unknown_length_is_said_to_be_assumed():
    assert "not known" in str(ds.explain(program, "x"))
    assert "not known" not in str(ds.explain(many, "a0"))


def test_of_two_branches_the_dearer_counts():
    def f(x):
        return math.sin(x) if x > 0 else x * 2

    assert ds.explain(f).primal.cost == COSTS["function"] + COSTS["selection"]


def test_every_op_has_a_kind():
    assert {kind_of_op(op) for op in RULES} <= set(COSTS)
    assert kind_of_op("erf") == "function"


def test_time_is_measured_at_the_arguments():
    def f(x, n):
        s = x
        for _ in range(n):
            s = math.sin(s) + x
        return s

    found = ds.explain(f, "x", at=(0.5, 2_000)).measured
    assert min(found.call, found.primal, found.gradient) > 0


def test_the_measured_ratio_leaves_out_the_call():
    assert Measured(primal=2.5, gradient=6.5, call=0.5, tape=0).ratio == 3.0
    assert Measured(primal=0.6, gradient=0.7, call=0.5, tape=0).ratio is None


def test_without_arguments_nothing_is_measured():
    assert ds.explain(program, "x").measured is None
    assert "measured" not in str(ds.explain(program, "x"))


@pytest.mark.parametrize(
    ("at", "error"), [((1.0,), UsageError), ((-1.0, 1.0), ProgramError), ("ab", UsageError)]
)
def test_wrong_arguments_are_refused(at, error):
    def f(x, y):
        return math.sqrt(x) * y

    with pytest.raises(error):
        ds.explain(f, "x", at=at)


def test_several_outputs_and_derivatives_and_constants():
    assert "Jacobian" in ds.explain(lambda x, y: (x * y, x + y), (0, 1)).reason
    assert ds.explain(ds.grad(lambda x: x**3)).lines[-1].active
    found = ds.explain(program, ("x", "n"))
    assert found.wrt == ("x", "n")


def test_kept_can_tell_registers_from_what_is_not_read():
    steps = (Let("e", "exp", ("x",)), Let("two", "multiply", ("e", Lit(2.0))))
    made = Function("f", (Param("x", "x"),), Block(steps, ("two",)))
    assert kept(reverse(made, ["x"]), names_of(made))[0].names == ("e",)
    linear = Function("f", (Param("x", "x"),), Block((Let("two", "multiply", ("x", Lit(2.0))),), ("two",)))
    assert kept(reverse(linear, ["x"]), names_of(linear)) == ()


def test_a_helper_called_twice_is_active_where_one_call_is():
    found = ds.explain(lambda x, k: root(x) + root(k), "x")
    assert [one.active for one in found.lines] == [True, True, True]


def spread(a, k):
    total = 0.0
    b = np.zeros(3)
    for i in range(3):
        b[i] = math.exp(a[i]) * k
        total += b[i] * a[i]
    return total


def test_arrays_are_explained_too():
    found = ds.explain(spread, "a", at=(np.ones(3), 2.0))
    assert found.mode == "reverse"
    assert line(found, "b[i] =").variable == "b[i]"
    assert line(found, "b[i] =").active
    assert (
        found.primal.inner[0].operations["memory"] == 3
    )  # a store, and each of the two elements is read once
    assert found.measured.tape > 0
    assert line(ds.explain(spread, "k"), "b = np").why.startswith("not varied")


def test_an_array_that_is_returned():
    def doubled(a):
        return a * 2.0

    found = ds.explain(doubled, at=(np.ones(3),))
    assert found.mode == "forward"
    assert found.measured.tape == 0
