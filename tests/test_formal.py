"""Formal mode: formulas are right in value, readable as text and LaTeX, and refused where there is none."""

import doctest
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from scipy import special

import downslope as ds
from downslope.calculus.formula import Formula
from downslope.calculus.program import program
from downslope.cli import app
from downslope.errors import ProgramError, UnsupportedError, UsageError
from downslope.modes import jets
from downslope.modes.dual import dual_derivative
from downslope.modes.formal import formulas
from downslope.modes.namesakes import evaluate
from downslope.modes.sympy_rows import SYMPY, primal
from downslope.modes.sympy_run import runnable
from downslope.modes.sympy_simple import readable
from downslope.rules import RULES
from test_modes_agree import EXACT, agree, applies, dual, dual_hessian, read
from zoo import ZOO, Specimen

CLOSED = [one for one in ZOO if applies(one, "formal")]
OPEN = [one for one in ZOO if not applies(one, "formal")]
RATE = 0.55


def duration(d: float, speed: float) -> float:
    return 60 * d / speed


def rush(d: float, hour: int, speed: float = 30.0) -> float:
    v = speed * RATE if 7 <= hour < 10 else speed
    return 60 * d / v


def polynomial(x: float, n: int) -> float:
    s = 0.0
    for i in range(n):
        s = s * x + i
    return s


def halved(x: float) -> float:
    while x > 1:
        x = x / 2
    return x


def first_large(x: float) -> float:
    s = 0.0
    for i in range(9):
        s += x**i
        if s > 3:
            break
    return s


def doubling(x: float) -> float:
    for _ in range(60):
        x = x * x + math.sin(x)
    return x


def sines(x: float) -> float:
    for _ in range(46):
        x = math.sin(x) + 1
    return x


def always_raises(x: float) -> float:
    if abs(2) > 1:
        raise ValueError
    return x


def one(found: Formula | tuple[Formula, ...]) -> Formula:
    """A single formula."""
    assert isinstance(found, Formula)
    return found


# ---- values: the zoo -------------------------------------------------------------------------
# First order is in test_modes_agree.py, as that of every mode.


def fixed_integers(specimen: Specimen) -> dict[str, Any]:
    read_program, _ = program(specimen.program)
    values = zip(read_program.arguments, specimen.args, strict=False)
    return {name: v for i, (name, v) in enumerate(values) if isinstance(v, int) and i not in specimen.wrt}


def second(specimen: Specimen) -> tuple[float, ...]:
    """All second derivatives, the rows applied twice."""
    read_program, names = program(specimen.program, specimen.wrt)
    found = formulas(read_program.function, [names, names], fixed_integers(specimen))
    defaults = read_program.source.defaults
    point = dict(defaults) | dict(zip(read_program.arguments, specimen.args, strict=False))
    return runnable(list(found.symbols.values()), found.slopes)(*(point[name] for name in found.symbols))


@pytest.mark.parametrize("specimen", CLOSED, ids=str)
def test_second_derivatives_agree_with_dual_numbers(specimen: Specimen) -> None:
    agree(second(specimen), dual_hessian(specimen))


@pytest.mark.parametrize("specimen", OPEN, ids=str)
def test_programs_without_a_formula_are_refused_at_a_line_with_a_reason(specimen: Specimen) -> None:
    with pytest.raises(UnsupportedError) as refusal:
        read(specimen, "formal")
    problem = refusal.value.problem
    assert problem.loc is not None
    assert problem.loc.text.strip()
    assert problem.why
    assert problem.fix
    assert "no closed formula" in problem.what or "too long" in problem.what


SINGULAR = ("hypot_at_origin",)
"""At such a point the text holds on either side only: it leaves out the slope that the row defines there."""
WRITTEN = [s for s in CLOSED[::5] if s.name not in SINGULAR]


@pytest.mark.parametrize("specimen", WRITTEN, ids=str)
def test_what_is_written_has_the_value_of_what_is_computed(specimen: Specimen) -> None:
    read_program, names = program(specimen.program, specimen.wrt)
    found = formulas(read_program.function, [names], fixed_integers(specimen))
    point = dict(read_program.source.defaults)
    point |= dict(zip(read_program.arguments, specimen.args, strict=False))
    written = [readable(slope, found.edges) for slope in found.slopes]
    values = [point[name] for name in found.symbols]
    agree(runnable(list(found.symbols.values()), written)(*values), dual(specimen))


# ---- text ------------------------------------------------------------------------------------

TEXTS = [
    (duration, "speed", 1, "-60*d/speed**2", r"- \frac{60 d}{\mathrm{speed}^{2}}"),
    (duration, "speed", 2, "120*d/speed**3", r"\frac{120 d}{\mathrm{speed}^{3}}"),
    (duration, "d", 0, "60*d/speed", r"\frac{60 d}{\mathrm{speed}}"),
    (lambda x: 3 * x**2, "x", 1, "6*x", "6 x"),
    (lambda x: ((x + 1) ** 12 + 1) ** 12, "x", 1, "144*(x + 1)**11*((x + 1)**12 + 1)**11", None),
    (lambda x, y, z: max(x, y, z), "z", 1, "(1 if z > y else 0) if x < y else (1 if z > x else 0)", None),
    (lambda x: x if x < 9 else x / 0.0, "x", 1, "1 if x < 9 else nan", None),
    (lambda x, y: x**y, "x", 1, "x**(y - 1)*y", "x^{y - 1} y"),
    (lambda x: 0.1 * math.exp(-x * x / 2), "x", 1, "-0.1*x*exp(-x**2/2)", None),
    (lambda x: math.erf(x) + math.exp2(x), "x", 1, "2**x*log(2) + 2*exp(-x**2)/sqrt(pi)", None),
    (lambda x: math.sin(x) ** 2 + math.cos(x) ** 2, "x", 1, "0", "0"),
    (lambda x: 1 / (1 + math.exp(-x)), "x", 1, "1/(4*cosh(x/2)**2)", None),
    (lambda x: x * (x // 3), "x", 1, "x // 3", r"\left\lfloor \frac{x}{3} \right\rfloor"),
    (lambda x: x * np.cbrt(2.0 + round(x)), "x", 1, "cbrt(round(x) + 2)", None),
    (lambda x: abs(x) + max(x, 1.5), "x", 1, "sign(x) + 1 if x >= 3/2 else sign(x)", None),
    (lambda x, y: max(x, y) ** 2, "x", 1, "2*x if x >= y else 0", None),
    (
        lambda x: x * x if x > 0.3 or x == -2 else -x,
        "x",
        1,
        "2*x if x > 0.3 or x == -2 else -1",
        r"\begin{cases} 2 x & \text{for}\: x = -2 \vee x > 0.3 \\-1 & \text{otherwise} \end{cases}",
    ),
    (lambda x: x * x if math.isfinite(x) else 0.0, "x", 1, "2*x if isfinite(x) else 0", None),
]


NAMES = vars(sympy) | {"cbrt": np.cbrt, "round": round, "isfinite": math.isfinite}
"""What a printed formula may call."""


@pytest.mark.parametrize(("f", "wrt", "order", "text", "latex"), TEXTS)
def test_text_and_latex(f: Callable[..., float], wrt: str, order: int, text: str, latex: str | None) -> None:
    found = one(ds.formula(f, wrt, order))
    assert str(found) == text
    if latex is not None:
        assert found.latex() == latex
        assert found._repr_latex_() == f"$\\displaystyle {latex}$"
    point = {name: 0.7 + 0.4 * k for k, name in enumerate(found.found.symbols)}
    agree([float(eval(text, NAMES, point))], [found(*point.values())])


def test_a_branch_and_a_constant_by_its_name() -> None:
    found = ds.formula(rush, ("speed", "RATE"))
    assert isinstance(found, tuple)
    by_speed, by_rate = found
    assert str(by_rate) == "-60*d/(RATE**2*speed) if hour >= 7 and hour < 10 else 0"
    assert str(by_speed.value) == "60*d/(RATE*speed) if hour >= 7 and hour < 10 else 60*d/speed"
    agree([by_rate(6.0, 8), by_rate(6.0, 12)], [ds.grad(rush, "RATE", engine="python")(6.0, 8), 0.0])
    agree([by_speed(6.0, 8), by_speed.value(6.0, 12)], [-60 * 6.0 / (RATE * 900.0), 12.0])


def test_a_loop_is_unrolled_where_its_length_is_given() -> None:
    found = one(ds.formula(polynomial, "x", given={"n": 5}))
    assert str(found.value) == "x*(x*(x + 2) + 3) + 4"
    assert str(found) == "3*x**2 + 4*x + 3"
    assert found(2.0) == found(2.0, 5) == 23.0
    with pytest.raises(UsageError, match="n is 6, not 5"):
        found(2.0, 6)
    by_mode = ds.derivative(polynomial, "x", "formal")
    assert (by_mode(2.0, 5), by_mode(2.0, 3), by_mode(2.0, 5)) == (23.0, 1.0, 23.0)


def test_second_derivatives_mix() -> None:
    mixed = one(ds.formula(ds.grad(duration, "speed"), "d"))
    assert str(mixed) == "-60/speed**2"
    assert ds.derivative(ds.derivative(duration, "d", "formal"), "speed", "formal")(6.0, 30.0) == mixed(
        6.0, 30.0
    )


def test_an_assertion_restricts_the_domain_and_is_kept_by_the_callable() -> None:
    (assertion,) = (specimen.program for specimen in ZOO if specimen.name == "assertion")
    found = one(ds.formula(assertion))
    x = found.found.symbols["x"]
    assert str(found) == "2*x"
    assert found.domain == sympy.And(x > 0, x < 100, x <= 10, evaluate=False)
    assert found(3.0) == 6.0
    with pytest.raises(ProgramError, match="AssertionError"):
        found(-1.0)
    with pytest.raises(ProgramError, match="ValueError: too big"):
        ds.derivative(assertion, mode="formal")(60.0)


def test_a_zero_change_wins_over_an_infinite_slope() -> None:
    """The text is x/|x|; at 0, where that is 0/0, the callable does what every mode does."""
    found = one(ds.formula(lambda x: math.sqrt(x * x)))
    assert str(found) == "x/Abs(x)"
    assert found(0.0) == 0.0


def test_numbers_keep_all_their_digits() -> None:
    assert one(ds.formula(lambda x: x * 0.30000000000000004))(1.0) == 0.30000000000000004


# ---- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "line", "what"),
    [
        (halved, "while x > 1:", "depends on x"),
        (first_large, "for i in range(9):", "depends on x"),
        (polynomial, "for i in range(n):", "depends on n"),
        (doubling, "x = x * x + math.sin(x)", "too long"),
        (lambda x: math.gamma(x) * special.gammainc(x, 2.0), "special.gammainc", "no closed form"),
    ],
)
def test_what_has_no_closed_formula_is_refused_at_its_line(f: Any, line: str, what: str) -> None:
    with pytest.raises(UnsupportedError, match=what) as refusal:
        ds.formula(f)
    problem = refusal.value.problem
    assert problem.loc is not None
    assert line in problem.loc.text
    assert problem.why
    assert problem.fix


def test_a_formula_too_long_to_read_can_still_be_called() -> None:
    found = one(ds.formula(sines))
    with pytest.raises(UnsupportedError, match="terms"):
        str(found)
    agree([found(0.3)], [float(dual_derivative(sines, (0.3,))[1])])
    assert str(found.value).count("sin") == 46
    assert found.value.latex().count("sin") == 46


def test_bad_arguments() -> None:
    with pytest.raises(UsageError, match="order -1"):
        ds.formula(duration, order=-1)
    with pytest.raises(UsageError, match="speed is given"):
        ds.formula(duration, "speed", given={"speed": 3.0})
    with pytest.raises(UsageError, match="'n' is not an input"):
        ds.formula(duration, "speed", given={"n": 3})
    with pytest.raises(UsageError, match="not a number"):
        ds.formula(polynomial, "x", given={"n": "many"})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="hour is 8.5, not an integer"):
        one(ds.formula(rush, "speed"))(6.0, 8.5)
    with pytest.raises(UnsupportedError, match="raises whatever"):
        ds.formula(always_raises)


# ---- the rows are what is differentiated -----------------------------------------------------


@pytest.mark.parametrize("name", ["sin", "multiply", "divide", "power", "sqrt", "where", "maximum"])
def test_a_wrong_row_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = RULES[name]
    wrong = replace(row, partials=tuple("0.5 * y" if p != "0" else p for p in row.partials))
    monkeypatch.setattr(jets, "RULES", dict(RULES) | {name: wrong})
    programs: dict[str, Callable[[float], Any]] = {
        "sin": lambda x: math.sin(x),
        "multiply": lambda x: x * x,
        "divide": lambda x: 3.0 / x,
        "power": lambda x: x**2.5,
        "sqrt": lambda x: math.sqrt(x),
        "where": lambda x: max(x, 0.2),
        "maximum": lambda x: np.maximum(x, 0.2),
    }
    report = ds.check(programs[name], 0.7, engine="python")
    assert not report.agree
    assert not math.isclose(report.slopes["formal"][0], report.slopes["dual"][0], rel_tol=100 * EXACT)


def test_every_row_has_the_value_of_its_sympy_function(rng: np.random.Generator) -> None:
    """The table from op to SymPy function says the same as the rows' own templates."""
    for op in SYMPY:
        row = RULES[op]
        point = [float(rng.uniform(low, high)) for low, high in row.sample]
        symbols = [sympy.Symbol(name, real=True) for name in row.args]
        value = runnable(symbols, [primal(op, tuple(symbols))])(*point)[0]
        assert math.isclose(value, float(evaluate(op)(*point)), rel_tol=1e-12, abs_tol=1e-12), op


# ---- beside the other modes, and on the command line -----------------------------------------


def test_check_shows_the_formal_mode_or_says_why_not() -> None:
    report = ds.check(duration, 6.0, 30.0, engine="python")
    assert report.slopes["formal"] == (2.0, -0.4)
    assert "formal" in str(report)
    assert str(report).endswith("all modes agree")
    report = ds.check(halved, 6.0, engine="python")
    assert report.agree
    assert "formal" not in report.slopes
    assert "depends on x" in report.refused["formal"]
    assert "does not apply: " + report.refused["formal"] in str(report)
    assert str(report).endswith("the other modes agree")


@pytest.fixture
def taxi(tmp_path: Path) -> str:
    file = tmp_path / "taxi.py"
    file.write_text("RATE = 0.5\n\ndef trip(d, speed=30.0):\n    return 60 * d / (speed * RATE)\n")
    return f"{file}:trip"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--wrt speed", "d trip/d speed = -120*d/speed**2\n"),
        ("--wrt d --wrt RATE", "d trip/d d = 60/(RATE*speed)\nd trip/d RATE = -60*d/(RATE**2*speed)\n"),
        ("--wrt d --value --given speed=20", "trip = 6*d\nd trip/d d = 6\n"),
        ("--wrt d --latex", "d trip/d d = \\frac{120}{\\mathrm{speed}}\n"),
        ("--wrt speed --order 2", "d^2 trip/d speed^2 = 240*d/speed**3\n"),
    ],
)
def test_the_command(options: str, expected: str, taxi: str, capsys: pytest.CaptureFixture[str]) -> None:
    app(["formula", taxi, *options.split()], standalone_mode=False)
    assert capsys.readouterr().out == expected


def test_other_modes_do_not_load_sympy(taxi: str) -> None:
    run = f"ds.derivative({taxi!r}, 'd', 'forward')(6.0); ds.derivative({taxi!r}, 'd', 'dual')(6.0)"
    code = f"import sys, downslope as ds; {run}; assert 'sympy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_page_runs() -> None:
    """The examples of docs/formula.md."""
    page = Path(__file__).parent.parent / "docs" / "formula.md"
    results = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 10
    assert results.failed == 0


def long_integers(x):
    a = 10**18
    return (a // 7) % 5 * x + x * ((2**53 + 1) % 2) + x * (7 // -2) + x * (-7 % 3)


def test_integers_too_long_for_floats_are_exact():
    assert str(ds.formula(long_integers)) == "1"
    assert ds.derivative(long_integers, mode="formal")(2.0) == ds.derivative(long_integers, mode="dual")(2.0)
