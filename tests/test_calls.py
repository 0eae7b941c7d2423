"""The public calls: which arguments they take, what they refuse, and that their results nest."""

import math
import warnings
from decimal import Decimal

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeWarning, ProgramError, UsageError
from downslope.modes.dual import dual_derivative
from downslope.passes.cuts import counts
from downslope.read.lower import lower
from downslope.read.source import read_source

RATE = 3.0
SOURCE_MODES = ("forward", "reverse")
MODES = ("numeric", "formal", "dual", *SOURCE_MODES)
ENGINE = "python"


def cubic(x: float, y: float = 2.0) -> float:
    return RATE * x**3 * y + math.sin(x * y)


def power_sum(x: float, n: int, flag: bool = True) -> float:
    s = 0.0
    for i in range(n):
        s += x**i if flag else x
    return s


def mean(x: float, n: int) -> float:
    s = 0.0
    for i in range(n * 2):
        s += x * i
    return s / n


def two(x: float, y: float) -> tuple[float, float]:
    return x * y, x + y**2


# ---- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_wrt_takes_names_positions_and_constants(mode):
    slope = RATE * 3 * 1.5**2 * 2.0 + 2 * math.cos(3.0)
    rate = 1.5**3 * 2.0
    for wrt, expected in (
        ("x", slope),
        (0, slope),
        (-2, slope),
        ("RATE", rate),
        (["x"], (slope,)),
        (("RATE", 0), (rate, slope)),
    ):
        found = ds.derivative(cubic, wrt, mode, engine=ENGINE)(1.5)
        assert found == pytest.approx(expected, rel=1e-8)


def test_products_take_wrt():
    slope, rate = RATE * 3 * 1.5**2 * 2.0 + 2 * math.cos(3.0), 1.5**3 * 2.0
    value = cubic(1.5)
    assert ds.jvp(cubic, (1.5,), (1.0,), wrt="RATE", engine=ENGINE) == pytest.approx((value, rate))
    assert ds.jvp(cubic, (1.5,), (1.0, 2.0), wrt=("RATE", "x"), engine=ENGINE)[1] == pytest.approx(
        rate + 2 * slope
    )
    y, pull = ds.vjp(cubic, 1.5, 2.0, wrt=("x", "RATE"), engine=ENGINE)
    assert (y, *pull(2.0)) == pytest.approx((value, 2 * slope, 2 * rate))
    assert ds.hvp(cubic, (1.5,), (1.0,), wrt="RATE", engine=ENGINE) == (0.0,)
    assert ds.hvp(cubic, (1.5,), (1.0, 0.0), wrt=("RATE", "x"), engine=ENGINE)[1] == pytest.approx(
        3 * 1.5**2 * 2
    )
    assert ds.jacobian(cubic, ("x", "RATE"), engine=ENGINE)(1.5)[0] == pytest.approx([slope, rate])
    assert ds.hessian(cubic, ("x", "RATE"), engine=ENGINE)(1.5)[0, 1] == pytest.approx(3 * 1.5**2 * 2)


@pytest.mark.parametrize("engine", ["python", "native"])
def test_whole_numbers_that_bound_loops_stay_whole(engine):
    assert ds.jvp(power_sum, (2.0, 4), (1.0, 0.0), engine=engine) == (15.0, 17.0)
    y, pull = ds.vjp(power_sum, 2.0, 4, engine=engine)
    assert (y, pull(1.0)) == (15.0, (17.0, 0.0))
    assert ds.hvp(power_sum, (2.0, 4), (1.0, 0.0), engine=engine) == (14.0, 0.0)
    with pytest.warns(DownslopeWarning, match=r"test_calls.py:\d+:5: the derivative in n is 0 everywhere"):
        gradient = ds.jacobian(power_sum, ("x", "n"), engine=engine)
    assert gradient(2, 4).tolist() == [[17.0, 0.0]]
    assert ds.grad(mean, ("x", "n"), engine=engine)(3.0, 2) == (3.0, -18.0 / 4)


def test_which_inputs_are_counts():
    def program(a, b, c, d, e):
        k = b + 1 if a > 0 else c
        for _ in range(k, int(d)):
            a += e
        return a

    assert counts(lower(read_source(program))) == {"b", "c"}


def test_keywords_and_defaults():
    assert ds.grad(cubic, "y", engine=ENGINE)(y=2.0, x=0.0) == 0.0
    assert ds.value_and_grad(cubic, engine=ENGINE)(x=0.0) == (0.0, 2.0)
    assert ds.jacobian(two, "y", engine=ENGINE)(y=3.0, x=2.0).tolist() == [[2.0], [6.0]]


@pytest.mark.parametrize(
    "four", [4, np.float64(4), np.float32(4), np.int64(4), np.array(4.0), np.uint8(4), True + 3], ids=repr
)
def test_scalars_of_every_kind(four):
    for mode in MODES:
        assert ds.derivative(lambda x: 3 * x**2, mode=mode, engine=ENGINE)(four) == pytest.approx(24.0)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1j, "is a complex"), ("4", "is a str"), (None, "is a NoneType"), ({4.0}, "is a set"), (Decimal(4), "is a Decimal"),
        (np.complex128(1j), "is a complex"), (2**64, "of 65 bits"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(value, said):
    for call in (
        lambda: ds.grad(cubic, engine=ENGINE)(value),
        lambda: ds.derivative(cubic, mode="dual")(value),
        lambda: ds.jacobian(cubic, engine=ENGINE)(value),
        lambda: ds.hessian(cubic, engine=ENGINE)(value),
        lambda: ds.jvp(cubic, (value,), (1.0,), engine=ENGINE),
        lambda: ds.vjp(cubic, value, engine=ENGINE),
        lambda: ds.hvp(cubic, (value,), (1.0,), engine=ENGINE),
    ):
        with pytest.raises(UsageError, match=said):
            call()


def test_numbers_that_do_not_fit():
    with pytest.raises(UsageError, match="2 tangents for 1 numbers"):
        ds.jvp(cubic, (1.0,), (1.0, 2.0), engine=ENGINE)
    with pytest.raises(UsageError, match="1 components for 2 numbers"):
        ds.hvp(cubic, (1.0, 2.0), (1.0,), engine=ENGINE)
    with pytest.raises(UsageError, match="1 cotangents for 2 numbers"):
        ds.vjp(two, 1.0, 2.0, engine=ENGINE)[1](1.0)
    with pytest.raises(UsageError, match="missing a required argument"):
        ds.grad(cubic, engine=ENGINE)()
    with pytest.raises(UsageError, match="too many positional"):
        ds.grad(cubic, engine=ENGINE)(1.0, 2.0, 3.0)
    with pytest.raises(UsageError, match="not an input"):
        ds.grad(cubic, 5)
    with pytest.raises(UsageError, match="did you mean RATE"):
        ds.grad(cubic, "RATES")
    with pytest.raises(UsageError, match="unknown mode"):
        ds.derivative(cubic, mode="exact")
    with pytest.raises(UsageError, match="returns 2 numbers"):
        ds.grad(two)
    with pytest.raises(UsageError, match="n is a whole number"):
        ds.derivative(mean, "n", mode="numeric", engine=ENGINE)(1.0, 2)


@pytest.mark.parametrize("mode", SOURCE_MODES)
@pytest.mark.parametrize("engine", ["python", "native"])
def test_what_is_not_finite_goes_through(mode, engine):
    run = ds.derivative(lambda x: x * x * 3, mode=mode, engine=engine)
    assert math.isnan(run(math.nan))
    assert run(math.inf) == math.inf
    assert run(-math.inf) == -math.inf


def test_outputs_of_other_kinds():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DownslopeWarning)
        for engine in ("python", "native"):
            assert ds.value_and_grad(lambda x: True, engine=engine)(1.0) == (1.0, 0.0)
            assert ds.value_and_grad(lambda x: 7, engine=engine)(1.0) == (7.0, 0.0)
            assert ds.value_and_grad(lambda x: RATE, engine=engine)(1.0) == (3.0, 0.0)
            assert ds.value_and_grad(lambda x: x > 0, engine=engine)(1.0) == (1.0, 0.0)
            assert ds.jacobian(lambda x: (x * x, 1, x > 0), engine=engine)(3.0).tolist() == [
                [6.0],
                [0.0],
                [0.0],
            ]


def raises(x: float) -> float:
    y = x * 2
    if y > 3:
        raise ValueError("too far")
    return 1 / (y - 1)


@pytest.mark.parametrize("mode", ["auto", *MODES])
@pytest.mark.parametrize("engine", ["python", "native"])
def test_a_program_that_raises_is_reported_with_its_line_and_inputs(mode, engine):
    run = ds.derivative(raises, mode=mode, engine=engine)
    with pytest.raises(
        ProgramError, match=r"(?s)test_calls.py:\d+:9: raises raised ValueError: too far.*at x=2\.0"
    ):
        run(2.0)
    if mode != "numeric":
        with pytest.raises(ProgramError, match=r"(?s)raised ZeroDivisionError.*at x=0\.5"):
            run(0.5)
    assert run(1.0) == pytest.approx(-2.0)


def test_every_call_reports_what_the_program_raises():
    for call in (
        lambda: ds.jacobian(raises, engine=ENGINE)(2.0),
        lambda: ds.hessian(raises, engine=ENGINE)(2.0),
        lambda: ds.jvp(raises, (2.0,), (1.0,), engine=ENGINE),
        lambda: ds.vjp(raises, 2.0, engine=ENGINE),
        lambda: ds.hvp(raises, (2.0,), (1.0,), engine=ENGINE),
    ):
        with pytest.raises(ProgramError, match="too far"):
            call()


# ---- nesting --------------------------------------------------------------------------------------


def quintic(x: float) -> float:
    return x**5 + RATE * x


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_modes_nest(inner, outer):
    second = ds.derivative(ds.derivative(quintic, mode=inner, engine=ENGINE), mode=outer, engine=ENGINE)
    assert second(2.0) == pytest.approx(160.0, rel=1e-8)
    assert second(2) == pytest.approx(160.0, rel=1e-8)


@pytest.mark.parametrize("modes", [(a, b, c) for a in MODES for b in SOURCE_MODES for c in MODES])
def test_third_order(modes):
    run = quintic
    for mode in modes:
        run = ds.derivative(run, mode=mode, engine=ENGINE)
    assert run(2.0) == pytest.approx(240.0, rel=1e-7)


def test_gradients_nest():
    assert ds.grad(ds.grad(ds.grad(quintic)))(2.0) == pytest.approx(240.0)
    assert (
        ds.grad(
            ds.grad(ds.grad(ds.grad(quintic, engine=ENGINE), engine=ENGINE), engine=ENGINE), engine=ENGINE
        )(2.0)
        == 240.0
    )
    assert ds.grad(ds.grad(cubic, "x"), "y", engine=ENGINE)(1.0, 2.0) == pytest.approx(
        ds.hessian(cubic, (0, 1), engine=ENGINE)(1.0, 2.0)[0, 1]
    )
    table = ds.jacobian(ds.grad(cubic, (0, 1)), (0, 1), engine=ENGINE)(1.0, 2.0)
    assert table == pytest.approx(ds.hessian(cubic, (0, 1), engine=ENGINE)(1.0, 2.0))
    assert ds.hessian(ds.grad(quintic), engine=ENGINE)(2.0)[0, 0] == pytest.approx(240.0)
    value, (slope,) = ds.value_and_grad(ds.grad(quintic), ["x"], engine=ENGINE)(2.0)
    assert (value, slope) == (83.0, 160.0)
    with pytest.raises(UsageError, match="returns 2 numbers"):
        ds.grad(ds.grad(cubic, (0, 1)))


@pytest.mark.parametrize("mode", MODES)
def test_a_constant_in_the_second_derivative(mode):
    run = ds.derivative(ds.grad(quintic, engine=ENGINE), "RATE", mode, engine=ENGINE)
    assert run(2.0) == pytest.approx(1.0)
    mixed = ds.derivative(ds.grad(cubic, "RATE", engine=ENGINE), "x", mode, engine=ENGINE)
    assert mixed(1.5) == pytest.approx(3 * 1.5**2 * 2)


def test_perturbations_are_kept_apart():
    """d/dx (x * d/dy (x + y)) is 1; taking the two changes for one gives 2."""
    scope = {"dual": dual_derivative}
    exec("def confusing(x):\n    return x * dual(lambda y: x + y, (1.0,))[1]\n", scope)
    with pytest.warns(DownslopeWarning, match="no source text"):
        assert ds.grad(scope["confusing"])(1.0) == 1.0


def test_a_derivative_inside_a_program_is_read():
    slope = ds.grad(quintic)

    def inside(x):
        return x * slope(x) + ds.grad(quintic)(x)

    expected = 25 * 1.1**4 + 20 * 1.1**3 + RATE
    assert ds.grad(inside)(1.1) == pytest.approx(expected, rel=1e-12)


# ---- inputs that cannot matter --------------------------------------------------------------------


def said(function, wrt=None):
    """The warnings of one derivative, and that they point here."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run = ds.grad(function, wrt, engine=ENGINE)
        run(2.5, 1.0), run(2.6, 1.0)
    assert all(one.filename == __file__ for one in found)
    return [str(one.message) for one in found]


def test_a_derivative_that_is_cut_is_said_once_with_its_line():
    for program in (
        lambda x, y: int(x) * y,
        lambda x, y: math.floor(x) + round(x) * y,
        lambda x, y: y if x > 2 else y * 2,
        lambda x, y: np.sign(x) * y,
        lambda x, y: y * (x // 1.0),
    ):
        (message,) = said(program)
        assert "the derivative in x is 0 everywhere" in message
        assert f"{__file__}:" in message
        assert "^" in message
        assert "fix:" in message


def test_an_input_that_is_not_used_is_said_in_other_words():
    (message,) = said(lambda x, y: y * y)
    assert "does not depend on x" in message
    assert len(said(lambda x, y: 1.0, (0, 1))) == 2


def test_no_word_where_one_way_is_left():
    assert said(lambda x, y: int(x) * y + x) == []
    assert said(lambda x, y: (x if x > 2 else -x) * y, (0, 1)) == []
    assert said(lambda x, y: x - x) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds.grad(ds.grad(lambda x: 2 * x))  # of a slope that is constant it is no news
