"""Every row of the table against differences of its own value; the table itself; the special points."""

import importlib
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import downslope.rules as rules
from downslope.calculus.check import close
from downslope.errors import UsageError
from downslope.modes.dual import DualFloat, apply, dual_derivative, dual_second
from downslope.modes.namesakes import evaluate, ieee
from downslope.modes.numeric import numeric_second, ridders
from downslope.rules import RULES, SPELLINGS, rule, table_page
from downslope.rules.elementwise import ROWS, UNKNOWN, elementwise
from downslope.rules.kinds import interpret

WHOLE = {("ldexp", "n"), ("polygamma", "n"), ("zeta", "s")}
"""Arguments that are whole numbers."""
KNOWN = [
    (row, position)
    for row in ROWS
    for position, partial in enumerate(row.partials)
    if partial not in ("0", UNKNOWN)
]
IDS = [f"{row.name}-{row.args[position]}" for row, position in KNOWN]
FLAT = [row for row in ROWS if row.flat]


def points(row, position, rng, count=3):
    for _ in range(count):
        point = [float(rng.uniform(*region)) for region in row.sample]
        for i, name in enumerate(row.args):
            if (row.name, name) in WHOLE:
                point[i] = 3
        if row.name == "where":
            point[0] = 1.0 if position == 1 else 0.0
        yield point


def along(row, point, position):
    return lambda x: evaluate(row.name)(*point[:position], x, *point[position + 1 :])


def compare(row, position, rng):
    for point in points(row, position, rng):
        names = dict(zip(row.args, point, strict=True)) | {"y": evaluate(row.name)(*point)}
        found = float(interpret(row.partials[position], names, apply, lambda x: x))
        expected = ridders(along(row, point, position), point[position])
        assert expected.error < 1e-7 * max(1.0, abs(expected.value))
        assert close(found, expected.value, 1e-7), f"{row.name} at {point}: {found} != {expected}"


@pytest.mark.parametrize(("row", "position"), KNOWN, ids=IDS)
def test_slopes_agree_with_differences(row, position, rng):
    compare(row, position, rng)


@pytest.mark.parametrize(("row", "position"), KNOWN, ids=IDS)
@pytest.mark.parametrize("wrong", ["-({})", "0.5 + 2 * ({})", "1.00002 * ({}) + 0.00001"])
def test_the_check_can_fail(row, position, wrong, rng):
    partials = list(row.partials)
    partials[position] = wrong.format(partials[position])
    with pytest.raises(AssertionError):
        compare(replace(row, partials=tuple(partials)), position, rng)


@pytest.mark.parametrize(("row", "position"), KNOWN, ids=IDS)
def test_dual_numbers_use_the_slope(row, position, rng):
    for point in points(row, position, rng):
        dual = [DualFloat(x, 1.0) if i == position else x for i, x in enumerate(point)]
        expected = ridders(along(row, point, position), point[position]).value
        assert close(apply(row.name, tuple(dual)).derivative(), expected, 1e-7)


def second_order(row, position, rng, wrong=0.0):
    for other in range(len(row.args)):
        if row.partials[other] in ("0", UNKNOWN):
            continue
        for point in points(row, position, rng, 2):

            def function(*args):
                return apply(row.name, args)

            expected = numeric_second(evaluate(row.name), point, None, position, other)
            found = dual_second(function, point, position, other) + wrong * max(1.0, abs(expected.value))
            assert close(found, expected.value, 1e-5), f"{row.name} at {point}: {found} != {expected}"


@pytest.mark.parametrize(("row", "position"), KNOWN, ids=IDS)
def test_second_derivatives_agree_with_differences(row, position, rng):
    second_order(row, position, rng)


@pytest.mark.parametrize(("row", "position"), KNOWN, ids=IDS)
def test_the_second_order_check_can_fail(row, position, rng):
    with pytest.raises(AssertionError):
        second_order(row, position, rng, wrong=1e-4)


@pytest.mark.parametrize("row", FLAT, ids=lambda row: row.name)
def test_flat_rows_stop_the_derivative(row):
    args = [7, 3, 2][: len(row.args)] if len(row.args) < 3 else [0, 7, 2, 50][: len(row.args)]
    result = apply(row.name, (DualFloat(args[0], 1.0), *args[1:]))
    assert not isinstance(result, DualFloat)
    assert result == evaluate(row.name)(*args)


@pytest.mark.parametrize("row", [r for r in ROWS if UNKNOWN in r.partials], ids=lambda row: row.name)
def test_a_slope_without_closed_form_is_nan_and_not_zero(row, rng):
    position = row.partials.index(UNKNOWN)
    (point,) = points(row, position, rng, 1)
    point[position] = DualFloat(point[position], 1.0)
    assert math.isnan(apply(row.name, tuple(point)).derivative())


# ---- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_exists(spelling):
    module, _, name = spelling.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def arguments_for(row):
    point = [(low + high) / 2 + 0.1 for low, high in row.sample]
    return [3 if (row.name, n) in WHOLE else x for n, x in zip(row.args, point, strict=True)]


SPELLED = [
    s for s in SPELLINGS if not RULES[SPELLINGS[s]].flat and s not in ("numpy.where", "builtins.float")
]


@pytest.mark.parametrize("spelling", SPELLED)
def test_a_spelling_is_the_row(spelling):
    module, _, name = spelling.rpartition(".")
    row = RULES[SPELLINGS[spelling]]
    args = arguments_for(row)
    function = getattr(importlib.import_module(module), name)
    assert close(float(function(*args)), float(evaluate(row.name)(*args)), 1e-13)


def test_the_page_is_current():
    page = Path(__file__).parents[1] / "docs" / "rules.md"
    assert page.read_text() == table_page.page()


def test_the_page_is_printed_by_the_module():
    command = [sys.executable, "-m", "downslope.rules.table_page"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == table_page.page()


def test_the_page_has_every_row():
    assert [row.name for _, rows in table_page.SECTIONS for row in rows] == [row.name for row in ROWS]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (elementwise("f(x)", "1", "2"), "1 arguments but 2 partials"),
        (elementwise("f(x)", "z"), "unknown name z"),
        (elementwise("f(x)", "sin"), "unknown name sin"),
        (elementwise("f(x)", "nothing(x)"), "no row nothing"),
        (elementwise("f(x)", "sin(x, x)"), "sin takes 1 arguments, not 2"),
        (elementwise("f(a, b)", "1", "1", python="g({0})"), "does not use each argument"),
        (elementwise("f(a, b)", "1", "1", sample=((0.0, 1.0),)), "regions to sample"),
    ],
)
def test_malformed_rows_are_refused(row, why):
    with pytest.raises(UsageError, match=why):
        rules.checked([*ROWS, row])


def test_the_table_is_read_only():
    with pytest.raises(TypeError):
        RULES["sin"] = RULES["cos"]


@pytest.fixture
def restored():
    """The table as it was, after a test that adds to it."""
    table, spellings = dict(RULES), dict(SPELLINGS)
    yield
    for view, before in ((rules._table, table), (rules._spellings, spellings)):
        view.clear()
        view.update(before)


@pytest.mark.usefixtures("restored")
def test_a_user_adds_a_row(rng):
    row = rule("twice_sine(x)", "2 * cos(x)", python="2 * math.sin({0})", spellings="mylib.twice_sine")
    assert SPELLINGS["mylib.twice_sine"] == "twice_sine"
    assert RULES["twice_sine"].python == "(2 * math.sin(({0})))"
    compare(row, 0, rng)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(
    ("signature", "options", "why"),
    [
        ("sin(x)", {"python": "math.sin({0})"}, "two rules for sin"),
        ("f(x)", {"python": "math.sin({0})", "spellings": "math.sin"}, "math.sin means two rows"),
        ("f(x)", {"python": "nowhere({0})"}, "uses nowhere"),
        ("f(x)", {"python": "math.nowhere({0})"}, "uses nowhere"),
        ("f(x)", {"python": "{0} +"}, "is not Python"),
        ("f(x)", {"python": "{0} + {1}"}, "is not Python"),
    ],
)
def test_a_refused_row_changes_nothing(signature, options, why):
    before = dict(RULES), dict(SPELLINGS)
    with pytest.raises(UsageError, match=why):
        rule(signature, "cos(x)", **options)
    assert (dict(RULES), dict(SPELLINGS)) == before


def test_an_unknown_row_is_said():
    with pytest.raises(UsageError, match="no row nothing"):
        evaluate("nothing")


# ---- special points -------------------------------------------------------------------------------


def slope(op, *args, which=0):
    dual = [DualFloat(x, 1.0) if i == which else x for i, x in enumerate(args)]
    return apply(op, tuple(dual)).derivative()


@pytest.mark.parametrize(
    ("op", "args", "which", "expected"),
    [
        ("absolute", (0.0,), 0, 0.0),
        ("maximum", (2.0, 2.0), 0, 1.0),
        ("maximum", (2.0, 2.0), 1, 0.0),
        ("minimum", (2.0, 2.0), 0, 1.0),
        ("minimum", (2.0, 2.0), 1, 0.0),
        ("power", (0.0, 0), 0, 0.0),
        ("power", (3.0, 0), 0, 0.0),
        ("power", (0.0, 1), 0, 1.0),
        ("power", (0.0, 2), 0, 0.0),
        ("power", (0.0, 0.5), 0, math.inf),
        ("power", (0.0, 2.0), 1, 0.0),
        ("power", (-2.0, 3), 0, 12.0),
        ("power", (-2.0, 2.0), 0, -4.0),
        ("sqrt", (0.0,), 0, math.inf),
        ("cbrt", (0.0,), 0, math.inf),
        ("arcsin", (1.0,), 0, math.inf),
        ("arccos", (1.0,), 0, -math.inf),
        ("arccosh", (1.0,), 0, math.inf),
        ("hypot", (0.0, 0.0), 0, 0.0),
        ("xlogy", (0.0, 0.0), 1, 0.0),
        ("mul0", (0.0, math.inf), 0, math.inf),
        ("j1", (0.0,), 0, 0.5),
        ("i1", (0.0,), 0, 0.5),
        ("arctan2", (3e200, 4e200), 0, 4e200 / 5e200 / 5e200),
        ("tanh", (400.0,), 0, 0.0),
        ("expit", (40.0,), 0, math.exp(-40.0)),
        ("tanh", (18.0,), 0, 4 * math.exp(-36.0)),
        ("log_ndtr", (-1e5,), 0, 1e5),
        ("log_ndtr", (50.0,), 0, 0.0),
    ],
)
def test_special_points(op, args, which, expected):
    found = slope(op, *args, which=which)
    assert found == pytest.approx(expected, rel=1e-9, abs=0.0)


def test_the_slope_in_the_exponent_of_a_negative_base_is_nan():
    assert math.isnan(slope("power", -2.0, 2.0, which=1))


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_mixed_second_derivatives_of_a_power_at_whole_exponents(exponent):
    expected = 3.0 ** (exponent - 1) * (1 + exponent * math.log(3.0))
    for first, second in ((0, 1), (1, 0)):
        assert dual_second(lambda a, b: a**b, (3.0, exponent), first, second) == pytest.approx(expected)


def test_a_zero_change_wins_over_an_infinite_slope():
    assert apply("mul0", (0.0, math.nan)) == 0.0
    assert dual_derivative(lambda x, y: math.sqrt(x * 0.0) + y, (2.0, 1.0), 1) == (1.0, 1.0)
    assert dual_derivative(lambda x: math.sqrt(0.0 * x), (2.0,)) == (0.0, 0.0)


def test_ieee_never_raises():
    assert ieee("power")(0.0, -1.0) == math.inf
    assert ieee("log")(0.0) == -math.inf
    assert ieee("exp")(1000.0) == math.inf
    assert math.isnan(ieee("log")(-1.0))
    assert math.isnan(ieee("power")(-2.0, 0.5))
    with pytest.raises(ZeroDivisionError):
        evaluate("power")(0.0, -1.0)
