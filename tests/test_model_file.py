"""A fit saved as JSON and read back: the same predictions, and nothing in the file is ever run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pydantic import ValidationError

import downslope as ds
from downslope.errors import DataError, ProgramError, UsageError, WriteError
from downslope.fitting.model import load
from downslope.fitting.record import CHECKSUM, Record, checksum
from downslope.ir.data import Damaged, from_data, plain, to_data
from downslope.ir.nodes import Block, Function, Let, Lit, Param, Push
from downslope.ir.types import ArrayType
from downslope.modes.inner import expanded
from downslope.passes.simplify import simplified
from downslope.read.source import read_source
from downslope.rules import arity
from files import Files, forget
from zoo import ZOO

ARITY = arity()
MAIN = """
import math
from rates import SPEED, slow

CITY = 5.0


def program(km, hour, wait=1.0, extra=0):
    minutes = wait + 60.0 * km / SPEED
    if 7 <= hour < 9:
        minutes = slow(minutes)
    while minutes < CITY:
        minutes += 0.25
    return minutes + extra + 0.0 * math.log(km)
"""
RATES = "SPEED = 30.0  # guessed\n\n\ndef slow(minutes, factor=1.5):\n    return factor * minutes\n"


@pytest.fixture
def files(tmp_path):
    yield Files(tmp_path / "src", {"main.py": MAIN, "rates.py": RATES})
    forget(tmp_path)


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    km, hour = rng.uniform(1, 20, 300), rng.integers(0, 24, 300)
    minutes = np.maximum(5.0, (2.0 + 60.0 * km / 24.0) * np.where((hour >= 7) & (hour < 9), 1.25, 1.0))
    return {"km": km, "hour": hour, "minutes": minutes + rng.normal(0, 0.1, 300)}


@pytest.fixture
def done(files, table):
    return ds.fit(files.program, table, "minutes", ["SPEED", "wait", "slow.factor"])


@pytest.fixture
def saved(done, tmp_path):
    done.save(tmp_path / "model.json")
    return tmp_path / "model.json"


def changed(file: Path, change) -> Path:
    """The file with other contents and a checksum that fits them, as a forger would write it."""
    fields = json.loads(file.read_text())
    change(fields)
    fields[CHECKSUM] = checksum(fields)
    other = file.with_name("changed.json")
    other.write_text(json.dumps(fields))
    return other


# ---- what comes back ------------------------------------------------------------------------------


def test_a_model_predicts_what_the_fit_does(done, saved, table):
    model = load(saved)
    assert model.values == done.values
    assert model.errors == done.errors
    np.testing.assert_array_equal(model.covariance, done.covariance)
    np.testing.assert_array_equal(model.predict(table), done.predict(table))
    np.testing.assert_array_equal(done.predict(table), done.predictions)


def test_the_file_says_what_it_was_made_of(saved, table):
    fields = json.loads(saved.read_text())
    assert fields["format"] == "downslope model"
    assert {f["path"]: f["text"] for f in fields["program"]["files"]} == {"main.py": MAIN, "rates.py": RATES}
    assert [c["place"] for c in fields["constants"]] == ["rates.py:1:9", "main.py:8:28", "rates.py:4:26"]
    assert fields["fixed"] == {"extra": 0}
    assert fields["data"]["rows"] == 300
    assert set(fields["made_with"]) == {"python", "downslope", "numba", "numpy", "scipy"}
    assert str(saved.parent) not in saved.read_text()


def test_the_same_fit_gives_the_same_bytes(done, saved, tmp_path):
    done.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == saved.read_bytes()


def test_the_fingerprint_changes_with_one_number(files, table, saved, tmp_path):
    other = {**table, "km": table["km"] + np.eye(1, 300, 7)[0] * 1e-9}
    ds.fit(files.program, other, "minutes", ["SPEED", "wait", "slow.factor"]).save(tmp_path / "other.json")
    first, second = (json.loads(f.read_text())["data"]["sha256"] for f in (saved, tmp_path / "other.json"))
    assert first != second


def test_another_process_without_the_program_predicts(saved, done, files, table):
    for file in files.folder.glob("*.py"):
        file.unlink()
    code = (
        "import sys, downslope as ds\n"
        f"model = ds.load({str(saved)!r})\n"
        "print(*model.predict({'km': [3.0, 9.5], 'hour': [8, 12]}))\n"
        "print('main' in sys.modules, 'rates' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
    )
    shown, loaded = run.stdout.splitlines()
    expected = done.predict({"km": [3.0, 9.5], "hour": [8, 12]})
    assert [float(value) for value in shown.split()] == expected.tolist()
    assert loaded == "False False"


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "csv", "parquet"])
def test_any_table_that_fit_takes_is_predicted(done, table, kind, tmp_path):
    frame = pd.DataFrame(table)
    makers = {
        "pandas": lambda: frame, "polars": lambda: pl.DataFrame(table), "arrow": lambda: pa.table(table),
    }  # fmt: skip
    if kind in makers:
        data = makers[kind]()
    else:
        data = str(tmp_path / f"new.{kind}")
        frame.to_csv(data, index=False) if kind == "csv" else frame.to_parquet(data)
    np.testing.assert_allclose(done.predict(data), done.predictions, rtol=1e-15)


def test_whole_and_real_columns_have_kernels_of_their_own(done):
    whole, real = (
        done.predict({"km": [2, 3], "hour": [8, 9]}),
        done.predict({"km": [2.0, 3.0], "hour": [8.0, 9.0]}),
    )
    np.testing.assert_array_equal(whole, real)


def test_a_drawn_zoo_of_programs_comes_back_as_it_was():
    seen = 0
    for entry in ZOO:
        function = simplified(expanded(read_source(entry.program)).function)
        if plain(function):
            again = from_data(json.loads(json.dumps(to_data(function))), ARITY)
            assert to_data(again) == to_data(function)
            seen += 1
    assert seen > 50


# ---- the program given ----------------------------------------------------------------------------


def test_the_program_may_be_given(saved, done, files, table):
    np.testing.assert_array_equal(load(saved, files.program).predict(table), done.predict(table))


def test_comments_and_learnt_values_may_change(saved, done, files, table):
    (files.folder / "rates.py").write_text(RATES.replace("30.0  # guessed", "24.0  # learnt"))
    np.testing.assert_array_equal(load(saved, files.program).predict(table), done.predict(table))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("main.py", "+= 0.25", "+= 0.5"), ("rates.py", "factor * minutes", "factor + minutes"), ("rates.py", "SPEED", "V")],
)  # fmt: skip
def test_another_program_is_refused(saved, files, file, old, new):
    (files.folder / file).write_text(files.text(file).replace(old, new))
    if new == "V":
        (files.folder / "main.py").write_text(MAIN.replace("SPEED", "V"))
    with pytest.raises(UsageError, match="is not the program"):
        load(saved, files.program)


# ---- faults on rows -------------------------------------------------------------------------------


def test_every_missing_column_is_named(done, saved):
    for predict in (done.predict, load(saved).predict):
        with pytest.raises(DataError, match="has no columns 'km', 'hour'") as error:
            predict({"kms": [1.0]})
        assert "did you mean 'kms' for 'km'" in str(error.value)


def test_a_row_without_a_number(done):
    table = {"km": [3.0, None, 5.0], "hour": [8, 9, 10]}
    with pytest.raises(DataError, match="row 2"):
        done.predict(table)
    found = done.predict(table, missing="nan")
    assert np.isnan(found[1])
    np.testing.assert_array_equal(found[[0, 2]], done.predict({"km": [3.0, 5.0], "hour": [8, 10]}))
    with pytest.raises(UsageError, match="missing='zero'"):
        done.predict(table, missing="zero")


def test_a_row_where_the_program_raises(done, saved, files):
    table = {"km": [3.0, -1.0], "hour": [8, 9]}
    for predict in (done.predict, load(saved, files.program).predict):
        with pytest.raises(ProgramError, match="ValueError on row 2"):
            predict(table)
    with pytest.raises(DataError, match="no finite prediction for row 2"):
        load(saved).predict(table)


def test_a_loop_that_does_not_end(saved):
    def endless(fields):
        test = next(s for s in fields["program"]["operations"]["body"]["body"] if "test" in s)["test"]
        test["body"], test["yields"] = [], [{"value": True}]

    with pytest.raises(ProgramError, match="fails on row 1") as error:
        load(changed(saved, endless)).predict({"km": [3.0], "hour": [8]})
    assert "does not end" in str(error.value)


# ---- files that are wrong -------------------------------------------------------------------------


def test_a_damaged_file(saved, tmp_path):
    text = saved.read_text()
    digit = text.index('"value": ', text.index('"constants"')) + 9
    cases = {"cut": text[: len(text) // 2], "empty": "", "flipped": f"{text[:digit]}9{text[digit + 1 :]}"}
    for name, content in cases.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(DataError, match="is not a model that can be read"):
            load(tmp_path / name)
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    (tmp_path / "deep").write_text("[" * 100_000)
    for name in ("bytes", "deep"):
        with pytest.raises(DataError, match="is not a model that can be read"):
            load(tmp_path / name)
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path / "nowhere.json")


def test_a_foreign_file(tmp_path):
    for content in ("[1, 2]", '{"format": "another"}', "3"):
        (tmp_path / "foreign.json").write_text(content)
        with pytest.raises(DataError, match="has no format"):
            load(tmp_path / "foreign.json")


def test_a_newer_file(saved):
    def newer(fields):
        fields["version"], fields["made_with"]["downslope"] = 2, "9.0"

    with pytest.raises(DataError, match="is newer") as error:
        load(changed(saved, newer))
    assert "by downslope 9.0 in version 2" in str(error.value)


FORGED = {
    "a text for a number": lambda f: f["constants"][0].update(value="30"),
    "a field more": lambda f: f.update(more=1),
    "a field less": lambda f: f.pop("data"),
    "a covariance of another shape": lambda f: f["covariance"].pop(),
    "an unknown op": lambda f: f["program"]["operations"]["body"]["body"][0].update(op="system"),
    "code for a name": lambda f: f["program"]["operations"]["params"][0].update(name="x, __import__('os')"),
    "an input that is not there": lambda f: f["data"]["inputs"].append("more"),
    "a list for the program": lambda f: f["program"].update(operations={"body": []}),
    "a field more in the program": lambda f: f["program"]["operations"].update(more=1),
    "an old version": lambda f: f.update(version=0),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_forged_file(saved, change):
    with pytest.raises(DataError, match="is not a model that can be read"):
        load(changed(saved, change))


def test_the_forgeries_are_found_by_what_they_change(saved):
    assert load(changed(saved, lambda fields: None)).values == load(saved).values


@pytest.mark.parametrize("name", ["_out", "tape", "np", "a b", "x\ny", "lambda", "ﬁ", "__import__"])
def test_no_name_reaches_beyond_the_program(name):
    def function(name):
        return Function("f", (Param(name, "x"),), Block((Let("y", "add", (name, Lit(1.0))),), ("y",)))

    with pytest.raises(Damaged, match="no name of a value"):
        from_data(to_data(function(name)), ARITY)
    assert from_data(to_data(function("x")), ARITY) == function("x")


def test_no_data_touch_the_tape():
    function = Function("f", (Param("x", "x"),), Block((Push(("x",)),), ("x",)))
    with pytest.raises(Damaged, match="has no Push"):
        from_data(to_data(function), ARITY)


def test_no_data_are_arrays():
    function = Function("f", (Param("x", "x", ArrayType("f", 1)),), Block((), ("x",)))
    assert not plain(function)
    with pytest.raises(Damaged, match="is a number"):
        from_data(to_data(function), ARITY)


def test_a_program_with_a_buffer_needs_its_program_to_predict(tmp_path):
    text = """
import numpy as np


def program(x, rate=0.5):
    held = np.zeros(30)
    for k in range(30):
        held[k] = rate * x + k
    return held[0] + held[1] * held[2]
"""
    files = Files(tmp_path / "src", {"main.py": text})
    x = np.linspace(0.0, 2.0, 9)
    y = [files.run(value, 0.75) for value in x]
    done = ds.fit(files.program, {"x": x, "y": y}, "y")
    done.save(tmp_path / "model.json")
    assert json.loads((tmp_path / "model.json").read_text())["program"]["operations"] is None
    with pytest.raises(UsageError, match="needs its program"):
        load(tmp_path / "model.json").predict({"x": x})
    again = load(tmp_path / "model.json", files.program)
    np.testing.assert_array_equal(again.predict({"x": x}), done.predictions)
    (files.folder / "main.py").write_text(text.replace("+ k", "- k"))
    with pytest.raises(UsageError, match="is not the program"):
        load(tmp_path / "model.json", files.program)


def test_the_schema_takes_no_other_types():
    with pytest.raises(ValidationError):
        Record.model_validate({"format": "downslope model", "version": True})


def test_a_folder_that_is_not_there(done, tmp_path):
    with pytest.raises(WriteError, match="cannot be written"):
        done.save(tmp_path / "no" / "model.json")
    (tmp_path / "model.json").write_text("old")
    done.save(tmp_path / "model.json")
    assert load(tmp_path / "model.json").values == done.values
    assert not list(tmp_path.glob(".downslope*"))
