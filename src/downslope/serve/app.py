"""The service: predictions, feedback to learn from, and metrics (FastAPI, Prometheus' text format)."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from downslope.errors import DownslopeError
from downslope.learn.learner import Learner
from downslope.learn.options import columns_of
from downslope.learn.schema import RegistryError
from downslope.serve.current import Current
from downslope.serve.limits import App, Limits

MOST = 1_000_000
"""Bytes of a body."""
TIMES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class Rows(BaseModel):
    """Rows of inputs (and for feedback the target), one object of numbers each."""

    model_config = ConfigDict(extra="forbid")
    rows: list[dict[str, float | int | bool]] = Field(min_length=1)


class Metrics:
    """What is counted, for Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.predictions = Counter("downslope_predictions", "Rows predicted.", registry=self.registry)
        self.feedback = Counter("downslope_feedback_rows", "Rows learnt from.", registry=self.registry)
        self.faults = Counter("downslope_faults", "Requests refused.", ["status"], registry=self.registry)
        self.seconds = Histogram(
            "downslope_request_seconds", "Time of a request.", ["path"], registry=self.registry, buckets=TIMES
        )
        self.version = Gauge("downslope_version", "The version that predicts.", registry=self.registry)
        self.values = Gauge("downslope_constant", "Its constants.", ["name"], registry=self.registry)


def application(learner: Learner, token: str, *, most: int = MOST, every: float = 1.0) -> App:
    """An ASGI application that serves a learner's predictions and learns from feedback.

    Requests need the header `Authorization: Bearer TOKEN`, except for `/health`. `most` is the largest body in
    bytes; a version that another process has learnt is seen after `every` seconds at the latest.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> import tempfile
    >>> learner = Learner(trip, f"sqlite:///{tempfile.mkdtemp()}/learnt.db", "minutes")
    >>> version = learner.update({"d": [1.0, 2.0], "minutes": [3.0, 6.0]})
    >>> from starlette.testclient import TestClient
    >>> client = TestClient(application(learner, "secret"), headers={"Authorization": "Bearer secret"})
    >>> client.post("/predict", json={"rows": [{"d": 10.0}]}).json()
    {'version': 2, 'predictions': [30.0]}
    >>> learner.close()
    """
    app = FastAPI(title="downslope", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    metrics, current = Metrics(), Current(learner, every)
    _watched(app, metrics)
    _predicting(app, current, metrics)
    _learning(app, learner, current, metrics)
    return Limits(app, token=token, most=most)


def _watched(app: FastAPI, metrics: Metrics) -> None:
    """Errors as JSON, and the time of each request."""

    @app.exception_handler(DownslopeError)
    async def refused(_: Request, error: DownslopeError) -> JSONResponse:
        status = 503 if isinstance(error, RegistryError) else 422
        metrics.faults.labels(str(status)).inc()
        return JSONResponse({"error": _said(error)}, status)

    @app.middleware("http")
    async def timed(request: Request, go_on: Callable[[Request], Any]) -> Any:
        begin = time.perf_counter()
        response = await go_on(request)
        path = request.url.path if response.status_code != 404 else "unknown"
        metrics.seconds.labels(path).observe(time.perf_counter() - begin)
        return response

    @app.get("/health")
    async def health() -> Mapping[str, str]:
        return {"status": "ok"}


def _said(error: DownslopeError) -> Mapping[str, str]:
    problem = error.problem
    return {"what": problem.what, "why": problem.why, "fix": problem.fix}


def _predicting(app: FastAPI, current: Current, metrics: Metrics) -> None:
    @app.post("/predict")
    async def predict(body: Rows) -> Mapping[str, Any]:
        version, predictions = current.predict(columns_of(body.rows))
        metrics.predictions.inc(len(predictions))
        return {"version": version, "predictions": predictions}

    @app.get("/constants")
    async def constants() -> Mapping[str, Any]:
        version = await run_in_threadpool(current.version)
        return {
            "version": version.number,
            "values": version.values,
            "kind": version.kind,
            "created": version.created,
        }

    @app.get("/metrics")
    async def measured() -> PlainTextResponse:
        version = await run_in_threadpool(current.version)
        metrics.version.set(version.number)
        for name, value in version.values.items():
            metrics.values.labels(name).set(value)
        return PlainTextResponse(generate_latest(metrics.registry).decode())


def _learning(app: FastAPI, learner: Learner, current: Current, metrics: Metrics) -> None:
    @app.post("/feedback")
    async def feedback(body: Rows) -> Mapping[str, Any]:
        """Learn from rows with their target; the answer comes when they are kept."""
        before = await run_in_threadpool(learner.registry.head)
        version = await run_in_threadpool(learner.update, columns_of(body.rows))
        known = before.version is not None and version.number <= before.version.number
        if not known:
            metrics.feedback.inc(version.rows)
        current.forget()
        return {"version": version.number, "rows": version.rows, "known": known}
