"""A program's value, error or squared error against one of its numbers."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matplotlib.figure import Figure

from downslope.calculus.along import Along, along
from downslope.errors import UsageError, close_to
from downslope.fitting.one_number import OneCall
from downslope.modes.dual import DualFloat
from downslope.report.line import Line, drawn
from downslope.report.sample import Quantity, Walk, grid_of, sampled, tangent_at, walked
from downslope.report.units import square, unit_of

KINDS = ("value", "error", "squared-error")
POINTS = 201


def curve(
    f: Callable[..., Any] | str,
    against: str,
    span: tuple[float, float],
    at: Mapping[str, float | int] | None = None,
    *,
    observed: float | None = None,
    kinds: Sequence[str] | None = None,
    tangent: float | None = None,
    walk: Walk | None = None,
    unit: str | None = None,
) -> Figure:
    """Draw a program against one of its inputs or constants, from span[0] to span[1].

    `at` gives the other inputs. `kinds` are panels: "value", "error" (value − `observed`) and
    "squared-error"; the default is the value, or the squared error where `observed` is given. `tangent`
    draws the tangent at that point, and `walk` a gradient descent of the squared error. `unit` is that of
    the value (default: what the program's name says, see docs/plots.md). Where the program has no value
    the curve has a gap. Raises `UsageError` for unknown names or kinds and for ranges that are none,
    `ProgramError` where there is no value at all, `UnsupportedError` for source that cannot be read.

    >>> def duration(km, speed=30.0):
    ...     return 60.0 * km / speed
    >>> figure = curve(duration, "speed", (10, 60), {"km": 6.0}, observed=12.0, tangent=35.0)
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['squared error', 'tangent at 35: slope +1.008']
    """
    return drawn(curve_lines(f, against, span, at, observed, kinds, tangent, walk, unit))


def curve_lines(
    f: Callable[..., Any] | str,
    against: str,
    span: tuple[float, float],
    at: Mapping[str, float | int] | None,
    observed: float | None,
    kinds: Sequence[str] | None,
    tangent: float | None,
    walk: Walk | None,
    unit: str | None,
) -> tuple[Line, ...]:
    """What `curve` draws: one line for each panel."""
    chosen = _checked(kinds or (("value",) if observed is None else ("squared-error",)), observed, walk)
    grid = grid_of(span, against, tangent, POINTS)
    run = along(f, against, at)
    unit = unit_of(run.program) if unit is None else unit
    lines = []
    for kind in chosen:
        of = _quantity(run, kind, observed)
        shown = square(unit) if kind == "squared-error" else unit
        line = Line(
            _name(run.program, kind),
            shown,
            against,
            grid,
            *sampled(of, grid, against),
            _level(kind, observed),
        )
        if tangent is not None:
            line = replace(line, tangent=tangent_at(of, against, tangent))
        if walk is not None and kind == "squared-error" and observed is not None:
            call = OneCall(against, run, observed, _start(run, walk))
            line = replace(line, path=walked(call, walk, grid))
        lines.append(line)
    return tuple(lines)


def _quantity(run: Along, kind: str, observed: float | None) -> Quantity:
    """The quantity with its slope, which follows from that of the program by dual arithmetic."""

    def of(x: float) -> tuple[float, float]:
        number: Any = DualFloat(*run(x))
        if kind != "value":
            number = number - observed
        if kind == "squared-error":
            number = number**2
        return float(number.value()), float(number.derivative())

    return of


def _start(run: Along, walk: Walk) -> float:
    start = run.default if walk.start is None else walk.start
    if start is None:
        raise UsageError(
            f"where does the descent start? {run.name} has no number in the source",
            why="a descent goes on from a value.",
            fix="give --start (Walk(start=…)).",
        )
    return start


def _name(program: str, kind: str) -> str:
    return program if kind == "value" else kind.replace("-", " ")


def _level(kind: str, observed: float | None) -> tuple[float, str] | None:
    if observed is None or kind == "squared-error":
        return None
    return (observed, f"observed {observed:g}") if kind == "value" else (0.0, "no error")


def _checked(kinds: Sequence[str], observed: float | None, walk: Walk | None) -> Sequence[str]:
    if observed is not None and not math.isfinite(observed):
        raise UsageError(
            f"observed is {observed}", why="nothing can be compared with it.", fix="give a number."
        )
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(
                f"there is no curve {kind!r}",
                why=f"curves are {', '.join(KINDS)}.",
                fix=close_to(kind, KINDS, "use one of them."),
            )
        if kind != "value" and observed is None:
            raise UsageError(
                f"the {kind} needs an observed value", why="an error is the value minus what was observed.",
                fix="give --observed (observed=…), e.g. 12.",
            )  # fmt: skip
    if walk is not None and "squared-error" not in kinds:
        raise UsageError(
            "there is nothing to descend", why="a descent goes down the squared error, which is not drawn.",
            fix="give --observed and --curve squared-error, or a table and --target.",
        )  # fmt: skip
    return kinds
