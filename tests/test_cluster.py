"""Fits on a cluster of Dask: the numbers of one machine, a worker that is killed, and what workers cannot do."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

import downslope as ds
from command import downslope
from downslope.errors import DataError, ProgramError, UsageError
from downslope.fitting import distributed, worker

RNG = np.random.default_rng(0)
N = 40_000
X = RNG.random(N) * 4.0
TABLE = pd.DataFrame(
    {
        "x": X,
        "y": 3.0 * np.exp(-0.8 * X) + 0.1 * RNG.normal(size=N),
        "n": RNG.poisson(np.exp(0.3 * X)).astype(float),
        "w": RNG.integers(0, 3, N).astype(float),
    }
)


def decay(x, a=1.0, b=0.5):
    return a * np.exp(-b * x)


def rate(x, a=0.1, b=0.1):
    return np.exp(a + b * x)


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as found:
        yield found


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster) as found:
        yield found


def parts(count: int = 5) -> Any:
    return dd.from_pandas(TABLE, npartitions=count)


@pytest.mark.parametrize(
    "options",
    [{}, {"errors": "robust"}, {"weights": "w"}, {"loss": "huber:0.1"}, {"solver": "lbfgsb"}],
    ids=str,
)
@pytest.mark.usefixtures("client")
def test_a_cluster_gives_what_one_machine_gives(options: dict[str, Any]) -> None:
    whole = ds.fit(decay, TABLE, "y", **options)
    found = ds.fit(decay, parts(), "y", **options)
    assert found.problem.rows == whole.problem.rows
    assert np.all(np.abs(found.solution.values - whole.solution.values) < 1e-5 * whole.solution.errors)
    np.testing.assert_allclose(found.solution.errors, whole.solution.errors, rtol=1e-7)
    assert found.cost == pytest.approx(whole.cost, rel=1e-12)


@pytest.mark.usefixtures("client")
def test_a_likelihood_and_priors_on_a_cluster() -> None:
    options: dict[str, Any] = {"loss": "poisson", "priors": {"b": (0.3, 0.01)}}
    whole, found = (ds.fit(rate, table, "n", **options) for table in (TABLE, parts()))
    np.testing.assert_allclose(found.solution.values, whole.solution.values, rtol=1e-9)
    np.testing.assert_allclose(found.solution.errors, whole.solution.errors, rtol=1e-9)


@pytest.mark.usefixtures("client")
def test_the_sums_are_those_of_one_machine_however_the_rows_are_parted() -> None:
    point = np.array([2.0, 0.7])
    expected = ds.fit(decay, TABLE, "y", max_iterations=1).problem.sums(point)
    for count in (1, 3, 8):
        sums = ds.fit(decay, parts(count), "y", max_iterations=1).problem.sums(point)
        np.testing.assert_allclose(sums.cost, expected.cost, rtol=1e-12)
        np.testing.assert_allclose(sums.jtj, expected.jtj, rtol=1e-12)
        np.testing.assert_allclose(sums.gradient, expected.gradient, rtol=1e-11)


@pytest.mark.usefixtures("client")
def test_rows_are_held_out_on_the_workers() -> None:
    found = ds.fit(decay, parts(), "y", holdout=0.25, seed=3)
    assert found.solution.holdout_rows + found.solution.rows == N
    assert 2.0 * found.solution.holdout_after / found.solution.holdout_rows == pytest.approx(0.01, rel=0.05)
    assert "+def decay(x, a=" in ds.diff(found)


def test_a_worker_that_is_killed_does_not_change_the_result(client: Client) -> None:
    whole = ds.fit(decay, TABLE, "y")
    calls = 0
    plain = distributed.Partitions.each
    killed: list[int] = []

    def killing(self: Any, run: Any, *arguments: Any) -> Any:
        nonlocal calls
        calls += run is worker.sums
        if calls == 5 and not killed:
            pid = next(iter(client.run(os.getpid).values()))
            killed.append(pid)
            threading.Timer(0.01, os.kill, (pid, signal.SIGKILL)).start()
            time.sleep(0.05)
        return plain(self, run, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distributed.Partitions, "each", killing)
        found = ds.fit(decay, parts(8), "y")
    assert killed
    assert killed[0] not in client.run(os.getpid).values()
    assert found.converged
    assert np.all(np.abs(found.solution.values - whole.solution.values) < 1e-5 * whole.solution.errors)
    assert found.cost == pytest.approx(whole.cost, rel=1e-12)


@pytest.mark.usefixtures("client")
def test_bad_rows_are_named_with_their_partition() -> None:
    spoilt = TABLE.copy()
    spoilt.loc[25_000, "y"] = np.nan
    table = dd.from_pandas(spoilt, npartitions=4)
    with pytest.raises(DataError, match="'y' of partition 2 is nan in row 5001"):
        ds.fit(decay, table, "y")
    assert ds.fit(decay, table, "y", missing="drop").dropped == 1

    def inverse(x, a=1.0):
        return a / (x - 1.0)

    one = dd.from_pandas(pd.DataFrame({"x": [0.0, 2.0, 1.0, 3.0], "y": [1.0] * 4}), npartitions=2)
    with pytest.raises(ProgramError, match="ZeroDivisionError"):
        ds.fit(inverse, one, "y")
    with pytest.raises(ProgramError, match="ZeroDivisionError"):
        ds.fit(inverse, one.assign(w=2.0), "y", weights="w")


def test_what_a_cluster_cannot_do_is_said(client: Client) -> None:
    with pytest.raises(UsageError, match="the loss absolute on a cluster"):
        ds.fit(decay, parts(), "y", loss="absolute")
    with pytest.raises(UsageError, match="a column of groups"):
        ds.fit(decay, parts(), "y", group="n")
    home = os.getpid()

    def without_numba() -> dict[str, str]:
        if os.getpid() != home:
            raise ImportError("No module named 'numba'")
        return {}

    def older() -> dict[str, str]:
        return {"downslope": "9" if os.getpid() == home else "8"}

    for versions, said in ((without_numba, "No module named 'numba'"), (older, r"downslope 8 \(here 9\)")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(worker, "versions", versions)
            with pytest.raises(UsageError, match=said):
                distributed.check_workers(client)


def test_without_a_client_it_is_said_how_to_make_one() -> None:
    with pytest.raises(UsageError, match="a Dask data frame, and no cluster"):
        ds.fit(decay, parts(), "y")


def test_the_command_fits_on_a_cluster(cluster: LocalCluster, tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text("def line(x, k=1.0):\n    return k * x\n")
    folder = tmp_path / "parts"
    folder.mkdir()
    for k in range(3):
        x = np.arange(1.0, 5.0) + k
        pd.DataFrame({"x": x, "y": 2.0 * x}).to_parquet(folder / f"{k}.parquet")
    options = ("--target", "y", "--holdout", "0", "--cluster", cluster.scheduler_address)
    done = downslope("tune", "prog.py:line", "parts", *options, folder=tmp_path)
    assert done.code == 0, done.err
    assert "training    12" in done.out
    assert "+def line(x, k=2.0):" in done.out
    gone = downslope(
        "tune", "prog.py:line", "parts", "--target", "y", "--cluster", "tcp://127.0.0.1:1", folder=tmp_path
    )
    assert gone.code == 2
    assert "cannot be reached" in gone.err
