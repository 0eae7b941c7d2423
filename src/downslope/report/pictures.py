"""Plots of a fit, and the page that holds them."""

import base64
import io
from typing import Any

import jinja2
import matplotlib
import numpy as np
from matplotlib.figure import Figure

from downslope.fitting.fit import Fit
from downslope.report.fitted import fitted

matplotlib.use("Agg")

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title><style>
:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: 1rem; border: 1px solid #8886; border-radius: 6px } img { max-width: 100%; background: white }
</style></head><body><h1>{{ title }}</h1><p>{{ summary }}</p>
<h2>What was learnt</h2><pre>{{ table }}</pre>
<h2>The change</h2><pre>{{ diff }}</pre>
<h2>Predictions against the data</h2><img alt="predicted against observed, before and after" src="data:image/png;base64,{{ fitted }}">
<h2>Cost against each constant</h2><img alt="cost against each constant" src="data:image/png;base64,{{ costs }}">
</body></html>
"""


def page(fit: Fit, difference: str) -> str:
    """One self-contained HTML page on a fit."""
    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    state = "converged" if fit.converged else "did NOT converge"
    return template.render(
        title=f"{fit.source.name}: learnt from {fit.problem.rows:,} rows",
        summary=f"{fit.problem.table.source}; {fit.dropped:,} rows left out; {state}: {fit.solution.reason}.",
        table=str(fit), diff=difference, fitted=_png(fitted(fit)), costs=_png(costs(fit)),
    )  # fmt: skip


def costs(fit: Fit) -> Figure:
    """Mean squared error (or mean loss, doubled) against each constant, others at their learnt values."""
    solution, problem = fit.solution, fit.problem
    columns = min(3, len(solution.names))
    rows = -(-len(solution.names) // columns)
    figure = Figure(figsize=(10, 3.2 * rows), layout="constrained")
    axes: Any = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for i, axis in enumerate(axes):
        if i >= len(solution.names):
            axis.axis("off")
            continue
        before, after = float(solution.start[i]), float(solution.values[i])
        width = max(abs(before - after), 0.1 * abs(after), 1e-6)
        grid = np.linspace(
            max(after - 1.2 * width, problem.lower[i]), min(after + 1.2 * width, problem.upper[i]), 25
        )
        points = [np.where(np.arange(len(solution.values)) == i, x, solution.values) for x in grid]
        axis.plot(grid, [2 * problem.cost(p) / problem.rows for p in points])
        axis.axvline(after, color="C1", label=f"learnt {after:.4g}")
        axis.axvline(before, color="grey", linestyle="--", label=f"before {before:.4g}")
        axis.set(xlabel=solution.names[i], ylabel="mean squared error")
        axis.legend(fontsize="small")
    return figure


def _png(figure: Figure) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return base64.b64encode(stream.getvalue()).decode()
