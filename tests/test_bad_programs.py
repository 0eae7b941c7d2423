"""What a program may not contain: each construct is refused before anything runs, with place and advice."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import downslope as ds
from downslope.errors import UnsupportedError

IMPORTS = (
    "import math\nimport os\nimport random\n\nimport numpy as np\n\nLIMITS = [1.0, 2.0]\nNAMES = {'a': 1}\n\n"
)


@dataclass(frozen=True)
class Bad:
    """A program, and the text (or one of the texts) that the caret must point to."""

    name: str
    text: str
    place: str

    def __str__(self) -> str:
        return self.name


def body(name: str, statements: str, place: str, arguments: str = "x") -> Bad:
    """A program of these statements."""
    lines = "".join(f"    {line}\n" for line in statements.split("\n"))
    return Bad(name, f"def program({arguments}):\n{lines}", place)


# Python itself warns of `x is x` and of calling a lambda by mistake; here they are meant.
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")

BAD = (
    Bad("endless recursion", "def program(x):\n    return x * program(x / 2)\n", "def program(x):"),
    Bad(
        "endless mutual recursion",
        "def other(x):\n    return program(x - 1)\n\n\ndef program(x):\n    return other(x) if x > 0 else other(-x)\n",
        "def other(x):",
    ),
    Bad(
        "recursion with another form of result at each depth",
        "def deep(n):\n    return 1.0 if n < 2 else (n, deep(n - 1))\n\n\ndef program(x):\n    return x * deep(3)[0]\n",
        "return 1.0 if n < 2 else (n, deep(n - 1))",
    ),
    Bad("star arguments", "def program(*args):\n    return args\n", "args"),
    Bad("star keywords", "def program(x, **options):\n    return x\n", "options"),
    Bad("async", "async def program(x):\n    return x\n", "async def program(x):"),
    Bad("generator", "def program(x):\n    yield x\n", "def program(x):"),
    body("generator from", "yield from range(3)\nreturn x", "def program(x):"),
    body("nested recursion", "def inner(z):\n    return inner(z)\nreturn inner(x)", "def inner(z):"),
    body("try", "try:\n    y = 1 / x\nexcept ZeroDivisionError:\n    y = 0.0\nreturn y", "try:"),
    body("try finally", "try:\n    y = x\nfinally:\n    y = x\nreturn y", "try:"),
    body("with", "with open('f') as f:\n    y = x\nreturn y", "with open('f') as f:"),
    body("global", "global LIMITS\nreturn x", "global LIMITS"),
    body(
        "nonlocal",
        "y = x\ndef inner():\n    nonlocal y\n    y = y + 1\n    return y\nreturn inner() + y",
        "nonlocal y",
    ),
    body("del of a slice", "y = [x, x]\ndel y[1:]\nreturn x", "y[1:]"),
    body("import inside", "import math\nreturn math.sin(x)", "import math"),
    body("import from inside", "from math import sin\nreturn sin(x)", "from math import sin"),
    body("class", "class A:\n    pass\nreturn x", "class A:"),
    body("match", "match x:\n    case float():\n        return x\n    case _:\n        return -x", "match x:"),
    body("walrus", "return x if x < 0 else (y := x * 2) + y", "y := x * 2"),
    body("dict comprehension", "return {i: x for i in range(3)}[1]", "{i: x for i in range(3)}"),
    body("set comprehension", "return sum({x * i for i in range(3)})", "{x * i for i in range(3)}"),
    body("generator in a variable", "y = (x * i for i in range(3))\nreturn sum(y)", "(x * i for i in range(3))"),
    body("comprehension of tuples", "y = [(x, i) for i in range(3)]\nreturn x", "y = [(x, i) for i in range(3)]"),
    body("sorting a list", "y = [x, 1.0]\ny.sort()\nreturn y[0]", "y.sort()"),
    body("procedure as a value", "def none(v):\n    v = x\nreturn none(x) * x", "none(x)"),
    body("append as a value", "y = [x]\nreturn y.append(x) * x", "y.append(x)"),
    body("set", "y = {x}\nreturn x", "{x}"),
    body("index past the end", "y = (x, x)\nreturn y[2]", "y[2]"),
    body("index that varies", "y = (x, x)\nreturn y[int(x)]", "y[int(x)]"),
    body("index of a constant", "return LIMITS[0] * x", "LIMITS"),
    body("slice that varies", "y = (x, x)\nreturn sum(y[int(x):])", "y[int(x):]"),
    body("store to index", "LIMITS[0] = x\nreturn x", "LIMITS"),
    body("string arithmetic", "y = 'a' * 2\nreturn x", "y = 'a' * 2"),
    body("string as a number", "y = 'a'\nreturn x + y", "return x + y"),
    body("bytes", "y = b'a'\nreturn x", "b'a'"),
    body("none", "y = None\nreturn x * y", "return x * y"),
    body("ellipsis", "y = ...\nreturn x", "..."),
    body("f-string", "y = f'{x}'\nreturn x", "f'{x}'"),
    body("complex", "return x * 2j", "2j"),
    body("complex call", "return complex(x, 1)", "complex(x, 1)"),
    body("is", "return x if x is x else 1.0", "x is x"),
    body("in", "return x if x in (1.0, x) else 1.0", "x in (1.0, x)"),
    body("is an object", "return x if x is x + 1.0 else 1.0", "x is x + 1.0"),
    body("store to attribute", "np.answer = x\nreturn x", "np.answer"),
    body("print", "print(x)\nreturn x", "print(x)"),
    body("open", "return float(open('f').read()) + x", "open('f')"),
    body("input", "return x * float(input())", "input()"),
    body("random", "return x * random.random()", "random.random()"),
    body("system", "return x + os.getpid()", "os.getpid()"),
    body("eval", "return eval('x')", "eval('x')"),
    body("unknown function", "return unknown(x)", "unknown"),
    body("unknown name", "return x * unknown", "unknown"),
    body("unknown in module", "return math.sine(x)", "math.sine"),
    body("function without rule", "return np.unwrap(x)", "np.unwrap(x)"),
    body("function as value", "return math.sin", "math.sin"),
    body("helper as value", "f = math.sin\nreturn f(x)", "math.sin"),
    body("module as value", "return math * x", "math"),
    body("constant list", "return sum(LIMITS) * x", "LIMITS"),
    body("constant dict", "return NAMES * x", "NAMES"),
    body("lambda in a tuple", "f = (lambda z: z * z,)\nreturn f[0](x)", "lambda z: z * z"),
    body("lambda called", "return (lambda z: z * z)(x)", "lambda z: z * z"),
    body("lambda as argument", "return max(x, 1.0, key=lambda z: -z)", "lambda z: -z"),
    body("starred call", "return max(*LIMITS, x)", "*LIMITS"),
    body("double starred call", "return pow(x, **NAMES)", "NAMES"),
    body("star in a tuple", "t = (x, x)\na = (*t, x)\nreturn a[0]", "*t"),
    body("loop over a list", "s = x\nfor v in LIMITS:\n    s = s * v\nreturn s", "LIMITS"),
    body("loop over a set", "s = x\nfor v in {1.0, 2.0}:\n    s = s * v\nreturn s", "{1.0, 2.0}"),
    body("loop over enumerate", "for i, v in enumerate(LIMITS):\n    x = x * v\nreturn x", "LIMITS"),
    body("range as value", "r = range(3)\nreturn x", "range(3)"),
    body("async for", "s = x\nasync for v in x:\n    s = s\nreturn s", "async def program(x):"),
    body("decorated nested function", "@math.sin\ndef inner(z):\n    return z\nreturn inner(x)", "math.sin"),
    body("nested star arguments", "def inner(*z):\n    return x\nreturn inner(x)", "def inner(*z):"),
    body("unset variable", "if x > 0:\n    y = x\nreturn y", "y"),
    body("unset after loop", "for i in range(int(x)):\n    y = x\nreturn y", "y"),
    body("unset loop index", "for i in range(int(x)):\n    pass\nreturn x * i", "i"),
    body("unset after while", "while x > 3:\n    x = x / 2\n    y = x\nreturn y", "y"),
    body("unset in augmented", "y += x\nreturn y", "y"),
    body("read before set", "z = y\ny = x\nreturn z + y", "y"),
    body(
        "helper of either branch",
        "if x > 1:\n    def g(v):\n        return v\nelse:\n    def g(v):\n        return v * v\nreturn g(x)",
        "g(x)",
    ),
    body(
        "helper of one branch",
        "def g(v):\n    return v\nif x > 1:\n    def g(v):\n        return v * v\nreturn g(x)",
        "g(x)",
    ),
    body(
        "helper of the pass before",
        "def g(v):\n    return v\nfor i in range(3):\n    x = g(x)\n    def g(v):\n        return v * v\nreturn x",
        "g(x)",
    ),
    body(
        "helper of a loop after it",
        "def g(v):\n    return v\nfor i in range(int(x)):\n    def g(v):\n        return v * v\nreturn g(x)",
        "g(x)",
    ),
    body("unset in a helper", "k = x\ndef g(v):\n    t = k * v\n    k = t\n    return t\nreturn g(x)", "k"),
    body("helper before its variable", "def g(v):\n    return v * k\ny = g(x)\nk = x\nreturn y", "g"),
    body("helper of one path", "def g(v):\n    return v * k\nif x > 0:\n    k = x\nreturn g(x)", "g"),
    body(
        "helper before a helper's variable",
        "def g(v):\n    return h(v)\ndef h(v):\n    return v * k\ny = g(x)\nk = x\nreturn y",
        "g",
    ),
    body(
        "helper inside a helper",
        "def g(v):\n    def h(w):\n        return w * w\n    return h(v)\nreturn h(x) + g(x)",
        "h",
    ),
    body("no return", "y = x", "def program(x):"),
    body("return without value", "if x > 0:\n    return x\nreturn", "return"),
    body("return of none", "return None", "None"),
    body("falls off the end", "if x > 0:\n    return x", "def program(x):"),
    body("keyword of a function", "return np.maximum(x, 1.0, dtype=float)", "np.maximum(x, 1.0, dtype=float)"),
    body("expression statement", "x * 2\nreturn x", "x * 2"),
    body("await", "return await x", "async def program(x):"),
)  # fmt: skip
ASYNC = {"async for", "await"}


def written(bad: Bad, folder: Path) -> str:
    """The program in a file, as `file.py:function`."""
    text = f"async {bad.text}" if bad.name in ASYNC else bad.text
    file = folder / "bad.py"
    file.write_text(IMPORTS + text)
    return f"{file}:program"


def refused(program: str) -> UnsupportedError:
    """The error that reading a program gives."""
    with pytest.raises(UnsupportedError) as caught:
        ds.derivative(program, 0, "reverse", engine="python")
    return caught.value


def underlined(message: str) -> list[str]:
    """The source texts that the carets of a message point to."""
    lines = message.splitlines()
    spans = [(i, re.search(r"\^+", line)) for i, line in enumerate(lines) if re.fullmatch(r" *\| +\^+", line)]
    return [lines[i - 1][found.start() : found.end()] for i, found in spans if found]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_refused_with_place_and_advice(bad: Bad, tmp_path: Path) -> None:
    error = refused(written(bad, tmp_path))
    message = str(error)
    assert error.exit_code == 3
    assert bad.place in underlined(message), message
    for problem in error.problems:
        assert problem.loc is not None, message
        assert problem.loc.line > IMPORTS.count("\n"), message
        assert problem.loc.file == str(tmp_path / "bad.py")
        assert problem.why, message
        assert problem.fix, message
    for part in (f"{tmp_path / 'bad.py'}:", "  why: ", "  fix: "):
        assert message.count(part) >= len(error.problems)


@pytest.mark.parametrize("good", ["return x", "y = 2 * x\nreturn math.sin(y)"])
def test_what_is_supported_is_not_refused(good: str, tmp_path: Path) -> None:
    ds.derivative(written(body("good", good, ""), tmp_path), 0, engine="python")
    with pytest.raises(pytest.fail.Exception):
        refused(written(body("good", good, ""), tmp_path))


def test_every_place_is_reported_at_once(tmp_path: Path) -> None:
    text = """def helper(z):
    y = {z}
    return z

def program(x):
    print(x)
    try:
        y = x
    except ValueError:
        y = 1.0
    y = unknown(y) + LIMITS[0]
    return helper(x) * y
"""
    message = str(refused(written(Bad("many", text, ""), tmp_path)))
    found = underlined(message)
    for place in ("{z}", "print(x)", "try:", "unknown", "LIMITS"):
        assert place in found, message
    assert message.count("why:") == message.count("fix:") == len(found) == 5


def test_nothing_runs_before_a_program_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    bad = body("writes", f"open({str(marker)!r}, 'w').close()\nreturn x", "")
    refused(written(bad, tmp_path))
    assert not marker.exists()


def test_the_constructs_are_many() -> None:
    assert len({bad.name for bad in BAD}) == len(BAD) >= 60
