"""Intervals of the learnt values: by standard errors, by profiles of the likelihood, or by the bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from downslope.errors import DataError, NotConverged, UsageError
from downslope.fitting.bootstrap import bootstrap, check_count
from downslope.fitting.covariance import MODEL, Errors
from downslope.fitting.local import local, need_minimum
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.profile import Profile, Stuck, end
from downslope.fitting.progress import Progress
from downslope.fitting.solution import Interrupted, Solution, aligned
from downslope.read.element_names import below, canonical

METHODS = ("wald", "profile", "bootstrap")


@dataclass(frozen=True)
class Intervals:
    """A low and a high end for each constant, infinite where there is none. `print` shows the table."""

    names: tuple[str, ...]
    values: Array  # (k,) learnt
    low: Array  # (k,)
    high: Array  # (k,)
    level: float
    method: str
    assumed: str
    said: tuple[str, ...] = ()  # sentences on ends that are infinite or missing, and on lost draws

    def __getitem__(self, name: str) -> tuple[float, float]:
        """The two ends for a constant."""
        index = self.names.index(name)
        return float(self.low[index]), float(self.high[index])

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [(f"{100 * self.level:g} % by {self.method}", "low", "value", "high")]
        for name, low, value, high in zip(self.names, self.low, self.values, self.high, strict=True):
            rows.append((name, *("?" if np.isnan(each) else f"{each:.5g}" for each in (low, value, high))))
        return "\n".join([*aligned(rows), f"intervals assume: {self.assumed}", *self.said])


@dataclass(frozen=True)
class Asked:
    """A fit, and what is asked about it: which constants, and how sure."""

    problem: Problem
    solution: Solution
    errors: Errors
    chosen: tuple[int, ...]
    level: float

    def result(self, method: str, low: Array, high: Array, assumed: str, said: Sequence[str]) -> Intervals:
        """The intervals of the chosen constants; `low` and `high` are theirs, (k,)."""
        names = tuple(self.solution.names[index] for index in self.chosen)
        values = self.solution.values[list(self.chosen)]
        return Intervals(names, values, low, high, self.level, method, assumed, tuple(said))


def intervals(
    problem: Problem,
    solution: Solution,
    errors: Errors,
    *,
    level: float = 0.95,
    method: str = "wald",
    names: Sequence[str] | None = None,
    draws: int = 1000,
    resample: str = "pairs",
    seed: int = 0,
) -> Intervals:
    """What `Fit.intervals` gives, from a problem and its solution."""
    check_asked([method], level, draws)
    need_minimum(solution)
    asked = Asked(problem, solution, errors, _chosen(solution.names, names), float(level))
    try:
        if method == "wald":
            return _wald(asked)
        return _profile(asked) if method == "profile" else _bootstrap(asked, draws, resample, seed)
    except (KeyboardInterrupt, Interrupted):
        raise NotConverged(
            "interrupted while intervals were computed",
            why="Ctrl-C; the fit is kept.",
            fix="name fewer constants, or take fewer draws.",
        ) from None


def check_asked(methods: Sequence[str], level: float, draws: int) -> None:
    """Raise `UsageError` for an unknown method, a level that is none, or too few draws: before any work."""
    if not isinstance(level, int | float) or not 0.0 < level < 1.0:
        raise UsageError(f"level is {level!r}", why="it is between 0 and 1.", fix="use e.g. 0.95.")
    for method in methods:
        if method not in METHODS:
            raise UsageError(
                f"there are no intervals by {method!r}",
                why=f"methods are {', '.join(METHODS)}.",
                fix="choose one.",
            )
    if "bootstrap" in methods:
        check_count(draws)


def _chosen(known: tuple[str, ...], names: Sequence[str] | None) -> tuple[int, ...]:
    asked = known if names is None else [names] if isinstance(names, str) else names
    wanted = [one for name in map(canonical, asked) for one in below(name, known) or [name]]
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"{name!r} was not learnt", why=f"learnt are {', '.join(known)}.", fix="name one of these."
            )
    return tuple(known.index(name) for name in wanted)


def _wald(asked: Asked) -> Intervals:
    """Value ± t × standard error."""
    solution, errors = asked.solution, asked.errors
    found, free = local(asked.problem, solution.values)
    if not np.isfinite(solution.errors).any() and not found.loose.all():
        raise DataError(
            "there are no standard errors to take intervals from",
            why="; ".join(solution.undetermined) + ".",
            fix="use method='bootstrap', or another loss.",
        )
    freedom = found.freedom + len(solution.active) if errors.groups is None else int(errors.groups.max())
    reach = (
        _quantile(asked.level, freedom)
        * np.where(np.isfinite(solution.errors), solution.errors, np.inf)[list(asked.chosen)]
    )
    values = solution.values[list(asked.chosen)]
    said = [
        f"`{solution.names[i]}` has no ends: "
        + ("the data do not determine it by itself" if free[i] else "it stands at a bound or is held")
        + (", or constraints say it" if solution.active else "")
        for i in asked.chosen
        if not np.isfinite(solution.errors[i])
    ]
    return asked.result("wald", values - reach, values + reach, solution.assumed, said)


def _profile(asked: Asked) -> Intervals:
    problem, solution = asked.problem, asked.solution
    if not problem.squared:
        raise UsageError(
            f"there is no profile likelihood for the loss {problem.loss}",
            why="only for the squared loss is the cost that of a known noise, the normal one.",
            fix="use method='bootstrap', or 'wald'.",
        )
    found, _ = local(problem, solution.values)
    if found.freedom <= 0 or not solution.cost > 0.0:
        raise DataError(
            "there is no noise to measure intervals by",
            why="no row is left over." if found.freedom <= 0 else "the fit is exact.",
            fix="give more rows, or learn fewer constants.",
        )
    limit, variance = _quantile(asked.level, found.freedom), 2.0 * solution.cost / found.freedom
    low, high, said = [], [], list[str]()
    with Progress() as progress:
        for i in asked.chosen:
            profile = Profile(problem, solution.values, solution.cost, variance, i, progress)
            ends = [_end(profile, limit, sign * _reach(solution, i, limit)) for sign in (-1.0, 1.0)]
            low.append(ends[0][0])
            high.append(ends[1][0])
            said += [f"`{solution.names[i]}` {each}" for _, each in ends if each]
            if profile.better is not None:
                said.append(
                    f"with `{solution.names[i]}` at {profile.better:.8g} the cost is lower than the fit's: "
                    "the fit is at another minimum; fit again from there"
                )
    return asked.result("profile", np.array(low), np.array(high), MODEL, said)


def _reach(solution: Solution, index: int, limit: float) -> float:
    """How far to look first: to the Wald end, or a tenth of the value."""
    error = float(solution.errors[index])
    return (
        limit * error
        if np.isfinite(error) and error > 0.0
        else 0.1 * (abs(float(solution.values[index])) or 1.0)
    )


def _end(profile: Profile, limit: float, first: float) -> tuple[float, str]:
    problem, index = profile.problem, profile.index
    bound = float((problem.lower if first < 0 else problem.upper)[index])
    if bound == profile.values[index]:
        return bound, f"stands at its bound {bound:g}"
    try:
        return end(profile, limit, first, bound)
    except Stuck as stuck:
        return np.nan, f"has no end found {'below' if first < 0 else 'above'}: {stuck}"


def _bootstrap(asked: Asked, draws: int, resample: str, seed: int) -> Intervals:
    problem, groups = asked.problem, asked.errors.groups
    found, free = local(problem, asked.solution.values)
    loose = np.zeros(len(free), dtype=bool)
    loose[free] = found.loose
    drawn = bootstrap(
        problem, asked.solution.values, draws, seed, kind=resample, freedom=max(1, found.freedom), groups=groups
    )  # fmt: skip
    tail = (1.0 - asked.level) / 2.0
    low, high = np.quantile(drawn.values[:, list(asked.chosen)], [tail, 1.0 - tail], axis=0)
    unknown = loose[list(asked.chosen)]  # where each draw ends is chance: the data say nothing
    low, high = np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high)
    names = [asked.solution.names[index] for index in asked.chosen if loose[index]]
    said = [f"`{name}` has no ends: the data do not determine it by itself" for name in names]
    assumed = "noise that is the same on every row" if resample == "residuals" else "independent rows"
    if groups is not None:
        assumed = f"independent groups of rows (by {asked.errors.by})"
    return asked.result(
        "bootstrap", low, high, f"{assumed}; {draws} draws of {resample}", [*said, *drawn.said]
    )


def _quantile(level: float, freedom: int) -> float:
    if freedom <= 0:
        raise DataError(
            "no row is left to measure the noise", why="there are as many constants as rows.",
            fix="give more rows, or learn fewer constants.",
        )  # fmt: skip
    return float(stats.t.ppf(0.5 + level / 2.0, freedom))
