"""What is known of constants before the data: normal priors, each a mean and a standard deviation.

For the squared loss the size of the noise decides how much a prior counts against the rows. It is learnt
with the constants: s² = Σ r² / (n − γ), γ the number of constants that the rows determine (MacKay 1992).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from downslope.errors import UsageError
from downslope.fitting.objective import Array
from downslope.fitting.problem import Priors, Problem, check_learnt
from downslope.fitting.solution import Solution

SAME = 1e-8  # relative change of the noise that is none
ROUNDS = 100


def priors_of(names: Sequence[str], given: Mapping[str, tuple[float, float]]) -> Priors | None:
    """Priors by name. Raises `UsageError` for a name that is not learnt, or a pair that is no mean and spread.

    >>> priors_of(["a", "b"], {"b": (2.0, 0.5)}).weights.tolist()
    [0.0, 4.0]
    """
    if not given:
        return None
    means, weights = np.zeros(len(names)), np.zeros(len(names))
    for name, pair in given.items():
        check_learnt(name, names, "a prior")
        mean, spread = _pair(name, pair)
        means[names.index(name)], weights[names.index(name)] = mean, 1.0 / spread**2
    return Priors(means, weights)


def _pair(name: str, pair: tuple[float, float]) -> tuple[float, float]:
    try:
        mean, spread = map(float, pair)
    except (TypeError, ValueError):
        mean = spread = np.nan
    if not (np.isfinite(mean) and 0.0 < spread < np.inf):
        raise UsageError(
            f"the prior of {name}, {pair!r}, is no mean and standard deviation",
            why="these are two numbers, the second above 0.",
            fix=f"give e.g. {{{name!r}: (30.0, 5.0)}} (--prior {name}:30:5).",
        )
    return mean, spread


@dataclass(frozen=True)
class Settled:
    """A problem with the noise that goes with its solution."""

    problem: Problem
    solution: Solution


def with_learnt_noise(problem: Problem, run: Callable[[Problem], Solution]) -> Settled:
    """Solve with the noise of the residuals at the solution: again and again until both agree."""
    priors = problem.priors
    assert priors is not None  # the caller has some
    variance = max(2.0 * problem.cost(problem.start) / problem.rows, np.finfo(float).tiny)
    for _ in range(ROUNDS):
        priors = replace(priors, variance=variance)
        problem = problem.like(priors=priors)
        solution = run(problem)
        covariance = _covariance(problem, solution.values)
        rest = 2.0 * (solution.cost - priors.cost(solution.values))
        kept = len(problem.names) - float(np.sum(priors.weights * np.diag(covariance)))
        new = rest / max(problem.rows - kept, 1.0)
        if not new > 0.0 or abs(new - variance) <= SAME * variance:
            break
        variance = new
    loose = np.isnan(solution.errors)
    covariance[np.logical_or.outer(loose, loose)] = np.nan
    return Settled(
        problem,
        replace(solution, covariance=covariance, errors=np.sqrt(np.diag(covariance)), assumed=ASSUMED),
    )


ASSUMED = "independent rows, noise of one size, a program that is right but for its constants, and the priors"


def _covariance(problem: Problem, x: Array) -> Array:
    """s² (J'J + s² Λ)⁻¹, with Λ the priors' inverse variances."""
    assert problem.priors is not None
    return np.asarray(problem.priors.variance * np.linalg.pinv(problem.sums(x).jtj, hermitian=True))
