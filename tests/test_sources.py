"""A function is read wherever it was written: file, notebook, prompt, doctest, and behind its wrappings."""

import functools
import importlib
import itertools
import linecache
import math
import os
import pty
import re
import select
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass

import numba
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import downslope as ds
from downslope.errors import DownslopeWarning, SourceUnavailable, StaleSource, UnsupportedError
from downslope.read.source import read_source

MODES = ("auto", "numeric", "dual", "formal", "forward", "reverse")


def f(x: float) -> float:
    return 3 * x**2


def scaled(a: float, x: float, k: float = 1.0) -> float:
    return a * x**2 * k


class Rated:
    """A callable object with methods that use each other."""

    rate = 3.0

    def __init__(self) -> None:
        self.factor = 1.0

    def __call__(self, x: float) -> float:
        return self.rate * x**2 * self.factor

    def method(self, x: float) -> float:
        return self.helper(x) * self.factor

    def helper(self, x: float) -> float:
        return math.log(math.exp(self.rate * x * x / 10)) * 10

    @staticmethod
    def static(x: float) -> float:
        return 3 * x**2

    @classmethod
    def of_class(cls, x: float) -> float:
        return cls.rate * x**2

    def stateful(self, x: float) -> float:
        self.factor = x
        return x

    @property
    def computed(self) -> float:
        return 3.0

    def reads_property(self, x: float) -> float:
        return self.computed * x


@dataclass(frozen=True, slots=True)
class Slotted:
    rate: float = 3.0

    def __call__(self, x: float) -> float:
        def inner(z: float) -> float:
            return self.rate * z * z

        return inner(x)


rated = Rated()


@numba.njit
def numbas(x):
    return 3 * x**2


@functools.lru_cache
def cached(x):
    return 3 * x**2


def passing(function):
    @functools.wraps(function)
    def wrapper(*args, **options):
        return function(*args, **options)

    return wrapper


def half_more(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x) * 1.5

    return wrapper


@passing
def wrapped(x):
    return 3 * x**2


@half_more
def decorated(x):
    return 2 * x**2


several_on_one_line = [lambda x: x, lambda x: 3 * x**2, lambda x: x**3]


def itself(function):
    return function


# fmt: off
on_several_lines = itself(
    lambda x:
        3 *
        x**2
)
# fmt: on


def uses_objects(x: float) -> float:
    return rated.method(x) / 2 + partial(x) / 4 + rated(x) / 4


partial = functools.partial(scaled, 3.0)
PROGRAMS = {
    "function": f,
    "lambda in a list": several_on_one_line[1],
    "lambda on several lines": on_several_lines,
    "lambda as an argument": itself(lambda x: 3 * x**2),
    "partial": partial,
    "partial with a keyword": functools.partial(scaled, 3.0, k=1.0),
    "partial of a partial": functools.partial(functools.partial(scaled, 3.0), k=1),
    "partial of a method": functools.partial(rated.method),
    "callable object": rated,
    "object with slots": Slotted(),
    "bound method": rated.method,
    "static method": Rated.static,
    "class method": Rated.of_class,
    "numba": numbas,
    "cache": cached,
    "decorated": decorated,
    "helpers that are objects": uses_objects,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_all_modes_agree_wherever_a_function_is_from(name, mode):
    assert ds.derivative(PROGRAMS[name], mode=mode, engine="python")(4.0) == pytest.approx(24.0, rel=1e-9)


def test_arguments_that_are_given_are_no_inputs():
    assert read_source(partial).arguments == ("x", "k")
    assert ds.grad(partial, ("x", "k"), engine="python")(4.0) == (24.0, 48.0)
    assert ds.grad(functools.partial(scaled, k=2.0), ("a", "k"), engine="python")(3.0, 4.0) == (32.0, 48.0)
    assert ds.grad(functools.partial(scaled, 3.0, k=2.0), engine="python")(4.0, k=1.0) == 24.0
    assert ds.grad(functools.partial(scaled, 3.0), ("x", "k"), engine="python")(4.0, k=2.0) == (48.0, 48.0)


def test_what_an_object_hides_is_refused():
    with pytest.raises(UnsupportedError, match=r"self\.factor"):
        ds.grad(rated.stateful)
    with pytest.raises(UnsupportedError, match=r"'self\.computed' is a property"):
        ds.grad(rated.reads_property)
    with pytest.raises(UnsupportedError, match="is not a Python function"):
        ds.grad(math.factorial)
    with pytest.raises(UnsupportedError, match="is not a Python function"):
        ds.grad(Rated)


@pytest.mark.parametrize(
    ("function", "args", "slope"),
    [
        (math.sin, (0.0,), 1.0), (np.sin, (0.0,), 1.0), (abs, (-2.0,), -1.0), (math.log, (2.0,), 0.5),
        (math.hypot, (3.0, 4.0), 0.6), (max, (3.0, 2.0), 1.0), (np.maximum, (1.0, 2.0), 0.0), (pow, (3.0, 2.0), 6.0),
        (np.clip, (1.0, 0.0, 3.0), 1.0), (math.atan2, (0.0, 2.0), 0.5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", MODES)
def test_functions_of_the_rule_table_are_programs(function, args, slope, mode):
    assert ds.derivative(function, mode=mode, engine="python")(*args) == pytest.approx(slope, abs=1e-9)


# ---- without source -------------------------------------------------------------------------------


def made_by_exec(text="def f(x, y=1.0):\n    return 3 * x**2 * y\n"):
    scope = {}
    exec(text, scope)
    return scope["f"]


def test_one_notice_per_function_and_then_dual_numbers():
    function = made_by_exec()
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always")
        assert ds.grad(function)(4.0) == 24.0
        assert ds.value_and_grad(function)(4.0) == (48.0, 24.0)
        assert ds.grad(function, ("x", "y"))(4.0) == (24.0, 48.0)
        assert ds.jacobian(function, (0, 1))(4.0).tolist() == [[24.0, 48.0]]
        assert ds.hessian(function, (0, 1))(4.0).tolist() == [[6.0, 24.0], [24.0, 0.0]]
        assert ds.grad(ds.grad(ds.grad(function)))(4.0) == 0.0
        assert ds.grad(ds.grad(function))(4.0) == 6.0
        assert ds.derivative(ds.grad(function), mode="numeric")(4.0) == pytest.approx(6.0)
        assert ds.jacobian(ds.grad(function, (0, 1)), (0, 1))(4.0).tolist() == [[6.0, 24.0], [24.0, 0.0]]
        assert ds.hessian(ds.grad(function))(4.0).tolist() == [[0.0]]
    assert len(notices) == 1
    assert re.search("no source text.*dual numbers.*slower", str(notices[0].message))
    assert notices[0].category is DownslopeWarning
    assert notices[0].filename == __file__  # at the user's line, not ours


def test_modes_that_need_source_say_so():
    for mode in ("formal", "forward", "reverse"):
        with pytest.raises(SourceUnavailable, match="has no source text"):
            ds.derivative(made_by_exec(), mode=mode)
    assert ds.derivative(made_by_exec(), mode="numeric")(4.0) == pytest.approx(24.0)
    assert ds.derivative(made_by_exec(), mode="dual")(4) == 24.0


def test_a_decorator_that_takes_anything_is_run_not_read():
    with pytest.warns(DownslopeWarning, match="wrapped by a decorator"):
        assert ds.grad(wrapped)(4.0) == 24.0
    with pytest.raises(UnsupportedError, match="the helper wrapped cannot be read"):
        ds.grad(lambda x: wrapped(x))


def test_a_file_that_changed_is_noticed(tmp_path, monkeypatch):
    file = tmp_path / "changing.py"
    file.write_text("def g(x):\n    return x * 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("changing")
    assert ds.grad(module.g, engine="python")(1.0) == 2.0
    file.write_text("# new\ndef g(x):\n    return x * 3\n")
    os.utime(file, (time.time() + 5,) * 2)
    with pytest.raises(StaleSource, match="has changed since it was loaded"):
        ds.grad(module.g)
    file.unlink()
    with pytest.warns(DownslopeWarning, match="no source text"):
        assert ds.grad(module.g)(1.0) == 2.0
    sys.modules.pop("changing")


def with_assert(x: float) -> float:
    assert x > 0, "positive"
    return x * x


def test_a_program_with_assert_in_a_test_file_is_read():
    assert ds.grad(with_assert, engine="python")(3.0) == 6.0


# ---- notebook -------------------------------------------------------------------------------------


@pytest.fixture
def shell():
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_a_notebook_cell(shell):
    cells = [
        "import downslope as ds\nRATE = 3\ndef f(x):\n    return RATE * x**2",
        f"agree = [ds.derivative(f, mode=m, engine='python')(4.0) for m in {MODES}]",
        "def f(x):\n    return 5 * x**2",
        "redefined = ds.grad(f, engine='python')(4.0)",
        "pair = ds.grad(lambda x: 3 * x**2, engine='python')(4.0), ds.grad(lambda x: x**3, engine='python')(2.0)",
    ]
    for cell in cells:
        assert shell.run_cell(cell).success, cell
    assert shell.user_ns["agree"] == pytest.approx([24.0] * len(MODES))
    assert shell.user_ns["redefined"] == 40.0
    assert shell.user_ns["pair"] == (24.0, 12.0)


# ---- prompt ---------------------------------------------------------------------------------------


def at_the_prompt(lines, *options):
    """What `python -i` prints for lines typed at a terminal."""
    master, slave = pty.openpty()
    environment = os.environ | {
        "TERM": "dumb",
        "PYTHON_BASIC_REPL": "1",
        "PYTHONSTARTUP": "",
        "HOME": "/nonexistent",
    }
    process = subprocess.Popen(
        [sys.executable, "-i", *options],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        close_fds=True,
    )
    os.close(slave)
    shown = b""
    for line in itertools.chain(lines, ["exit()"]):
        prompted(master)
        os.write(master, line.encode() + b"\n")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            chunk = os.read(master, 4096)
        except OSError:  # the terminal is closed
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait(60) == 0
    os.close(master)
    return shown.decode()


def prompted(master):
    """Wait until the terminal has something to read: what is typed ahead of the prompt is kept."""
    select.select([], [master], [], 10)


TYPED = [
    "import downslope as ds",
    "def f(x):",
    "    s = 3",
    "    return s * x**2",
    "",
    "ds.derivative(f, mode='reverse', engine='python')(4.0) + 0.125",
    "g = lambda x: x**3",
    "ds.derivative(g, mode='forward', engine='python')(2.0) + 0.25",
    "ds.check(f, 4.0, engine='python').agree",
]


def test_the_interactive_prompt():
    shown = at_the_prompt(["import readline", *TYPED])
    assert re.search(r"^24\.125\r?$", shown, re.M), shown
    assert re.search(r"^12\.25\r?$", shown, re.M), shown
    assert re.search(r"^True\r?$", shown, re.M), shown


def test_the_prompt_without_history_uses_dual_numbers():
    code = "import sys, downslope as ds\nsys.modules.pop('readline', None)\nexec('def f(x): return 3*x**2')\nprint(ds.grad(f)(4.0))\n"
    done = subprocess.run(
        [sys.executable, "-"], input=code, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "24.0\n"
    assert done.stderr.count("dual numbers") == 1


def test_a_prompt_that_keeps_its_text():
    """Python 3.13 keeps each entry of the prompt in linecache under a name of its own."""
    text = "def f(x):\n    return 3 * x**2\n"
    name = "<python-input-7>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope = {}
    exec(compile(text, name, "single"), scope)
    assert ds.derivative(scope["f"], mode="reverse", engine="python")(4.0) == 24.0


def test_python_c():
    code = "import downslope as ds\ndef f(x): return 3*x**2\nprint(ds.grad(f)(4.0), ds.grad(f, 'x')(4.0))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "24.0 (24.0,)\n" or done.stdout == "24.0 24.0\n"
    kept = sys.version_info >= (3, 13)  # since then python -c keeps its text
    assert done.stderr.count("dual numbers") == (0 if kept else 1), done.stderr


def test_a_doctest(tmp_path):
    file = tmp_path / "documented.py"
    file.write_text(
        '"""\n>>> import downslope as ds\n>>> def f(x):\n...     return 3 * x**2\n'
        ">>> ds.derivative(f, mode='reverse', engine='python')(4.0)\n24.0\n\"\"\"\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "doctest", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout
