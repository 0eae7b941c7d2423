"""The result of a fit, and its table in words."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from downslope.errors import NotConverged
from downslope.fitting.objective import Array


class Step(NamedTuple):
    """One point of a solver's way: the values of all parameters and the cost there."""

    values: Array
    cost: float


class Follower(NamedTuple):
    """A constant that follows others: by what, and its value before and after with its standard error."""

    name: str
    words: str
    before: float
    after: float
    error: float


@dataclass(frozen=True)
class Solution:
    """Learnt values, how sure they are, and how the search went.

    Costs are ½ Σ w ρ(r) over the rows, in squared units of the target for the squared loss.
    """

    names: tuple[str, ...]
    start: Array  # (p,) values before
    values: Array  # (p,) values after
    errors: Array  # (p,) standard errors; NaN where the data do not determine the value
    covariance: Array  # (p, p); NaN likewise
    cost_before: float
    cost: float
    rows: int
    iterations: int
    evaluations: int
    solver: str
    converged: bool
    reason: str  # why it stopped
    undetermined: tuple[str, ...] = ()  # sentences on what the data cannot tell
    history: tuple[Step, ...] = ()
    sensitivities: dict[str, float] = field(
        default_factory=dict
    )  # rms change of the prediction per 1 % of the value
    assumed: str = ""  # what the standard errors assume
    holdout_before: float | None = None
    holdout_after: float | None = None
    holdout_rows: int = 0
    followers: tuple[Follower, ...] = ()  # constants that follow those that are learnt
    active: tuple[str, ...] = ()  # constraints that hold with equality
    measure: str = "mean squared"  # what the cost of a row is: a squared residual, or any "cost"

    def with_holdout(self, before: float, after: float, rows: int) -> "Solution":
        """The same solution with the costs on held-out rows.

        >>> done = Solution(("a",), *[np.ones(1)] * 3, np.ones((1, 1)), 2.0, 1.0, 4, 1, 1, "adam", True, "")
        >>> done.with_holdout(8.0, 2.0, 4).holdout_after
        2.0
        """
        return replace(self, holdout_before=before, holdout_after=after, holdout_rows=rows)

    def __getitem__(self, name: str) -> float:
        """The learnt value of a parameter."""
        return float(self.values[self.names.index(name)])

    def __str__(self) -> str:
        """The table of values, costs, and what there is to know, as plain text."""
        lines = [*_values(self), "", *_costs(self), "", *_ending(self)]
        return "\n".join([*lines, *self.undetermined])


class Interrupted(NotConverged):
    """The fit was stopped by the user; `solution` holds the best values so far."""

    def __init__(self, solution: Solution) -> None:
        super().__init__(
            "the fit was interrupted",
            why=f"Ctrl-C after {solution.evaluations} evaluations; the best values so far are kept.",
            fix="run it again from the best values, or with fewer iterations.",
        )
        self.solution = solution


def _values(solution: Solution) -> list[str]:
    rows: list[tuple[str, ...]] = [("", "before", "after", "± standard error")]
    learnt = zip(solution.names, solution.start, solution.values, solution.errors, strict=True)
    followers = [(f"{each.name} = {each.words}", *each[2:]) for each in solution.followers]
    for name, before, after, error in [*learnt, *followers]:
        spread = f"{error:.2g}" if np.isfinite(error) else "?"
        rows.append((name, f"{before:.6g}", f"{after:.{_digits(after, error)}g}", spread))
    return aligned(rows)


def _digits(value: float, error: float) -> int:
    """How many digits of a value are shown: to a hundredth of its standard error, for the rest is chance.

    >>> _digits(501.03524, 4.4), _digits(501.03524, np.nan), _digits(501.03524, 0.0)
    (5, 6, 8)
    """
    if not np.isfinite(error):
        return 6
    if error == 0.0 or value == 0.0:
        return 8
    places = np.floor(np.log10(abs(value))) - np.floor(np.log10(error))
    return int(np.clip(3 + places, 2, 8))


def _costs(solution: Solution) -> list[str]:
    if solution.measure == "cost":
        return aligned([("", "rows", "mean cost before", "after"), *_mean_costs(solution)])
    rows: list[tuple[str, ...]] = [
        ("", "rows", "mean squared before", "after", "root mean squared before", "after")
    ]
    rows.append(_cost_row("training", solution.rows, solution.cost_before, solution.cost))
    if solution.holdout_before is not None and solution.holdout_after is not None:
        rows.append(
            _cost_row("held out", solution.holdout_rows, solution.holdout_before, solution.holdout_after)
        )
    return aligned(rows)


def _mean_costs(solution: Solution) -> Iterator[tuple[str, ...]]:
    rows, before, after = solution.rows, solution.cost_before, solution.cost
    yield "training", str(rows), f"{before / rows:.6g}", f"{after / rows:.6g}"
    if solution.holdout_before is not None and solution.holdout_after is not None:
        rows, before, after = solution.holdout_rows, solution.holdout_before, solution.holdout_after
        yield "held out", str(rows), f"{before / rows:.6g}", f"{after / rows:.6g}"


def _cost_row(label: str, rows: int, before: float, after: float) -> tuple[str, ...]:
    old, new = (2.0 * cost / max(1, rows) for cost in (before, after))
    return (label, str(rows), f"{old:.6g}", f"{new:.6g}", f"{np.sqrt(old):.6g}", f"{np.sqrt(new):.6g}")


def _ending(solution: Solution) -> list[str]:
    count = f"{solution.solver}: {solution.iterations} iterations, {solution.evaluations} evaluations"
    state = [f"{count}; converged: {solution.reason}"]
    if not solution.converged:
        state = [count, f"did NOT converge: {solution.reason}"]
    if solution.assumed and np.isfinite(solution.errors).any():
        state.append(f"standard errors assume: {solution.assumed}")
    return state


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Lines with the first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
