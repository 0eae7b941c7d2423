"""How many digits of a learnt value are written."""

import numpy as np

from downslope.fitting.fit import Fit
from downslope.fitting.objective import Array
from downslope.report.writeback import rounded

WORSE = 1e-3
"""Rounding may cost so much of the fitted cost."""


def shown(fit: Fit) -> list[str | None]:
    """The new text of each constant, None where it keeps its value.

    Rounded to the standard error, with ever more digits while rounding makes the cost worse by a
    thousandth or leaves the bounds.
    """
    solution, problem = fit.solution, fit.problem
    kept = [value == constant.value for value, constant in zip(solution.values, fit.chosen, strict=True)]
    limit = (1.0 + WORSE) * abs(problem.cost(solution.values))
    texts: list[str] = []
    for more in range(0, 17, 2):
        texts = [
            rounded(float(v), float(e), more) for v, e in zip(solution.values, solution.errors, strict=True)
        ]
        values = np.where(kept, solution.values, np.array([float(text) for text in texts]))
        inside = ((problem.lower <= values) & (values <= problem.upper)).all()
        if inside and problem.cost(values) <= limit:
            break
    else:
        texts = [repr(float(value)) for value in solution.values]
    free = [None if same else text for same, text in zip(kept, texts, strict=True)]
    if fit.ties is None:
        return free
    return [*free, *_followers(fit, np.where(kept, solution.values, np.array([float(t) for t in texts])))]


def _followers(fit: Fit, written: Array) -> list[str | None]:
    """The new text of each constant that follows others, for the written values of these: to a thousandth of its error."""
    assert fit.ties is not None
    errors = [each.error for each in fit.solution.followers]
    values = fit.ties.values(written)
    texts = [
        rounded(float(v), e / 10.0 if e else float("nan"), 0) for v, e in zip(values, errors, strict=True)
    ]
    return [
        None if value == constant.value else text
        for value, constant, text in zip(values, fit.ties.constants, texts, strict=True)
    ]
