"""How good a fit is as a description of its rows: likelihood, AIC, BIC, R², and tests of its residuals."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from downslope.errors import DataError, UsageError
from downslope.fitting.local import local, need_minimum
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.solution import Solution

LEAST = 8  # rows that the tests of residuals need
SHAPIRO = 5000  # rows up to which the p-value of Shapiro and Wilk's test holds
SMALL = 0.01  # p-values below this are said
ONE_SIZE = "noise of one size"
LIKELIHOODS = {
    "squared": f"normal {ONE_SIZE}",
    "absolute": f"two-sided exponential (Laplace) {ONE_SIZE}",
    "poisson": "counts with the predicted rates",
    "gaussian": "normal noise of the predicted sizes",
}


@dataclass(frozen=True)
class Criteria:
    """Numbers to compare fits to the same rows of the same target; lower AIC, AICc and BIC are better.

    The likelihood is that of `noise`. Where the program does not give its size, that is learnt as well, and
    `parameters` counts it.
    """

    log_likelihood: float
    aic: float
    aicc: float  # infinite with fewer than parameters + 2 rows
    bic: float
    r_squared: float  # NaN where the target is the same on every row
    parameters: int
    rows: int
    noise: str

    def __str__(self) -> str:
        sized = " (one is the size of the noise)" if self.noise.endswith(ONE_SIZE) else ""
        return (
            f"AIC {self.aic:.6g}, AICc {self.aicc:.6g}, BIC {self.bic:.6g} for {self.parameters} parameters{sized} and {self.rows} rows; R² {self.r_squared:.6g}\n"
            f"the likelihood assumes {self.noise}"
        )


@dataclass(frozen=True)
class Verdict:
    """One test of the residuals: what it looks for, by which method, and its p-value."""

    looks_for: str
    method: str
    statistic: float
    p: float


@dataclass(frozen=True)
class Diagnostics:
    """Tests of the residuals; a small p says that the residuals are not what standard errors assume."""

    tests: tuple[Verdict, ...]

    def __getitem__(self, looks_for: str) -> Verdict:
        """The test for "normality", "autocorrelation" or "heteroscedasticity"."""
        return next(test for test in self.tests if test.looks_for == looks_for)

    def __str__(self) -> str:
        return "\n".join(
            f"{test.looks_for}: p = {test.p:.2g}{', doubtful' if test.p < SMALL else ''} ({test.method})"
            for test in self.tests
        )


def criteria(problem: Problem, solution: Solution) -> Criteria:
    """What `Fit.criteria` gives, from a problem and its solution."""
    need_minimum(solution)
    if problem.loss not in LIKELIHOODS:
        raise UsageError(
            f"there is no AIC for the loss {problem.loss}",
            why=f"only {', '.join(LIKELIHOODS)} are the likelihood of a known noise.",
            fix="compare by `cross_validate`.",
        )
    n, k = problem.rows, local(problem, solution.values)[0].rank
    k += LIKELIHOODS[problem.loss].endswith(ONE_SIZE)
    target = problem.observed
    left, weight = problem.predictions(solution.values) - target, problem.weight
    likelihood = _likelihood(problem, solution.cost, left)
    aic = 2.0 * k - 2.0 * float(likelihood)
    corrected = aic + 2.0 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.inf
    around = float(np.sum(weight * (target - np.average(target, weights=weight)) ** 2))
    share = 1.0 - float(weight @ left**2) / around if around > 0.0 else np.nan
    bic = k * float(np.log(n)) - 2.0 * float(likelihood)
    return Criteria(float(likelihood), aic, corrected, bic, share, k, n, LIKELIHOODS[problem.loss])


def _likelihood(problem: Problem, cost: float, left: Array) -> float:
    """The log-likelihood at the learnt values; weights divide the variance, or count rows of a cost."""
    n, weight = problem.rows, problem.weight
    with np.errstate(divide="ignore"):  # an exact fit has an infinite likelihood
        match problem.loss:
            case "squared":
                size = -0.5 * n * (np.log(2.0 * np.pi * np.mean(weight * left**2)) + 1.0)
                return float(size + 0.5 * np.sum(np.log(weight)))
            case "absolute":
                size = -n * (np.log(2.0 * np.mean(weight * np.abs(left))) + 1.0)
                return float(size + np.sum(np.log(weight)))
            case "gaussian":
                return float(-cost - 0.5 * np.sum(weight) * np.log(2.0 * np.pi))
    counts = problem.observed
    alone = special.xlogy(counts, counts) - counts - special.gammaln(counts + 1.0)
    return float(-cost + np.sum(weight * alone))


def diagnostics(predictions: Array, residuals: Array) -> Diagnostics:
    """Tests of residuals, (n,), in the order of the rows.

    Normality by Shapiro and Wilk (up to 5,000 rows) or D'Agostino and Pearson; autocorrelation by
    Spearman's rank correlation of each residual with the next; heteroscedasticity by that of its size
    with the prediction. All from SciPy. Raises `DataError` for fewer than 8 rows or equal residuals.

    >>> steps = np.arange(40.0)
    >>> print(diagnostics(steps, np.sin(steps / 4.0)))
    normality: p = 0.0027, doubtful (Shapiro-Wilk)
    autocorrelation: p = 4.3e-21, doubtful (Spearman, each row with the next)
    heteroscedasticity: p = 0.84 (Spearman, size with prediction)
    """
    n = len(residuals)
    if n < LEAST or np.ptp(residuals) == 0.0:
        raise DataError(
            "the residuals cannot be tested",
            why=f"there are {n}, and {LEAST} are needed." if n < LEAST else "they are all the same.",
            fix="give more rows.",
        )
    name, normal = (
        ("Shapiro-Wilk", stats.shapiro) if n <= SHAPIRO else ("D'Agostino-Pearson", stats.normaltest)
    )
    found = [Verdict("normality", name, *map(float, normal(residuals)))]
    sizes = np.abs(residuals - residuals.mean())
    for looks_for, method, one, two in (
        ("autocorrelation", "Spearman, each row with the next", residuals[:-1], residuals[1:]),
        ("heteroscedasticity", "Spearman, size with prediction", sizes, predictions),
    ):
        if np.ptp(one) > 0.0 and np.ptp(two) > 0.0:
            found.append(Verdict(looks_for, method, *map(float, stats.spearmanr(one, two))))
        else:
            found.append(Verdict(looks_for, f"{method}; all the same, so nothing is found", 0.0, 1.0))
    return Diagnostics(tuple(found))
