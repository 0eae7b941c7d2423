"""Table: the taxi's program on a million rows, five learnt constants, on one core and on two."""

from collections.abc import Callable
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

from benchmarks import trips_hand, trips_jax
from benchmarks.timing import agreeing, in_turns, one_core, table
from benchmarks.trips import START, columns, problem
from downslope.fitting.problem import SQUARED, Problem
from downslope.modes.reverse import reverse
from downslope.native.rows import Kernel, kernel

ROWS, ROUNDS = 1_000_000, 15
COST, SLOPES, BOTH = "cost", "cost + gradient", "cost + gradient + J'J"
Case = Callable[[], Any]


def by_reverse(one: Problem) -> Kernel:
    """Cost and gradient with the gradient of each row from a tape."""
    function = one.program.function
    by_label = {param.label: param.name for param in function.params}
    adjoint = reverse(function, [by_label[label] for label in one.labels])
    kinds = {"d": "f", "hour": "i"}
    return kernel(adjoint, kinds, one.labels, lambda bars: [SQUARED, *(("_residual", bar) for bar in bars)])  # type: ignore[arg-type]


def passes(threads: int) -> dict[str, Case]:
    """Our passes over the rows. A problem remembers its last point, so `sums` goes to and fro between two."""
    one, other = (problem(columns(ROWS), threads) for _ in range(2))
    tape = by_reverse(one)
    points = cycle((START, START * (1.0 + 1e-14)))
    return {
        COST: partial(one.cost, START),
        SLOPES: partial(one.gradient, START),
        BOTH: lambda: other.sums(next(points)),
        f"{SLOPES}, reverse": lambda: tape.sums(START, one.columns, threads),
    }


def checked(cases: dict[str, Case], others: dict[str, Case]) -> None:
    """All ways give the same cost and gradient."""
    value, slopes = cases[SLOPES]()
    sums = cases[BOTH]()
    tape = cases[f"{SLOPES}, reverse"]()
    costs = {COST: cases[COST](), SLOPES: value, BOTH: sums.cost, "reverse": tape[0]}
    gradients = {SLOPES: slopes, BOTH: sums.gradient, "reverse": tape[1:]}
    for name, run in others.items():
        result = run()
        if "gradient" not in name:
            costs[name] = result
            continue
        costs[name], gradients[name] = result[0], np.ravel(np.asarray(result[1]))
    agreeing(costs)
    agreeing(gradients)


def tables() -> str:
    """Measure and show."""
    with one_core():
        cases, others = passes(1), {**trips_hand.cases(ROWS), **trips_jax.cases(ROWS)}
        checked(cases, others)
        single = in_turns({**cases, **others}, ROUNDS)
    one, two = passes(1), passes(2)
    agreeing({"one thread": one[SLOPES]()[1], "two threads": two[SLOPES]()[1]}, 1e-15)
    names = [COST, SLOPES, BOTH]
    pairs = {
        f"{n}, {count}": case[n] for n in names for count, case in (("1 thread", one), ("2 threads", two))
    }
    both = in_turns(pairs, ROUNDS)
    jax_ratio = float(np.median(np.divide(single["JAX: cost + gradient"], single[SLOPES])))
    return "\n\n".join(
        [
            table(single, COST, f"taxi, {ROWS:,} rows, 5 learnt constants, one core"),
            f"  JAX's cost + gradient takes {jax_ratio:.1f} times as long as ours",
            table(both, f"{COST}, 1 thread", "the same on one thread and on two"),
        ]
    )
