"""Constraints as functions: against closed forms, ties and SciPy; what is active, how sure, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import downslope as ds
from command import downslope
from downslope.data.stream import stream
from downslope.errors import DownslopeError, UnsupportedError, UsageError

RNG = np.random.default_rng(0)
X = np.linspace(0.5, 3.0, 60)
TABLE = {"x": X, "y": 1.0 + 2.0 * X + 0.4 * X**2 + 0.1 * RNG.normal(size=60)}
DESIGN = np.column_stack([np.ones(60), X, X**2])


def curve(x, a=0.5, b=0.5, c=0.1):
    return a + b * x + c * x * x


def room(a, b):
    return 2.0 - a - b


def on_plane(rows: Any, right: Any) -> tuple[Any, Any]:
    """Least squares where `rows` @ values = `right`, by its KKT matrix, and the covariance in the plane."""
    m = len(rows)
    whole = np.block([[DESIGN.T @ DESIGN, rows.T], [rows, np.zeros((m, m))]])
    inverse = np.linalg.inv(whole)
    values = (inverse @ np.concatenate([DESIGN.T @ TABLE["y"], right]))[:3]
    left = DESIGN @ values - TABLE["y"]
    return values, left @ left / (60 - 3 + m) * inverse[:3, :3]


@pytest.mark.parametrize(
    "words",
    [
        "a + b <= 2",
        room,
        {"type": "ineq", "fun": room},
        lambda b, a: 2 - b - a,
        ["a + b <= 2", "2*a + 2*b <= 4"],
    ],
)
def test_an_active_line_is_that_of_the_kkt_matrix(words: Any) -> None:
    values, covariance = on_plane(np.array([[1.0, 1.0, 0.0]]), np.array([2.0]))
    done = ds.fit(curve, TABLE, "y", constraints=words)
    assert done.converged, str(done)
    assert len(done.solution.active) == 1
    np.testing.assert_allclose(done.solution.values, values, rtol=1e-7)
    np.testing.assert_allclose(done.covariance, covariance, rtol=1e-6)
    assert "as equality" in str(done)
    low, high = done.intervals()["a"]
    np.testing.assert_allclose(high - low, 2 * 2.0017175 * done.errors["a"], rtol=1e-6)  # t of 58 degrees


def test_a_wrong_plane_is_seen() -> None:
    values, _ = on_plane(np.array([[1.0, 1.0, 0.0]]), np.array([2.01]))
    done = ds.fit(curve, TABLE, "y", constraints="a + b <= 2")
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(done.solution.values, values, rtol=1e-5)


def test_constraints_that_do_not_bind_change_nothing() -> None:
    done, alone = (
        ds.fit(curve, TABLE, "y", constraints=["a + b <= 100", "a*b >= -5"]),
        ds.fit(curve, TABLE, "y"),
    )
    assert done.converged
    assert done.solution.active == ()
    np.testing.assert_allclose(done.solution.values, alone.solution.values, rtol=1e-8)
    np.testing.assert_allclose(done.covariance, alone.covariance, rtol=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"loss": "huber:0.1"},
        {"errors": "robust"},
        {"bounds": {"a": (0.5, 9.0)}},
        {"solver": "trust_constr"},
    ],
)
def test_a_curved_equality_is_a_tie(options: dict[str, Any]) -> None:
    done = ds.fit(
        curve, TABLE, "y", constraints="c == a * b", start={"a": 2.0, "b": 0.4, "c": 0.8}, **options
    )
    tied = ds.fit(
        curve,
        TABLE,
        "y",
        tie={"c": "a * b"},
        start={"a": 2.0, "b": 0.4},
        **{k: v for k, v in options.items() if k != "solver"},
    )
    assert done.converged, str(done)
    np.testing.assert_allclose(list(done.values.values()), list(tied.values.values()), rtol=1e-6)
    np.testing.assert_allclose(list(done.errors.values()), list(tied.errors.values()), rtol=1e-4)


def rate(x, a=1.0, b=1.0):
    return a + b * x


def test_counts_with_a_constraint_are_counts_with_a_tie() -> None:
    counts = {"x": X, "y": np.random.default_rng(1).poisson(2.0 + 3.0 * X).astype(float)}
    done = ds.fit(rate, counts, "y", loss="poisson", constraints=["a == b"])
    tied = ds.fit(rate, counts, "y", loss="poisson", tie={"b": "a"})
    assert done.converged, str(done)
    np.testing.assert_allclose([done["a"], done["b"]], [tied["a"]] * 2, rtol=1e-6)
    np.testing.assert_allclose([done.errors["a"], done.errors["b"]], [tied.errors["a"]] * 2, rtol=1e-4)


def hours(km, night, day=20.0, dark=35.0):
    return km / (dark if night else day)


@pytest.mark.parametrize("start", [(20.0, 35.0), (5.0, 5.0), (60.0, 8.0)])
def test_a_pole_on_the_way_is_not_jumped(start: tuple[float, float]) -> None:
    km, night = np.linspace(1.0, 20.0, 200), np.arange(200) % 3 == 0
    seen = km / np.where(night, 30.0, 25.0) + 0.003 * np.sin(40.0 * km)
    table = {"km": km, "night": night, "y": seen}
    begin = dict(zip(("day", "dark"), start, strict=True))
    done = ds.fit(hours, table, "y", constraints="day + dark <= 50", start=begin)
    tied = ds.fit(hours, table, "y", tie={"dark": "50 - day"})
    assert done.converged, str(done)
    np.testing.assert_allclose([done["day"], done["dark"]], [tied["day"], tied["dark"]], rtol=1e-6)


def disc(a, b, c):
    return 1.5 - a * a - b * b - c * c


def test_a_ball_and_a_wall_agree_with_scipy() -> None:
    done = ds.fit(curve, TABLE, "y", constraints=[disc, "a >= 0.2"], bounds={"c": (0.0, 9.0)})
    assert done.converged, str(done)
    given = [{"type": "ineq", "fun": lambda v: disc(*v)}, {"type": "ineq", "fun": lambda v: v[0] - 0.2}]
    cost = lambda v: 0.5 * np.sum((DESIGN @ v - TABLE["y"]) ** 2)  # noqa: E731
    other = optimize.minimize(
        cost, [0.5, 0.5, 0.1], method="SLSQP", bounds=[(-9, 9), (-9, 9), (0, 9)], constraints=given,
        options={"ftol": 1e-14},
    )  # fmt: skip
    assert done.cost <= other.fun * (1 + 1e-9)
    np.testing.assert_allclose(done.solution.values, other.x, atol=1e-5)
    assert min(disc(*done.solution.values), done["a"] - 0.2) > -1e-9


def mixed(p, q, a=-1.0, b=0.0):
    return a * p + b * q


def test_the_farthest_point_of_a_circle_is_no_success() -> None:
    p, q = np.random.default_rng(2).normal(size=(2, 50))
    p, q = np.linalg.qr(np.column_stack([p, q]))[0].T  # so that the cost is the distance from (3, 0)
    table = {"p": p, "q": q, "y": 3.0 * p + 0.01 * np.sin(np.arange(50.0))}
    table["y"] -= q * (q @ table["y"])
    done = ds.fit(mixed, table, "y", constraints="a*a + b*b == 1")
    assert not done.converged or done["a"] > 0.99  # from the maximum: down to the minimum, or said
    beside = ds.fit(mixed, table, "y", constraints="a*a + b*b == 1", start={"a": -0.9, "b": 0.4})
    assert beside.converged
    assert beside["a"] > 0.99


def test_a_search_cut_short_is_no_success() -> None:
    done = ds.fit(curve, TABLE, "y", constraints=["c*c*c == exp(a*b) - 1"], max_iterations=1)
    assert not done.converged
    assert done.solution.reason


def test_a_corner_leaves_no_freedom_and_no_error() -> None:
    done = ds.fit(curve, TABLE, "y", constraints=["a == 1", "b == 2", "c + a == 1.5"])
    assert done.converged
    np.testing.assert_allclose(done.solution.values, [1.0, 2.0, 0.5])
    assert np.isnan(list(done.errors.values())).all()


def test_ties_and_constraints_go_together() -> None:
    values, covariance = on_plane(np.array([[2.0, -1.0, 0.0], [1.0, 1.0, 0.0]]), np.array([0.0, 2.0]))
    done = ds.fit(curve, TABLE, "y", tie={"b": "2 * a"}, constraints="a + b <= 2")
    assert done.converged
    np.testing.assert_allclose([done[name] for name in "abc"], values)
    np.testing.assert_allclose(done.errors["c"], np.sqrt(covariance[2, 2]), rtol=1e-6)


def test_a_start_outside_is_brought_inside_and_other_starts_are_tried() -> None:
    values, _ = on_plane(np.array([[1.0, 1.0, 0.0]]), np.array([2.0]))
    done = ds.fit(curve, TABLE, "y", constraints="a + b <= 2", start={"a": 50.0}, starts=4)
    assert done.converged
    np.testing.assert_allclose(done.solution.values, values, rtol=1e-7)


@pytest.mark.parametrize("size", [7, 60])
def test_on_a_stream(size: int, tmp_path: Path) -> None:
    rows = "\n".join(f"{a!r},{b!r}" for a, b in zip(X.tolist(), TABLE["y"].tolist(), strict=True))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n")
    values, covariance = on_plane(np.array([[1.0, 1.0, 0.0]]), np.array([2.0]))
    read = stream(tmp_path / "t.csv", rows=size)
    done = ds.fit(curve, read, "y", constraints="a + b <= 2")
    assert done.converged, str(done)
    np.testing.assert_allclose(done.solution.values, values, rtol=1e-7)
    np.testing.assert_allclose(done.covariance, covariance, rtol=1e-6)
    tied = ds.fit(curve, read, "y", tie={"b": "2 - a"})
    np.testing.assert_allclose([tied[name] for name in "abc"], values, rtol=1e-7)


BAD = [
    ("a + d <= 1", "names 'd', which is not learnt"),
    ("a + b", "does not say what must hold"),
    ("a < b", "does not say what must hold"),
    ("a +", "is no expression"),
    ("2 <= 3", "names no constant"),
    ("floor(a) == 0", "cannot be differentiated"),
    (lambda a, b: a <= b, "cannot be differentiated"),
    (lambda a, d: a - d, "names 'd', which is not learnt"),
    (7, "is no function"),
    ({"type": "less", "fun": room}, "its type is 'eq' or 'ineq'"),
    (["a >= 1", "a <= 0"], "cannot be met from the start"),
    ("a*a + b*b <= -1", "cannot be met from the start"),
    ("log(a - 2) >= 0", "math domain error"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), BAD, ids=[each[1] + str(i) for i, each in enumerate(BAD)])
def test_bad_constraints_are_refused(words: Any, said: str) -> None:
    with pytest.raises(DownslopeError) as caught:
        ds.fit(curve, TABLE, "y", constraints=words if isinstance(words, list) else [words])
    assert said in str(caught.value)
    assert caught.value.problem.fix


def test_what_cannot_be_read_is_refused_at_its_line() -> None:
    with pytest.raises(UnsupportedError) as caught:
        ds.fit(curve, TABLE, "y", constraints=[lambda a: float(input(a))])
    assert caught.value.problem.loc is not None


@pytest.mark.parametrize(
    ("options", "said"),
    [({"loss": "absolute"}, "its slope has jumps"), ({"priors": {"a": (1.0, 1.0)}}, "priors with constraints"), ({"solver": "adam"}, "the solver adam")],
)  # fmt: skip
def test_what_does_not_go_with_constraints_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ds.fit(curve, TABLE, "y", constraints="a + b <= 2", **options)


def test_what_would_pass_over_constraints_is_refused() -> None:
    done = ds.fit(curve, TABLE, "y", constraints="a + b <= 2")
    for ask in (done.criteria, lambda: done.identified, lambda: done.intervals(method="profile")):
        with pytest.raises(UsageError, match="with constraints"):
            ask()


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "curve.py").write_text(
        "def curve(x, a=0.5, b=0.5, c=0.1):\n    return a + b * x + c * x * x\n"
    )
    rows = "\n".join(f"{a},{b}" for a, b in zip(X, TABLE["y"], strict=True))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n")
    call = ["tune", "curve.py:curve", "t.csv", "--target", "y", "--constraint"]
    done = downslope(*call, "a + b <= 2", folder=tmp_path)
    assert (done.code, "the constraint a + b <= 2 is active" in done.out) == (0, True)
    bad = downslope(*call, "a + d <= 2", folder=tmp_path)
    assert (bad.code, "Traceback" in bad.err) == (2, False)
