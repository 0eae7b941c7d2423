"""Whatever is wrong with the input, Python raises an error that says what, why and what to do, and the
command line prints the same, without a traceback, exits with the right code and leaves all files as
they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import downslope as ds
from command import MAIN, Ended, downslope, many
from downslope.errors import DataError, DownslopeError, ProgramError, UnsupportedError, UsageError

PROGRAM = '''\
"""Programs that take a distance."""

import math


def minutes(km, speed=30.0, wait=1.0):
    return 60.0 * km / speed + wait


def needs(km, speed):
    return km * speed


def no_number(km, speed="fast", k=1.0):
    return km * k


def no_constant(km):
    return km


def idle(km, k=2.0, idle=3.0):
    return k * km + 0.0 * idle


def product(km, a=2.0, b=3.0):
    return a * b * km


def total(km, a=2.0, b=3.0):
    return (2 * a + b) * km


def raises(km, k=1.0):
    if km > 3:
        raise ValueError("too far")
    return km * k


def asserts(km, k=1.0):
    assert km < 4, "too far"
    return km * k


def endless(km, k=1.0):
    left = km * k
    while left > 0:
        left = left + 1.0 if km > 2 else -1.0
    return left


def grows(km, k=1.0):
    return math.exp(k * km)


def overflows(km, k=1000.0):
    return math.exp(k * km)


def divides(km, k=1.0):
    return k / (km - 3)


def negative(km, k=-1.0):
    return math.sqrt(k * km)


def jumps(km, k=1.0, at=2.5):
    return k * km if km > at else 0.0


def indexed(km, k=1.0):
    return max({km}) * k


def recursive(km, k=1.0):
    return recursive(km - 1, k)
'''
TABLE = "km,t\n1,3\n2,5\n3,7.1\n4,9\n5,11\n6,13.1\n"
BROKEN = "PAR1 this is no table"


@dataclass(frozen=True)
class Case:
    """An input, and what must be said of it: an error, or for `error=None` a sentence after the fit."""

    name: str
    words: str
    error: type[DownslopeError] | None = UsageError
    program: str = "minutes"
    table: str = "t.csv"
    text: str | bytes = TABLE
    target: str = "t"
    options: dict[str, Any] = field(default_factory=dict)
    converged: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def code(self) -> int:
        if self.error is None:
            return 0 if self.converged else 1
        return self.error.exit_code

    def arguments(self) -> list[str]:
        """The command line of this case."""
        given = {"holdout": 0.0, **self.options}
        words = ["tune", f"p.py:{self.program}", self.table, "--target", self.target]
        for name, value in given.items():
            option = "--" + name.replace("_", "-")
            if isinstance(value, dict):
                values = [f"{key}:{low}:{high}" for key, (low, high) in value.items()]
            else:
                values = value if isinstance(value, list) else [value]
            words += [word for each in values for word in (option, str(each))]
        return words


def told(name: str, words: str, program: str = "minutes", converged: bool = True, **more: Any) -> Case:
    return Case(name, words, None, program, converged=converged, **more)


CASES = (
    # the table
    Case("missing file", "nowhere.csv does not exist", DataError, table="nowhere.csv"),
    Case("folder", "d.csv is a folder", DataError, table="d.csv"),
    Case("unknown suffix", "unknown kind '.xlsx'", DataError, table="t.xlsx"),
    Case("no suffix", "unknown kind ''", DataError, table="t"),
    Case("empty file", "cannot be read", DataError, text=""),
    Case("no rows", "has no rows", DataError, text="km,t\n"),
    Case("ragged csv", "Expected 2 columns, got 3", DataError, text="km,t\n1,2\n3,4,5\n"),
    Case("corrupt parquet", "t.parquet cannot be read", DataError, table="t.parquet", text=BROKEN),
    Case("corrupt feather", "t.feather cannot be read", DataError, table="t.feather", text=BROKEN),
    Case("corrupt gzip", "t.csv.gz cannot be read", DataError, table="t.csv.gz", text=BROKEN),
    Case("corrupt duckdb", "t.duckdb:trips cannot be read", DataError, table="t.duckdb:trips", text=BROKEN),
    Case("not utf-8", "t.csv", DataError, text=b"km,t\n\xff\xfe,3\n"),
    Case("not readable", "locked.csv cannot be read", DataError, table="locked.csv"),
    # its columns
    Case("missing target", "no column 'tt'", DataError, target="tt"),
    Case("missing target, nearly", "did you mean t?", DataError, target="tt"),
    Case("missing input", "the argument 'km' is neither a column nor", text="kms,t\n1,2\n"),
    Case("missing input, nearly", "did you mean the column 'kms'?", text="kms,t\n1,2\n"),
    Case("text", "holds 'abc' in row 2", DataError, text="km,t\n1,2\nabc,3\n"),
    Case("dates", "of type date32", DataError, text="km,t\n2024-01-01,2\n"),
    Case("nan row", "'t' of t.csv is empty in row 2", DataError, text="km,t\n1,2\n2,\n3,nan\n"),
    Case("infinite row", "'km' of t.csv is inf in row 3", DataError, text="km,t\n1,2\n2,3\ninf,4\n"),
    Case("nan rows counted", "2 of 3 rows", DataError, text="km,t\n1,2\n2,\n3,inf\n"),
    Case("every row missing", "every row of t.csv lacks a number", DataError, text="km,t\n,2\n2,\n",
         options={"missing": "drop"}),
    Case("two columns of one name", "two columns 'km'", DataError, text="km,km,t\n1,1,2\n"),
    Case("target is an input", "the target 'km' is an argument", target="km"),
    told("one row", "1 row cannot determine 2 parameters", text="km,t\n1,3\n"),
    told("one row, one constant", "no standard errors: 1 row", text="km,t\n1,3\n", options={"learn": ["wait"]}),
    told("constant target", "the target `t` is 5 on every row", converged=False,
         text="km,t\n1,5\n2,5\n3,5\n4,5\n"),
    # options
    Case("unknown constant", "did you mean speed?", options={"learn": ["sped"]}),
    Case("learnt twice", "'speed' is to be learnt twice", options={"learn": ["speed", "speed"]}),
    Case("learn a column", "and is a column of the table", options={"learn": ["wait"]},
         text="km,wait,t\n1,1,2\n2,1,3\n"),
    Case("bounds inverted", "are not a low and a high number", options={"bounds": {"speed": (90.0, 10.0)}}),
    Case("bounds not a number", "are not a low and a high number",
         options={"bounds": {"speed": (float("nan"), 10.0)}}),
    Case("bounds unknown", "did you mean speed?", options={"bounds": {"sped": (1.0, 10.0)}}),
    Case("bounds around no start", "is not within its bounds", options={"bounds": {"speed": (1.0, 10.0)}}),
    Case("unknown loss", "did you mean huber?", options={"loss": "hubber"}),
    Case("unknown solver", "did you mean 'adam'?", options={"solver": "adm"}),
    Case("solver for another loss", "needs the squared loss",
         options={"solver": "least_squares", "loss": "huber"}),
    Case("unknown missing", "missing='dorp'", options={"missing": "dorp"}),
    Case("unknown errors", "no 'sandwich' standard errors", options={"errors": "sandwich"}),
    Case("unknown group", "no column 'day'", DataError, options={"group": "day"}),
    Case("holdout too large", "holdout is 1.5", options={"holdout": 1.5}),
    Case("holdout of all", "no row is left to learn from", options={"holdout": 0.99}),
    Case("holdout of none", "no row is left to judge by", options={"holdout": 0.01}),
    Case("step for a solver without", "takes no step", options={"step": 0.1}),
    Case("negative step", "must be a positive number", options={"step": -1.0, "solver": "descent"}),
    Case("no iterations", "max_iterations is 0", options={"max_iterations": 0}),
    # the program
    Case("unknown function", "did you mean minutes?", program="minute"),
    Case("no constant", "has no constant to learn", program="no_constant"),
    Case("argument without a column", "the argument 'speed'", program="needs"),
    Case("default is no number", "its default is 'fast'", program="no_number"),
    Case("raises", "raised ValueError on row 4 of t.csv: too far", ProgramError, "raises"),
    Case("asserts", "raised AssertionError on row 4 of t.csv: too far", ProgramError, "asserts"),
    Case("endless", "a `while` loop does not end on row 3 of t.csv", ProgramError, "endless"),
    Case("overflows at the start", "OverflowError on row 1", ProgramError, "overflows"),
    Case("divides by zero", "ZeroDivisionError on row 3", ProgramError, "divides"),
    Case("root of a negative", "ValueError on row 1", ProgramError, "negative"),
    Case("indexed", "not supported", UnsupportedError, "indexed"),
    Case("recursive", "recurs", UnsupportedError, "recursive"),
    told("overflows in the fit", "converged: the next step", "grows"),
    told("does not matter", "`idle` does not matter", "idle"),
    told("a product", "only a * b is determined", "product"),
    told("a sum", "only 2*a + b is determined", "total"),
    told("only jumps", "`at` changes predictions only in jumps", "jumps", converged=False,
         options={"learn": ["k", "at"]}),
    told("cut short", "did NOT converge: the limit of 1 iterations", converged=False,
         options={"max_iterations": 1}),
    told("rows dropped", "converged", text="km,t\n1,3\n2,\n3,7.1\n4,9\ninf,11\n6,13.1\n",
         options={"missing": "drop"}),
)  # fmt: skip
ROWS = {case.name: case for case in CASES}


def written(case: Case, folder: Path) -> None:
    """The program and the table of a case as files."""
    (folder / "p.py").write_text(PROGRAM)
    name = case.table.partition(":")[0]
    if name.startswith(("nowhere", "d.csv")):
        (folder / "d.csv").mkdir()
        return
    file = folder / name
    file.write_bytes(case.text if isinstance(case.text, bytes) else case.text.encode())
    if name.startswith("locked"):
        file.chmod(0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, tuple[Ended, Path, set[str]]]:
    """Every case through the command line."""
    base = tmp_path_factory.mktemp("cases")
    jobs, before = [], []
    for number, case in enumerate(CASES):
        folder = base / str(number)
        folder.mkdir()
        written(case, folder)
        jobs.append((folder, case.arguments()))
        before.append({path.name for path in folder.iterdir()})
    folders = [folder for folder, _ in jobs]
    return dict(zip(ROWS, zip(many(jobs), folders, before, strict=True), strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_command_line_says_what_is_wrong(case: Case, runs) -> None:
    ended, folder, before = runs[case.name]
    assert ended.code == case.code, ended
    assert "Traceback" not in ended.out + ended.err
    if case.error is None:
        assert case.words in ended.out
        assert case.code == 0 or "did NOT converge" in ended.out
    else:
        assert case.words in ended.err, ended.err
        assert ended.err.count("\n  why: ") == ended.err.count("\n  fix: ") >= 1
        assert ended.out == ""
    assert (folder / "p.py").read_text() == PROGRAM
    assert {path.name for path in folder.iterdir()} - before <= {"__pycache__"}


@pytest.mark.parametrize("case", [case for case in CASES if case.name != "not readable"], ids=str)
def test_python_says_the_same(case: Case, tmp_path: Path, monkeypatch) -> None:
    written(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    if case.error is None:
        done = ds.fit(f"p.py:{case.program}", case.table, case.target, **case.options)
        assert case.words in str(done)
        assert done.converged == case.converged
        return
    with pytest.raises(case.error) as caught:
        ds.fit(f"p.py:{case.program}", case.table, case.target, **case.options)
    assert case.words in str(caught.value)
    for problem in caught.value.problems:
        assert problem.why
        assert problem.fix


KINDS: dict[str, dict[str, Any]] = {
    "the target is": {"target": 5},
    "is not a Python function": {"f": 3},
    "a int is not a table": {"table": 5},
    "there is no solver None": {"solver": None},
    "there is no loss 'None'": {"loss": None},
    "are not a low and a high number": {"bounds": {"speed": 3}},
    "'ab'), are not a low and": {"bounds": {"speed": (1, "ab")}},
    "holdout is 'x'": {"holdout": "x"},
    "seed is -1": {"seed": -1, "holdout": 0.5},
    "learn is empty": {"learn": []},
}


@pytest.mark.parametrize("words", KINDS)
def test_arguments_of_the_wrong_type_are_refused(words: str, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(PROGRAM)
    given = {"f": f"{tmp_path}/p.py:minutes", "table": {"km": [1, 2], "t": [3, 5]}, "target": "t"}
    with pytest.raises(DownslopeError) as caught:
        ds.fit(**(given | KINDS[words]))
    assert words in str(caught.value)


def test_nothing_is_learnt_where_bounds_hold_everything(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(PROGRAM)
    bounds = {"speed": (30.0, 30.0), "wait": (1.0, 1.0)}
    done = ds.fit(f"{tmp_path}/p.py:minutes", {"km": [1, 2, 3], "t": [3, 5, 8]}, "t", bounds=bounds)
    assert not done.converged
    assert "nothing to learn" in done.solution.reason
    assert "`speed` is held by its bounds" in done.solution.undetermined


def test_the_rows_that_are_dropped_are_counted(runs) -> None:
    assert "2 rows without a finite number were left out" in runs["rows dropped"][0].out


def test_a_raise_is_shown_at_its_line(runs) -> None:
    error = runs["raises"][0].err
    assert 'raise ValueError("too far")' in error
    assert "^^^^^" in error
    assert "the row is km=4" in error


def test_the_row_is_named_as_in_the_table_after_a_split(tmp_path, monkeypatch) -> None:
    """Held-out and dropped rows do not shift the number of the row that is at fault."""
    (tmp_path / "p.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    table = {"km": [1.0, float("nan"), *[2.0] * 30, 9.0, *[1.0] * 30], "t": [1.0] * 63}
    for seed in range(4):  # the row is among those learnt from, or among those held out
        with pytest.raises(ProgramError, match="on row 33 of"):
            ds.fit("p.py:raises", table, "t", holdout=0.3, missing="drop", seed=seed)


ODD = {
    "no target": (["tune", "p.py:minutes", "t.csv"], 2, "Missing option '--target'"),
    "no command": (["tun"], 2, "No such command"),
    "unknown option": (["tune", "p.py:minutes", "t.csv", "--target", "t", "--larn", "k"], 2, "No such option"),
    "holdout is text": (["tune", "p.py:minutes", "t.csv", "--target", "t", "--holdout", "x"], 2, "Invalid value for '--holdout'"),
    "bounds without numbers": (
        ["tune", "p.py:minutes", "t.csv", "--target", "t", "--bounds", "speed"], 2, "is not NAME:LO:HI"),
    "bounds of text": (
        ["tune", "p.py:minutes", "t.csv", "--target", "t", "--bounds", "speed:a:b"], 2, "is not NAME:LO:HI"),
    "no function": (["tune", "p.py", "t.csv", "--target", "t"], 2, "a program is FILE.py:FUNCTION"),
    "no program file": (["tune", "q.py:f", "t.csv", "--target", "t"], 2, "q.py does not exist"),
    "program is a folder": (["tune", "d:f", "t.csv", "--target", "t"], 2, "d "),
    "syntax error": (["tune", "syntax.py:f", "t.csv", "--target", "t"], 2, "syntax.py:1:"),
    "import error": (["tune", "imports.py:f", "t.csv", "--target", "t"], 2, "No module named 'nothere'"),
    "exits": (["tune", "exits.py:f", "t.csv", "--target", "t"], 2, "SystemExit"),
    "not text": (["tune", "binary.py:f", "t.csv", "--target", "t"], 2, "binary.py"),
    "report in no folder": (
        ["tune", "p.py:minutes", "t.csv", "--target", "t", "--report", "no/x.html"], 2, "there is no folder 'no'"),
    "report is a folder": (
        ["tune", "p.py:minutes", "t.csv", "--target", "t", "--report", "d"], 2, "it is a folder"),
    "report not writable": (
        ["tune", "p.py:minutes", "t.csv", "--target", "t", "--report", "shut/x.html"], 2, "cannot be written"),
    "source not writable": (
        ["tune", "shut/p.py:minutes", "t.csv", "--target", "t", "--write", "--holdout", "0"], 2, "writ"),
    "demo in a folder that is shut": (
        ["demo", "flights", "--report", "shut/x.html"], 2, "shut/x.html cannot be written"),
    "unknown demo": (["demo", "flihts"], 2, "did you mean flights?"),
}  # fmt: skip


def strewn(folder: Path) -> Path:
    """A folder of programs that are none, and of places that cannot be written."""
    for name in ("d", "shut"):
        (folder / name).mkdir(parents=True)
    (folder / "t.csv").write_text(TABLE)
    (folder / "syntax.py").write_text("def f(:\n")
    (folder / "imports.py").write_text("import nothere\n")
    (folder / "exits.py").write_text("raise SystemExit(3)\n")
    (folder / "binary.py").write_bytes(b"\xff\xfe\x00")
    for name in ("p.py", "shut/p.py"):
        (folder / name).write_text(PROGRAM)
    (folder / "shut/p.py").chmod(0o444)
    (folder / "shut").chmod(0o555)
    return folder


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Iterator[dict[str, Ended]]:
    base = tmp_path_factory.mktemp("odd")
    folders = [strewn(base / str(number)) for number in range(len(ODD))]
    arguments = [arguments for arguments, _, _ in ODD.values()]
    yield dict(zip(ODD, many(list(zip(folders, arguments, strict=True))), strict=True))
    for folder in folders:
        (folder / "shut").chmod(0o755)


@pytest.mark.parametrize("number", range(len(ODD)), ids=ODD)
def test_a_place_that_is_shut_stays_as_it_was(number: int, odd, tmp_path_factory) -> None:
    shut = tmp_path_factory.getbasetemp() / "odd0" / str(number) / "shut"
    assert (shut / "p.py").read_text() == PROGRAM
    assert [path.name for path in shut.iterdir() if path.is_file()] == ["p.py"]


@pytest.mark.parametrize("name", ODD)
def test_what_only_the_command_line_can_get_wrong(name: str, odd) -> None:
    _, code, words = ODD[name]
    ended = odd[name]
    assert ended.code == code, ended
    assert words in ended.err, ended.err
    assert "Traceback" not in ended.out + ended.err


FAULTY = f"import downslope.fitting.fit as m; m.fit = lambda *a, **k: 1 / 0; {MAIN}"


def test_a_fault_of_downslope_is_one_message(tmp_path) -> None:
    (tmp_path / "p.py").write_text(PROGRAM)
    ended = downslope("tune", "p.py:minutes", "t.csv", "--target", "t", folder=tmp_path, main=FAULTY)
    assert ended.code == 70
    assert ended.err.startswith("downslope failed: ZeroDivisionError: division by zero\n  why: ")
    assert "DOWNSLOPE_DEBUG=1" in ended.err
    assert "Traceback" not in ended.err


def test_its_traceback_can_be_had(tmp_path) -> None:
    (tmp_path / "p.py").write_text(PROGRAM)
    ended = downslope(
        "tune", "p.py:minutes", "t.csv", "--target", "t", folder=tmp_path, main=FAULTY, debug=True
    )
    assert ended.code == 1
    assert "Traceback" in ended.err
    assert "ZeroDivisionError" in ended.err
