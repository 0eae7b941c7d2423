"""`downslope learn`, `history` and `rollback`, run as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command import MAIN, environment
from downslope.errors import DataError
from downslope.learn.registry import Registry
from downslope.learn.sources import files, lines

PROGRAM = "def trip(km, speed=30.0, wait=0.0):\n    return wait + 60.0 * km / speed\n"
LEARN = ("learn", "taxi.py:trip")
OPTIONS = ("--target", "minutes", "--registry", "sqlite:///learnt.db")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "taxi.py").write_text(PROGRAM)
    (tmp_path / "in").mkdir()
    return tmp_path


def rows(number, count=50):
    rng = np.random.default_rng(number)
    km = rng.uniform(1.0, 20.0, count).round(2)
    return list(
        zip(km.tolist(), (2.0 + 3.0 * km + rng.normal(0.0, 0.2, count)).round(3).tolist(), strict=True)
    )


def csv(table):
    return "km,minutes\n" + "".join(f"{km},{minutes}\n" for km, minutes in table)


def ran(folder, *arguments, stdin=""):
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *arguments], input=stdin, cwd=folder, env=environment(), capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def registry(folder):
    return Registry(f"sqlite:///{folder}/learnt.db", create=False)


def test_a_folder_once_then_again_then_history_and_rollback(folder):
    for number in range(3):
        (folder / "in" / f"{number}.csv").write_text(csv(rows(number)))
    (folder / "in" / ".3.csv").write_text("km,min")  # being written
    (folder / "in" / "notes.txt").write_text("not a table")
    once = (*LEARN, "in", *OPTIONS, "--once", "--settle", "0")
    code, out, err = ran(folder, *once)
    assert (code, err) == (0, "")
    assert out.count("50 rows, mean squared error") == 3
    assert out.splitlines()[-2].split()[0] == "speed"
    (folder / "in" / "4.csv").write_text(csv(rows(4)))
    (folder / "in" / "5.csv").write_text(csv(rows(0)))  # a copy of the first
    code, out, _ = ran(folder, *once)
    assert code == 0
    assert out.count("counts these 50 rows already") == 4
    assert out.count("mean squared error") == 1
    code, out, err = ran(folder, "history", *OPTIONS[2:])
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["version", "1", "2", "3", "4", "5"]
    code, out, err = ran(folder, "rollback", "2", *OPTIONS[2:])
    assert (code, err) == (0, "")
    assert out.startswith("version 6 is version 2 again: speed=")
    assert registry(folder).head().version.parent == 2


def test_standard_input_as_csv_and_as_json_lines_teach_the_same(folder):
    table = [row for number in range(3) for row in rows(number)]
    code, out, err = ran(folder, *LEARN, "-", *OPTIONS, "--batch", "60", stdin=csv(table))
    assert (code, err) == (0, "")
    assert [line.split(":")[1].split(",")[0] for line in out.splitlines()[:3]] == [
        " 60 rows",
        " 60 rows",
        " 30 rows",
    ]
    text = "".join(json.dumps({"km": km, "minutes": minutes}) + "\n" for km, minutes in table)
    code, out, err = ran(folder, *LEARN, "-", *OPTIONS, "--batch", "60", stdin=text)
    assert (code, err) == (0, "")
    assert out.count("already") == 3  # the same rows
    (folder / "all.csv").write_text(csv(table))
    code, out, err = ran(folder, *LEARN, "all.csv", *OPTIONS, "--batch", "60")
    assert (code, err) == (0, "")
    assert out.count("already") == 3


def test_what_goes_wrong_in_mid_stream_is_named_and_what_came_before_is_kept(folder):
    good = rows(0, 100)
    for bad, said in [
        ("seven,20.0\n", "holds 'seven' in row 1"),
        (",20.0\n", "row 1"),
        ("1.0,2.0,3.0\n", "Expected 2 columns"),
    ]:
        code, _, err = ran(folder, *LEARN, "-", *OPTIONS, "--batch", "100", stdin=csv(good) + bad)
        assert code == 2
        assert said in err
        assert "standard input from row 101" in err
        assert "  fix: " in err
        assert len(registry(folder).versions()) == 2
    for number in range(3):
        (folder / "in" / f"{number}.csv").write_text(csv(rows(number + 10)))
    (folder / "in" / "1.csv").write_text("km,minutes\n1.0,five\n")
    code, _, err = ran(folder, *LEARN, "in", *OPTIONS, "--once", "--settle", "0")
    assert code == 2
    assert "'minutes' of in/1.csv holds 'five' in row 1" in err
    assert len(registry(folder).versions()) == 3


def test_a_parquet_file_cut_short_is_told(folder):
    file = folder / "in" / "0.parquet"
    pq.write_table(pa.table({"km": [1.0, 2.0], "minutes": [3.0, 5.0]}), file)
    file.write_bytes(file.read_bytes()[:-20])
    code, _, err = ran(folder, *LEARN, "in", *OPTIONS, "--once", "--settle", "0")
    assert (code, "in/0.parquet cannot be read" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*LEARN, "in", *OPTIONS[:2], "--registry", "learnt.db"), "not the URL of a registry"),
        ((*LEARN, "none.csv", *OPTIONS), "none.csv does not exist"),
        ((*LEARN, "in", *OPTIONS, "--once", "--settle", "-1"), "settle is -1"),
        ((*LEARN, "in", *OPTIONS, "--method", "best"), "there is no method 'best'"),
        ((*LEARN, "-", *OPTIONS, "--batch", "0"), "batch is 0"),
        (("history", "--registry", "sqlite:///none.db"), "there is no registry none.db"),
        (("rollback", "1", "--registry", "sqlite:///none.db"), "there is no registry none.db"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(folder, arguments, said):
    code, out, err = ran(folder, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_an_empty_stream_and_an_empty_folder_are_no_fault(folder):
    for source in ("-", "in"):
        code, out, err = ran(folder, *LEARN, source, *OPTIONS, "--once")
        assert (code, out, err) == (0, "no batch was there to learn from\n", "")


def test_a_watched_folder_takes_files_as_they_come_until_ctrl_c(folder):
    child = subprocess.Popen(
        [sys.executable, "-c", MAIN, *LEARN, "in", *OPTIONS, "--settle", "0"], cwd=folder, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for number in range(2):
            (folder / "in" / ".part").write_text(csv(rows(number)))
            os.rename(folder / "in" / ".part", folder / "in" / f"{number}.csv")  # noqa: PTH104
            assert child.stdout.readline().startswith(f"version {number + 2}: 50 rows")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, err) == (0, "")
    assert "stopped; what is reported above is kept\n" in out
    assert len(registry(folder).versions()) == 3


def test_a_file_that_still_grows_is_not_taken(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("km\n1\n")
    began = time.time()
    found = files(tmp_path, once=True, settle=0.5)
    os.utime(file, (began + 0.2, began + 0.2))  # changed once more, a little later
    assert next(found) == file
    assert time.time() - began >= 0.7
    assert list(found) == []


def test_a_folder_that_goes_away_is_told(tmp_path):
    with pytest.raises(DataError, match="is gone"):
        next(files(tmp_path / "none", once=True, settle=0.0))


@pytest.mark.parametrize("text", [b"", b"\n\n", b"a,b\n"])
def test_a_stream_without_rows_has_no_batch(text, tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(text)
    with file.open("rb") as stream:
        assert list(lines(stream, 5)) == []


def test_json_that_is_none_is_told(tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b'{"a": 1}\n{"a": \n')
    with file.open("rb") as stream, pytest.raises(DataError, match="standard input cannot be read"):
        list(lines(stream, 5))
