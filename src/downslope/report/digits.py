"""How many digits of a learnt value are written."""

import numpy as np

from downslope.fitting.fit import Fit
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
    return [None if same else text for same, text in zip(kept, texts, strict=True)]
