"""How a notebook shows a fit: a small table in HTML, from numbers that are there already."""

from collections.abc import Iterator
from html import escape

import numpy as np

from downslope.fitting.solution import Solution

MOST = 50  # constants in the table


def as_html(solution: Solution, title: str) -> str:
    """The table of values with its heading, every text escaped. No row of the data is read.

    >>> one = np.ones(1)
    >>> done = Solution(("<a>",), one, 2 * one, one, np.ones((1, 1)), 2.0, 1.0, 4, 1, 1, "adam", True, "flat")
    >>> print(as_html(done, "f & g"))
    <div><p><b>f &amp; g</b>: learnt from 4 rows, converged: flat</p><table><thead><tr><th scope="col">constant</th><th scope="col">before</th><th scope="col">after</th><th scope="col">± standard error</th></tr></thead><tbody><tr><th scope="row">&lt;a&gt;</th><td>1</td><td>2</td><td>1</td></tr></tbody></table><p>cost: 2 before, 1 after</p></div>
    """
    state = "converged" if solution.converged else "did NOT converge"
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("constant", "before", "after", "± standard error")
    )
    rows = list(_rows(solution))
    more = [f"{len(rows) - MOST} more constants are not shown"] if len(rows) > MOST else []
    notes = "".join(f"<li>{escape(each)}</li>" for each in [*solution.undetermined, *more])
    return (
        f"<div><p><b>{escape(title)}</b>: learnt from {solution.rows:,} rows, {state}: {escape(solution.reason)}</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows[:MOST])}</tbody></table>"
        f"<p>cost: {solution.cost_before:.5g} before, {solution.cost:.5g} after</p>"
        + (f"<ul>{notes}</ul>" if notes else "")
        + "</div>"
    )


def _rows(solution: Solution) -> Iterator[str]:
    learnt = zip(solution.names, solution.start, solution.values, solution.errors, strict=True)
    followers = [(f"{each.name} = {each.words}", *each[2:]) for each in solution.followers]
    for name, before, after, error in [*learnt, *followers]:
        spread = f"{error:.2g}" if np.isfinite(error) else "not determined"
        cells = "".join(f"<td>{cell}</td>" for cell in (f"{before:.6g}", f"{after:.6g}", spread))
        yield f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
