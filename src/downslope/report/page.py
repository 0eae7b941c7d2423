"""One self-contained HTML page on a fit: values, costs, the program, pictures, the change."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jinja2
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from downslope.fitting.fit import Fit
from downslope.fitting.intervals import Intervals
from downslope.report.certain import computed, correlations, table_of
from downslope.report.fitted import fitted
from downslope.report.listing import listings
from downslope.report.pictures import FEW, MOST, by_columns, columns_of, costs, history, profiles, residuals
from downslope.report.profiles import traced
from downslope.report.save import encoded

NARROWEST = 640  # CSS pixels: a picture is not shrunk below this, but scrolled


@dataclass(frozen=True)
class Picture:
    """A picture as the page holds it."""

    title: str
    alt: str
    data: str


def page(fit: Fit, difference: str, intervals: Sequence[Intervals] = ()) -> str:
    """The page as text; it needs no other file. `difference` is the unified diff of the source.

    It shows `intervals`, and those that cost little.

    >>> from downslope.fitting.fit import fit
    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> text = page(fit(duration, {"km": [1.0, 2.0], "minutes": [3.0, 6.0]}, "minutes"), "")
    >>> "<h1>duration: learnt from 2 rows</h1>" in text, "http" in text
    (True, False)
    """
    loader = jinja2.PackageLoader("downslope.report")
    environment = jinja2.Environment(loader=loader, autoescape=True)
    environment.filters["broken"] = _broken
    template = environment.get_template("fit.html")
    solution = fit.solution
    every, missing = computed(fit, intervals)
    return template.render(
        title=f"{fit.source.name}: learnt from {fit.problem.rows:,} rows",
        summary=_summary(fit),
        state=f"{'Converged' if fit.converged else 'Did NOT converge'}: {solution.reason}.",
        fit=fit,
        notes=fit.identified,
        constants=list(_constants(fit)),
        assumed=solution.assumed if np.isfinite(solution.errors).any() else "",
        measure="mean squared error" if fit.problem.squared else f"mean loss ({fit.problem.loss})",
        moved="predictions" if solution.measure != "cost" else "a row's cost",
        costs=list(_costs(fit)),
        listings=listings(fit),
        intervals=table_of(every, missing),
        correlations=correlations(fit),
        pictures=list(_pictures(fit, every)),
        difference=difference,
        least=NARROWEST,
    )


def _broken(name: str) -> Markup:
    """A name, escaped, that may go on in the next line after each underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def _summary(fit: Fit) -> str:
    held = f"; {fit.held.rows:,} rows held out to judge by" if fit.held else ""
    dropped = f"; {fit.dropped:,} rows without a finite number left out" if fit.dropped else ""
    table = Path(fit.problem.table.source).name
    return (
        f"{Path(fit.source.file).name}, against the column {fit.problem.target!r} of {table}{held}{dropped}."
    )


def _constants(fit: Fit) -> Iterator[tuple[str, ...]]:
    solution = fit.solution
    for name, before, after, error in zip(
        solution.names, solution.start, solution.values, solution.errors, strict=True
    ):
        spread = f"{error:.2g}" if np.isfinite(error) else "not determined"
        yield name, f"{before:.6g}", f"{after:.6g}", spread, f"{solution.sensitivities[name]:.3g}"
    for each in solution.followers:
        spread = f"{each.error:.2g}" if np.isfinite(each.error) else "not determined"
        yield f"{each.name} = {each.words}", f"{each.before:.6g}", f"{each.after:.6g}", spread, "–"


def _costs(fit: Fit) -> Iterator[tuple[str, ...]]:
    solution, factor = fit.solution, 2.0 if fit.problem.squared else 1.0
    rows = [("learnt from", solution.rows, solution.cost_before, solution.cost)]
    if solution.holdout_before is not None and solution.holdout_after is not None:
        rows.append(("held out", solution.holdout_rows, solution.holdout_before, solution.holdout_after))
    for label, count, before, after in rows:
        left = f"{100 * after / before:.3g} %" if before > 0.0 and solution.measure != "cost" else "–"
        old, new = (f"{factor * cost / count:.5g}" for cost in (before, after))
        yield label, f"{count:,}", old, new, left


def _pictures(fit: Fit, every: Sequence[Intervals]) -> Iterator[Picture]:
    drawn = [*_of_rows(fit), *_of_constants(fit), *_of_profiles(fit, every)]
    for title, alt, draw in drawn:
        data = base64.b64encode(encoded(draw(fit), ".png", alt)).decode()
        yield Picture(title, alt, data)


Drawn = tuple[str, str, Callable[[Fit], Figure]]


def _of_rows(fit: Fit) -> Iterator[Drawn]:
    problem, target = fit.held or fit.problem, fit.problem.target
    rows = "the held-out rows" if fit.held else "the rows learnt from"
    many = f" The {problem.rows:,} rows are counted in hexagons." if problem.rows > FEW else ""
    yield (
        "Predictions against the data",
        (
            f"Predicted against observed {target} on {rows}, before and after. Points on the line are "
            f"predicted exactly.{many}"
        ),
        fitted,
    )
    yield (
        "What is left",
        (
            f"Residuals (predicted minus observed {target}) after the fit, against the prediction, and how they "
            "are spread before and after. A pattern on the left is something that the program does not describe."
        ),
        residuals,
    )
    columns = columns_of(fit)
    if columns:
        left = len(columns) - MOST
        more = f" The first {MOST} columns are shown; {left} are left out." if left > 0 else ""
        yield (
            "What is left, against each column",
            (
                f"Residuals after the fit against each input, on {rows}, with their mean in stretches of equally many "
                f"rows. A mean that leaves zero is something of that column that the program does not describe.{many}{more}"
            ),
            by_columns,
        )


def _of_constants(fit: Fit) -> Iterator[Drawn]:
    solution = fit.solution
    if solution.history:
        yield (
            "The way down",
            f"The cost at each of {len(solution.history)} iterations of {solution.solver}.",
            history,
        )
    left = len(solution.names) - MOST
    more = f" The first {MOST} constants are shown; {left} are left out." if left > 0 else ""
    yield (
        "Cost against each constant",
        (
            "The cost when one constant moves and the others keep their learnt values. A flat curve is a "
            f"constant that the data hardly determine.{more}"
        ),
        costs,
    )


def _of_profiles(fit: Fit, every: Sequence[Intervals]) -> Iterator[Drawn]:
    for each in every:
        if each.method == "profile":
            found = traced(fit, each)
            yield (
                "Profiles",
                (
                    "The least cost when one constant is held at a value and the others are learnt again. Where the curve "
                    f"is below the dashed line, the value is in the {100 * each.level:g} % interval, which is shaded."
                ),
                partial(profiles, found=found[:MOST]),
            )
