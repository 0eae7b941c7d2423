"""Each construct a program may use: the value is Python's own, and the slopes are those of dual numbers."""

import math
import textwrap

import pytest

import downslope as ds
from constructs import CONSTRUCTS, IMPORTS, MATH, MATH_OF_TWO
from downslope.errors import DownslopeWarning, ProgramError, UnsupportedError
from downslope.modes.dual import dual_derivative
from downslope.read.source import read_source

POINT = (2.6, 2.0, 3)
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not depend on:downslope.errors.DownslopeWarning"),
    pytest.mark.filterwarnings("ignore:.*is 0 everywhere:downslope.errors.DownslopeWarning"),
]


def written(folder, body, name="program", arguments="x, y, n=3"):
    """The program as `file.py:function`."""
    file = folder / "program.py"
    file.write_text(f"{IMPORTS}\n\ndef {name}({arguments}):\n{textwrap.indent(body, '    ')}\n")
    return f"{file}:{name}"


def compared(place, engine="python"):
    """Fail unless value and slopes are those of the function itself, run on plain and dual numbers."""
    function = read_source(place).function
    slopes = [dual_derivative(function, POINT, i)[1] for i in (0, 1)]
    for mode in ("forward", "reverse"):
        found = ds.derivative(place, (0, 1), mode, engine=engine)(*POINT)
        assert found == pytest.approx(slopes, rel=1e-11, abs=1e-11), mode
    value, _ = ds.value_and_grad(place, (0, 1), engine=engine)(*POINT)
    assert value == pytest.approx(function(*POINT), rel=1e-13)
    return slopes


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_construct(name, tmp_path):
    compared(written(tmp_path, CONSTRUCTS[name]))


def test_constructs_in_native_code(tmp_path):
    """All in one program, so that it is compiled once."""
    parts = [
        f"def part_{i}(x, y, n):\n{textwrap.indent(body, '    ')}"
        for i, body in enumerate(CONSTRUCTS.values())
    ]
    terms = [f"s += math.tanh(part_{i}(x, y, n))" for i in range(len(parts))]
    inner = "\n".join([*parts, "s = 0.0", *terms, "return s"])
    place = written(tmp_path, inner)
    function = read_source(place).function
    slopes = [dual_derivative(function, POINT, i)[1] for i in (0, 1)]
    assert ds.value_and_grad(place, (0, 1))(*POINT) == (
        pytest.approx(function(*POINT), rel=1e-11),
        pytest.approx(slopes, rel=1e-9),
    )


@pytest.mark.parametrize("name", MATH)
def test_function_of_math(name, tmp_path):
    inside = "x / 3" if name not in ("acosh",) else "x"
    compared(written(tmp_path, f"return y * math.{name}({inside})"))


@pytest.mark.parametrize("name", MATH_OF_TWO)
def test_function_of_math_with_two_arguments(name, tmp_path):
    compared(written(tmp_path, f"return math.{name}(x, y)"))


def test_every_function_of_math_is_a_row_or_refused(tmp_path):
    refused = []
    for name in dir(math):
        if name.startswith("_") or not callable(getattr(math, name)):
            continue
        if name in MATH or name in MATH_OF_TWO:
            continue
        try:
            ds.grad(written(tmp_path, f"return math.{name}(x)"))
        except UnsupportedError as error:
            assert error.problem.loc is not None  # noqa: PT017  # those that are rows need not raise
            refused.append(name)
    assert {"factorial", "perm", "fsum"} <= set(refused)


def test_the_comparison_can_fail(tmp_path, monkeypatch):
    place = written(tmp_path, "return x * x * y")
    compared(place)
    right = ds.derivative

    def wrong(*args, **options):
        run = right(*args, **options)
        return lambda *point: tuple(slope * (1 + 1e-9) for slope in run(*point))

    monkeypatch.setattr(ds, "derivative", wrong)
    with pytest.raises(AssertionError):
        compared(place)


# ---- exceptions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("assert x < 0, f'{x} is too large'\nreturn x", "AssertionError: 2.6 is too large"),
        ("assert x < 0\nreturn x", "raised AssertionError"),
        ("if x > 1:\n    raise ValueError(f'{x:.1f} and {y}')\nreturn x", "ValueError: 2.6 and 2.0"),
        ("if x > 1:\n    raise ValueError\nreturn x", "raised ValueError"),
        ("for i in range(n):\n    if i == 2:\n        raise RuntimeError('third')\n    x = x * y\nreturn x", "RuntimeError: third"),
        ("return 1 / (x - x)", "ZeroDivisionError"),
        ("return math.sqrt(-x)", "ValueError"),
        ("return math.log(x - x)", "ValueError"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine", ["python", "native"])
def test_an_exception_is_reported_in_its_own_words(body, said, engine, tmp_path):
    place = written(tmp_path, body)
    with pytest.raises(ProgramError, match="program.py") as caught:
        ds.grad(place, engine=engine)(*POINT)
    assert said in str(caught.value)
    assert "x=2.6, y=2.0, n=3" in str(caught.value)


# ---- refusals: the caret --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "underlined"),
    [
        ("s = x\nfor i in range(2):\n\ts = {s}\nreturn x", "{s}"),
        ("größe = x\nreturn größe * unbekannt", "unbekannt"),
        ("s = {'日本'}\nreturn x", "{'日本'}"),
        ("return (\n    x\n    + print(x)\n    + y\n)", "print(x)"),
        ("return sum(\n    {x,\n     y}\n)", "{x,"),
        ("x = x ; y = {x} ; return y", "{x}"),
    ],
)  # fmt: skip
def test_the_caret_is_under_the_place(body, underlined, tmp_path):
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(written(tmp_path, body))
    lines = str(caught.value).splitlines()
    number = next(i for i, line in enumerate(lines) if line.rstrip().endswith("^"))
    columns = [i for i, sign in enumerate(lines[number]) if sign == "^"]
    assert lines[number - 1][columns[0] : columns[-1] + 1] == underlined
    assert "  why: " in str(caught.value)
    assert "  fix: " in str(caught.value)


def test_places_in_other_files_and_decorated_functions(tmp_path, monkeypatch):
    (tmp_path / "far_helpers.py").write_text("def far(x):\n    y = {x}\n    return x\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "near.py"
    file.write_text(
        "import functools\nfrom far_helpers import far\n\n\n@functools.lru_cache\ndef near(x):\n"
        "    z = {x}\n    def inner(w):\n        return {w}\n    return far(x) + inner(x)\n"
    )
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(f"{file}:near")
    places = {
        f"{problem.loc.file.rpartition('/')[2]}:{problem.loc.line}" for problem in caught.value.problems
    }
    assert places == {"near.py:7", "near.py:9", "far_helpers.py:2"}


@pytest.mark.parametrize(
    "body",
    [
        "return pow(x, 2, 5)", "return max()", "return sum((x, y), start=x)", "return round(x, y=2)",
        "a, b = x, y, x\nreturn a", "return helper()", "return helper(x, x, x, x)",
        "return helper(x, d=1)", "return square(x, y)", "for i in range(0, 3, 0):\n    x = x * y\nreturn x", "if x > 1:\n    t = x\nelse:\n    t = (x, y)\nreturn x",
        "return math.sin()", "return math.sin(x, y)", "return abs(x, y)", "return 2.0 + (x, y)",
        "return -(x, y)", "return (x, y) < (y, x)", "def inner(z):\n    return z\nreturn inner", "return f(lambda: x)",
    ],
)  # fmt: skip
def test_wrong_calls_are_refused_with_place_and_advice(body, tmp_path):
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(written(tmp_path, body))
    for problem in caught.value.problems:
        assert problem.loc is not None, str(caught.value)
        assert problem.loc.line > IMPORTS.count("\n")
        assert problem.why, str(caught.value)
        assert problem.fix, str(caught.value)


def test_a_default_that_is_no_number(tmp_path):
    with pytest.raises(UnsupportedError, match="multiply of None"):
        ds.grad(_optional(tmp_path))


def _optional(folder):
    file = folder / "optional.py"
    file.write_text(
        "def optional(a, b=None):\n    return a * b\n\n\ndef program(x):\n    return optional(x)\n"
    )
    return f"{file}:program"


def test_warnings_are_of_one_class():
    with pytest.warns(DownslopeWarning):
        ds.grad(lambda x, y: y)
