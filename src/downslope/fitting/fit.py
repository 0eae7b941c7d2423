"""fit: a program, a table and a target -> learnt constants."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from downslope.data.write import replace as replace_file
from downslope.errors import DataError, ProgramError, UsageError
from downslope.fitting.constrained import Options, constrained
from downslope.fitting.constraints import Constraint, Words, constraints_of
from downslope.fitting.covariance import Errors
from downslope.fitting.identify import correlation, near_tradeoffs
from downslope.fitting.intervals import Intervals, intervals
from downslope.fitting.local import local
from downslope.fitting.minibatch import sampling_of
from downslope.fitting.notebook import as_html
from downslope.fitting.objective import Array
from downslope.fitting.parts import Bounds, PriorsByName, Values, restored
from downslope.fitting.plots import Plots
from downslope.fitting.pose import Posed, pose
from downslope.fitting.predict import Predictor
from downslope.fitting.problem import Problem
from downslope.fitting.progress import Progress
from downslope.fitting.quality import Criteria, Diagnostics, criteria, diagnostics
from downslope.fitting.solution import Solution, Step
from downslope.fitting.solve import solve
from downslope.fitting.starts import searched
from downslope.fitting.ties import Tie, Ties
from downslope.read.constants import Constant, find_constants
from downslope.read.source import Source, read_source


def constants(f: Callable[..., Any] | str) -> tuple[Constant, ...]:
    """The constants of a program: name, value, place, kind, and whether learning it is proposed.

    >>> def trip(d, speed=30.0):
    ...     return 60 * d / speed
    >>> constants(trip)[0].name
    'speed'
    """
    return find_constants(read_source(f))


@dataclass(frozen=True)
class Fit:
    """What was learnt, and all that led to it. `print(fit)` shows the table of values and costs.

    >>> def trip(d, speed=30.0, wait=0.0):
    ...     return wait + 60.0 * d / speed
    >>> done = fit(trip, {"d": [1, 2, 3, 4], "minutes": [4.1, 7.0, 10.0, 12.9]}, "minutes")
    >>> {name: round(value, 3) for name, value in done.values.items()}
    {'speed': 20.408, 'wait': 1.15}
    >>> {name: round(error, 3) for name, error in done.errors.items()}
    {'speed': 0.098, 'wait': 0.039}
    >>> done.predictions.round(3).tolist(), done.residuals.round(3).tolist()
    ([4.09, 7.03, 9.97, 12.91], [-0.01, 0.03, -0.03, 0.01])
    >>> round(done.cost_before, 3), round(done.cost, 5)
    (26.71, 0.001)
    >>> len(done.history) == done.solution.iterations, done.history[0].values.tolist()
    (True, [30.0, 0.0])
    """

    solution: Solution
    problem: Problem
    source: Source
    chosen: tuple[Constant, ...]
    dropped: int  # rows left out for a missing number
    held: Problem | None = None  # the same program on the held-out rows
    fixed: Mapping[str, float] = field(default_factory=dict)  # arguments that kept their default
    wanted: Errors = field(default_factory=Errors)  # which standard errors were asked for
    ties: Ties | None = None  # constants that follow those that are learnt
    constraints: tuple[Constraint, ...] = ()

    def __str__(self) -> str:
        return str(self.solution)

    def _repr_html_(self) -> str:
        """What a notebook shows: the values, the costs, and what is not determined."""
        return as_html(self.solution, self.source.name)

    @property
    def plot(self) -> Plots:
        """Pictures of the fit, with matplotlib: `fit.plot.residuals()`, `history` and others."""
        return Plots(self)

    def __getitem__(self, name: str) -> float:
        """The learnt value of a constant."""
        return self.whole[name]

    @cached_property
    def whole(self) -> Solution:
        """The solution as one of all constants, those that follow others last."""
        return self.ties.whole(self.solution, self.problem.held) if self.ties else self.solution

    @property
    def constants(self) -> tuple[Constant, ...]:
        """The constants that change, in the order of `values`."""
        return self.ties.every if self.ties else self.chosen

    @property
    def converged(self) -> bool:
        """Whether the search ended at a minimum; `solution.reason` says why it stopped."""
        return self.solution.converged

    @property
    def values(self) -> dict[str, float]:
        """Learnt values by name."""
        return dict(zip(self.whole.names, self.whole.values.tolist(), strict=True))

    @property
    def learnt(self) -> dict[str, Any]:
        """Learnt values in the structure that the program has them in: arrays, objects, plain numbers.

        Numbers of a structure that are not learnt are as they were. Objects are copies; no `__init__` runs.

        >>> def trip(d, terms=np.array([0.0, 1.0])):
        ...     return terms[0] + terms[1] * d
        >>> done = fit(trip, {"d": [1.0, 2.0, 3.0], "minutes": [5.0, 8.0, 11.0]}, "minutes")
        >>> list(done.values), done.learnt["terms"].round(6)
        (['terms[0]', 'terms[1]'], array([2., 3.]))
        """
        return restored(self.constants, self.whole.values.tolist())

    @property
    def errors(self) -> dict[str, float]:
        """Standard errors by name; NaN where the data do not determine the value."""
        return dict(zip(self.whole.names, self.whole.errors.tolist(), strict=True))

    @property
    def covariance(self) -> Array:
        """(p, p) covariance of the learnt values, in the order of `values`."""
        return self.whole.covariance

    @property
    def correlation(self) -> Array:
        """(p, p) correlations of the learnt values; NaN where there is no standard error."""
        return correlation(self.covariance)

    @property
    def identified(self) -> tuple[str, ...]:
        """Sentences on what the data do not determine, and on what they hardly do.

        To what `solution.undetermined` says, this adds each direction of the constants that is known 30
        times worse than the best one (the condition index of Belsley, Kuh and Welsch 1980, section 3.2) and
        holds more than half of the variance of two constants or more.

        >>> def trip(d, speed=30.0, wait=0.0):
        ...     return wait + 60.0 * d / speed
        >>> far = {"d": [9.0, 9.1, 9.2, 9.3], "minutes": [27.1, 27.2, 27.7, 27.9]}
        >>> print(*fit(trip, far, "minutes").identified)
        these data hardly tell speed and wait apart (condition 1.6e+02): speed is known ±3.71, and would be ±0.0453 if wait were known
        """
        self._without_constraints("what is identified")
        found, free = local(self.problem, self.solution.values)
        names = tuple(name for name, own in zip(self.solution.names, free, strict=True) if own)
        return (*self.solution.undetermined, *near_tradeoffs(names, found))

    def criteria(self) -> Criteria:
        """Log-likelihood, AIC, AICc, BIC and R² (1 − Σ r² / Σ (target − mean)²) on the rows learnt from.

        The likelihood is that of normal noise for the squared loss, of Laplace noise for the absolute one,
        its size learnt. Raises `UsageError` for other losses, `NotConverged` for a fit that is not.

        >>> def trip(d, speed=30.0):
        ...     return 60.0 * d / speed
        >>> print(fit(trip, {"d": [1, 2, 3, 4], "minutes": [3.6, 5.2, 9.9, 11.2]}, "minutes").criteria())
        AIC 13.2663, AICc 25.2663, BIC 12.0389 for 2 parameters (one is the size of the noise) and 4 rows; R² 0.940547
        the likelihood assumes normal noise of one size
        """
        self._without_constraints("criteria")
        return criteria(self.problem, self.solution)

    def _without_constraints(self, what: str) -> None:
        """Raise `UsageError` where constraints would be passed over."""
        if self.constraints:
            raise UsageError(
                f"{what} for a fit with constraints",
                why="it is worked out for constants that can move freely.",
                fix="use errors, or intervals(method='wald'), which keep to the active constraints.",
            )

    def diagnostics(self) -> Diagnostics:
        """Tests of the residuals: normality, autocorrelation in the rows' order, heteroscedasticity.

        See `downslope.fitting.quality.diagnostics` for the tests. Raises `DataError` for fewer than 8 rows.

        >>> def trip(d, speed=30.0):
        ...     return 60.0 * d / speed
        >>> d = np.arange(1.0, 31.0)
        >>> done = fit(trip, {"d": d, "minutes": 3.0 * d + d * np.sin(7.0 * d) / 9.0}, "minutes")
        >>> done.diagnostics()["heteroscedasticity"].p < 0.01
        True
        """
        return diagnostics(self.predictions, self.residuals * np.sqrt(self.problem.weight))

    @property
    def cost_before(self) -> float:
        """½ Σ ρ(r) over the rows learnt from, with the values of the source."""
        return self.solution.cost_before

    @property
    def cost(self) -> float:
        """½ Σ ρ(r) over the rows learnt from, with the learnt values."""
        return self.solution.cost

    @property
    def history(self) -> tuple[Step, ...]:
        """The way of the solver: values and cost at each iteration, the start first."""
        return self.solution.history

    @property
    def predictions(self) -> Array:
        """(n,) the program's results with the learnt values, for the rows learnt from."""
        return self.problem.predictions(self.solution.values)

    @property
    def residuals(self) -> Array:
        """(n,) predictions minus targets."""
        return np.asarray(self.predictions - self.problem.observed)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The arguments that were columns of the table."""
        return tuple(name for name in self.problem.inputs if name not in self.fixed)

    @cached_property
    def predictor(self) -> Predictor:
        """The program with the learnt values, without the data."""
        problem = self.problem
        constants = dict(zip(problem.labels, self.solution.values.tolist(), strict=True))
        program = problem.program
        return Predictor(program.function, self.inputs, self.fixed, constants, program.source)

    def predict(self, table: object, missing: str = "error") -> Array:
        """(n,) the program's results with the learnt values, one for each row of a new table.

        The table is of any kind that `fit` takes. Its columns named as the inputs of the fit are read,
        and no others; arguments that kept their default in the fit keep it. `missing` "nan" predicts
        NaN for a row that lacks a number, "error" (default) names the first. Raises `DataError` with
        all inputs that the table lacks, `ProgramError` with the row where the program raises.

        >>> def trip(d, speed=30.0):
        ...     return 60.0 * d / speed
        >>> done = fit(trip, {"d": [1.0, 2.0, 3.0], "minutes": [3.0, 6.0, 9.0]}, "minutes")
        >>> done.predict({"d": [4.0, 5.0]}).round(9).tolist()
        [12.0, 15.0]
        """
        return self.predictor(table, missing)

    def save(self, path: str | Path) -> None:
        """Write the fit as readable JSON, which `downslope.load` reads: wholly or not at all.

        Kept are the program (as data, and its text), values with errors and covariance, how the fit
        went, a fingerprint of the data, and versions. The same fit gives the same file. Raises
        `WriteError` where it cannot be written.
        """
        from downslope.fitting.record import record_of, to_json  # pydantic is slow to load

        problem = self.problem
        if self.ties:  # a model without ties predicts the same, for its constants do not move any more
            problem = problem.like(program=self.ties.untied(self.source, self.inputs))
        record = record_of(self.whole, problem, self.source, self.constants, self.fixed)
        replace_file(Path(path), to_json(record).encode())

    def intervals(
        self,
        level: float = 0.95,
        method: str = "wald",
        names: Sequence[str] | None = None,
        *,
        draws: int = 1000,
        resample: str = "pairs",
        seed: int = 0,
    ) -> Intervals:
        """Intervals of the learnt values (of `names`, default: all), each at `level` by itself.

        "wald" is value ± t × standard error; "profile" is how far a value can go while the others make up
        for it (Bates and Watts 1988, section 6.1; squared loss only); "bootstrap" takes percentiles of
        fits to `draws` drawn tables, of rows ("pairs"; whole groups after `group`) or of "residuals".
        Ends are infinite or bounds where the data set none, NaN where none was found; `said` tells which.
        Raises `NotConverged` for a fit that has not converged, `UsageError`, and `DataError` where no row
        is left to measure the noise.

        >>> def trip(d, speed=30.0):
        ...     return 60.0 * d / speed
        >>> done = fit(trip, {"d": [1, 2, 3, 4], "minutes": [3.6, 5.2, 9.9, 11.2]}, "minutes")
        >>> for method in ("wald", "profile"):
        ...     low, high = done.intervals(method=method)["speed"]
        ...     print(f"{low:.2f} to {done['speed']:.2f} to {high:.2f}")
        16.77 to 20.34 to 23.90
        17.31 to 20.34 to 24.66
        """
        if method != "wald":
            self._without_constraints(f"intervals by {method}")
        return intervals(
            self.problem, self.solution, self.wanted,
            level=level, method=method, names=names, draws=draws, resample=resample, seed=seed,
        )  # fmt: skip


def fit(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    learn: Sequence[str] | None = None,
    *,
    loss: Callable[..., float] | str = "squared",
    weights: str | None = None,
    bounds: Bounds | None = None,
    priors: PriorsByName | None = None,
    fixed: Values | None = None,
    tie: Tie | None = None,
    constraints: Sequence[Words] | Words = (),
    start: Values | None = None,
    starts: int = 1,
    search: str = "sobol",
    solver: str = "auto",
    errors: str = "model",
    group: str | None = None,
    holdout: float = 0.0,
    missing: str = "error",
    seed: int = 0,
    step: float | None = None,
    batch: int | None = None,
    epochs: int | None = None,
    decay: str | None = None,
    max_iterations: int | None = None,
    threads: int | None = None,
) -> Fit:
    """Learn constants of a program from a table: one row is one call.

    Arguments that are columns are inputs; `learn` names the constants (default: all that
    `constants` proposes). The cost is ½ Σ w ρ(prediction − target) for `loss` squared, absolute, huber,
    soft_l1 or cauchy; `huber:2.5` has its width, in units of the target, at 2.5 in place of 1;
    `quantile:0.9` has that share of the targets below. Costs of other kinds are `poisson` (counts),
    `gaussian` (the program returns mean and spread) and any function of the program's results and the target
    (`FILE.py:FUNCTION`, or itself). The weights w are 1, or those of the column `weights`: as 1 / variance, up to a common factor. `errors`
    "model" gives standard errors for independent rows of equal noise, "robust" without the second
    assumption; `group` names a column: rows of one value may go together. `holdout` is the share of
    rows kept for judging. `priors` are what is known before, a mean and a standard deviation by name;
    `fixed` gives constants a value that is not learnt, `start` others to begin with, and `starts` more than 1
    searches from Sobol points too: within the bounds, or from a tenth to ten times each value; `search` "basin" hops from minimum to minimum,
    "annealing" draws within bounds. `batch` lets the solver adam step on so many rows, drawn anew in each of `epochs`
    passes, its `step` shrinking by `decay` (cosine, linear, constant). `tie` lets
    constants follow others: `{"slow": "0.5 * fast"}`, or a function with their names as arguments. `constraints`
    are texts such as "a + b <= 10" or "a == 2 * b", functions that must be 0 or more, or SciPy's dicts. A progress line is shown on a terminal after a second. Raises `DataError`,
    `UsageError`, `ProgramError` (with the row), `UnsupportedError`, and on Ctrl-C `Interrupted` with the
    best values so far.

    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> done = fit(trip, {"d": [1.0, 2.0, 3.0], "minutes": [3.0, 6.0, 9.0]}, "minutes")
    >>> round(done["speed"], 6), done.converged
    (20.0, True)
    """
    sampling = sampling_of(solver, batch, epochs, decay, step, seed)
    wanted = Errors(errors)  # refused before the table is read
    with Progress() as progress:
        posed = pose(
            f, table, target, learn, loss=loss, bounds=bounds, holdout=holdout, missing=missing, seed=seed,
            threads=threads, group=group, weights=weights, priors=priors, start=start, fixed=fixed, tie=tie,
        )  # fmt: skip
        ties = posed.ties or Ties(posed.chosen, (), ())
        limits = constraints_of(constraints, ties)
        problem, wanted = posed.problem, replace(wanted, groups=posed.groups, by=group or "")
        held = posed.held
        if held is not None:
            held.check(held.start)

        def run(problem: Problem) -> Solution:
            if limits:
                return constrained(problem, limits, Options(solver, max_iterations, progress, wanted))
            return solve(
                problem, solver, step=step, sampling=sampling, max_iterations=max_iterations, callback=progress,
                errors=wanted,
            )  # fmt: skip

        problem, solution = searched(problem, run, starts, seed, search)
        solution = _tried(solution, problem)
        if held is not None:
            solution = _held_out(solution, held)
    solution = replace(solution, undetermined=(*_plain_target(posed), *solution.undetermined))
    if posed.ties:
        solution = posed.ties.told(solution, problem.held)
    return Fit(
        solution,
        problem,
        posed.source,
        posed.chosen,
        posed.dropped,
        held,
        posed.fixed,
        wanted,
        posed.ties,
        limits,
    )


def _tried(solution: Solution, problem: Problem) -> Solution:
    """The solution, not converged where the program itself fails on a row with the learnt values."""
    try:
        problem.check(solution.values)
    except (ProgramError, DataError) as error:
        said = f"with the learnt values the program fails: {error.problem.what}"
        return replace(solution, converged=False, reason=said)
    return solution


def _held_out(solution: Solution, held: Problem) -> Solution:
    """The solution with its costs on held-out rows, where the program may fail with the new values."""
    before = held.cost(held.start)
    try:
        held.check(solution.values)
        return solution.with_holdout(before, held.cost(solution.values), held.rows)
    except (ProgramError, DataError) as error:
        said = f"with the learnt values the program fails on a held-out row: {error.problem.what}"
        failed = replace(solution, converged=False, reason=said)
        return failed.with_holdout(before, float("nan"), held.rows)


def _plain_target(posed: Posed) -> tuple[str, ...]:
    """A sentence where the target is the same on every row."""
    column = posed.problem.observed
    if len(column) < 2 or (column != column[0]).any():
        return ()
    name, value = posed.problem.target, float(column[0])
    return (f"the target `{name}` is {value:g} on every row: nothing shows how predictions should differ",)
