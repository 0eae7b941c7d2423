"""All problems of the NIST nonlinear regression collection, from both starts, with default settings.

Each model is written to a file as an ordinary Python function and fitted as a user would: read,
differentiated and compiled by downslope.
"""

import os
from pathlib import Path

import mpmath
import numpy as np
import pytest

import downslope as ds
from acceptance.nist import Nist, read

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "nist"
FILES = sorted(FOLDER.glob("*.dat"))
EVERY = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
STARTS = pytest.mark.parametrize("start", [0, 1], ids=["start 1", "start 2"])


def fitted(problem: Nist, start: int, folder: Path, **options):
    """The fit of a problem's model, as a file, to its data."""
    file = folder / "model.py"
    file.write_text(problem.source(start))
    table = {**problem.columns, "y": problem.target}
    return ds.fit(f"{file}:model", table, "y", learn=problem.parameters, **options)


def test_the_data_are_there():
    if not FILES and not os.environ.get("CI"):
        pytest.skip(f"not run: no NIST files in {FOLDER}")
    assert len(FILES) == 19, f"NIST files are missing in {FOLDER}"


@STARTS
@EVERY
def test_certified_values_and_errors(path, start, tmp_path):
    problem = read(path)
    solution = fitted(problem, start, tmp_path).solution
    assert solution.converged, str(solution)
    np.testing.assert_allclose(solution.values, problem.values, rtol=1e-6)
    np.testing.assert_allclose(solution.errors, problem.errors, rtol=error_tolerance(problem))
    assert 2 * solution.cost == pytest.approx(problem.squares, rel=2 * error_tolerance(problem))
    np.testing.assert_array_equal(solution.start, problem.starts[start])


@EVERY
def test_a_search_that_is_cut_short_claims_nothing(path, tmp_path):
    problem = read(path)
    solution = fitted(problem, 0, tmp_path, max_iterations=3).solution
    off = np.max(np.abs(solution.values / problem.values - 1))
    assert off > 1e-6, "three iterations are too few for this problem"
    assert not solution.converged
    assert "did NOT converge" in str(solution)


def error_tolerance(problem: Nist) -> float:
    """Five digits, or what double precision leaves of the residuals where they are nearly rounding.

    Certified values were computed with 500 digits. A target of size y is rounded to y eps / 2, and a
    prediction is several such roundings off, so residuals of size s are known to a few y eps / s.
    """
    noise = np.sqrt(problem.squares / (len(problem.target) - len(problem.values)))
    eps = float(np.finfo(float).eps)
    return max(1e-5, 4 * float(np.abs(problem.target).max()) * eps / noise)


def exact_squares(problem: Nist, number) -> float:
    """Lanczos1's least sum of squares in 40 digits (Gauss-Newton), for data read by `number`."""
    with mpmath.workdps(40):
        t = [number(value) for value in problem.columns["x"]]
        y = [number(value) for value in problem.target]
        b = mpmath.matrix([mpmath.mpf(float(value)) for value in problem.values])
        for _ in range(4):
            waves = [[mpmath.exp(-b[i + 1] * s) for i in (0, 2, 4)] for s in t]
            slopes = [
                [f for i, e in enumerate(w) for f in (e, -b[2 * i] * s * e)]
                for w, s in zip(waves, t, strict=True)
            ]
            left = [v - sum(b[2 * i] * e for i, e in enumerate(w)) for v, w in zip(y, waves, strict=True)]
            step, _ = mpmath.qr_solve(mpmath.matrix(slopes), mpmath.matrix(left))
            b += step
        return float(sum(r**2 for r in left))


def test_the_looser_tolerance_is_that_of_data_in_double_precision():
    """Rounding Lanczos1's decimals to double costs the fifth digit, even with exact arithmetic."""
    problem = read(FOLDER / "Lanczos1.dat")
    decimal = exact_squares(problem, lambda value: mpmath.mpf(repr(float(value))))
    rounded = exact_squares(problem, lambda value: mpmath.mpf(float(value)))
    assert decimal == pytest.approx(problem.squares, rel=1e-9)  # the certified figure, from decimals
    assert 1e-5 < abs(rounded / problem.squares - 1) < 2 * error_tolerance(problem)
