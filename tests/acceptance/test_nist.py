"""All problems of the NIST nonlinear regression collection, from both starts, with default settings."""

import os
from pathlib import Path

import numpy as np
import pytest
import sympy

from acceptance.nist import Nist, read
from downslope.fitting.solve import solve
from objectives import ArrayObjective

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "nist"
FILES = sorted(FOLDER.glob("*.dat"))


def objective(problem: Nist, start: int) -> ArrayObjective:
    symbols = sympy.symbols([*problem.parameters, *problem.inputs], real=True)
    formula = sympy.sympify(problem.formula, locals={str(symbol): symbol for symbol in symbols})
    partials = [sympy.diff(formula, symbol) for symbol in symbols[: len(problem.parameters)]]
    columns = [problem.columns[name] for name in problem.inputs]
    value, slopes = (sympy.lambdify(symbols, made, "numpy") for made in (formula, partials))

    def jacobian(x):
        return np.column_stack([np.broadcast_to(c, problem.target.shape) for c in slopes(*x, *columns)])

    return ArrayObjective(
        lambda x: value(*x, *columns) - problem.target,
        jacobian,
        problem.starts[start],
        problem.parameters,
    )


@pytest.mark.skipif(bool(FILES), reason="the data are here")
def test_the_data_are_there():
    if os.environ.get("CI"):
        pytest.fail(f"no NIST files in {FOLDER}")
    pytest.skip(f"not run: no NIST files in {FOLDER}")


@pytest.mark.parametrize("start", [0, 1], ids=["start 1", "start 2"])
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_certified_values_and_errors(path, start):
    problem = read(path)
    solution = solve(objective(problem, start))
    assert solution.converged, str(solution)
    np.testing.assert_allclose(solution.values, problem.values, rtol=1e-6)
    np.testing.assert_allclose(solution.errors, problem.errors, rtol=error_tolerance(problem))
    assert 2 * solution.cost == pytest.approx(problem.squares, rel=2 * error_tolerance(problem))


def error_tolerance(problem: Nist) -> float:
    """Five digits, or what double precision leaves of the residuals where they are nearly rounding.

    Certified values were computed with 500 digits. A target of size y is rounded to y eps / 2, and a
    prediction is several such roundings off, so residuals of size s are known to a few y eps / s.
    """
    noise = np.sqrt(problem.squares / (len(problem.target) - len(problem.values)))
    eps = float(np.finfo(float).eps)
    return max(1e-5, 4 * float(np.abs(problem.target).max()) * eps / noise)
