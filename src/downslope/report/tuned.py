"""What follows a fit: the change to the source, its proof, and the page."""

from pathlib import Path

import numpy as np

from downslope.errors import WriteError
from downslope.fitting.fit import Fit
from downslope.read.source import read_source
from downslope.report.writeback import Change, diff, rewritten, rounded, write


def changed(fit: Fit) -> tuple[str, str]:
    """The new text of the source, and its unified diff. Undetermined constants keep their value."""
    solution = fit.solution
    changes = [
        Change(constant, float(value), float(error))
        for constant, value, error in zip(fit.chosen, solution.values, solution.errors, strict=True)
        if value != constant.value
    ]
    text = rewritten(fit.source, changes)
    return text, diff(fit.source, text)


def finish(fit: Fit, text: str, difference: str, report: Path | None, change: bool) -> None:
    """Write the page and the source, as asked. Raises `WriteError`, with nothing changed."""
    if report is not None:
        from downslope.report.pictures import page  # matplotlib is slow to load

        try:
            report.write_text(page(fit, difference), encoding="utf-8")
        except OSError as error:
            raise WriteError(
                f"{report} cannot be written", why=str(error), fix="choose another place."
            ) from error
    if change:
        write(fit.source, text, lambda path: verify(fit, path))


def verify(fit: Fit, path: str) -> None:
    """Raise `WriteError` unless the changed program gives the fitted cost (to its rounding)."""
    solution, problem = fit.solution, fit.problem
    new = read_source(f"{path}:{fit.source.name}")
    spread = np.where(np.isfinite(solution.errors), solution.errors, 0.0)
    written = np.array([float(rounded(v, e)) for v, e in zip(solution.values, solution.errors, strict=True)])
    rows = range(0, problem.rows, max(1, problem.rows // 50))
    expected = problem.predictions(written)
    for row in rows:
        values = {name: problem.columns[name][row].item() for name in problem.inputs if name in new.arguments}
        found = new.function(**values)
        if abs(found - expected[row]) > 1e-9 * max(1.0, abs(expected[row])):
            raise WriteError(
                f"the changed program predicts {found!r} on row {row + 1}, the fit {expected[row]!r}",
                why="the numbers written are not those learnt.", fix="report this; the file was not changed.",
            )  # fmt: skip
    before, after = problem.cost(solution.values), problem.cost(written)
    if after > before + 1e-3 * abs(before) + float(spread.sum() == 0.0) * 1e-6:
        raise WriteError(
            "rounding the learnt values changes the cost",
            why=f"from {before:.8g} to {after:.8g}.",
            fix="report this.",
        )
