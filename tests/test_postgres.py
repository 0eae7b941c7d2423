"""The registry on a PostgreSQL server of the tests' own: what SQLite promises holds there too."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.learn.registry import Registry

FOLDERS = [*os.environ["PATH"].split(os.pathsep), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
TOOLS = {name: shutil.which(name, path=os.pathsep.join(FOLDERS)) for name in ("initdb", "pg_ctl")}
pytestmark = pytest.mark.skipif(None in TOOLS.values(), reason="no PostgreSQL server is installed")


def line(x, slope=1.0, start=0.0):
    return start + slope * x


def learner_on(url: str, stack: ExitStack) -> ds.Learner:
    """A learner whose connections are given up at the end of a test."""
    return stack.enter_context(ds.Learner(line, url, "y"))


def batch(number: int) -> dict[str, Any]:
    x = np.arange(5.0) + number
    return {"x": x, "y": 2.0 + 3.0 * x + 0.1 * np.sin(7.0 * x)}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a fresh database, on a socket in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    account: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to be run by an administrator
        shutil.chown(folder, "nobody")
        account = {"user": "nobody", "group": "nogroup", "extra_groups": []}

    def run(tool: str, *arguments: str) -> None:
        subprocess.run([str(TOOLS[tool]), *arguments], check=True, capture_output=True, timeout=60, cwd=folder, **account)  # fmt: skip

    data = folder / "data"
    run("initdb", "-D", str(data), "-U", "learner", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -h ''", "start")
    try:
        yield f"postgresql+psycopg://learner@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """The same with no tables in it."""
    yield server
    from sqlalchemy import create_engine

    from downslope.learn.schema import TABLES

    engine = create_engine(server)
    TABLES.drop_all(engine)
    engine.dispose()


def test_what_is_learnt_is_what_sqlite_keeps(url: str, stack: ExitStack) -> None:
    one, other = learner_on(url, stack), learner_on("sqlite://", stack)
    for number in range(4):
        one.update(batch(number))
        other.update(batch(number))
    assert one.values == other.values
    assert [(v.number, v.kind, v.rows) for v in one.history()] == [
        (v.number, v.kind, v.rows) for v in other.history()
    ]
    assert learner_on(url, stack).values == one.values  # by another connection
    np.testing.assert_array_equal(one.predict({"x": [1.0]}), other.predict({"x": [1.0]}))


def test_a_batch_given_twice_counts_once(url: str, stack: ExitStack) -> None:
    learner = learner_on(url, stack)
    first = learner.update(batch(0))
    assert learner.update(batch(0)).number == first.number
    assert len(learner.history()) == 2


def test_rollback_and_pin(url: str, stack: ExitStack) -> None:
    learner = learner_on(url, stack)
    versions = [learner.update(batch(number)) for number in range(3)]
    back = learner.rollback(versions[0].number)
    assert back.values == versions[0].values
    learner.pin(versions[1].number)
    assert learner.current.number == versions[1].number


def test_two_learners_at_once_lose_nothing(url: str, stack: ExitStack) -> None:
    learner_on(url, stack).update(batch(0))

    def learn(numbers: range) -> None:
        with ds.Learner(line, url, "y") as learner:
            for number in numbers:
                learner.update(batch(number))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(learn, [range(1, 20, 2), range(2, 21, 2)]))
    history = learner_on(url, stack).history()
    assert sum(version.rows for version in history) == 5 * 21  # batches 0 to 20, each once
    assert [version.parent for version in history] == [None, *range(1, len(history))]


def test_a_learner_that_is_killed_loses_no_acknowledged_batch(url: str, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\nfrom test_postgres import batch, line\nimport downslope as ds\n"
        f"learner = ds.Learner(line, {url!r}, 'y')\n"
        "for number in range(200):\n    print(learner.update(batch(number)).number, flush=True)\n"
    )
    file = tmp_path / "run.py"
    file.write_text(code)
    told = 0
    for cut in (1, 5, 9):
        process = subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(cut):
            told = int(process.stdout.readline())
        process.kill()
        process.wait()
        process.stdout.close()
        registry = Registry(url)
        history = registry.versions()
        registry.close()
        assert history[-1].number >= told
        assert sum(version.rows for version in history) == 5 * (len(history) - 1)  # whole versions only
        assert len({version.fingerprint for version in history}) == len(history)


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(DownslopeError, match="cannot be used"):
        Registry("postgresql+psycopg://learner@/none?host=/nowhere")
