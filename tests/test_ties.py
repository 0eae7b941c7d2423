"""Constants that follow others: values and errors against closed forms, every way of asking, and bad ones."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import downslope as ds
from command import downslope
from downslope.errors import UnsupportedError, UsageError

RNG = np.random.default_rng(0)
X = np.linspace(0.5, 3.0, 60)
TABLE = {"x": X, "y": 1.0 + 2.0 * X + 0.4 * X**2 + 0.1 * RNG.normal(size=60)}


def curve(x, a=0.5, b=0.5, c=0.1):
    return a + b * x + c * x * x


def doubled(a):
    return 2.0 * a


TEXT = """
def curve(x, a=0.5, b=0.5, c=0.1):
    return a + b * x + c * x * x


def doubled(a):
    return 2.0 * a
"""


def by_hand() -> tuple[Any, Any]:
    """Values and covariance of a and c in a (1 + 2 x) + c x², by linear least squares."""
    slopes = np.column_stack([1.0 + 2.0 * X, X**2])
    values, squares, *_ = np.linalg.lstsq(slopes, TABLE["y"], rcond=None)
    return values, squares[0] / (60 - 2) * np.linalg.inv(slopes.T @ slopes)


@pytest.mark.parametrize("tie", ["2 * a", doubled, lambda a: a + a, "2*a + 0*math.sin(a)"])
def test_a_tied_line_is_that_of_the_smaller_design(tie: Any) -> None:
    values, covariance = by_hand()
    done = ds.fit(curve, TABLE, "y", tie={"b": tie})
    assert done.converged
    assert list(done.values) == ["a", "c", "b"]
    slopes = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    np.testing.assert_allclose(list(done.values.values()), slopes @ values, rtol=1e-9)
    np.testing.assert_allclose(done.covariance, slopes @ covariance @ slopes.T, rtol=1e-7)
    np.testing.assert_allclose(list(done.errors.values()), np.sqrt(np.diag(done.covariance)))


def test_a_wrong_factor_is_seen() -> None:
    values, _ = by_hand()
    done = ds.fit(curve, TABLE, "y", tie={"b": "2.01 * a"})
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(done["a"], values[0], rtol=1e-4)


def test_ties_follow_ties_in_any_order() -> None:
    done = ds.fit(curve, TABLE, "y", tie={"c": "b / 5", "b": "exp(a)"})
    x, y = X, TABLE["y"]
    grid = np.linspace(0.5, 0.9, 400_001)
    sums = [np.sum(p * q) for p, q in ((y, y), (y, np.ones(60)), (y, x + x**2 / 5))]
    one, two = np.ones(60), x + x**2 / 5
    e = np.exp(grid)
    cost = (
        sums[0]
        - 2 * grid * sums[1]
        - 2 * e * sums[2]
        + grid**2 * 60
        + 2 * grid * e * (one @ two)
        + e**2 * (two @ two)
    )
    assert done.converged
    assert abs(done["a"] - grid[np.argmin(cost)]) < 2e-6
    assert math.isclose(done["b"], math.exp(done["a"]))
    assert math.isclose(done["c"], done["b"] / 5)
    assert math.isclose(done.errors["b"], done["b"] * done.errors["a"])  # the delta method, by hand


@pytest.mark.parametrize("solver", ["reweighted", "newton", "lbfgsb"])
@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_every_solver_agrees(solver: str, loss: str) -> None:
    first = ds.fit(curve, TABLE, "y", tie={"b": "2 * a"}, loss=loss)
    other = ds.fit(curve, TABLE, "y", tie={"b": "2 * a"}, loss=loss, solver=solver)
    assert first.converged
    assert other.converged
    np.testing.assert_allclose(other.solution.values, first.solution.values, rtol=1e-5)


def test_intervals_of_free_constants_are_those_of_the_smaller_program() -> None:
    def small(x, a=0.5, c=0.1):
        return a * (1.0 + 2.0 * x) + c * x * x

    done, alone = ds.fit(curve, TABLE, "y", tie={"b": "2 * a"}), ds.fit(small, TABLE, "y")
    for method in ("wald", "profile"):
        np.testing.assert_allclose(
            done.intervals(method=method)["a"], alone.intervals(method=method)["a"], rtol=1e-5
        )
    assert done.criteria().parameters == alone.criteria().parameters


def test_a_fixed_constant_is_followed_exactly() -> None:
    done = ds.fit(curve, TABLE, "y", tie={"b": "2 * a + c"}, fixed={"c": 0.4})
    assert math.isclose(done.errors["b"], 2.0 * done.errors["a"])
    assert math.isnan(done.errors["c"])


def test_diff_file_page_and_predictions(tmp_path: Path) -> None:
    file = tmp_path / "curve.py"
    file.write_text(TEXT)
    done = ds.fit(f"{file}:curve", TABLE, "y", tie={"b": f"{file}:doubled"})
    assert f"b={round(2 * done['a'], 4)}" in ds.diff(done)
    done.save(tmp_path / "curve.json")
    for program in (None, f"{file}:curve"):
        model = ds.load(tmp_path / "curve.json", program)
        np.testing.assert_allclose(model.predict({"x": [1.0]}), done.predict({"x": [1.0]}))
        assert math.isclose(model["b"], 2.0 * model["a"])


def test_the_command_writes_both(tmp_path: Path) -> None:
    file = tmp_path / "curve.py"
    file.write_text(TEXT)
    rows = "\n".join(f"{a},{b}" for a, b in zip(X, TABLE["y"], strict=True))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n")
    options = ["--target", "y", "--tie", "b=2*a", "--write", "--report", "p.html"]
    done = downslope("tune", "curve.py:curve", "t.csv", *options, folder=tmp_path)
    assert done.code == 0, done.err
    assert "b = 2*a" in done.out
    text = file.read_text().partition("(")[2]
    a, b = (float(text.partition(f"{name}=")[2].partition(",")[0]) for name in "ab")
    assert abs(b - 2.0 * a) < 2e-3
    assert "2*a" in (tmp_path / "p.html").read_text()
    wrong = downslope("tune", "curve.py:curve", "t.csv", "--target", "y", "--tie", "b", folder=tmp_path)
    assert (wrong.code, "is not NAME=EXPRESSION" in wrong.err) == (2, True)


def elements(x, rates=(0.5, 0.5, 0.1)):
    return rates[0] + rates[1] * x + rates[2] * x * x


def test_elements_follow_elements() -> None:
    values, _ = by_hand()
    done = ds.fit(elements, TABLE, "y", tie={"rates[1]": "2 * rates[0]"})
    np.testing.assert_allclose(
        [done["rates[0]"], done["rates[2]"], done["rates[1]"]], [*values, 2.0 * values[0]]
    )


BAD = [
    ({"b": "2 * d"}, {}, "names 'd', which is not learnt"),
    ({"b": "2 *"}, {}, "it is no expression"),
    ({"b": "2.0"}, {}, "names no constant"),
    ({"b": 3.0}, {}, "it is a text such as"),
    ({"d": "a"}, {}, "the program has no constant 'd'"),
    ({"b": "c", "c": "b"}, {}, "in a circle"),
    ({"b": "b"}, {}, "in a circle"),
    ({"a": "b", "b": "a", "c": "a"}, {}, "every constant is tied"),
    ({"b": "floor(a)"}, {}, "cannot be differentiated"),
    ({"b": lambda: 1.0}, {}, "takes no constant"),
    ({"b": "2 * a"}, {"bounds": {"b": (0.0, 1.0)}}, "bounds for b, which is tied"),
    ({"b": "2 * a"}, {"fixed": {"b": 1.0}}, "a fixed value for b, which is tied"),
    ({"b": "2 * a"}, {"learn": ["b", "c"]}, "names 'a', which is not learnt"),
    ("b=a", {}, "it says by name what a constant follows"),
]  # fmt: skip


@pytest.mark.parametrize(("tie", "options", "said"), BAD, ids=[each[2] for each in BAD])
def test_bad_ties_are_refused(tie: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        ds.fit(curve, TABLE, "y", tie=tie, **options)
    assert said in str(caught.value)
    assert caught.value.problem.fix


def test_a_tie_that_cannot_be_read_is_refused_at_its_place() -> None:
    with pytest.raises(UnsupportedError, match="the tie of b"):
        ds.fit(curve, TABLE, "y", tie={"b": "(yield a)"})
    with pytest.raises(UnsupportedError, match="input"):
        ds.fit(curve, TABLE, "y", tie={"b": lambda a: input(a)})
