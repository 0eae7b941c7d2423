"""An exported file computes what downslope computes, in a process that has no downslope."""

import json
import math
import subprocess
import sys

import numba
import numpy as np
import pytest

import downslope as ds
from command import downslope
from downslope.calculus.program import program
from downslope.errors import UnsupportedError, UsageError, WriteError
from downslope.interop.export import exported
from files import Files
from zoo import ZOO

SMALL = [one for one in ZOO if one.wrt and program(one.program, one.wrt)[0].function.scalar]
COMPILED = [one for one in SMALL if one.name != "mutual_recursion"][:: max(1, len(SMALL) // 12)]
MAIN = """
import math

RATE = 0.4


def program(x, n, size=2.0, *, shift=1.0):
    maximum = max(x, 0.5)
    total = 0.0
    for k in range(n):
        total += size * math.exp(-RATE * k) / (shift + math.tanh(maximum * k))
    while total > 3.0:
        total = total / 2.0
    return total + math.sqrt(maximum)
"""
WRT = ["x", "size", "RATE", "shift"]


def loaded(text):
    scope = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), scope)
    return scope


def agree(one, text, scale=1.0):
    """Value and gradient of an export against ours."""
    value, slopes = ds.value_and_grad(one.program, one.wrt, engine="python")(*one.args)
    name = program(one.program, one.wrt)[0].source.name
    found, gradient = loaded(text)[f"{name}_value_and_gradient"](*one.args)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    np.testing.assert_allclose(np.multiply(scale, gradient), slopes, rtol=1e-9, atol=1e-12)
    assert scale == 1.0 or not any(slopes) or math.isinf(sum(slopes))


@pytest.mark.filterwarnings("ignore::downslope.errors.DownslopeWarning")
@pytest.mark.parametrize("one", SMALL, ids=str)
def test_every_specimen_exports(one):
    agree(one, exported(one.program, one.wrt).text())


@pytest.mark.filterwarnings("ignore::downslope.errors.DownslopeWarning")
@pytest.mark.parametrize("one", COMPILED, ids=str)
def test_specimens_export_for_numba(one):
    agree(one, exported(one.program, one.wrt, numba=True).text())


def test_mutual_recursion_is_not_exported_for_numba():
    (one,) = (one for one in SMALL if one.name == "mutual_recursion")
    with pytest.raises(UnsupportedError, match="through another function"):
        exported(one.program, one.wrt, numba=True)


def test_the_check_can_fail():
    one = SMALL[0]
    with pytest.raises(AssertionError):
        agree(one, exported(one.program, one.wrt).text(), scale=1.001)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path / "src", {"main.py": MAIN})


CLEAN = """
import json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("downslope", "scipy", %s):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, sys.argv[1])
import slopes
value, gradient = slopes.program_value_and_gradient(0.7, 4, 2.5)
print(json.dumps([value, *gradient, slopes.program(0.7, 4, 2.5), *slopes.program_gradient(0.7, 4, 2.5)]))
"""


@pytest.mark.parametrize("compiled", [False, True])
def test_the_file_runs_where_there_is_no_downslope(files, tmp_path, compiled):
    ds.export(files.program, WRT, tmp_path / "slopes.py", numba=compiled)
    refused = '"none"' if compiled else '"numba"'
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", CLEAN % refused, str(tmp_path)],
        capture_output=True, text=True, timeout=300, check=True, env={"NUMBA_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    value, gradient = ds.value_and_grad(files.program, WRT)(0.7, 4, 2.5)
    np.testing.assert_allclose(json.loads(run.stdout), [value, *gradient] * 2, rtol=1e-12)


def test_it_raises_where_the_program_raises(tmp_path):
    files = Files(
        tmp_path, {"main.py": "import math\n\n\ndef program(x):\n    return min(1.0 / x, math.log(x))\n"}
    )
    made = loaded(exported(files.program).text())
    with pytest.raises(ZeroDivisionError):
        made["program_gradient"](0.0)
    with pytest.raises(ValueError, match="math domain error"):
        made["program_value_and_gradient"](-1.0)
    with pytest.raises(ZeroDivisionError):
        loaded(exported(files.program, numba=True).text())["program"](0.0)


def test_a_slope_may_be_infinite(tmp_path):
    files = Files(
        tmp_path,
        {"main.py": "import math\n\n\ndef program(x):\n    return math.sqrt(x) + 1e300 ** (x / 2)\n"},
    )
    assert loaded(exported(files.program).text())["program_gradient"](0.0) == (math.inf,)


def test_names_of_helpers_may_be_names_of_the_program(tmp_path):
    text = (
        "import math\n\n\ndef program(expit, mul0):\n    return math.tanh(expit) * mul0 + max(expit, mul0)\n"
    )
    files = Files(tmp_path, {"main.py": text})
    expected = ((1 / math.cosh(0.3) ** 2 * 2.0), math.tanh(0.3) + 1.0)
    made = exported(files.program, [0, 1])
    np.testing.assert_allclose(loaded(made.text())["program_gradient"](0.3, 2.0), expected, rtol=1e-14)
    np.testing.assert_allclose(ds.numba_gradient(files.program, [0, 1])(0.3, 2.0)[1], expected, rtol=1e-14)


def test_the_text_says_how_it_was_made(files, tmp_path):
    ds.export(files.program, WRT, tmp_path / "slopes.py")
    text = (tmp_path / "slopes.py").read_text()
    assert "by x, size, RATE, shift" in text
    assert "from main.py" in text
    assert "# 10:" in text  # the user's line
    assert str(tmp_path) not in text
    assert "def program_gradient(x, n, size=2.0, shift=1.0, RATE=0.4):" in text
    ds.export(files.program, WRT, tmp_path / "slopes.py")
    assert (tmp_path / "slopes.py").read_text() == text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["slopes.py", "src"]


def test_a_bad_place(files, tmp_path):
    with pytest.raises(UsageError, match="no place"):
        ds.export(files.program, "x", tmp_path / "slopes.txt")
    with pytest.raises(UsageError, match="the program itself"):
        ds.export(files.program, "x", files.folder / "main.py")
    with pytest.raises(WriteError):
        ds.export(files.program, "x", tmp_path / "no" / "slopes.py")
    assert files.text() == MAIN


def test_what_cannot_be_exported(tmp_path):
    texts = {
        "arrays": "def program(a):\n    return a[0] * a[1]\n",
        "several": "def program(x):\n    return x, x * x\n",
        "special": "from scipy.special import digamma\n\n\ndef program(x):\n    return digamma(x)\n",
    }
    made = {name: Files(tmp_path / name, {"main.py": text}).program for name, text in texts.items()}
    with pytest.raises(UnsupportedError, match="takes arrays"):
        exported(made["arrays"])
    with pytest.raises(UsageError, match="returns 2 numbers"):
        exported(made["several"])
    with pytest.raises(UnsupportedError, match="for Numba"):
        exported(made["special"], numba=True).text()
    slope = loaded(exported(made["special"]).text())["program_gradient"](2.0)
    assert slope == pytest.approx((math.pi**2 / 6 - 1,), rel=1e-12)


def test_a_numba_gradient_inside_compiled_code(files):
    slope = ds.numba_gradient(files.program, WRT)

    @numba.njit
    def total(xs):
        found = 0.0
        for x in xs:
            value, slopes = slope(x, 4, 2.5, 1.0, 0.4)
            found += value + slopes[0] - slopes[3]
        return found

    xs = np.linspace(0.6, 1.5, 7)
    ours = ds.value_and_grad(files.program, WRT)
    expected = sum(v + g[0] - g[3] for v, g in (ours(x, 4, 2.5) for x in xs))
    assert total(xs) == pytest.approx(expected, rel=1e-12)


def test_many_inputs_take_the_reverse_sweep(tmp_path):
    names = [f"x{i}" for i in range(20)]
    body = "".join(f"        total += {name} * {i} * total / 50.0\n" for i, name in enumerate(names))
    text = (
        f"def program({', '.join(names)}):\n    total = 1.0\n    for k in range(3):\n{body}    return total\n"
    )
    files = Files(tmp_path, {"main.py": text})
    args = np.linspace(0.1, 0.9, 20).tolist()
    expected = ds.derivative(files.program, names, "dual")(*args)
    for compiled in (False, True):
        made = exported(files.program, names, numba=compiled)
        assert "_bar" in made.text()
        np.testing.assert_allclose(loaded(made.text())["program_gradient"](*args), expected, rtol=1e-12)
    np.testing.assert_allclose(ds.numba_gradient(files.program, names)(*args)[1], expected, rtol=1e-12)


def test_the_command_writes_the_file(files, tmp_path):
    done = downslope("export", files.program, "--wrt", "x", "--out", "slopes.py", folder=tmp_path)
    assert (done.code, done.out, done.err) == (0, "wrote slopes.py\n", "")
    assert (tmp_path / "slopes.py").read_text() == exported(files.program, ["x"]).text()
    wrong = downslope("export", files.program, "--wrt", "y", "--out", "other.py", folder=tmp_path)
    assert wrong.code == 2
    assert "has no constant 'y'" in wrong.err
    assert not (tmp_path / "other.py").exists()
