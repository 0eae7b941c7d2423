"""Which numbers are found, what they are called, and that each can become an input, helpers' too."""

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import downslope as ds
from downslope.cli import app
from downslope.errors import UsageError
from downslope.read.constants import find_constants, pick
from downslope.read.lift import lifted
from downslope.read.origin import DERIVED, UNWRITABLE
from downslope.read.source import read_source
from downslope.report.writeback import Change, edited, rewritten
from files import Files, forget

# A constant that only bounds or compares has no derivative; the warning has tests of its own.
pytestmark = pytest.mark.filterwarnings("ignore:.*is 0 everywhere:downslope.errors.DownslopeWarning")


@pytest.fixture
def files(tmp_path, monkeypatch):
    def made(texts):
        return Files(tmp_path, {"main.py": texts} if isinstance(texts, str) else texts)

    yield made
    forget(tmp_path)


ONE_FILE = [
    ("SPEED: float = 30.0\ndef program(x): return x * SPEED", {"SPEED": (30.0, True)}),
    ("from typing import Final\nSPEED: Final = 30\ndef program(x): return x * SPEED", {"SPEED": (30, True)}),
    ("A = B = -1_000.0\ndef program(x): return x * B", {"B": (-1000.0, True)}),
    ("A, B = 3e2, .5\ndef program(x): return x * B + A", {"A": (300.0, True), "B": (0.5, True)}),
    ("A = 1.5\nA = 2.5\ndef program(x): return x * A", {"A": (2.5, False)}),
    ("A = 1.5\nif A > 1: A = 2.5\ndef program(x): return x * A", {"A": (2.5, False)}),
    ("A = 3.0 * 2\ndef program(x): return x * A", {"A": (6.0, False)}),
    ("A = 3.0\nB = A / 2\ndef program(x): return x * A * B", {"A": (3.0, False), "B": (1.5, False)}),
    ("A = True\ndef program(x, on=False): return x * 1.5 if A else x", {"1.5@2": (1.5, True)}),
    ("N = 3\ndef program(x):\n for i in range(N + 1): x += 1.25\n return x", {"N": (3, False), "1@3": (1, False), "1.25@3": (1.25, True)}),
    ("def program(x, top=9.5): return x if x < top + 1.0 else 2.5 * x",
     {"top": (9.5, False), "1.0@1": (1.0, False), "2.5@1": (2.5, True)}),
    ("def program(x):\n v = 30.5\n if x > 3: v = 15.5\n return x * v",
     {"v@2": (30.5, True), "3@3": (3, False), "v@3": (15.5, True)}),
    ("def program(x):\n t = 0.25\n while x > 1: t += x; x -= 1.5\n return t",
     {"t": (0.25, False), "1@3": (1, False), "1.5@3": (1.5, True)}),
    ("def program(x):\n best = 3.5\n for i in range(4):\n  if x > i: best = x\n return best",
     {"best": (3.5, False), "4@3": (4, False)}),
    ("def program(x):\n a, b = 1.5, -2.5\n return a * x - b", {"a": (1.5, True), "b": (-2.5, True)}),
    ("def program(x):\n k: float = 2.5\n return k * x", {"k": (2.5, True)}),
    ("def program(x): return round(x * 3.5, 2) + int(x / 1.5) + x**3",
     {"3.5@1": (3.5, False), "2@1": (2, False), "1.5@1": (1.5, False), "3@1": (3, False)}),
    ("def program(x): return 1.5 * x + 1.5", {"1.5@1:24": (1.5, True), "1.5@1:34": (1.5, True)}),
    ("MINUTES_PER_HOUR = 60\ndef program(x): return x * MINUTES_PER_HOUR", {"MINUTES_PER_HOUR": (60, False)}),
    ("def make():\n w = 2.5\n half = w / 2\n def program(x): return w * x + half\n return program\nprogram = make()",
     {"w": (2.5, False), "half": (1.25, False)}),
    ("def program(x, v=2.5):\n if x > 9:\n  v = 3.5\n return x * v", {"v": (2.5, True), "9@2": (9, False), "v@3": (3.5, True)}),
    ("def program(x):\n match x:\n  case 1.5: return 2.5 * x\n return 3.5 * x", {"2.5@3": (2.5, True), "3.5@4": (3.5, True)}),
    ("def h(x, n):\n for i in range(n): x *= 1.5\n return x\ndef program(x): return h(x, 3) + h(x, n=4) + x * (5 & 7)",
     {"h.1.5@2": (1.5, True), "3@4": (3, False), "4@4": (4, False), "5@4": (5, False), "7@4": (7, False)}),
    ("K = 2.5\ndef program(x, k=K): return x * k", {"k": (2.5, False)}),
    ("import math\nfrom math import e\ndef program(x): return math.pi * x + e", {}),
    ("def program(x, q=1.5, /, *, r=2.5): return x * q + r", {"q": (1.5, True), "r": (2.5, True)}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ONE_FILE, ids=[text for text, _ in ONE_FILE])
def test_numbers_of_one_function(files, text, expected):
    found = files(text).constants()
    assert {name: (c.value, c.proposed) for name, c in found.items()} == expected
    assert all(c.why for c in found.values())


def test_sizes_counts_and_indices_stay_whole(files):
    text = "import numpy as np\ndef program(x): return np.zeros(3)[1] + np.full((2, 4), x * 1.5)[0, 1] + ([x] * 3)[2]"
    found = files(text).constants().values()
    assert [c.value for c in found if c.proposed] == [1.5]
    assert [c.value for c in found if c.whole] == [3, 1, 2, 4, 0, 1, 3, 2]


HELPERS = {
    "module helper": (
        ("W = 0.75\ndef helper(x, k=4.5, *, lim=100.5):\n    if x > lim: return x\n    return k * x * 1.5 + W\n"
        "def program(x, a=2.5): return helper(x) + helper(a * x, 5.5) * helper(x, lim=3.5)\n"),
        {"W", "helper.k", "helper.lim", "helper.1.5@4", "a", "5.5@5", "3.5@5"},
    ),
    "helper of a helper": (
        ("def inner(x): return 0.3 * x * x\ndef outer(x): return inner(x) + 1.3\n"
        "def program(x): return outer(x) + inner(2.3 * x)\n"),
        {"inner.0.3@1", "outer.1.3@2", "2.3@3"},
    ),
    "nested function": (
        ("def program(x):\n    def inner(y, q=2.25):\n        r = 0.7\n        return y * q + r * x + 3.5\n"
        "    return inner(x) * inner(1.1, q=0.9)\n"),
        {"inner.q", "inner.r", "inner.3.5@4", "1.1@5", "0.9@5"},
    ),
    "closure": (
        ("def make(k):\n    w = 7.5\n    def g(x): return w * x + k * 8.5\n    return g\n"
        "fast = make(2.5)\ndef program(x): return fast(x) * 1.25\n"),
        {"g.w", "fast.k", "g.8.5@3", "1.25@6"},
    ),
    "two closures of one function": (
        ("def make(k):\n    def g(x): return k * x * 1.5\n    return g\n"
        "fast = make(2.5)\nslow = make(0.5)\ndef program(x): return fast(x) + slow(x) * slow(x)\n"),
        {"fast.k", "slow.k", "g.1.5@2"},
    ),
    "lambda": (
        "half = lambda x, k=0.45: x * k + 0.25\ndef program(x): return half(x) * half(1.5)\n",
        {"half.k", "half.0.25@1", "1.5@2"},
    ),
    "positional-only default": (
        "def h(x, k=4.5, q=1.5, /): return x * k + q\ndef program(x): return h(x) + h(x, 2.5)\n",
        {"h.k", "h.q", "2.5@2"},
    ),
    "shadowed names": (
        ("K = 2.5\ndef h(x, K=1.5): return x * K\n"
        "def program(x):\n    def g(K): return K * x\n    return g(x) + h(x) + K\n"),
        {"K", "h.K"},
    ),
    "unary plus and minus": (
        "def h(x): return +1.5 * x - -30.5\ndef program(x): return -h(x) + (-2.5) * x\n",
        {"h.1.5@1", "h.-30.5@1", "-2.5@2"},
    ),
    "names as symbols": (
        "def h(h_k, k=1.5): return h_k * k\ndef program(x, c_k=1.0):\n    h_k = x\n    return h(h_k) + c_k\n",
        {"h.k", "c_k"},
    ),
    "a decorated helper": (
        "import numba\n@numba.njit\ndef h(x, k=1.5): return k * x + 0.35\ndef program(x): return h(x)**2\n",
        {"h.k", "h.0.35@3", "2@4"},
    ),
    "partials": (
        ("import functools\nB = 0.75\ndef h(x, k=4.5): return k * x * 1.5 + B\n"
        "def s(a, x, b=3.5): return a * x * 1.25 + b + h(x)\n"
        "p, q = functools.partial(s, 2.5), functools.partial(s, 2.5, b=7.5)\nr = functools.partial(h, k=0.5)\n"
        "def program(x): return p(x) * 1.1 + q(x) + s(0.7, x) * B + s(x, 0.3, 0.9) + r(x) * h(x)\n"),
        {"B", "h.k", "h.1.5@3", "s.b", "s.1.25@4", "1.1@7", "0.7@7", "0.3@7", "0.9@7"},
    ),
    "methods": (
        ("class Model:\n    def trip(self, x, j=1.5): return x * j * 2.25 + self.inner(x)\n"
        "    def inner(self, x): return x * x * 0.35\n    def __call__(self, x): return self.trip(x) * 1.75\n"
        "m = Model()\ndef program(x): return m.trip(x) * 1.1 + m(x)\n"),
        {"trip.j", "trip.2.25@2", "inner.0.35@3", "__call__.1.75@4", "1.1@6"},
    ),
    "attributes": (
        (
            "class Model:\n    gain = 1.5\n    def __init__(self): self.speed = 30.0\n"
            "    def trip(self, x): return x * self.speed * 2.25 + self.gain\n"
            "m = Model()\ndef program(x): return m.trip(x) * m.gain + Model.gain\n"
        ),
        {"m.gain", "Model.gain", "trip.self.speed", "trip.2.25@4"},
    ),
    "other files": (
        {
            "main.py": "import cfg_a\nimport lib_a as lib\nfrom cfg_a import SPEED, STEP as S\nfrom lib_a import far\n"
            "def program(x): return SPEED * x + cfg_a.SPEED * S + lib.near(x) + far(x, cfg_a.JAM)\n",
            "cfg_a.py": "SPEED = 30.5  # km/h\nSTEP: float = 0.25\nJAM = 0.6\n",
            "lib_a.py": "from cfg_a import *\ndef near(x, k=1.5): return k * x * x * SPEED\n"
            "def far(x, f): return near(x) * f + 2.75\n",
        },
        {"SPEED", "S", "cfg_a.JAM", "near.k", "far.2.75@3"},
    ),
    "computed where it is imported": (
        {
            "main.py": "from cfg_g import K, J\nHALF = K / 2\ndef program(x): return K * x * HALF + J\n",
            "cfg_g.py": "K = 1.5\nJ = 0.25\n",
        },
        {"K", "J", "HALF"},
    ),
    "a package": (
        {
            "main.py": "from pkg_a.deep import scaled\ndef program(x): return scaled(x)\n",
            "pkg_a/__init__.py": "from .consts import BASE\n",
            "pkg_a/consts.py": "BASE = 1.5\n",
            "pkg_a/deep.py": "from . import BASE\nfrom . import consts\ndef scaled(x): return BASE * x + consts.BASE * 0.7\n",
        },
        {"BASE", "scaled.0.7@3"},
    ),
    "names that clash": (
        {
            "main.py": "import one_a, two_a\ndef program(x): return one_a.h(x) + two_a.h(x) * one_a.K * two_a.K\n",
            "one_a.py": "K = 1.5\ndef h(x): return 2.5 * x\n",
            "two_a.py": "K = 3.5\ndef h(x): return 2.5 * x * x\n",
        },
        {"one_a.K", "two_a.K", "one_a.h.2.5@2", "two_a.h.2.5@2"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HELPERS)
def test_helpers_constants_have_names(files, case):
    texts, expected = HELPERS[case]
    found = files(texts).constants()
    assert set(found) == expected
    assert len({constant.symbol for constant in found.values()}) == len(found)


@pytest.mark.parametrize("case", HELPERS)
def test_all_modes_agree_on_helpers_constants(files, case):
    program = files(HELPERS[case][0]).program
    names = [constant.name for constant in ds.constants(program) if not constant.whole]
    compared = ds.check(program, 1.7, wrt=["x", *names], engine="python")
    assert compared.agree, str(compared)
    assert compared.wrt == ("x", *names)


@pytest.mark.parametrize("case", HELPERS)
def test_the_derivative_is_that_of_the_text(files, tmp_path, case):
    """The oracle changes the number in the file itself, and runs the changed program."""
    made = files(HELPERS[case][0])
    found = [c for c in ds.constants(made.program) if not c.whole and c.why not in (UNWRITABLE, DERIVED)]
    assert found
    slopes = ds.grad(made.program, [c.name for c in found], engine="python")(1.7)
    for constant, slope in zip(found, slopes, strict=True):
        step = 1e-5
        values = [_with(made, constant, float(constant.value) + sign * step) for sign in (1, -1)]
        assert slope == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6, abs=1e-6), constant.name


def _with(made, constant, value):
    (rewrite,) = rewritten([Change(constant, repr(value))])
    name = rewrite.file.removeprefix(f"{made.folder}/")
    before = made.text(name)
    (made.folder / name).write_text(edited(before, rewrite.edits))
    try:
        return made.run(1.7)
    finally:
        (made.folder / name).write_text(before)
        forget(made.folder)


def test_that_oracle_can_fail(files):
    made = files("def h(x): return 0.5 * x\ndef program(x): return h(x) + 1.5 * h(x)\n")
    first, second = ds.constants(made.program)
    slope = ds.grad(made.program, [first.name], engine="python")(1.7)[0]
    wrong = (_with(made, second, 1.5 + 1e-5) - _with(made, second, 1.5 - 1e-5)) / 2e-5
    assert slope != pytest.approx(wrong, rel=1e-6)


def test_what_others_are_computed_from_is_off(files):
    found = files(HELPERS["computed where it is imported"][0]).constants()
    assert {name: c.proposed for name, c in found.items()} == {"K": False, "J": True, "HALF": False}


def test_a_shared_helper_has_one_constant(files):
    made = files(
        "def h(x): return 0.3 * x\ndef g(x): return h(x)\ndef program(x): return h(x) + g(x) + h(h(x))\n"
    )
    assert list(made.constants()) == ["h.0.3@1"]
    assert ds.grad(made.program, "h.0.3@1", engine="python")(2.0) == pytest.approx(2 + 2 + 2 * 0.3 * 2)


def test_lifting_leaves_the_originals_alone(files):
    source = read_source(files(HELPERS["closure"][0]).program)
    before = source.function(1.7)
    new = lifted(source, find_constants(source))
    assert new.function(1.7) == before
    assert new.function(1.7, **dict.fromkeys(new.arguments[1:], 0.0)) == 0.0
    assert source.function(1.7) == before


def test_closure_cells_stay_live():
    def make():
        factor = 2.5 if sys else 0.0

        def program(x):
            return factor * x * 1.5

        def change(value):
            nonlocal factor
            factor = value

        return program, change

    program, change = make()
    new = lifted(read_source(program), pick(ds.constants(program), ["1.5@" + str(_line(program))]))
    change(10.0)
    assert new.function(1.0) == program(1.0) == 15.0


def _line(function):
    return function.__code__.co_firstlineno + 1


def test_a_program_that_calls_itself_passes_its_constants_on(files):
    source = read_source(files("def program(n): return 1.5 if n < 1 else 2.5 * program(n - 1)\n").program)
    new = lifted(source, pick(find_constants(source), ["1.5@1", "2.5@1"]))
    first, second = new.arguments[1:]
    assert new.function(3) == source.function(3) == 1.5 * 2.5**3
    assert new.function(3, **{first: 2.0, second: 0.5}) == 2.0 * 0.5**3


def test_a_whole_number_cannot_be_lifted(files):
    made = files("N = 3\ndef program(x):\n    for i in range(N): x = x * N\n    return x\n")
    with pytest.raises(UsageError, match="must stay a whole number"):
        ds.grad(made.program, "N", engine="python")(2.0)


def test_a_default_that_every_call_gives_is_off(files):
    found = files(
        "def h(x, k=1.5): return x * k\ndef program(x): return h(x, 2.5) + h(x, k=3.5)\n"
    ).constants()
    assert not found["h.k"].proposed
    assert found["h.k"].why == "every call gives this argument a value"


def test_helpers_of_packages_are_not_listed(files):
    text = "import statistics\nfrom numpy.linalg import norm\ndef program(x): return statistics.NormalDist and x * 1.5\n"
    assert list(files(text).constants()) == ["1.5@3"]


def test_fit_takes_all_that_is_proposed_and_those_asked_for(files):
    made = files({
        "main.py": "from lib_b import helper\ndef program(x, base=1.0): return helper(x) + base\n",
        "lib_b.py": "def helper(x): return 3.5 * x if x > 2 else 1.5 * x\n",
    })  # fmt: skip
    x = [0.5 + 0.1 * i for i in range(40)]
    table = {"x": x, "y": [4.0 * v + 0.5 if v > 2 else 2.0 * v + 0.5 for v in x]}
    done = ds.fit(made.program, table, "y")
    assert {name: round(done[name], 9) for name in done.solution.names} == {
        "base": 0.5, "helper.3.5@1": 4.0, "helper.1.5@1": 2.0,
    }  # fmt: skip
    one = ds.fit(made.program, table, "y", learn=["helper.3.5@1"])
    assert one.solution.names == ("helper.3.5@1",)


def test_native_code_takes_helpers_constants(files):
    program = files(HELPERS["module helper"][0]).program
    assert ds.check(program, 1.7, wrt=["helper.k", "helper.1.5@4", "W"]).agree


def test_the_command_lists_them_aligned_and_plain(files):
    program = files(HELPERS["other files"][0]).program
    result = CliRunner().invoke(app, ["constants", program])
    assert result.exit_code == 0, result.output
    head, *rows = result.output.splitlines()
    assert head.split() == ["learn", "name", "value", "place", "kind", "why"]
    assert len({row.index("cfg_a.py:") + len("cfg_a.py:") for row in rows if "cfg_a.py:1" in row}) == 1
    assert any("cfg_a.py:1" in row and row.startswith("yes") for row in rows)
    assert "\x1b" not in result.output
    starts = [head.index("kind"), head.index("why")]
    assert all(row[start - 1] == " " != row[start] for row in rows for start in starts)


@pytest.mark.parametrize(
    ("wrong", "right"), [("helper.kk", "helper.k"), ("helper.1.5@5", "helper.1.5@4"), ("w", "W")]
)
def test_an_unknown_name_gets_a_suggestion(files, wrong, right):
    program = files(HELPERS["module helper"][0]).program
    with pytest.raises(UsageError, match=f"no constant '{wrong}'") as caught:
        ds.grad(program, wrong)
    assert f"did you mean {right}?" in str(caught.value) or wrong == "w"
    assert "helper.lim" in str(caught.value)


def test_the_page_of_the_docs_is_true(files, monkeypatch):
    page = (Path(__file__).parent.parent / "docs" / "constants.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    others = dict(re.findall(r"# (\w+\.py): (.*)\n", code))
    bare = re.sub(r" +#.*", "", code)
    made = files({"main.py": "", "prog.py": bare, **{name: f"{text}\n" for name, text in others.items()}})
    monkeypatch.chdir(made.folder)
    command, expected = page.split("```\n$ ")[1].split("```")[0].split("\n", 1)
    result = CliRunner().invoke(app, command.split()[1:])
    assert result.output == expected
