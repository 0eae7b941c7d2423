"""What follows a fit: the change to the source, its proof, and the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from downslope.data.write import replace
from downslope.errors import WriteError
from downslope.fitting.fit import Fit
from downslope.fitting.intervals import Intervals
from downslope.read.constants import Constant
from downslope.report.digits import shown
from downslope.report.proof import prove
from downslope.report.replace import write
from downslope.report.writeback import Change, Rewrite, diff, rewritten, writable


@dataclass(frozen=True)
class Changed:
    """The new text of each file, the values in it, and the learnt constants that no literal sets."""

    rewrites: tuple[Rewrite, ...]
    written: tuple[float, ...]
    left: tuple[Constant, ...]


def changed(fit: Fit) -> tuple[Changed, str]:
    """The change to the user's files, and its unified diff. Constants that the data determine only together are changed together."""
    texts = shown(fit)
    changes = [
        Change(constant, text)
        for constant, text in zip(fit.constants, texts, strict=True)
        if text is not None
    ]
    rewrites = rewritten([change for change in changes if writable(change.constant)])
    left = tuple(change.constant for change in changes if not writable(change.constant))
    written = tuple(
        float(c.value) if text is None else float(text) for c, text in zip(fit.constants, texts, strict=True)
    )
    return Changed(rewrites, written, left), diff(rewrites)


def finish(
    fit: Fit,
    change: Changed,
    difference: str,
    report: Path | None,
    to_write: bool,
    intervals: Sequence[Intervals] = (),
) -> tuple[str, ...]:
    """Write the page and the sources, as asked; gives the sources written.

    Raises `WriteError`, with no source changed.
    """
    if report is not None:
        from downslope.report.page import page  # matplotlib is slow to load

        replace(report, page(fit, difference, intervals).encode())
    if not to_write:
        return ()
    if change.left:
        constant = change.left[0]
        raise WriteError(
            f"{constant.name} cannot be written back", loc=constant.loc, why=f"{constant.why}.",
            fix="give it a literal of its own, or do not learn it.",
        )  # fmt: skip

    def verify(new: Mapping[str, str]) -> None:
        prove(fit, change.written, new)

    return write(change.rewrites, verify) if change.rewrites else ()
