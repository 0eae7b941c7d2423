"""Stochastic gradients: Adam on a few rows at a time, drawn anew in each pass over a table or a stream."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from downslope.data.table import Table
from downslope.errors import UsageError
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.search import Outcome, Search, attempt
from downslope.fitting.streamed import Elsewhere, StreamedProblem

STEP = 0.01  # of each value
EPOCHS = 50
LOOKS = 10  # so often in a search a full pass asks whether it is done
DECAYS = ("cosine", "linear", "constant")
FEW = 0.5  # of the batches: a pass in which fewer have a gradient ends the search


@dataclass(frozen=True)
class Sampling:
    """How rows are drawn: how many at a time, in how many passes, and how the step shrinks in these."""

    batch: int
    epochs: int = EPOCHS
    decay: str = "cosine"
    step: float = STEP
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("batch", self.batch), ("epochs", self.epochs)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(
                    f"{name} is {value!r}", why="it is a whole number above 0.", fix="use e.g. 100."
                )
        if self.decay not in DECAYS:
            raise UsageError(
                f"decay is {self.decay!r}",
                why=f"steps shrink as {', '.join(DECAYS)}.",
                fix="use one of these.",
            )
        if not (np.isfinite(self.step) and self.step > 0.0):
            raise UsageError(
                f"step is {self.step}", why="a step must be a positive number.", fix="use a small one, 0.01."
            )

    def length(self, part: float) -> float:
        """The step at a part of the whole way, 0 to 1.

        >>> [round(Sampling(8, step=1.0, decay=decay).length(0.5), 9) for decay in DECAYS]
        [0.5, 0.5, 1.0]
        """
        if self.decay == "constant":
            return self.step
        return self.step * (1.0 - part if self.decay == "linear" else 0.5 + 0.5 * float(np.cos(np.pi * part)))


def sampling_of(
    solver: str, batch: int | None, epochs: int | None, decay: str | None, step: float | None, seed: int
) -> Sampling | None:
    """The sampling asked for, None for none. Raises `UsageError` where the solver takes none."""
    if batch is None:
        for name, value in (("epochs", epochs), ("decay", decay)):
            if value is not None:
                raise UsageError(
                    f"{name} without batch", why="it is for rows drawn in batches.", fix="give batch too."
                )
        return None
    if solver != "adam":
        raise UsageError(
            f"batch with the solver {solver}", why="it takes all rows at each step.", fix="use solver='adam'."
        )
    return Sampling(
        batch, EPOCHS if epochs is None else epochs, decay or "cosine", STEP if step is None else step, seed
    )


def minibatches(search: Search, z: Array, how: Sampling) -> Outcome:
    """Adam (Kingma and Ba 2015) on batches of rows, each parameter in units of its start value.

    Rows of a table are drawn without replacement in each pass; those of a stream come as they lie in the files, in
    another order within each batch that is read. Full passes ask on the way, and at the end, whether
    the point is a minimum; nothing else counts as one.
    """
    problem = _rows_here(search)
    unit = np.where(z != 0.0, np.abs(z), 1.0)
    mean, square, count = np.zeros(len(z)), np.zeros(len(z)), 0
    total = how.epochs * max(1, -(-problem.rows // how.batch))
    rng = np.random.default_rng(how.seed)
    every = max(1, how.epochs // LOOKS)
    for epoch in range(1, how.epochs + 1):
        seen, lost, cost = 0, 0, 0.0
        for part in _parts(problem, how.batch, rng):
            seen += 1
            found = _gradient(search, part, problem, z)
            if found is None:
                lost += 1
                continue
            count += 1
            cost += found[0]
            slope = found[1] * unit / part.rows
            mean = 0.9 * mean + 0.1 * slope
            square = 0.999 * square + 0.001 * slope**2
            root = np.sqrt(square / (1 - 0.999**count))
            move = mean / (1 - 0.9**count) / np.where(root > 0.0, root, 1.0)
            z = search.clip(z - how.length(min(1.0, count / total)) * unit * move)
        if lost > FEW * seen:
            return Outcome(
                search.log.best[search.free],
                f"{lost} of {seen} batches have no finite gradient; use a smaller step",
            )
        search.record(z, cost)
        if epoch % every == 0 and _done(search, z):
            return Outcome(z, "the next step is below the noise")
    return Outcome(z, _stopped(search, z, how), exhausted=True)


def _rows_here(search: Search) -> Problem:
    problem = search.objective
    if not isinstance(problem, Problem) or (
        isinstance(problem, Elsewhere) and not isinstance(problem, StreamedProblem)
    ):
        raise UsageError(
            "batches of rows that are not here", why="steps on a few rows would each go to the cluster and back.",
            fix="leave batch out.",
        )  # fmt: skip
    return problem


def _parts(problem: Problem, size: int, rng: np.random.Generator) -> Iterator[Problem]:
    """The problem on one batch after the other, without priors."""
    tables: Iterator[Table] = (
        problem.batches() if isinstance(problem, StreamedProblem) else iter([problem.table])
    )
    inner = problem.inner if isinstance(problem, StreamedProblem) else problem.like(priors=None)
    for table in tables:
        mixed = table.take(rng.permutation(table.rows))
        for first in range(0, table.rows, size):
            yield inner.on(mixed.between(first, min(first + size, table.rows)))


def _gradient(search: Search, part: Problem, whole: Problem, z: Array) -> tuple[float, Array] | None:
    """Cost and gradient of a batch, with its share of the priors; None where they are not finite."""
    x = search.full(z)
    found = attempt(search.log, lambda: part.gradient(x))
    if found is None:
        return None
    cost, slope = found
    if whole.priors:
        share = part.rows / whole.rows
        cost, slope = cost + share * whole.priors.cost(x), slope + share * whole.priors.gradient(x)
    slope = slope[search.free]
    return (float(cost), slope) if np.isfinite(cost) and np.isfinite(slope).all() else None


def _done(search: Search, z: Array) -> bool:
    normal = search.normal(z) if search.objective.squared else None
    return normal is not None and search.settled(z, normal)


def _stopped(search: Search, z: Array, how: Sampling) -> str:
    said = f"stopped after {how.epochs} epochs of batches of {how.batch} rows"
    normal = search.normal(z) if search.objective.squared else None
    if normal is None:
        return f"{said}; by a full pass the gradient is not zero"
    away = search.spectrum(z, normal)[0]
    size = away.offset * np.sqrt(max(1, away.rank))
    return f"{said}; by a full pass the minimum is still {size:.2g} standard errors away"
