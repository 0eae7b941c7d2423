"""The registry: versions, batches that count once, learners side by side, kills, and a database that refuses."""

import itertools
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import killed
from downslope.errors import UsageError
from downslope.learn.learner import Learner
from downslope.learn.registry import Conflict, Registry, Version
from downslope.learn.schema import RegistryError


def line(t, slope=1.0, base=0.0):
    return base + slope * t


def bent(t, slope=1.0, base=0.0):
    return base + slope * t * t


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'learnt.db'}"


def test_a_version_tells_what_it_was_made_from(url):
    learner = Learner(line, url, "y")
    version = learner.update(killed.batch(0))
    start, stored = learner.history()
    assert (start.kind, start.number, start.values) == ("start", 1, {"slope": 1.0, "base": 0.0})
    assert stored == version
    assert (stored.parent, stored.number, stored.rows, stored.kind) == (1, 2, 20, "update")
    assert len(stored.fingerprint) == len(stored.program) == 64
    assert 0.0 < stored.cost < stored.cost_before
    assert stored.seconds > 0.0


def test_a_learner_goes_on_where_another_process_ended(url):
    whole = Learner(line, "sqlite://", "y")
    for number in range(4):
        Learner(line, url, "y").update(killed.batch(number))
        whole.update(killed.batch(number))
    again = Learner(line, url, "y").history()[-1]
    assert (again.values, again.state) == (whole.history()[-1].values, whole.history()[-1].state)


def test_a_batch_given_twice_counts_once(url):
    learner = Learner(line, url, "y")
    first = learner.update(killed.batch(0))
    second = learner.update(killed.batch(1))
    assert learner.update(killed.batch(0)) == first
    assert Learner(line, url, "y").update(killed.batch(1)) == second
    assert len(learner.history()) == 3
    assert learner.update({name: column[::-1] for name, column in killed.batch(0).items()}).number == 4


def test_equal_groups_of_a_stream_count_each_and_the_stream_counts_once(url):
    rows = [{"t": 1.0, "y": 2.0}, {"t": 2.0, "y": 5.0}] * 3
    learner = Learner(line, url, "y")
    assert [version.number for version in learner.feed(rows, group=2)] == [2, 3, 4]
    assert [version.number for version in learner.feed(rows, group=2)] == [2, 3, 4]
    with pytest.raises(UsageError, match="group is 0"):
        next(learner.feed(rows, group=0))


def test_learners_side_by_side_lose_nothing(url):
    Learner(line, url, "y").update(killed.batch(0))

    def teach(part):
        learner = Learner(line, url, "y")
        for number in range(1 + part, 41, 4):
            learner.update(killed.batch(number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(teach, range(4)))
    learner, whole = Learner(line, url, "y"), Learner(line, "sqlite://", "y")
    assert len(learner.history()) == 42
    assert [version.parent for version in learner.history()] == [None, *range(1, 42)]
    for number in range(41):
        whole.update(killed.batch(number))
    assert learner.values == pytest.approx(whole.values, rel=1e-9)


def test_who_comes_second_is_refused_and_changes_nothing(url):
    registry = Registry(url)
    version = Version("start", "p", {"a": 1.0}, {})
    seen = registry.head().revision
    registry.add(version, seen)
    with pytest.raises(Conflict, match="another learner"):
        registry.add(version, seen)
    assert len(registry.versions()) == 1


def test_rollback_goes_on_from_an_older_version(url):
    learner, other = Learner(line, url, "y"), Learner(line, "sqlite://", "y")
    for number in (0, 1, 2):
        learner.update(killed.batch(number))
    back = learner.rollback(2)
    assert (back.number, back.kind, back.parent) == (5, "rollback", 2)
    assert learner.values == dict(learner.history()[1].values)
    assert learner.update(killed.batch(1)).number == 3  # stays counted
    after = learner.update(killed.batch(7))
    for number in (0, 7):
        other.update(killed.batch(number))
    assert after.values == other.values
    with pytest.raises(RegistryError, match="no version 99"):
        learner.rollback(99)


def test_pin_predicts_with_a_version_while_learning_goes_on(url):
    learner = Learner(line, url, "y")
    learner.update(killed.batch(0))
    learner.pin(1)
    learner.update(killed.batch(1))
    assert learner.predict({"t": [2.0]}).tolist() == [2.0]
    assert learner.predict({"t": [2.0]}, version=3) == pytest.approx(8.0, rel=0.1)
    learner.pin(None)
    assert learner.current.number == 3
    with pytest.raises(RegistryError, match="no version 9"):
        learner.pin(9)


def test_a_kill_before_any_statement_leaves_a_whole_registry(tmp_path):
    whole = Learner(line, "sqlite://", "y")
    for number in (0, 1):
        whole.update(killed.batch(number))
    for statement in itertools.count(1):
        file = tmp_path / f"{statement}.db"
        was_killed = killed.killed_at(f"sqlite:///{file}", statement)
        assert killed.faults(file, set() if was_killed else {0, 1}) == []
        learner = Learner(line, f"sqlite:///{file}", "y")
        for number in (0, 1):
            learner.update(killed.batch(number))
        assert learner.history()[-1].state == whole.history()[-1].state
        assert len(learner.history()) == 3
        if not was_killed:
            break
    assert statement > 20


def test_kills_at_random_points_lose_nothing(tmp_path):
    found, count, hits = killed.run(50, tmp_path)
    assert found == []
    assert count >= hits > 10


def test_the_search_for_losses_can_find_one(tmp_path):
    found, _, _ = killed.run(30, tmp_path, early=True)
    assert any("acknowledged" in fault for fault in found)


def test_half_a_version_would_be_found(tmp_path, url):
    Learner(line, url, "y").update(killed.batch(0))
    file = tmp_path / "learnt.db"
    assert killed.faults(file, {0}) == []
    with sqlite3.connect(file) as db:
        db.execute("DELETE FROM downslope_batches")
    db.close()
    assert len(killed.faults(file, {0})) == 2


def test_another_program_target_or_method_is_refused(url):
    Learner(line, url, "y").update(killed.batch(0))
    for program, options, said in [
        (bent, {}, "bent has changed since version 2"),
        (line, {"target": "z"}, "the target is z, and that of the registry is y"),
        (line, {"method": "sgd"}, "the method is sgd"),
        (line, {"learn": ["slope"]}, "the learn is slope"),
    ]:
        with pytest.raises(UsageError, match=said):
            Learner(program, url, **{"target": "y", **options})
    assert Learner(line, url).values  # the target is known


def test_a_registry_that_is_none_is_told(tmp_path):
    (tmp_path / "text.db").write_text("no database" * 100)
    sqlite3.connect(tmp_path / "empty.db").close()
    for where, said in [
        ("learnt.db", "not the URL of a registry"),
        ("nosuch://x/y", "not the URL of a registry"),
        (f"sqlite:///{tmp_path}/no/such/folder.db", "unable to open"),
        (f"sqlite:///{tmp_path}/text.db", "not a database"),
    ]:
        with pytest.raises(RegistryError, match=said):
            Registry(where)
    with pytest.raises(RegistryError, match="there is no registry"):
        Registry(f"sqlite:///{tmp_path}/none.db", create=False)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").write_bytes(b"")
    with pytest.raises(RegistryError, match="has no table"):
        Registry(f"sqlite:///{tmp_path}/empty.db", create=False)


def test_a_registry_of_a_newer_format_is_refused(tmp_path, url):
    Registry(url).close()
    with sqlite3.connect(tmp_path / "learnt.db") as db:
        db.execute("UPDATE downslope_head SET format = 2")
    db.close()
    with pytest.raises(RegistryError, match="has format 2"):
        Registry(url)


def test_a_database_that_stays_locked_is_told_and_loses_nothing(tmp_path, url):
    Registry(url).close()
    registry = Registry(url, timeout=0.05)
    with sqlite3.connect(tmp_path / "learnt.db", isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryError, match="locked"):
            registry.add(Version("start", "p", {}, {}), 0)
        db.execute("ROLLBACK")
    db.close()
    assert registry.versions() == ()


def test_a_full_disk_is_told_and_loses_nothing(tmp_path, url):
    learner = Learner(line, url, "y")
    learner.update(killed.batch(0))
    with sqlite3.connect(tmp_path / "learnt.db") as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.close()
    with learner.registry._engine.connect() as connection:  # SQLite's own limit stands for the disk's
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    done = {0}
    with pytest.raises(RegistryError, match="full"):
        done.update(number for number in range(1, 200) if learner.update(killed.batch(number)))
    assert killed.faults(tmp_path / "learnt.db", done) == []


def test_values_that_json_has_not_are_never_stored(url):
    with pytest.raises(ValueError, match="JSON"):
        Registry(url).add(Version("start", "p", {"a": np.nan}, {}), 0)
    assert Registry(url).versions() == ()


def test_a_registry_that_was_removed_acknowledges_nothing(tmp_path, url):
    learner = Learner(line, url, "y")
    learner.update(killed.batch(0))
    (tmp_path / "learnt.db").unlink()
    with pytest.raises(RegistryError, match="there is no registry"):
        learner.update(killed.batch(1))


def test_a_registry_in_memory_has_no_file():
    assert Learner(line, "sqlite:///:memory:", "y").update(killed.batch(0)).number == 2
