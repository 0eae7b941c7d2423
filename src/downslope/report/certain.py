"""How sure a fit is, as tables for its page: intervals, correlations, and what is not determined."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from downslope.errors import DownslopeError
from downslope.fitting.fit import Fit
from downslope.fitting.intervals import Intervals

MOST = 16  # constants in a matrix of correlations; of more, only the strongest pairs are listed
PAIRS = 20
SMALL = 50_000  # rows × constants² up to which a page profiles without being asked
KINDS = {"wald": "standard", "profile": "profile likelihood", "bootstrap": "bootstrap"}


@dataclass(frozen=True)
class Table:
    """Cells of a table as text; each row begins with its head."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A correlation as shown: its text, and how strongly it is coloured."""

    text: str
    strength: float
    negative: bool


@dataclass(frozen=True)
class Correlations:
    """A matrix with coloured cells, or the strongest pairs of a large one."""

    names: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()


def computed(fit: Fit, given: Sequence[Intervals]) -> tuple[tuple[Intervals, ...], tuple[str, ...]]:
    """The intervals that a page shows, and sentences on those that it lacks.

    The standard ones always; those that were `given`; and profiles where they cost little.
    """
    level = given[0].level if given else 0.95
    found, missing = {each.method: each for each in given}, []
    small = fit.problem.rows * len(fit.solution.names) ** 2 <= SMALL
    for method in ("wald", "profile") if small and fit.problem.squared else ("wald",):
        if method in found:
            continue
        try:
            found[method] = fit.intervals(level, method)
        except DownslopeError as error:
            missing.append(f"No {KINDS[method]} intervals: {error.problem.what}.")
    if not small and fit.problem.squared and "profile" not in found and fit.converged:
        missing.append(
            "Profiles take long for this fit, and are drawn only where asked for: tune --intervals profile."
        )
    return tuple(found[method] for method in KINDS if method in found), tuple(dict.fromkeys(missing))


def table_of(every: Sequence[Intervals], missing: Sequence[str]) -> Table:
    """Intervals side by side, one row for each constant."""
    heads = ("constant", *(f"{KINDS[each.method]}, {100 * each.level:g} %" for each in every))
    names = tuple(dict.fromkeys(name for each in every for name in each.names))
    rows = tuple(
        (name, *(_ends(*each[name]) if name in each.names else "–" for each in every)) for name in names
    )
    assumed = [f"{KINDS[each.method].capitalize()} intervals assume {each.assumed}." for each in every]
    said = [f"{KINDS[each.method].capitalize()}: {text}." for each in every for text in each.said]
    return Table(heads, rows, (*assumed, *said, *missing))


def _ends(low: float, high: float) -> str:
    return " to ".join(
        "?" if np.isnan(end) else f"{end:.5g}".replace("-inf", "−∞").replace("inf", "∞")
        for end in (low, high)
    )


def correlations(fit: Fit) -> Correlations | None:
    """The correlations of the learnt values, or None where there are no two."""
    names, matrix = tuple(fit.values), fit.correlation
    if len(names) < 2 or not np.isfinite(matrix[~np.eye(len(names), dtype=bool)]).any():
        return None
    if len(names) <= MOST:
        return Correlations(names, tuple(tuple(_cell(value) for value in row) for row in matrix))
    first, second = np.triu_indices(len(names), 1)
    sizes = np.nan_to_num(np.abs(matrix[first, second]), nan=-1.0)
    order = np.argsort(-sizes, kind="stable")[:PAIRS]
    return Correlations(
        names,
        pairs=tuple((names[first[k]], names[second[k]], f"{matrix[first[k], second[k]]:.3f}") for k in order),
    )


def _cell(value: float) -> Cell:
    if np.isnan(value):
        return Cell("?", 0.0, False)
    return Cell(f"{value:.3f}".replace("-", "−"), round(0.45 * abs(float(value)), 3), bool(value < 0.0))
