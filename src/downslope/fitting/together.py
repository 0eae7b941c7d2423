"""Several programs and tables fitted together: constants of one name have one value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from downslope.errors import UsageError
from downslope.fitting.covariance import Errors
from downslope.fitting.fit import Fit
from downslope.fitting.joint import Joint
from downslope.fitting.parts import Bounds
from downslope.fitting.pose import Posed, pose
from downslope.fitting.progress import Progress
from downslope.fitting.solution import Solution
from downslope.fitting.solve import solve

SMOOTH = ("squared", "huber", "soft_l1", "cauchy")
NOISES = ("each", "same")
SAME = 1e-8  # relative change of the noises that is none
ROUNDS = 100


@dataclass(frozen=True)
class Part:
    """One program with its table: arguments as those of `downslope.fit`.

    `names` gives constants of the program another name, where two programs have different ones of one
    name, or one of two names.
    """

    f: Callable[..., Any] | str
    table: object
    target: str
    learn: Sequence[str] | None = None
    weights: str | None = None
    missing: str = "error"
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JointFit:
    """What was learnt together: `solution` has every constant once, `fits` are the parts with their share."""

    solution: Solution
    fits: tuple[Fit, ...]
    noises: tuple[float, ...]  # the standard deviation of each table's noise

    def __getitem__(self, name: str) -> float:
        """The learnt value of a constant."""
        return self.solution[name]

    def __str__(self) -> str:
        noise = "\n".join(
            f"noise of {fit.problem.target}: {size:.4g}"
            for fit, size in zip(self.fits, self.noises, strict=True)
        )
        return f"{self.solution}\n{noise}"


def fit_together(
    parts: Sequence[Part],
    *,
    noise: str = "each",
    loss: str = "squared",
    bounds: Bounds | None = None,
    solver: str = "auto",
    max_iterations: int | None = None,
    threads: int | None = None,
) -> JointFit:
    """Learn constants from several tables at once, each with a program of its own.

    Constants of the same name are one: a module-level number that two programs read, or a default that both
    have. The cost is the sum over tables of ½ Σ w ρ(r / s), with s the standard deviation of the table's
    noise: `noise` "each" learns it for each table (feasible generalised least squares, Zellner 1962;
    squared loss only), "same" takes residuals of all tables as they are. Raises what `fit` does.

    >>> def trip(km, speed=20.0, wait=1.0):
    ...     return wait + 60.0 * km / speed
    >>> def fare(km, base=2.0, speed=20.0):
    ...     return base + 30.0 * km / speed
    >>> km = np.arange(1.0, 9.0)
    >>> rides = {"km": km, "minutes": 2.0 + 2.4 * km + 0.1 * np.sin(9.0 * km)}
    >>> bills = {"km": km, "euros": 3.0 + 1.2 * km + 0.01 * np.cos(7.0 * km)}
    >>> done = fit_together([Part(trip, rides, "minutes"), Part(fare, bills, "euros", ["base", "speed"])])
    >>> [f"{name} {value:.2f}" for name, value in zip(done.solution.names, done.solution.values)]
    ['speed 24.99', 'wait 2.00', 'base 3.00']
    """
    if noise not in NOISES:
        raise UsageError(f"noise is {noise!r}", why=f"it is {' or '.join(NOISES)}.", fix="use one of them.")
    if not parts:
        raise UsageError("there is nothing to fit together", why="there are no parts.", fix="give some.")
    if loss not in SMOOTH:
        raise UsageError(
            f"tables fitted together with the loss {loss}", why=f"there are {', '.join(SMOOTH)} for this.",
            fix="use one of these.",
        )  # fmt: skip
    if noise == "each" and loss != "squared":
        raise UsageError(
            f"the noise of each table with the loss {loss}",
            why="how large the noise is follows from squared residuals.",
            fix="use noise='same', or the squared loss.",
        )
    with Progress() as progress:
        posed = [
            pose(p.f, p.table, p.target, p.learn, loss=loss, weights=p.weights, missing=p.missing, threads=threads)
            for p in parts
        ]  # fmt: skip
        names = [_named(part, each) for part, each in zip(parts, posed, strict=True)]
        joint = Joint.of([each.problem for each in posed], names, bounds or {})

        def run(problem: Joint) -> Solution:
            return solve(problem, solver, max_iterations=max_iterations, callback=progress)

        joint, solution = _weighed(joint, run) if noise == "each" else (joint, run(joint))
    fits = tuple(_part(joint, i, each, solution) for i, each in enumerate(posed))
    return JointFit(solution, fits, joint.noises(solution))


def _named(part: Part, posed: Posed) -> tuple[str, ...]:
    """The names of a part's constants, in the joint fit. Raises `UsageError` for one that it does not learn."""
    own = posed.problem.names
    for name in part.names:
        if name not in own:
            raise UsageError(
                f"{posed.source.name} does not learn {name!r}", why=f"it learns {', '.join(own)}.",
                fix="give another name to one of these.",
            )  # fmt: skip
    return tuple(part.names.get(name, name) for name in own)


def _weighed(joint: Joint, run: Callable[[Joint], Solution]) -> tuple[Joint, Solution]:
    """Solve with the noise of each table at the solution: again and again until both agree."""
    joint = joint.scaled(joint.spreads(joint.start))
    solution = run(joint)
    for _ in range(ROUNDS):
        spreads = joint.spreads(solution.values)
        if np.max(np.abs(spreads / joint.scales - 1.0)) <= SAME:
            break
        joint = joint.scaled(spreads)
        solution = run(joint)
    return joint, solution


def _part(joint: Joint, index: int, posed: Posed, whole: Solution) -> Fit:
    """A part as a fit of its own, with its share of the joint solution."""
    problem, places = joint.parts[index], joint.places[index]
    values = whole.values[places]
    share = Solution(
        names=problem.names,
        start=problem.start,
        values=values,
        errors=whole.errors[places],
        covariance=whole.covariance[np.ix_(places, places)],
        cost_before=problem.cost(problem.start),
        cost=problem.cost(values),
        rows=problem.rows,
        iterations=whole.iterations,
        evaluations=whole.evaluations,
        solver=whole.solver,
        converged=whole.converged,
        reason=whole.reason,
        undetermined=whole.undetermined,
        sensitivities={},
        assumed=whole.assumed,
        history=tuple(type(step)(step.values[places], step.cost) for step in whole.history),
    )
    return Fit(share, problem, posed.source, posed.chosen, posed.dropped, None, posed.fixed, Errors())
