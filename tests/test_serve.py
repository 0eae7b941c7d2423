"""The service: predictions, feedback that counts once, metrics, and what is refused."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

import downslope as ds
from command import MAIN, downslope, environment
from downslope.serve.app import application

TOKEN = "a-long-secret"
HEAD = {"Authorization": f"Bearer {TOKEN}"}


def trip(km, speed=30.0, wait=0.0):
    return wait + 60.0 * km / speed


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[ds.Learner]:
    with ds.Learner(trip, f"sqlite:///{tmp_path}/learnt.db", "minutes") as found:
        found.update({"km": [1.0, 2.0, 3.0], "minutes": [4.1, 7.0, 10.0]})
        yield found


@pytest.fixture
def client(learner: ds.Learner) -> Iterator[TestClient]:
    with TestClient(application(learner, TOKEN, most=2_000), headers=HEAD) as found:
        yield found


def test_predictions_are_the_learners(client: TestClient, learner: ds.Learner) -> None:
    answer = client.post("/predict", json={"rows": [{"km": 10.0}, {"km": 4}]})
    assert answer.status_code == 200
    assert answer.json()["predictions"] == learner.predict({"km": [10.0, 4.0]}).tolist()
    assert answer.json()["version"] == learner.current.number


def test_feedback_is_learnt_and_counts_once(client: TestClient, learner: ds.Learner) -> None:
    rows = {"rows": [{"km": 4.0, "minutes": 12.9}, {"km": 6.0, "minutes": 19.2}]}
    first = client.post("/feedback", json=rows).json()
    assert first == {"version": 3, "rows": 2, "known": False}
    assert client.post("/feedback", json=rows).json() == {"version": 3, "rows": 2, "known": True}
    assert client.get("/constants").json()["values"] == learner.values
    assert client.post("/predict", json={"rows": [{"km": 1.0}]}).json()["version"] == 3


def test_a_version_that_another_learner_made_is_seen(learner: ds.Learner) -> None:
    with TestClient(application(learner, TOKEN, every=0.0), headers=HEAD) as client:
        learner.rollback(1)
        answer = client.post("/predict", json={"rows": [{"km": 10.0}]}).json()
        assert answer == {"version": 3, "predictions": [20.0]}


def test_metrics_are_counted(client: TestClient) -> None:
    client.post("/predict", json={"rows": [{"km": 1.0}, {"km": 2.0}]})
    client.post("/predict", json={"rows": [{"km": "x"}]})
    text = client.get("/metrics").text
    assert "downslope_predictions_total 2.0" in text
    assert "downslope_version 2.0" in text
    assert 'downslope_constant{name="speed"}' in text
    assert 'downslope_request_seconds_count{path="/predict"} 2.0' in text


@pytest.mark.parametrize("given", [None, "Bearer wrong", TOKEN, "Basic " + TOKEN, f"Bearer {TOKEN}x"])
def test_a_wrong_token_is_refused(learner: ds.Learner, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    with TestClient(application(learner, TOKEN), headers=headers) as client:
        answer = client.post("/predict", json={"rows": [{"km": 1.0}]})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/metrics").status_code == 401
        assert client.get("/health").json() == {"status": "ok"}


def test_a_body_that_is_too_large_is_refused(client: TestClient, learner: ds.Learner) -> None:
    rows = [{"km": 1.0, "minutes": 2.0}] * 500
    before = len(learner.history())
    assert client.post("/feedback", json={"rows": rows}).status_code == 413

    def parts() -> Iterator[bytes]:  # no content-length: the body is counted as it comes
        for _ in range(300):
            yield b'{"rows": [' + b" " * 1_000

    assert client.post("/feedback", content=parts()).status_code == 413
    assert len(learner.history()) == before


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/predict", {"rows": []}, "at least 1 item"),
        ("/predict", {"rows": [{"km": "far"}]}, "valid number"),
        ("/predict", {"rows": [{"mi": 1.0}]}, "no column 'km'"),
        ("/predict", {"rows": [{"km": 1.0}, {}]}, "km"),
        ("/feedback", {"rows": [{"km": 1.0}]}, "no column 'minutes'"),
        ("/predict", {"column": 1}, "Field required"),
    ],
)
def test_bad_rows_are_refused(
    client: TestClient, learner: ds.Learner, path: str, body: Any, said: str
) -> None:
    before = len(learner.history())
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert said in answer.text
    assert len(learner.history()) == before


def test_feedback_that_is_no_number_is_refused(client: TestClient, learner: ds.Learner) -> None:
    before = len(learner.history())
    for text in ("NaN", "Infinity", "null"):
        body = f'{{"rows": [{{"km": 1.0, "minutes": {text}}}]}}'
        answer = client.post("/feedback", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422
    assert len(learner.history()) == before


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_command_serves(tmp_path: Path) -> None:
    (tmp_path / "taxi.py").write_text(
        "def trip(km, speed=30.0, wait=0.0):\n    return wait + 60.0 * km / speed\n"
    )
    port = free_port()
    arguments = (
        "serve",
        "taxi.py:trip",
        "--registry",
        "sqlite:///r.db",
        "--target",
        "minutes",
        "--port",
        str(port),
    )
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments], cwd=tmp_path, env={**environment(), "DOWNSLOPE_TOKEN": TOKEN},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=HEAD, timeout=60.0) as client:
            for _ in range(600):
                try:
                    client.get("/health")
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            assert (
                client.post("/predict", json={"rows": [{"km": 1.0}]}).status_code == 422
            )  # nothing learnt yet
            rows = [{"km": 1.0, "minutes": 4.1}, {"km": 2.0, "minutes": 7.0}, {"km": 3.0, "minutes": 10.0}]
            assert client.post("/feedback", json={"rows": rows}).json()["version"] == 2
            assert client.post("/predict", json={"rows": [{"km": 10.0}]}).status_code == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    listed = downslope("history", "--registry", "sqlite:///r.db", folder=tmp_path)
    assert len(listed.out.splitlines()) == 3


def test_the_command_wants_a_secret(tmp_path: Path) -> None:
    (tmp_path / "taxi.py").write_text("def trip(km, speed=30.0):\n    return 60.0 * km / speed\n")
    (tmp_path / "token").write_text("short\n")
    assert "DOWNSLOPE_TOKEN" not in os.environ
    for more in ((), ("--token-file", "token"), ("--token-file", "none")):
        done = downslope("serve", "taxi.py:trip", "--registry", "sqlite:///r.db", *more, folder=tmp_path)
        assert done.code == 2
        assert "why:" in done.err
