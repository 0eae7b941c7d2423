"""One self-contained HTML page on a fit: values, costs, the program, pictures, the change."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np
from matplotlib.figure import Figure

from downslope.fitting.fit import Fit
from downslope.report.fitted import fitted
from downslope.report.listing import listings
from downslope.report.pictures import costs, history, residuals
from downslope.report.save import encoded

NARROWEST = 640  # CSS pixels: a picture is not shrunk below this, but scrolled


@dataclass(frozen=True)
class Picture:
    """A picture as the page holds it."""

    title: str
    alt: str
    data: str


def page(fit: Fit, difference: str) -> str:
    """The page as text; it needs no other file. `difference` is the unified diff of the source.

    >>> from downslope.fitting.fit import fit
    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> text = page(fit(duration, {"km": [1.0, 2.0], "minutes": [3.0, 6.0]}, "minutes"), "")
    >>> "<h1>duration: learnt from 2 rows</h1>" in text, "http" in text
    (True, False)
    """
    loader = jinja2.PackageLoader("downslope.report")
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("fit.html")
    solution = fit.solution
    return template.render(
        title=f"{fit.source.name}: learnt from {fit.problem.rows:,} rows",
        summary=_summary(fit),
        state=f"{'Converged' if fit.converged else 'Did NOT converge'}: {solution.reason}.",
        fit=fit,
        notes=solution.undetermined,
        constants=list(_constants(fit)),
        assumed=solution.assumed if np.isfinite(solution.errors).any() else "",
        measure="mean squared error" if fit.problem.squared else f"mean loss ({fit.problem.loss})",
        moved="predictions" if solution.measure != "cost" else "a row's cost",
        costs=list(_costs(fit)),
        listings=listings(fit),
        pictures=list(_pictures(fit)),
        difference=difference,
        least=NARROWEST,
    )


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


def _pictures(fit: Fit) -> Iterator[Picture]:
    solution, target = fit.solution, fit.problem.target
    rows = "the held-out rows" if fit.held else "the rows learnt from"
    drawn: tuple[tuple[str, str, Callable[[Fit], Figure]], ...] = (
        (
            "Predictions against the data",
            (
                f"Predicted against observed {target} on {rows}, before and after. Points on the line are "
                "predicted exactly."
            ),
            fitted,
        ),
        (
            "What is left",
            (
                f"Residuals (predicted minus observed {target}) after the fit, against the prediction, and how they "
                "are spread before and after. A pattern on the left is something that the program does not describe."
            ),
            residuals,
        ),
        (
            "The way down",
            f"The cost at each of {len(solution.history)} iterations of {solution.solver}.",
            history,
        ),
        (
            "Cost against each constant",
            (
                "The cost when one constant moves and the others keep their learnt values. A flat curve is a "
                "constant that the data hardly determine."
            ),
            costs,
        ),
    )
    for title, alt, draw in drawn:
        data = base64.b64encode(encoded(draw(fit), ".png", alt)).decode()
        yield Picture(title, alt, data)
