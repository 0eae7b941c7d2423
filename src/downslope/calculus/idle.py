"""Say which inputs cannot change the result smoothly: their derivative is zero everywhere."""

from collections.abc import Sequence

from downslope.calculus.program import Program, params_of
from downslope.errors import Loc, Problem, warned
from downslope.passes.cuts import cuts


def idle(read: Program, names: Sequence[str]) -> None:
    """Warn of each input whose derivative is zero everywhere, with the line that makes it so."""
    if read.given is None:  # which inputs matter is known when their types are
        return
    shown = {symbol: name for name, symbol in read.symbols.items()}
    for label, name in zip(names, params_of(read.function, names), strict=True):
        places = cuts(read.function, name)
        if places is not None:
            warned(_said(shown.get(label, label), read, places))


def _said(label: str, read: Program, places: Sequence[Loc | None]) -> Problem:
    if not places:
        return Problem(
            f"the result of {read.source.name} does not depend on {label}",
            read.function.loc,
            f"no operation that leads to the result reads it, so the derivative in {label} is 0.",
            "check that this is meant.",
        )
    return Problem(
        f"the derivative in {label} is 0 everywhere: every way from it to the result is cut",
        places[0],
        "comparisons, floor, round, conversion to int and loop bounds are constant between their jumps.",
        f"let the result depend on {label} smoothly, or hold {label} fixed.",
    )
