"""New numbers in the user's files: only the literals change, in all files or in none."""

import ast
import errno
import math
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import downslope as ds
from downslope.cli import app
from downslope.errors import UsageError, WriteError
from downslope.read.constants import pick
from downslope.read.literals import literal, place
from downslope.read.origin import Page
from downslope.report.digits import shown
from downslope.report.replace import CHECKING, write
from downslope.report.tuned import changed, finish
from downslope.report.writeback import Change, diff, rewritten, rounded, shape
from files import Files, forget


@pytest.fixture
def files(tmp_path):
    def made(texts):
        return Files(tmp_path, {"main.py": texts} if isinstance(texts, str) else texts)

    yield made
    forget(tmp_path)


def changes(made, values):
    found = ds.constants(made.program)
    return [
        Change(constant, text) for constant, text in zip(pick(found, values), values.values(), strict=True)
    ]


def accept(_new):
    """No check."""


TEXTS = [
    ("K = 30.0  # km/h\ndef program(x): return x*K\n", {"K": "24.5"}, "K = 24.5  # km/h\ndef program(x): return x*K\n"),
    ("K = 30\ndef program(x): return x*K\n", {"K": "24.5"}, "K = 24.5\ndef program(x): return x*K\n"),
    ("K = -30.5\ndef program(x): return x*K\n", {"K": "24.5"}, "K = 24.5\ndef program(x): return x*K\n"),
    ("K = - 30.5\ndef program(x): return x*K\n", {"K": "-24.5"}, "K = -24.5\ndef program(x): return x*K\n"),
    ("K: float=1_000.5;J=2\ndef program(x): return x*K\n", {"K": "7.0"}, "K: float=7.0;J=2\ndef program(x): return x*K\n"),
    ("A = B = .5\ndef program(x): return x*A+B\n", {"A": "7.0"}, "A = B = 7.0\ndef program(x): return x*A+B\n"),
    ("def program(x): return x - 3.5\n", {"3.5@1": "-1.5"}, "def program(x): return x - (-1.5)\n"),
    ("def program(x): return x - (3.5)\n", {"3.5@1": "-1.5"}, "def program(x): return x - (-1.5)\n"),
    ("def program(x): return x - -3.5\n", {"-3.5@1": "1.5"}, "def program(x): return x - 1.5\n"),
    ("def program(x): return x - -3.5\n", {"-3.5@1": "-1.5"}, "def program(x): return x - -1.5\n"),
    ("def program(x): return x - 3.5*x\n", {"3.5@1": "-1.5"}, "def program(x): return x - (-1.5)*x\n"),
    ("def program(x): return 3.5*x\n", {"3.5@1": "-1.5"}, "def program(x): return -1.5*x\n"),
    ("def program(x): return 3.5**x\n", {"3.5@1": "-1.5"}, "def program(x): return (-1.5)**x\n"),
    ("def program(x): return x**-1.5\n", {"-1.5@1": "2.25"}, "def program(x): return x**2.25\n"),
    ("def program(x): return x**1.5\n", {"1.5@1": "-2.25"}, "def program(x): return x**-2.25\n"),
    ("def program(x): return -3.5**x\n", {"3.5@1": "-1.5"}, "def program(x): return -(-1.5)**x\n"),
    ("def program(x): return +3.5*x\n", {"3.5@1": "-1.5"}, "def program(x): return +(-1.5)*x\n"),
    ("def program(x): return x if x>0 else.5\n", {"0.5@1": "2.5"}, "def program(x): return x if x>0 else(2.5)\n"),
    ("def program(x): return x if x>0 else-3.5\n", {"-3.5@1": "2.5"}, "def program(x): return x if x>0 else(2.5)\n"),
    ("def program(x): return min(x,3.5)\n", {"3.5@1": "-1.5"}, "def program(x): return min(x,-1.5)\n"),
    ("def program(x, k=3.5): return x*k\n", {"k": "-1e+20"}, "def program(x, k=-1e+20): return x*k\n"),
    ("def program(x): return 1.5*x + 2.5*x*x\n", {"1.5@1": "10.25", "2.5@1": "9.0"}, "def program(x): return 10.25*x + 9.0*x*x\n"),
    ("def program(é_ß, µ=1.5): return (é_ß*2.5, µ*3.5)[0] if False else é_ß*2.5+µ\n", {"µ": "7.25"},
     "def program(é_ß, µ=7.25): return (é_ß*2.5, µ*3.5)[0] if False else é_ß*2.5+µ\n"),
    ("def program(x):\n\ts = x; 'ünï☃'; y = 2.5; return s*y\n", {"y": "7.25"},
     "def program(x):\n\ts = x; 'ünï☃'; y = 7.25; return s*y\n"),
    ("h = lambda x, k=1.5: x*k\ndef program(x): return h(x)\n", {"h.k": "2.5"}, "h = lambda x, k=2.5: x*k\ndef program(x): return h(x)\n"),
    ("def program(x):\n    a, b = 1.5, 2.5\n    return a*x + b\n", {"b": "-7.5"}, "def program(x):\n    a, b = 1.5, -7.5\n    return a*x + b\n"),
    ("\x0c\nK = 1.5\n\x0c\ndef program(x): return x*K*2.5\n", {"2.5@4": "7.5"}, "\x0c\nK = 1.5\n\x0c\ndef program(x): return x*K*7.5\n"),
    ("S = 'a\u2028b'\ndef program(x): return x*2.5\n", {"2.5@2": "7.5"}, "S = 'a\u2028b'\ndef program(x): return x*7.5\n"),
    ("def program(x): return (1.5 +\n   # why\n  2.5 * x)\n", {"2.5@3": "7.5"}, "def program(x): return (1.5 +\n   # why\n  7.5 * x)\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "values", "after"), TEXTS, ids=[t[0] + str(t[1]) for t in TEXTS])
def test_only_the_literal_changes(files, before, values, after):
    made = files(before)
    (rewrite,) = rewritten(changes(made, values))
    assert rewrite.after == after
    write([rewrite], accept)
    assert made.text() == after


@pytest.mark.parametrize(
    ("text", "name", "value", "words"),
    [
        ("def program(x): return x * (-\n 2.5)\n", "-2.5@1", "1.5", "different lines"),
        ("def program(x): return x * 2.5\n", "2.5@1", "inf", "no literal"),
        ("def program(x): return x * 2.5\n", "2.5@1", "nan", "no literal"),
        ("K = 2.5\nK = 3.5\ndef program(x): return x * K\n", "K", "1.5", "cannot be written back"),
    ],
)
def test_what_has_no_literal_is_refused(files, text, name, value, words):
    with pytest.raises(WriteError, match=words):
        rewritten(changes(files(text), {name: value}))


def test_a_different_program_is_noticed():
    assert shape("x - 1.5") != shape("x + 1.5")
    assert shape("x**-1.5") == shape("x**2.5")
    assert shape("(-1.5)**x") != shape("-1.5**x")


NUMBERS = st.one_of(
    st.floats(0, 1e6).map(repr),
    st.integers(0, 10**6).map(str),
    st.floats(0, 1e3).map(lambda v: f"{v:.3e}"),
    st.integers(1000, 9999).map(lambda v: f"{v:_}.25"),
    st.integers(0, 99).map(lambda v: f".{v}"),
    st.integers(0, 99).map(lambda v: f"{v}."),
)
LEAVES = st.one_of(NUMBERS, NUMBERS.map(lambda text: f"-{text}"), st.sampled_from(["x", "µ", "( x )"]))
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", " * ", "/", " - ", "**", "  +  "]), inner).map("".join),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"-({e})"),
        inner.map(lambda e: f"abs({e})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} if x>0 else {p[1]})"),
    ),
    max_leaves=8,
)
PROGRAMS = st.lists(
    st.tuples(st.sampled_from(["a = {}", "b = {}  # ünï", "a, b = {}, 2.5", "c: float = {}; 'é'; d = 1.5"]), EXPRESSIONS),
    min_size=1, max_size=4,
).map(lambda lines: "def program(x, µ=1.25):\n\ta = b = c = d = x\n" + "".join(f"\t{s.format(e)}\n" for s, e in lines) + "\treturn a, b, c, d\n")  # fmt: skip


class Replace(ast.NodeTransformer):
    """The oracle of a change: the numbers are replaced in the tree; all are floats, so that none grows long."""

    def __init__(self, values):
        self.values = values

    def visit(self, node):
        value = self.values.get(place(node)) if isinstance(node, ast.expr) else None
        if value is None and literal(node) is not None and isinstance(node, ast.Constant):
            value = float(node.value)
        return self.generic_visit(node) if value is None else ast.Constant(value)


def outcome(text, values):
    """What a program gives, or raises, with some of its numbers replaced."""
    tree = ast.fix_missing_locations(Replace(values).visit(ast.parse(text)))
    scope = {}
    try:
        exec(compile(tree, "<random>", "exec"), scope)
        return repr(scope["program"](0.7))
    except (ArithmeticError, ValueError, TypeError, NameError) as error:
        return type(error).__name__


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=PROGRAMS, data=st.data(), ends=st.sampled_from(["\n", "\r\n"]))
def test_random_programs_change_in_their_literals_only(tmp_path_factory, text, data, ends):
    folder = tmp_path_factory.mktemp("random")
    made = Files(folder, {"main.py": text.replace("\n", ends)})
    found = [c for c in ds.constants(made.program) if literal(c.node) is not None]
    values = st.floats(-1e9, 1e9, allow_subnormal=False)
    new = [Change(c, repr(data.draw(values))) for c in found if data.draw(st.booleans())]
    write(rewritten(new), accept)
    after = made.text()
    assert after.count(ends) == text.count("\n")
    after = after.replace(ends, "\n")
    assert outcome(after, {}) == outcome(text, {place(c.constant.node): float(c.text) for c in new})
    assert outside(text) == outside(after)
    if not new:
        assert after == text


def test_that_oracle_can_fail():
    text = "def program(x): return 3.5**x\n"
    values = {(1, 23, 1, 26): -1.5}
    assert outcome("def program(x): return (-1.5)**x\n", {}) == outcome(text, values)
    assert outcome("def program(x): return -1.5**x\n", {}) != outcome(text, values)


def outside(text):
    """The characters that are no part of a number: signs and parentheses before one may come and go."""
    rest = "".join(c for c in text if not (c.isdigit() or c in "._+-() e"))
    return rest.replace("else", "")


# ---- files -------------------------------------------------------------------------------------

TWO = {
    "main.py": "from two_c import K\ndef program(x): return 2.5 * x + K\n",
    "two_c.py": "K = 1.5  # second\n",
}
NEW = {"2.5@2": "3.5", "K": "0.5"}


def snapshot(made):
    return {
        p.name: p.read_bytes()
        for p in sorted(made.folder.iterdir())
        if p.is_file() and p.suffix != ".pyc"
    }  # fmt: skip


def test_each_file_has_a_diff_of_its_own(files):
    text = diff(rewritten(changes(files(TWO), NEW)))
    assert text.count("--- a/") == text.count("+++ b/") == 2
    assert "--- a/two_c.py\n+++ b/two_c.py\n" in text
    assert "-K = 1.5  # second\n+K = 0.5  # second\n" in text


def test_files_in_several_folders_are_told_apart(files):
    made = files({
        "main.py": "from pk_d.m import K\ndef program(x): return 2.5 * x + K\n",
        "pk_d/__init__.py": "", "pk_d/m.py": "K = 1.5\n",
    })  # fmt: skip
    text = diff(rewritten(changes(made, {"K": "0.5", "2.5@2": "3.5"})))
    assert "+++ b/main.py" in text
    assert "+++ b/pk_d/m.py" in text


def test_all_files_are_written(files):
    made = files(TWO)
    paths = write(rewritten(changes(made, NEW)), accept)
    assert sorted(Path(p).name for p in paths) == ["main.py", "two_c.py"]
    assert made.text("main.py") == TWO["main.py"].replace("2.5", "3.5")
    assert made.text("two_c.py") == TWO["two_c.py"].replace("1.5", "0.5")
    assert set(snapshot(made)) == set(TWO)
    assert made.run(2.0) == 7.5


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [True, False])
def test_marks_and_line_ends_are_kept(files, mark, ends, last):
    made = files("")
    lines = [b"# \xc3\xa9", b"K = 1.5", b"def program(x):", b"\treturn x * K  # \xe2\x98\x83"]
    raw = mark + ends.join(lines) + ends * last
    (made.folder / "main.py").write_bytes(raw)
    write(rewritten(changes(made, {"K": "22.25"})), accept)
    assert (made.folder / "main.py").read_bytes() == raw.replace(b"1.5", b"22.25")


def test_mixed_line_ends_are_kept(files):
    made = files("K = 1.5\r\nJ = 2\ndef program(x):\r\n    return x * K\n")
    write(rewritten(changes(made, {"K": "22.25"})), accept)
    assert made.text() == "K = 22.25\r\nJ = 2\ndef program(x):\r\n    return x * K\n"


def test_the_declared_encoding_is_kept(files):
    made = files("")
    raw = "# -*- coding: latin-1 -*-\nS = 'é'; K = 1.5\ndef program(x): return x * K\n".encode("latin-1")
    (made.folder / "main.py").write_bytes(raw)
    write(rewritten(changes(made, {"K": "22.25"})), accept)
    assert (made.folder / "main.py").read_bytes() == raw.replace(b"1.5", b"22.25")


@pytest.mark.parametrize("mode", [0o600, 0o755, 0o664])
def test_permissions_are_kept(files, mode):
    made = files("def program(x): return 2.5 * x\n")
    (made.folder / "main.py").chmod(mode)
    write(rewritten(changes(made, {"2.5@1": "3.5"})), accept)
    assert stat.S_IMODE((made.folder / "main.py").stat().st_mode) == mode


def test_a_link_is_followed_and_kept(files, tmp_path):
    made = files("")
    real = tmp_path / "real" / "real.py"
    real.parent.mkdir()
    real.write_text("def program(x): return 2.5 * x\n")
    (made.folder / "main.py").unlink()
    (made.folder / "main.py").symlink_to(Path("real") / "real.py")
    write(rewritten(changes(made, {"2.5@1": "3.5"})), accept)
    assert (made.folder / "main.py").is_symlink()
    assert real.read_text() == "def program(x): return 3.5 * x\n"
    assert [p.name for p in real.parent.iterdir()] == ["real.py"]


def refused(made, words, verify=accept, values=None):
    """Try to write; nothing may change."""
    planned = rewritten(changes(made, values or NEW))
    before = snapshot(made)
    with pytest.raises(WriteError, match=words) as caught:
        write(planned, verify)
    assert snapshot(made) == before
    return caught.value


def test_a_read_only_file_is_refused(files):
    made = files(TWO)
    (made.folder / "two_c.py").chmod(0o444)
    assert "two_c.py is not writable" in str(refused(made, "not writable"))


def test_a_file_that_changed_is_refused(files):
    made = files(TWO)
    planned = rewritten(changes(made, NEW))
    (made.folder / "two_c.py").write_text("K = 1.5  # edited\n")
    before = snapshot(made)
    with pytest.raises(WriteError, match=r"two_c\.py has changed"):
        write(planned, accept)
    assert snapshot(made) == before


def test_a_file_that_changes_while_it_is_checked_is_refused(files):
    made = files(TWO)
    planned = rewritten(changes(made, NEW))

    def edit(_new):
        (made.folder / "two_c.py").write_text("K = 1.75\n")

    with pytest.raises(WriteError, match=r"two_c\.py has changed"):
        write(planned, edit)
    assert snapshot(made) == {"main.py": TWO["main.py"].encode(), "two_c.py": b"K = 1.75\n"}


def test_a_file_that_is_gone_is_refused(files):
    made = files(TWO)
    planned = rewritten(changes(made, NEW))
    (made.folder / "two_c.py").unlink()
    with pytest.raises(WriteError, match="is not a file"):
        write(planned, accept)
    assert snapshot(made) == {"main.py": TWO["main.py"].encode()}


def test_one_file_by_two_names_is_refused(files):
    made = files({"main.py": "import al_f\ndef program(x): return 2.5 * x + al_f.g(x)\n"})
    (made.folder / "re_f.py").write_text("def g(x): return x * 1.5\n")
    (made.folder / "al_f.py").symlink_to("re_f.py")
    (constant,) = pick(ds.constants(made.program), ["g.1.5@1"])
    (first,) = rewritten([Change(constant, "3.5")])
    page = Page(str(made.folder / "re_f.py"), constant.page.text)
    (second,) = rewritten([Change(replace(constant, page=page), "4.5")])
    with pytest.raises(WriteError, match="two names"):
        write([first, second], accept)
    assert made.text("re_f.py") == "def g(x): return x * 1.5\n"


def test_a_failed_check_changes_nothing(files):
    def fail(new):
        assert sorted(Path(path).name for path in new) == ["main.py", "two_c.py"]
        raise WriteError("wrong")

    refused(files(TWO), "wrong", fail)


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "input/output error"), KeyboardInterrupt()])
@pytest.mark.parametrize("happened", [False, True])
def test_a_rename_that_fails_puts_the_first_file_back(files, monkeypatch, fault, happened):
    made = files(TWO)
    planned = rewritten(changes(made, NEW))
    before, real, calls = snapshot(made), os.replace, []

    def rename(source, target):
        calls.append(Path(target).name)
        if len(calls) == 2:
            if happened:
                real(source, target)
            raise fault
        real(source, target)

    monkeypatch.setattr(os, "replace", rename)
    with pytest.raises((WriteError, KeyboardInterrupt)):
        write(planned, accept)
    assert calls[:2] == ["main.py", "two_c.py"]
    assert len(calls) == 3 + happened
    assert snapshot(made) == before


def test_where_putting_back_fails_the_old_text_is_kept_and_named(files, monkeypatch):
    made = files(TWO)
    planned = rewritten(changes(made, NEW))
    real, calls = os.replace, []

    def rename(source, target):
        calls.append(target)
        if len(calls) > 1:
            raise OSError(errno.EIO, "input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", rename)
    with pytest.raises(WriteError, match="could not be put back") as caught:
        write(planned, accept)
    kept = Path(str(caught.value).rpartition("its old text is in ")[2].rstrip("."))
    assert kept.read_text() == TWO["main.py"]


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_full_disk_changes_nothing(files, monkeypatch, at):
    made = files(TWO)
    count = iter(range(1, 9))

    def fsync(_handle):
        if next(count) == at:
            raise OSError(errno.ENOSPC, "No space left on device")

    planned = rewritten(changes(made, NEW))
    before = snapshot(made)
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(WriteError, match="No space left"):
        write(planned, accept)
    assert snapshot(made) == before


def test_a_typed_program_is_refused_but_shown():
    scope = {}
    text = "def program(x):\n    return 2.5 * x\n"
    import linecache

    linecache.cache["<cell>"] = (len(text), None, text.splitlines(keepends=True), "<cell>")
    exec(compile(text, "<cell>", "exec"), scope)
    (constant,) = ds.constants(scope["program"])
    planned = rewritten([Change(constant, "3.5")])
    assert "+    return 3.5 * x\n" in diff(planned)
    with pytest.raises(WriteError, match="<cell> is not a file"):
        write(planned, accept)


def test_a_program_being_checked_writes_nothing(files, monkeypatch):
    made = files(TWO)
    monkeypatch.setenv(CHECKING, "1")
    refused(made, "being checked")


# ---- the whole way ------------------------------------------------------------------------------


def tuned(made, slope=4.0, noise=0.01, **options):
    x = np.linspace(0.5, 5, 80)
    y = slope * x + 0.75 + noise * np.sin(37 * x)
    return ds.fit(made.program, {"x": x, "y": y}, "y", **options)


def written(made, fit):
    plan, difference = changed(fit)
    return finish(fit, plan, difference, None, True)


def test_the_written_program_gives_the_fitted_cost(files):
    made = files(TWO)
    fit = tuned(made)
    before = fit.solution.cost
    assert len(written(made, fit)) == 2
    x, y = fit.problem.columns["x"], fit.problem.observed
    cost = 0.5 * sum((made.run(float(a)) - b) ** 2 for a, b in zip(x, y, strict=True))
    assert before <= cost <= 1.001 * before
    again = tuned(made)
    assert again["K"] == pytest.approx(fit["K"], rel=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "program = lambda x, k=2.5: k * x + 1.5\n",
        "import numba\n@numba.njit\ndef program(x, k=2.5): return k * x + 1.5\n",
        "def program(x, /, k=2.5, *, b=1.5): return k * x + b\n",
        "print('loaded')\ndef make():\n    k = 2.5\n    def program(x): return k * x + 1.5\n    return program\nprogram = make()\n",
        "import functools\nG = 1.5\ndef f(k, x): return k * x + G\nprogram = functools.partial(f, 4.0)\n",
        "from dataclasses import dataclass\ndef program(x, k=2.5): return k * x + 1.5\n",
    ],
)
def test_other_kinds_of_function_are_written(files, text):
    made = files(text)
    fit = tuned(made)
    written(made, fit)
    assert made.run(3.0) == pytest.approx(12.75, abs=0.05)
    assert "2.5" not in made.text()


def test_a_package_with_relative_imports_is_written(files, monkeypatch):
    import importlib

    made = files({
        "pk_e/__init__.py": "from .prog import program\n",
        "pk_e/prog.py": "from .consts import K\nfrom . import consts\ndef program(x): return K * x + consts.B\n",
        "pk_e/consts.py": "K = 2.5\nB = 1.5\n",
    })  # fmt: skip
    monkeypatch.syspath_prepend(str(made.folder))
    module = importlib.import_module("pk_e.prog")
    x = np.linspace(0.5, 5, 80)
    fit = ds.fit(module.program, {"x": x, "y": 4.0 * x + 0.75 + 0.01 * np.sin(37 * x)}, "y")
    paths = written(made, fit)
    assert [Path(p).name for p in paths] == ["consts.py"]
    k, b = (float(line.split()[2]) for line in made.text("pk_e/consts.py").splitlines())
    assert (k, b) == pytest.approx((4.0, 0.75), abs=0.02)


def test_a_value_computed_from_a_constant_is_noticed(files):
    made = files("K = 2.5\nHALF = K / 2\ndef program(x): return K * x + HALF\n")
    fit = tuned(made, learn=["K"])
    plan, difference = changed(fit)
    before = snapshot(made)
    with pytest.raises(WriteError, match="the changed program predicts"):
        finish(fit, plan, difference, None, True)
    assert snapshot(made) == before


def test_a_changed_program_that_does_not_load_is_refused(files):
    made = files("def program(x, k=2.5): return k * x + 1.5\nassert program(2.0) == 6.5, 'as documented'\n")
    fit = tuned(made)
    plan, difference = changed(fit)
    before = snapshot(made)
    with pytest.raises(WriteError, match="AssertionError: as documented"):
        finish(fit, plan, difference, None, True)
    assert snapshot(made) == before


def test_the_proof_can_fail(files):
    made = files(TWO)
    fit = tuned(made)
    plan, difference = changed(fit)
    wrong = type(plan)(plan.rewrites, tuple(v + 1e-6 for v in plan.written), plan.left)
    before = snapshot(made)
    with pytest.raises(WriteError, match="the changed program predicts"):
        finish(fit, wrong, difference, None, True)
    assert snapshot(made) == before


def test_a_nested_function_is_written(tmp_path):
    made = Files(
        tmp_path,
        {
            "main.py": "def make(shift):\n    def program(x, k=2.5): return k * x + shift\n    return program\n"
        },
    )
    from downslope.read.source import _loaded

    program = _loaded(tmp_path / "main.py").make(0.75)
    x = np.linspace(0.5, 5, 80)
    fit = ds.fit(program, {"x": x, "y": 4.0 * x + 0.75 + 0.01 * np.sin(37 * x)}, "y", learn=["k"])
    written(made, fit)
    assert "k=4.0" in made.text() or "k=3.99" in made.text()
    forget(tmp_path)


def test_a_constant_without_literal_is_shown_not_written(files):
    made = files("K = 2.5\nK = 2.75\ndef program(x): return K * x + 1.5\n")
    fit = tuned(made, learn=["K", "1.5@3"])
    plan, difference = changed(fit)
    assert "+def program" in difference
    with pytest.raises(WriteError, match="K cannot be written back"):
        finish(fit, plan, difference, None, True)


def test_exact_data_get_as_many_digits_as_they_need(files):
    made = files("def program(x, k=2.5): return k * x + 0.75\n")
    fit = tuned(made, slope=math.pi, noise=0.0, learn=["k"])
    (text,) = shown(fit)
    assert float(text) == pytest.approx(math.pi, rel=1e-14)


def test_a_rounded_value_stays_within_its_bounds(files):
    made = files("def program(x, k=2.5): return k * x + 0.75\n")
    fit = tuned(made, noise=3.0, learn=["k"], bounds={"k": (0.0, 3.123456789)})
    (text,) = shown(fit)
    assert float(text) <= 3.123456789


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(27.41382, 0.031, "27.414"), (0.0, 0.1, "0.0"), (-1.98765, 0.5, "-1.99"), (1e-20, 1e-22, "1e-20"),
     (123456.7, 1e6, "120000.0"), (3.3, math.inf, "3.3"), (5.0, 1e-300, "5.0")],
)  # fmt: skip
def test_rounding_follows_the_standard_error(value, error, text):
    assert rounded(value, error) == text


def test_unknown_constants_are_named_in_bounds(files):
    with pytest.raises(UsageError, match="not learnt"):
        tuned(files(TWO), bounds={"L": (0, 1)})


@pytest.fixture
def project(files):
    made = files({
        "main.py": "from cfg_h import SPEED\nimport lib_h\n\ndef program(km, stops):\n"
                   "    return 60 * km / SPEED + lib_h.delay(stops)\n",
        "cfg_h.py": "SPEED = 30.0  # km/h\n",
        "lib_h.py": "def delay(stops, each=1.0):\r\n    return each * stops\r\n",
    })  # fmt: skip
    rng = np.random.default_rng(7)
    km, stops = rng.uniform(1, 20, 120), rng.integers(0, 9, 120)
    minutes = 60 * km / 24 + 0.7 * stops + rng.normal(0, 0.05, 120)
    rows = [f"{a},{b},{c}" for a, b, c in zip(km, stops, minutes, strict=True)]
    (made.folder / "t.csv").write_text("km,stops,minutes\n" + "\n".join(rows) + "\n")
    return made


def tune(made, *options):
    command = ["tune", made.program, str(made.folder / "t.csv"), "--target", "minutes", *options]
    return CliRunner().invoke(app, command)


def test_tune_changes_every_file(project):
    result = tune(project, "--write")
    assert result.exit_code == 0, result.output
    assert result.output.count("--- a/") == 2
    assert result.output.count("\nchanged ") == 2
    assert float(project.text("cfg_h.py").split()[2]) == pytest.approx(24.0, abs=0.02)
    assert project.text("cfg_h.py").endswith("  # km/h\n")
    assert project.text("lib_h.py").count("\r\n") == 2
    assert project.run(6.0, 2) == pytest.approx(16.4, abs=0.05)


def test_tune_learns_a_helpers_constant_by_name(project):
    result = tune(project, "--learn", "delay.each", "--bounds", "delay.each:0.5:1.25", "--write")
    assert "changed" in result.output
    assert "each=1.25" in project.text("lib_h.py")
    assert project.text("cfg_h.py") == "SPEED = 30.0  # km/h\n"


def test_tune_without_write_changes_nothing(project):
    before = snapshot(project)
    assert tune(project).exit_code == 0
    assert snapshot(project) == before


def test_a_refusal_of_the_command_has_no_traceback(project):
    (project.folder / "lib_h.py").chmod(0o444)
    before = snapshot(project)
    result = tune(project, "--write")
    assert isinstance(result.exception, WriteError)
    assert result.exception.exit_code == 2
    assert snapshot(project) == before


def test_a_misspelt_constant_gets_a_suggestion(project):
    result = tune(project, "--learn", "delay.eech")
    assert "did you mean delay.each?" in str(result.exception)


def test_a_notebooks_program_is_fitted_and_shown():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_cell("def rate(x, k=2.5):\n    return k * x\n")
        shell.run_cell("def program(x, b=1.5):\n    return rate(x) + b\n")
        x = np.linspace(0.5, 5, 40)
        fit = ds.fit(shell.user_ns["program"], {"x": x, "y": 4 * x + 0.75 + 0.01 * np.sin(37 * x)}, "y")
        assert fit["rate.k"] == pytest.approx(4.0, abs=0.01)
        plan, difference = changed(fit)
        assert "-def rate(x, k=2.5):" in difference
        assert "-def program(x, b=1.5):" in difference
        with pytest.raises(WriteError, match="is not a file"):
            finish(fit, plan, difference, None, True)
    finally:
        InteractiveShell.clear_instance()


def test_a_folder_that_takes_no_files_is_refused(files, monkeypatch):
    made = files(TWO)

    def mkstemp(**_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("downslope.report.replace.tempfile.mkstemp", mkstemp)
    refused(made, "cannot be written")
