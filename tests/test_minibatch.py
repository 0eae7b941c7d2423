"""Adam on batches of rows, and searches for the deepest minimum: against closed forms, and honest about their end."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import downslope as ds
from command import downslope
from downslope.data.stream import stream
from downslope.errors import UsageError
from downslope.fitting.fit import Fit

RNG = np.random.default_rng(0)
X = RNG.uniform(-1.0, 1.0, 400)
TABLE = {"x": X, "y": 1.0 + 2.0 * X + 0.1 * RNG.normal(size=400)}
DESIGN = np.column_stack([np.ones(400), X])


def line(x, a=0.5, b=0.5):
    return a + b * x


def wave(x, w=1.0, p=0.1):
    return np.sin(w * x + p)


def best() -> tuple[Any, Any]:
    values, squares, *_ = np.linalg.lstsq(DESIGN, TABLE["y"], rcond=None)
    return values, squares[0] / 398 * np.linalg.inv(DESIGN.T @ DESIGN)


def distance(done: Fit) -> float:
    """How far a fit is from the minimum, in standard errors, by the closed form."""
    values, covariance = best()
    away = done.solution.values - values
    return float(np.sqrt(away @ np.linalg.solve(covariance, away)))


@pytest.mark.parametrize("decay", ["cosine", "linear", "constant"])
def test_batches_end_near_the_minimum_and_say_how_near(decay: str) -> None:
    done = ds.fit(line, TABLE, "y", solver="adam", batch=32, epochs=40, step=0.1, decay=decay)
    assert not done.converged
    said = float(done.solution.reason.partition("still ")[2].split()[0])
    np.testing.assert_allclose(said, distance(done), rtol=0.1)
    assert said < (30.0 if decay == "constant" else 1.0)
    np.testing.assert_allclose(
        list(done.errors.values()), np.sqrt(np.diag(best()[1])), rtol=0.1 if said < 1.0 else 1.0
    )
    assert len(done.history) == 40


def test_a_batch_of_all_rows_converges_and_says_so() -> None:
    done = ds.fit(line, TABLE, "y", solver="adam", batch=400, epochs=2000, step=0.05, decay="cosine")
    assert done.converged, done.solution.reason
    assert distance(done) < 1e-3


def test_the_same_seed_gives_the_same_fit() -> None:
    fits = [ds.fit(line, TABLE, "y", solver="adam", batch=50, epochs=3, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (each.solution.values.tolist() for each in fits)
    assert first == again
    assert first != other


def test_on_a_stream(tmp_path: Path) -> None:
    rows = "\n".join(f"{a!r},{b!r}" for a, b in zip(X.tolist(), TABLE["y"].tolist(), strict=True))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n")
    done = ds.fit(
        line, stream(tmp_path / "t.csv", rows=90), "y", solver="adam", batch=32, epochs=40, step=0.1
    )
    assert distance(done) < 1.0
    np.testing.assert_allclose(list(done.errors.values()), np.sqrt(np.diag(best()[1])), rtol=0.1)


def rate(x, a=1.0, b=0.5):
    return np.exp(a + b * x)


@pytest.mark.parametrize("loss", ["poisson", "huber"])
def test_other_losses(loss: str) -> None:
    table = {"x": X, "y": np.random.default_rng(3).poisson(np.exp(1.5 + X)).astype(float)}
    exact = ds.fit(rate, table, "y", loss=loss)
    done = ds.fit(rate, table, "y", loss=loss, solver="adam", batch=32, epochs=60, step=0.05)
    assert not done.converged
    for name, value in exact.values.items():
        assert abs(done[name] - value) < exact.errors[name]


def test_a_prior_counts_once_for_all_rows() -> None:
    exact = ds.fit(line, TABLE, "y", priors={"b": (3.0, 0.01)})
    done = ds.fit(line, TABLE, "y", priors={"b": (3.0, 0.01)}, solver="adam", batch=40, epochs=40, step=0.1)
    assert abs(done["b"] - exact["b"]) < 0.1 * abs(exact["b"] - ds.fit(line, TABLE, "y")["b"])


BAD = [
    ({"batch": 0, "solver": "adam"}, "batch is 0"),
    ({"batch": 8, "solver": "adam", "epochs": 0}, "epochs is 0"),
    ({"batch": 8, "solver": "adam", "decay": "steep"}, "decay is 'steep'"),
    ({"batch": 8, "solver": "adam", "step": -1.0}, "step is -1"),
    ({"batch": 8}, "batch with the solver auto"),
    ({"epochs": 8}, "epochs without batch"),
    ({"search": "swarm"}, "there is no search 'swarm'"),
    ({"search": "basin"}, "with one start"),
    ({"search": "annealing", "starts": 3}, "annealing without bounds for a"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "said"), BAD, ids=[each[1] for each in BAD])
def test_bad_options_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        ds.fit(line, TABLE, "y", **options)
    assert said in str(caught.value)


@pytest.mark.parametrize("search", ["basin", "annealing"])
def test_searches_find_the_deepest_minimum(search: str) -> None:
    t = np.linspace(0.0, 10.0, 200)
    table = {"x": t, "y": np.sin(5.0 * t + 0.5) + 0.01 * np.random.default_rng(4).normal(size=200)}
    options: dict[str, Any] = {"bounds": {"w": (0.0, 10.0), "p": (-3.0, 3.0)}}
    alone = ds.fit(wave, table, "y", **options)
    done = ds.fit(wave, table, "y", starts=12, search=search, **options)
    again = ds.fit(wave, table, "y", starts=12, search=search, **options)
    assert done.converged
    assert abs(done["w"] - 5.0) < 0.01
    assert alone.cost > 100 * done.cost  # the nearest minimum is another
    assert again.solution.values.tolist() == done.solution.values.tolist()
    assert "starts ended here" in str(done)


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "line.py").write_text("def line(x, a=0.5, b=0.5):\n    return a + b * x\n")
    rows = "\n".join(f"{a},{b}" for a, b in zip(X, TABLE["y"], strict=True))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n")
    options = ["--target", "y", "--solver", "adam", "--batch", "32", "--epochs", "5"]
    done = downslope("tune", "line.py:line", "t.csv", *options, folder=tmp_path)
    assert (done.code, "stopped after 5 epochs of batches of 32 rows" in done.out) == (1, True)
