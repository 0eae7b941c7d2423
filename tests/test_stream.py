"""Tables read in batches: the same numbers as in memory, whatever the batches; and what is wrong in a file is named."""

import threading
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as dataset
import pyarrow.parquet as pq
import pytest

import downslope as ds
from downslope.data.stream import ahead
from downslope.errors import DataError, UsageError

RNG = np.random.default_rng(5)
N = 60_000
X = RNG.random(N) * 4.0
TABLE = {
    "x": X,
    "y": 3.0 * np.exp(-0.8 * X) + 0.1 * RNG.normal(size=N),
    "n": RNG.poisson(np.exp(0.3 * X)).astype(float),
    "w": RNG.integers(0, 3, N).astype(float),
}


def decay(x, a=1.0, b=0.5):
    return a * np.exp(-b * x)


def rate(x, a=0.1, b=0.1):
    return np.exp(a + b * x)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("parts")
    for k in range(4):
        rows = slice(k * N // 4, (k + 1) * N // 4)
        columns = {name: column[rows] for name, column in TABLE.items()}
        pq.write_table(pa.table(columns), place / f"part-{k}.parquet", row_group_size=7_000)
    return place


@pytest.mark.parametrize(
    "options", [{}, {"errors": "robust"}, {"loss": "huber:0.1"}, {"weights": "w"}], ids=str
)
def test_a_stream_gives_what_memory_gives(folder: Path, options: dict[str, Any]) -> None:
    whole = ds.fit(decay, TABLE, "y", **options)
    found = [ds.fit(decay, ds.stream(folder, rows=rows), "y", **options) for rows in (1_000_000, 5_003)]
    for each in found:  # the solver stops at 1e-4 standard errors, on ways that differ by rounding
        assert np.all(np.abs(each.solution.values - whole.solution.values) < 1e-5 * whole.solution.errors)
        np.testing.assert_allclose(each.solution.errors, whole.solution.errors, rtol=1e-7)
        assert each.cost == pytest.approx(whole.cost, rel=1e-12)
        assert each.problem.rows == whole.problem.rows
    assert found[1].solution.values.tolist() == found[0].solution.values.tolist()  # to the last bit


def test_a_likelihood_on_a_stream(folder: Path) -> None:
    whole = ds.fit(rate, TABLE, "n", loss="poisson")
    found = ds.fit(rate, ds.stream(folder, rows=9_999), "n", loss="poisson")
    np.testing.assert_allclose(found.solution.values, whole.solution.values, rtol=1e-10)
    np.testing.assert_allclose(found.solution.errors, whole.solution.errors, rtol=1e-9)


def test_sums_do_not_depend_on_batches_or_threads(folder: Path) -> None:
    found = []
    for rows in (1_000_000, 8_192, 777):
        for threads in (1, 2):
            problem = ds.fit(
                decay, ds.stream(folder, rows=rows), "y", threads=threads, max_iterations=1
            ).problem
            sums = problem.sums(np.array([2.0, 0.7]))
            found.append(np.concatenate([[sums.cost], sums.gradient, sums.jtj.ravel()]))
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-12)


def test_held_out_rows_do_not_depend_on_batches(folder: Path) -> None:
    one, other = (
        ds.fit(decay, ds.stream(folder, rows=rows), "y", holdout=0.25, seed=3) for rows in (N, 4_321)
    )
    assert one.solution.holdout_rows == other.solution.holdout_rows
    assert one.solution.holdout_rows == pytest.approx(0.25 * N, rel=0.02)
    assert one.solution.holdout_after == pytest.approx(other.solution.holdout_after, rel=1e-12)
    assert one.solution.rows + one.solution.holdout_rows == N
    assert 2.0 * one.solution.holdout_after / one.solution.holdout_rows == pytest.approx(0.01, rel=0.05)


def test_priors_and_the_diff_work_on_streams(folder: Path) -> None:
    found = ds.fit(decay, ds.stream(folder, rows=9_999), "y", priors={"b": (0.9, 0.001)})
    whole = ds.fit(decay, TABLE, "y", priors={"b": (0.9, 0.001)})
    np.testing.assert_allclose(found.solution.values, whole.solution.values, rtol=1e-9)
    assert "+def decay(x, a=" in ds.diff(found)
    assert 4_999 < len(found.predictions) <= 14_000  # of the first batch


def test_partitions_and_filters(tmp_path: Path) -> None:
    table = pa.table({"x": TABLE["x"], "y": TABLE["y"], "year": np.arange(N) % 3 + 2020})
    dataset.write_dataset(
        table, tmp_path, format="parquet", partitioning=["year"], partitioning_flavor="hive"
    )
    kept = np.arange(N) % 3 > 0
    found = ds.fit(decay, ds.stream(tmp_path, filters=dataset.field("year") > 2020), "y")
    whole = ds.fit(decay, {name: TABLE[name][kept] for name in ("x", "y")}, "y")
    assert found.problem.rows == kept.sum()
    np.testing.assert_allclose(found.solution.values, whole.solution.values, rtol=1e-10)

    def by_year(x, year, a=1.0):
        return a * (year - 2019)

    assert ds.fit(by_year, ds.stream(tmp_path), "y").problem.rows == N  # the key is a column


def test_text_files_and_queries(tmp_path: Path) -> None:
    lines = [f"{x},{y}" for x, y in zip(TABLE["x"][:500], TABLE["y"][:500], strict=True)]
    for k in range(2):
        (tmp_path / f"{k}.csv").write_text("\n".join(["x,y", *lines[k * 250 : (k + 1) * 250]]) + "\n")
    whole = ds.fit(decay, {name: column[:500] for name, column in TABLE.items()}, "y")
    found = ds.fit(decay, ds.stream(tmp_path, rows=100), "y")
    np.testing.assert_allclose(found.solution.values, whole.solution.values, rtol=1e-10)
    file = tmp_path / "t.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"CREATE TABLE trips AS SELECT * FROM read_csv('{tmp_path}/*.csv') ORDER BY x")
    for query in ("trips", "SELECT * FROM trips WHERE x >= 0"):
        found = ds.fit(decay, ds.stream(f"{file}:{query}", rows=100), "y")
        np.testing.assert_allclose(found.solution.values, whole.solution.values, rtol=1e-9)


def write(place: Path, name: str, **columns: Any) -> None:
    pq.write_table(pa.table(columns), place / name)


def test_a_column_that_turns_to_text_is_named_with_its_file(tmp_path: Path) -> None:
    for k in range(5):
        write(tmp_path, f"{k}.parquet", x=[1.0, 2.0], y=[1.0, 2.0])
    write(tmp_path, "57.parquet", x=["1.0", "two"], y=[1.0, 2.0])
    with pytest.raises(DataError, match=r"57\.parquet"):
        ds.fit(decay, ds.stream(tmp_path), "y")


def test_a_file_without_a_column_is_named(tmp_path: Path) -> None:
    write(tmp_path, "0.parquet", x=[1.0], y=[1.0])
    write(tmp_path, "1.parquet", x=[1.0], z=[1.0])
    with pytest.raises(DataError, match=r"1\.parquet has no column 'y'"):
        ds.fit(decay, ds.stream(tmp_path), "y")


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    write(tmp_path, "0.parquet", x=X, y=X)
    write(tmp_path, "1.parquet", x=X, y=X)
    bad = tmp_path / "1.parquet"
    bad.write_bytes(bad.read_bytes()[: bad.stat().st_size // 2])
    with pytest.raises(DataError, match=r"1\.parquet cannot be read"):
        ds.fit(decay, ds.stream(tmp_path), "y")


def test_a_row_without_a_number_is_named_by_its_place_in_the_file(tmp_path: Path) -> None:
    y = np.ones(1_000)
    y[777] = np.nan
    write(tmp_path, "0.parquet", x=np.ones(500), y=np.ones(500))
    write(tmp_path, "1.parquet", x=np.linspace(0, 1, 1_000), y=y)
    with pytest.raises(DataError, match=r"'y' of .*1\.parquet is nan in row 778"):
        ds.fit(decay, ds.stream(tmp_path, rows=100), "y")
    found = ds.fit(decay, ds.stream(tmp_path, rows=100), "y", missing="drop")
    assert found.dropped == 1
    assert found.problem.rows == 1_499


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda place: ds.stream(place / "none"), "does not exist"),
        (lambda place: ds.stream(place), "holds no files"),
        (lambda place: ds.stream(place, rows=0), "rows is 0"),
        (lambda place: ds.stream(f"{place}/t.duckdb:x", filters=1), "filters for a DuckDB query"),
    ],
)
def test_what_is_no_stream_is_refused(tmp_path: Path, make: Any, said: str) -> None:
    with pytest.raises((DataError, UsageError), match=said):
        make(tmp_path)


def test_what_needs_all_rows_at_once_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="the loss absolute on a stream"):
        ds.fit(decay, ds.stream(folder), "y", loss="absolute")
    with pytest.raises(UsageError, match="a column of groups with"):
        ds.fit(decay, ds.stream(folder), "y", group="n")


def test_reading_ahead_stops_where_it_is_left() -> None:
    made = []

    def numbers() -> Any:
        for k in range(1_000):
            made.append(k)
            yield k

    before = threading.active_count()
    reader = ahead(numbers())
    assert next(reader) == 0
    reader.close()
    assert len(made) < 10
    assert threading.active_count() == before

    def fails() -> Any:
        yield 1
        raise DataError("no", why="no.")

    with pytest.raises(DataError, match="no"):
        list(ahead(fails()))
