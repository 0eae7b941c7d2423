"""Arrays that a program or a call may not have: refused at their place, before any number comes out."""

import linecache
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.errors import ProgramError, UnsupportedError, UsageError
from downslope.modes.dual import dual_element

HEAD = "import math\n\nimport numpy as np\n\n\n"
A, M = np.array([0.3, 0.5, 0.7]), np.arange(6.0).reshape(2, 3)
_LOADED = count()


def loaded(body: str, arguments: str = "a") -> Callable[..., Any]:
    """A program of these lines."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    text = f"{HEAD}def program({arguments}):\n{lines}"
    file = f"<bad array {next(_LOADED)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "bad"}
    exec(compile(text, file, "exec"), scope)
    program: Callable[..., Any] = scope["program"]
    return program


REFUSED = {
    "floats as indices": ("return np.sum(a[a])", "a[a]"),
    "sum of truth values": ("m = (a > 0.4) - (a > 0.6)\nreturn np.sum(a[m])", "(a > 0.4) - (a > 0.6)"),
    "other truth value of a number": ("return a[0] * ~(a[0] > 0.4)", "~(a[0] > 0.4)"),
    "store at places it holds": ("k = np.array([1, 0])\nk[k] = 1\nreturn a[k[0]]", "k[k] = 1"),
    "too many indices": ("return a[0, 1]", "a[0, 1]"),
    "float index": ("return a[0.5]", "a[0.5]"),
    "float index of a variable": ("k = a[0] * 2\nreturn a[k]", "a[k]"),
    "step that varies": ("k = len(a)\nreturn np.sum(a[::k])", "a[::k]"),
    "no function for it": ("b = np.unique(a)\nreturn b[0]", "np.unique(a)"),
    "unknown method": ("return a.byteswap()[0]", "a.byteswap"),
    "unknown attribute": ("return a.strides[0]", "a.strides"),
    "float32 inside": (
        "b = np.zeros(3, dtype=np.float32)\nreturn b[0] + a[0]",
        "np.zeros(3, dtype=np.float32)",
    ),
    "rows of different lengths": (
        "b = np.array([[a[0]], [1.0, 2.0]])\nreturn b[0, 0]",
        "np.array([[a[0]], [1.0, 2.0]])",
    ),
    "array as a condition": ("if a > 0:\n    return a[0]\nreturn a[1]", "if a > 0:"),
    "array in math": ("return np.sum(math.sin(a[:2]))", "math.sin(a[:2])"),
    "float into whole numbers": ("n = np.zeros(3, dtype=int)\nn += a\nreturn n[0] * a[0]", "n += a"),
    "chosen and stored into at once": (
        "b = a * 2\nc = a if a[0] > 0.4 else b\nc[0] = 1.0\n(a if a[1] > 0.4 else c)[1] = a[0]\nreturn np.sum(a * b)",
        "(a if a[1] > 0.4 else c)[1] = a[0]",
    ),
    "list of arrays": ("b = []\nb.append(a)\nreturn b[0][0]", "b.append(a)"),
    "list with several indices": ("b = list(a)\nreturn b[0, 1]", "b[0, 1]"),
    "store into a slice of a list": ("b = list(a)\nb[1:] = a[1:]\nreturn b[0]", None),
    "list that grows under a loop": (
        "b = list(a)\nfor v in b:\n    b.append(v)\nreturn b[0]",
        "for v in b:",
    ),
    "list or number": ("b = list(a)\nif a[0] > 0:\n    b = 1.0\nreturn b * a[0]", None),
    "wrong axis": ("return np.sum(np.flip(a, axis=1))", "np.flip(a, axis=1)"),
    "axis that is not known": ("k = len(a) - 3\nreturn np.sum(np.cumsum(a, axis=k))", "np.cumsum(a, axis=k)"),
    "store through a stretched view": (
        "b = np.broadcast_to(a, (2, 3))\nb[0, 0] = 1.0\nreturn np.sum(b)",
        "b[0, 0] = 1.0",
    ),
    "store into a diagonal": (
        "m = np.outer(a, a)\nd = np.diagonal(m)\nd[0] = 1.0\nreturn np.sum(m)",
        "d[0] = 1.0",
    ),
    "store through what may be a copy": (
        "m = np.outer(a, a) + 0.0\nt = m.T\nf = t.reshape(-1)\nf[0] = 1.0\nreturn np.sum(m)",
        "f[0] = 1.0",
    ),
    "mode of padding": ("return np.sum(np.pad(a, 1, mode='linear'))", "np.pad(a, 1, mode='linear')"),
    "array of another rank": ("b = a\nfor i in range(2):\n    b = b[None, :] * a\nreturn np.sum(b)", None),
    "array after a loop that may not run": (
        "for i in range(len(a)):\n    t = a * 2.0\nreturn np.sum(t)",
        "t)",
    ),
    "array or number": ("if a[0] > 0:\n    b = a\nelse:\n    b = 1.0\nreturn np.sum(b)", "b"),
    "store into what may be another": (
        "b = a\nfor i in range(2):\n    b = b * 2.0\nb[0] = 1.0\nreturn a[0] * b[1]",
        "b[0] = 1.0",
    ),
    "store into what a loop goes over or makes": (
        "s = 0.0\nfor v in a:\n    if v > 0.4:\n        a = a * 2.0\n    a[2] = s\n    s += v\nreturn s",
        "for v in a:",
    ),
    "changes while it is computed": (
        "def bump():\n    a[0] = a[0] * 2.0\n    return a[0]\nb = a * 2.0 + bump()\nreturn b[0]",
        "b = a * 2.0 + bump()",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_its_place(name: str) -> None:
    body, place = REFUSED[name]
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(loaded(body), engine="python")(A)
    message = str(caught.value)
    assert "why:" in message, message
    assert "fix:" in message, message
    if place is not None:
        line, carets = message.splitlines()[1:3]
        start = carets.index("^")
        assert line[start:].startswith(place.splitlines()[0][:4]) or place in line, message


RAISING = {
    "index past the end": ("return a[3] * 2.0", "IndexError"),
    "index before the start": ("return a[-4] * 2.0", "IndexError"),
    "index of a loop": ("s = 0.0\nfor i in range(4):\n    s += a[i]\nreturn s", "IndexError"),
    "store past the end": ("for i in range(3):\n    a[i + 1] = a[i]\nreturn a[0]", "IndexError"),
    "shapes that do not broadcast": ("return np.sum(a[1:] * a)", "ValueError"),
    "store of another length": ("a[1:] = a\nreturn a[0]", "ValueError"),
    "maximum of nothing": ("return np.max(a[3:]) + a[0]", "ValueError"),
    "negative length": ("n = len(a) - 5\nb = np.zeros(n)\nreturn np.sum(b) + a[0]", "ValueError"),
}


@pytest.mark.parametrize("name", RAISING)
@pytest.mark.parametrize("engine", ["python", "native"])
def test_raises_what_the_program_raises(name: str, engine: Any) -> None:
    body, error = RAISING[name]
    with pytest.raises(ProgramError, match=error):
        ds.grad(loaded(body), engine=engine)(A)


RAISING_TOO = {
    "index array past the end": ("k = np.array([0, 3])\nreturn np.sum(a[k])", "IndexError"),
    "index array before the start": ("k = np.array([0, -4])\na[k] = 1.0\nreturn np.sum(a)", "IndexError"),
    "mask of another length": ("m = a[1:] > 0.4\nreturn np.sum(a[m])", "IndexError"),
    "too many values for a mask": ("a[a > 0.4] = a\nreturn np.sum(a)", "ValueError"),
    "values that do not fit a scatter": ("a[[0, 1]] = a\nreturn np.sum(a)", "ValueError"),
    "shape with another number of elements": ("return np.sum(a.reshape(2, 2))", "ValueError"),
    "length left open that does not come out": ("return np.sum(a.reshape(-1, 2))", "ValueError"),
    "unequal parts": ("b, c = np.split(a, 2)\nreturn np.sum(b * c)", "ValueError"),
    "joined rows of other lengths": ("return np.sum(np.stack((a, a[1:])))", "ValueError"),
    "squeeze of a longer axis": ("return np.squeeze(a, axis=0) * 1.0", "ValueError"),
    "place of the largest of nothing": ("return a[np.argmax(a[3:])]", "ValueError"),
    "negative padding": ("n = len(a) - 4\nreturn np.sum(np.pad(a, n))", "ValueError"),
    "negative whole numbers counted": (
        "k = np.array([0, -1, 1])\nreturn np.sum(np.bincount(k, a))",
        "ValueError",
    ),
    "quantile outside": ("return np.quantile(a, 1.5)", "ValueError"),
    "bins that rise and fall": ("return a[0] * np.digitize(a[0], np.array([0.1, 0.5, 0.2]))", "ValueError"),
}


@pytest.mark.parametrize("name", RAISING_TOO)
def test_raises_what_the_program_raises_in_python(name: str) -> None:
    """Calls that are programs of ours; that native code raises as well is shown by those above."""
    body, error = RAISING_TOO[name]
    with pytest.raises(ProgramError, match=error):
        ds.grad(loaded(body), engine="python")(A)


STRETCHED = {
    "formula": "return np.sum(np.exp(a) * b + b)",
    "store": "c = np.zeros((2, 3))\nc[:] = a\nc += b\nreturn np.sum(c * c * a)",
    "choice": "return np.sum(np.where(a > b, a * b, a))",
    "mask": "return np.sum(a[a > 0.6] * np.sum(b)) + np.mean(a - b)",
    "index arrays": "return np.sum(a[np.arange(len(a))] * b[[0, -1]])",
}


@pytest.mark.parametrize("engine", ["python", "native"])
@pytest.mark.parametrize("name", STRETCHED)
def test_an_axis_that_happens_to_have_length_one_is_stretched(name: str, engine: Any) -> None:
    """Which axes have length 1 is known when the program is called: dual numbers run it as it is."""
    if engine == "native" and name != "formula":  # one compilation is enough
        engine = "python"
    program = loaded(STRETCHED[name], "a, b")
    gradient = ds.grad(program, (0, 1), engine=engine)
    grid = np.array([[0.3, 0.5, 0.7], [1.1, 0.2, 0.9]])
    for a, b in ((grid, grid[:1]), (grid[:1], grid), (grid[:, :1], grid[:1]), (grid, grid)):
        found = gradient(a, b)
        for position, slope in enumerate(found):
            for place in np.ndindex(slope.shape):
                right = dual_element(program, (a.copy(), b.copy()), position, place)[1]
                assert abs(slope[place] - float(right)) < 1e-12


def test_lengths_that_neither_fit_nor_stretch() -> None:
    program = loaded("return np.sum(a * b)", "a, b")
    with pytest.raises(ProgramError, match="ValueError"):
        ds.grad(program, (0, 1), engine="python")(A, A[:2])
    growing = loaded("for i in range(2):\n    a = a * b\nreturn np.sum(a)", "a, b")
    for _ in range(2):
        with pytest.raises(UnsupportedError, match="lengths differ"):
            ds.grad(growing, (0, 1), engine="python")(A[:1], A)


def test_arguments_that_share_memory() -> None:
    program = loaded("a[0] = b[1]\nreturn a[0] * b[0]", "a, b")
    for other in (A, A[::-1]):
        with pytest.raises(UsageError, match="share memory"):
            ds.grad(program, (0, 1), engine="python")(A, other)
    reading = loaded("return a[0] * b[1]", "a, b")
    assert ds.grad(reading, (0, 1), engine="python")(A, A)[0].tolist() == [0.5, 0.0, 0.0]


@pytest.mark.parametrize(
    "value",
    [np.array(["x"]), np.array([1j]), np.array([None]), np.array([1, 2, 3]), np.zeros(3, np.longdouble)],
    ids=["text", "complex", "objects", "whole numbers", "long doubles"],
)
def test_elements_that_are_no_floats(value: Any) -> None:
    with pytest.raises(UsageError, match="argument a"):
        ds.grad(loaded("return a[0] * 2.0"), engine="python")(value)


def test_arrays_of_every_layout() -> None:
    program = loaded("return np.sum(a * a * np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))")
    expected = ds.grad(program, engine="native")(M)
    frozen = M.copy()
    frozen.flags.writeable = False
    for same in (
        np.asfortranarray(M),
        M[::-1][::-1],
        M.astype(">f8"),
        frozen,
        np.repeat(M, 2, axis=1)[:, ::2],
    ):
        assert np.array_equal(ds.grad(program, engine="native")(same), expected)


def test_float32_comes_back_as_float32() -> None:
    program = loaded("for i in range(1, len(a)):\n    a[i] *= a[i - 1]\nreturn a[2]")
    single = A.astype(np.float32)
    found = ds.grad(program, engine="native")(single)
    assert found.dtype == np.float32
    assert np.allclose(found, ds.grad(program, engine="python")(single.astype(float)), rtol=1e-6)
    assert np.array_equal(single, A.astype(np.float32))


def test_wrong_shapes_of_tangents() -> None:
    program = loaded("return a[0] * a[1]")
    for tangent in (np.ones(2), 1.0, np.ones((3, 1))):
        with pytest.raises(UsageError, match="tangent"):
            ds.jvp(program, (A,), (tangent,), engine="python")
    _, pull = ds.vjp(program, A, engine="python")
    with pytest.raises(UsageError, match="cotangent"):
        pull(np.ones(3))


def test_a_gradient_is_that_of_one_number() -> None:
    with pytest.raises(UsageError, match="returns an array"):
        ds.grad(loaded("return a * 2.0"), engine="python")(A)


def test_a_number_where_an_array_is_needed() -> None:
    program = loaded("return a[0] * 2.0")
    with pytest.raises(UnsupportedError, match="number has no elements"):
        ds.grad(program, engine="python")(1.5)
