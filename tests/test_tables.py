"""Every kind of table gives the same fit, and columns of every type are numbers or refused."""

import datetime
from decimal import Decimal
from fractions import Fraction

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import csv, feather, parquet

import downslope as ds
from downslope.data.frames import frame_of
from downslope.data.table import open_table
from downslope.errors import DataError, UsageError

ROWS = 60


def minutes(km: float, stops: int, night: bool, speed: float = 30.0, dwell: float = 1.0) -> float:
    """A trip's duration, with an integer and a bool among the inputs."""
    t = 60.0 * km / speed
    for _ in range(stops):
        t += dwell
    if night:
        t *= 0.75
    return t


@pytest.fixture
def columns(rng):
    km = rng.uniform(1, 20, ROWS).round(3)
    stops = rng.integers(0, 6, ROWS)
    night = rng.random(ROWS) < 0.3
    took = [minutes(a, int(b), bool(c), 42.0, 0.5) for a, b, c in zip(km, stops, night, strict=True)]
    noise = rng.normal(0, 0.1, ROWS)
    return {"km": km, "stops": stops, "night": night, "took": (np.array(took) + noise).round(6)}


def fitted(table, **options):
    return ds.fit(minutes, table, "took", learn=["speed", "dwell"], **options).solution


@pytest.fixture
def arrow(columns):
    return pa.table({**columns, "note": ["some text"] * ROWS})  # a column that is not asked for


def stream(arrow, path):
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return path


def tabs(arrow, path):
    csv.write_csv(arrow, str(path), csv.WriteOptions(delimiter="\t"))
    return str(path)


def zipped(arrow, path):
    with pa.CompressedOutputStream(str(path), "gzip") as sink:
        csv.write_csv(arrow, sink)
    return str(path)


def comma(arrow, path):
    csv.write_csv(arrow, str(path))
    return path


def folder(arrow, path):
    path.mkdir()
    for part in range(3):
        parquet.write_table(arrow.slice(20 * part, 20), str(path / f"part{part}.parquet"))
    return str(path)


def one_parquet(arrow, path):
    parquet.write_table(arrow, str(path))
    return str(path)


def one_feather(arrow, path):
    feather.write_feather(arrow, str(path))
    return str(path)


def database(arrow, path, query):
    with duckdb.connect(str(path)) as connection:
        connection.register("given", arrow)
        connection.execute("CREATE TABLE trips AS SELECT * FROM given")
    return f"{path}{query}"


TABLES = {
    "csv": lambda a, d: comma(a, d / "t.csv"),
    "csv.gz": lambda a, d: zipped(a, d / "t.csv.gz"),
    "tsv": lambda a, d: tabs(a, d / "t.tsv"),
    "parquet": lambda a, d: one_parquet(a, d / "t.parquet"),
    "parquet folder": lambda a, d: folder(a, d / "trips"),
    "feather": lambda a, d: one_feather(a, d / "t.feather"),
    "arrow file": lambda a, d: one_feather(a, d / "t.arrow"),
    "arrow stream": lambda a, d: stream(a, d / "t.arrow"),
    "duckdb table": lambda a, d: database(a, d / "t.duckdb", ":trips"),
    "duckdb schema": lambda a, d: database(a, d / "t.duckdb", ":main.trips"),
    "duckdb alone": lambda a, d: database(a, d / "t.duckdb", ""),
    "duckdb query": lambda a, d: database(a, d / "t.duckdb", ":SELECT * EXCLUDE note FROM trips WHERE km > 0;"),
    "duckdb relation": lambda a, _: duckdb.connect().from_arrow(a),
    "pandas": lambda a, _: a.to_pandas(),
    "pandas nullable": lambda a, _: a.to_pandas().convert_dtypes(),
    "pandas objects": lambda a, _: a.to_pandas().astype({"km": object, "stops": object}),
    "polars": lambda a, _: pl.from_arrow(a),
    "polars lazy": lambda a, _: pl.from_arrow(a).lazy(),
    "arrow": lambda a, _: a,
    "record batch": lambda a, _: a.to_batches()[0],
    "lists": lambda a, _: a.to_pydict(),
    "arrays": lambda a, _: {name: a[name].to_numpy() for name in a.column_names},
    "series": lambda a, _: {name: pd.Series(a[name].to_pylist()) for name in a.column_names},
    "arrow columns": lambda a, _: {name: a[name] for name in a.column_names},
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_table_gives_the_same_fit(kind, columns, arrow, tmp_path):
    expected = fitted(columns)
    found = fitted(TABLES[kind](arrow, tmp_path))
    assert found.rows == ROWS
    assert expected.converged
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)
    np.testing.assert_allclose(found.errors, expected.errors, rtol=1e-9)
    assert expected["speed"] == pytest.approx(42.0, rel=0.01)


def test_only_the_columns_asked_for_are_read(arrow):
    frame = frame_of(arrow)
    assert "note" in frame.names
    assert open_table(arrow, ["km", "took"]).columns.keys() == {"km", "took"}
    with pytest.raises(DataError, match="'note'"):
        open_table(arrow)


TYPES = {
    "int8": (pa.array([1, 2, 3], pa.int8()), np.int64),
    "uint16": (pa.array([1, 2, 3], pa.uint16()), np.int64),
    "uint64": (pa.array([1, 2, 3], pa.uint64()), np.int64),
    "float16": (pa.array(np.array([1, 2, 3], np.float16)), np.float64),
    "float32": (pa.array([1, 2, 3], pa.float32()), np.float64),
    "decimal": (pa.array([Decimal("1.00"), Decimal("2.00"), Decimal("3.00")]), np.float64),
    "dictionary": (pa.array([1, 2, 3]).dictionary_encode(), np.int64),
    "float array": (np.array([1, 2, 3], np.float32), np.float64),
    "big endian": (np.array([1, 2, 3], ">i4"), np.int64),
    "every other": (np.arange(6)[1::2] // 2 + 1, np.int64),
    "decimals": ([Decimal(1), Decimal(2), Decimal(3)], np.float64),
    "fractions": ([Fraction(1), 2, 3.0], np.float64),
    "mixed": ([1, 2.0, np.int8(3)], np.float64),
    "tuple": ((1, 2, 3), np.int64),
    "categories": (pd.Series([1, 2, 3]).astype("category"), np.int64),
}


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_number_is_read(kind):
    given, dtype = TYPES[kind]
    column = open_table({"x": given}).columns["x"]
    assert column.dtype == dtype
    assert column.flags.c_contiguous
    assert column.tolist() == [1, 2, 3]


def test_bools_stay_bools():
    for given in ([True, False], np.array([True, False]), pa.array([True, False]), pl.Series([True, False])):
        column = open_table({"x": given}).columns["x"]
        assert column.dtype == np.bool_
        assert column.tolist() == [True, False]


MISSING = {
    "None in a list": [1, None, 3],
    "nan in a list": [1, float("nan"), 3],
    "masked array": np.ma.masked_array([1, 2, 3], [False, True, False]),
    "null integer": pa.array([1, None, 3], pa.int32()),
    "null float": pa.array([1, None, 3], pa.float32()),
    "null decimal": pa.array([Decimal(1), None, Decimal(3)]),
    "pandas Int64": pd.Series([1, None, 3], dtype="Int64"),
    "pandas objects": pd.Series([1, pd.NA, 3], dtype=object),
    "polars": pl.Series([1, None, 3]),
    "infinite": np.array([1, np.inf, 3]),
}


@pytest.mark.parametrize("kind", MISSING)
def test_a_missing_number_is_named_or_dropped_and_counted(kind):
    table = {"x": MISSING[kind], "y": [4, 5, 6]}
    with pytest.raises(DataError, match="column 'x' of the table is .* in row 2") as caught:
        open_table(table)
    assert "1 of 3 rows" in str(caught.value)
    kept = open_table(table, missing="drop")
    assert kept.dropped == 1
    assert kept.columns["x"].tolist() == [1, 3]
    assert kept.columns["y"].tolist() == [4, 6]
    assert [kept.number(row) for row in range(kept.rows)] == [1, 3]


def test_an_integer_column_with_a_missing_row_stays_an_integer(columns, arrow):
    """A loop over `range(stops)` needs it."""
    holes = [None, *arrow["stops"].to_pylist()[1:]]
    table = arrow.set_column(1, "stops", pa.array(holes, pa.int64()))
    found = fitted(table, missing="drop")
    rest = fitted({name: column[1:] for name, column in columns.items()})
    np.testing.assert_allclose(found.values, rest.values, rtol=1e-12)


def test_missing_rows_of_a_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n,3\nNA,4\n5,nan\n6,7\n")
    assert open_table(path, missing="drop").dropped == 3
    with pytest.raises(DataError, match="'x' of .*t.csv is empty in row 2"):
        open_table(path)


def test_a_number_type_that_changes_far_down_a_csv_is_read(tmp_path):
    """The type guessed from the first block (1 MB) does not hold for the last row."""
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1000,1\n" * 200_000 + "0.5,2\n")
    table = open_table(path)
    assert table.columns["x"][-1] == 0.5
    assert table.columns["y"].dtype == np.int64
    path.write_text("x,y\n" + "1000,1\n" * 200_000 + "abc,2\n")
    with pytest.raises(DataError, match="holds 'abc' in row 200001"):
        open_table(path)


REFUSED = {
    "text": (["1.5", "abc", "2"], "holds 'abc' in row 2"),
    "text numbers": (["1.5", "2"], "holds '1.5' in row 1"),
    "arrow text": (pa.array(["x", "2"]), "holds 'x' in row 1"),
    "dates": (pa.array([datetime.date(2020, 1, 1)]), "date32"),
    "numpy dates": (np.array(["2020-01-01"], "datetime64[D]"), "datetime64"),
    "complex": (np.array([1j]), "complex128"),
    "nested": ([[1, 2], [3]], r"holds \[1, 2\] in row 1"),
    "two dimensions": (np.ones((2, 2)), "2 dimensions"),
    "one number": (3.0, "is a float"),
    "generator": ((x for x in [1.0]), "is a generator"),
    "large": ([2**70], "more than 64 bits"),
    "large uint64": (np.array([2**63], np.uint64), "more than 64 bits"),
    "all missing": ([None, None], "is nan|is empty"),
    "arrow nulls": (pa.nulls(2), "is nan in row 1|is empty"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_number_is_refused(kind):
    given, words = REFUSED[kind]
    with pytest.raises(DataError, match=words):
        open_table({"x": given})


TWINS = {
    "csv": lambda d: (d / "t.csv").write_text("x,x\n1,2\n") and d / "t.csv",
    "pandas": lambda _: pd.DataFrame([[1, 2]], columns=["x", "x"]),
    "arrow": lambda _: pa.table([pa.array([1]), pa.array([2])], names=["x", "x"]),
}


@pytest.mark.parametrize("kind", TWINS)
def test_two_columns_of_one_name_are_refused(kind, tmp_path):
    with pytest.raises(DataError, match="two columns 'x'"):
        open_table(TWINS[kind](tmp_path))


def test_tables_that_are_none():
    for thing in (None, 5, [1, 2], object(), duckdb.connect()):
        with pytest.raises(DataError, match="not a table"):
            open_table(thing)


def test_lengths_differ():
    with pytest.raises(DataError, match="'x' has 2, 'y' has 1"):
        open_table({"x": [1, 2], "y": [1]})


def test_a_database_of_several_tables_asks_for_one(tmp_path):
    path = tmp_path / "t.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE a AS SELECT 1 AS x; CREATE TABLE b AS SELECT 2 AS x")
    assert open_table(f"{path}:b").columns["x"].tolist() == [2]
    with pytest.raises(DataError, match="holds 2 tables"):
        open_table(str(path))
    with pytest.raises(DataError, match="cannot be read"):
        open_table(f"{path}:SELECT nothing FROM nowhere")
    with pytest.raises(DataError, match="gives no rows|cannot be read"):
        open_table(f"{path}:DROP TABLE a")


@pytest.mark.parametrize("share", [-0.1, 1.0, 0.01, 0.99, float("nan")])
def test_a_holdout_that_leaves_no_rows(share):
    with pytest.raises(UsageError, match="holdout"):
        open_table({"x": [1, 2, 3]}).split(share)


def test_rows_keep_their_number_through_a_split():
    table = open_table({"x": [0.0, np.nan, 20.0, 30.0, 40.0]}, missing="drop")
    for part in table.split(0.5, seed=3):
        assert part.rows == 2
        for row, value in enumerate(part.columns["x"]):
            assert part.number(row) == value / 10 + 1
