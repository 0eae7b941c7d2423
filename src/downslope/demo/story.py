"""The taxi's story, step by step, as text and pictures: from one trip to constants learnt from many."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from downslope.calculus.check import check
from downslope.calculus.derivative import MODES, derivative
from downslope.calculus.formula import formula
from downslope.demo.taxi import TRUE, duration, squared_error, trip, trips
from downslope.fitting.fit import Fit, fit
from downslope.modes.dual import DualFloat
from downslope.report.cost import descent
from downslope.report.curve import curve
from downslope.report.fitted import fitted
from downslope.report.sample import Walk

WRONG = 35.0  # km/h, the speed that the story starts from
STEP = 2.0  # of the descents
LEARN = ("speed", "jam", "stop", "decay")  # dwell is left out: only stop * dwell can be learnt


@dataclass(frozen=True)
class Chapter:
    """A part of the story: its title, what it says, and its picture."""

    title: str
    text: str
    figure: Figure | None = None


def story() -> Iterator[Chapter]:
    """The chapters, each worked out when it is asked for."""
    yield _program()
    closed = formula(squared_error, "speed_kmh", given={"distance_km": 6.0, "minutes": 12.0})
    text = f"{check(squared_error, WRONG)}\nas a formula: {closed}"
    yield Chapter("The slope of the squared error, by every mode", text)
    yield _descents()
    yield _dual()
    values = (5.5, 8, *(float(v) for v in trip.__defaults__ or ()))
    slopes = check(trip, *values, wrt=tuple(TRUE))
    yield Chapter("Branches and loops: 5.5 km at 8 o'clock, by each constant", str(slopes))
    yield from _learning()


def _program() -> Chapter:
    minutes = duration(6.0, WRONG)
    text = (
        f"6 km at 30 km/h take {duration(6.0):g} minutes; such a trip is observed.\n"
        f"With a wrong speed, {WRONG:g} km/h, the program says {minutes:.4f} minutes:\n"
        f"error {minutes - 12.0:.4f} min, squared error {squared_error(WRONG):.4f} min²"
    )
    kinds = ("value", "error", "squared-error")
    figure = curve(duration, "speed_kmh", (20, 60), {"distance_km": 6.0}, observed=12.0, kinds=kinds, tangent=WRONG,
                   unit="min")  # fmt: skip
    return Chapter("A program, its error and its squared error", text, figure)


def _descents() -> Chapter:
    rows = [f"{'slope by':<10}{'steps':>6}{'speed, km/h':>16}{'squared error, min²':>22}"]
    for mode in MODES:
        speed, steps = descended(derivative(squared_error, mode=mode), WRONG)
        rows.append(f"{mode:<10}{steps:>6}{speed:>16.9f}{squared_error(speed):>22.3g}")
    figure = curve(duration, "speed_kmh", (20, 60), {"distance_km": 6.0}, observed=12.0, unit="min",
                   walk=Walk(start=55.0, step=STEP))  # fmt: skip
    return Chapter(f"Down the slope from {WRONG:g} km/h, with a step of {STEP:g}", "\n".join(rows), figure)


def descended(slope: Callable[[float], float], speed: float) -> tuple[float, int]:
    """Gradient descent until a step moves less than 1e-9 km/h: where it ends, and after how many steps.

    >>> descended(lambda x: 2 * (x - 30.0) * 0.1, 35.0)[0]
    30.0...
    """
    move, steps = math.inf, 0
    while abs(move) >= 1e-9 and steps < 1000:
        move = STEP * slope(speed)
        speed -= move
        steps += 1
    return speed, steps


def _dual() -> Chapter:
    product = DualFloat(3, 0) * DualFloat(4, 1) ** 2
    text = f"3 * x**2 at x = 4, as DualFloat(3, 0) * DualFloat(4, 1)**2:\nvalue {product.value()}, derivative {product.derivative()}"
    return Chapter("Numbers that carry their derivative", text)


def _learning() -> Iterator[Chapter]:
    table = trips()
    done = fit(trip, table, "minutes", LEARN, holdout=0.2)
    count = f"{len(table['minutes']):,} made-up trips with noise of half a minute"
    yield Chapter(f"Learning the constants of `trip` from {count}", _against_truth(done), fitted(done))
    path = fit(trip, table, "minutes", LEARN, solver="adam")
    yield Chapter("The way down by Adam, one of the solvers", str(path), descent(path))


def _against_truth(done: Fit) -> str:
    solution = done.solution
    rows = [f"{'':<8}{'guessed':>10}{'learnt':>10}{'± standard error':>19}{'true':>8}{'off by':>16}"]
    columns = zip(solution.names, solution.start, solution.values, solution.errors, strict=True)
    for name, before, after, error in columns:
        off = f"{abs(after - TRUE[name]) / error:.1f} errors"
        rows.append(f"{name:<8}{before:>10.4g}{after:>10.5g}{error:>19.2g}{TRUE[name]:>8g}{off:>16}")
    before, after = (
        np.sqrt(2.0 * (cost or 0.0) / solution.holdout_rows)
        for cost in (solution.holdout_before, solution.holdout_after)
    )
    return "\n".join(
        [
            *rows,
            f"on {solution.holdout_rows} held-out trips the error falls from {before:.3f} to {after:.3f} min (root mean square)",
        ]
    )
