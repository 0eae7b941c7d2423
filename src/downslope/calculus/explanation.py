"""What `explain` finds, and its text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from downslope.calculus.run import Mode
from downslope.errors import Loc
from downslope.passes.census import ASSUMED, Region
from downslope.passes.kept import Kept

ACTIVE, CONSTANT = "active", "not varied: it does not depend on the inputs asked for"
STOPPED = "not varied: it depends on the inputs, but the derivative is cut here or before"
UNREAD, CUT = "not useful: the result does not read it", "not useful: every way to the result is cut"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that computes: `variable` is what it sets, `why` whether it is active, or why not."""

    loc: Loc
    variable: str
    why: str

    @property
    def active(self) -> bool:
        """Whether the derivative goes through this line."""
        return self.why == ACTIVE


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of one native call, and the numbers on the gradient's tape (8 bytes each).

    `call` is what a call of a program that does nothing takes; `primal` and `gradient` include it.
    """

    primal: float
    gradient: float
    call: float
    tape: int

    @property
    def ratio(self) -> float | None:
        """Gradient over primal, both without the call; None where the primal is too short to tell."""
        primal = self.primal - self.call
        return (self.gradient - self.call) / primal if primal > self.call else None


@dataclass(frozen=True)
class Explanation:
    """What `explain` finds; its text is a report.

    `mode` is what `auto` takes, for the reason `reason`. `cuts` are the places where a derivative
    stops. `kept` is what the reverse sweep keeps, or would keep. `primal` and `derivative` count operations.
    """

    name: str
    wrt: tuple[str, ...]
    lines: tuple[Line, ...]
    cuts: tuple[Loc, ...]
    mode: Mode
    reason: str
    kept: tuple[Kept, ...]
    primal: Region
    derivative: Region
    measured: Measured | None = None

    @property
    def ratio(self) -> float:
        """The cost of value and derivatives over that of the value, both predicted from the counts."""
        return self.derivative.cost / max(self.primal.cost, 1.0)

    def __str__(self) -> str:
        """The report, with the user's lines."""
        return "\n".join(_report(self))


def _report(found: Explanation) -> Iterator[str]:
    yield f"{found.name}, differentiated in {', '.join(found.wrt)}"
    yield "\nlines"
    yield from (_beside(line.loc, f"{line.variable}: {line.why}".lstrip(": ")) for line in found.lines)
    yield "\ncut: the derivative stops here" if found.cuts else "\ncut: nowhere"
    yield from dict.fromkeys(_beside(place, "") for place in found.cuts)
    yield f"\nmode: {found.mode} ({found.reason})"
    verb = "keeps" if found.mode == "reverse" else "would keep"
    yield f"\nthe reverse sweep {verb} (names as in `downslope show --adjoint`)"
    yield from map(_keeping, found.kept)
    if not found.kept:
        yield "  nothing"
    yield "\noperations of the program"
    yield from _counted(found.primal, 1)
    yield f"operations of value and derivative, {found.mode} mode"
    yield from _counted(found.derivative, 1)
    yield f"\npredicted cost: {found.ratio:.2f} times the program{_assumed(found.primal)}"
    if found.measured:
        yield from _measured(found.measured)


def _beside(loc: Loc, remark: str) -> str:
    return f"  {Path(loc.file).name}:{loc.line:<4} | {loc.text.strip():<40}  {remark}".rstrip()


def _keeping(one: Kept) -> str:
    names = ", ".join(one.names)
    if one.loop is None:
        return f"  in registers: {names}"
    many = f"{len(one.names)} number{'s' * (len(one.names) > 1)}"
    return f"  on the tape: {many} ({names}) in each pass of line {one.loop.line}: {one.loop.text.strip()}"


def _counted(region: Region, indent: int) -> Iterator[str]:
    """One line for a block, then those inside it."""
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(Counter(region.operations).items()))
    known = "" if region.passes is None else f", {region.passes} passes"
    head = {"program": "once", "for": f"each pass{known}", "while": "each pass"}.get(region.kind, region.kind)
    place = f" (line {region.loc.line})" if region.loc and region.kind != "program" else ""
    if counts or region.inner:
        yield f"{'  ' * indent}{head}{place}: {counts or 'nothing of its own'}"
    for inner in region.inner:
        yield from _counted(inner, indent + 1)


def _assumed(region: Region) -> str:
    return f", with {ASSUMED} passes of a loop whose number is not known" if _unknown(region) else ""


def _unknown(region: Region) -> bool:
    here = region.kind in ("for", "while") and region.passes is None
    return here or any(map(_unknown, region.inner))


def _measured(times: Measured) -> Iterator[str]:
    yield f"measured: value {_time(times.primal)}, value and derivative {_time(times.gradient)}, an empty call {_time(times.call)}"
    if times.ratio is None:
        yield "measured cost: the program is too short to tell beside the call"
    else:
        yield f"measured cost: {times.ratio:.2f} times the program"
    yield f"tape: {times.tape:,} numbers, {8 * times.tape:,} bytes"


def _time(seconds: float) -> str:
    scale, unit = next(
        (s, u) for s, u in ((1.0, "s"), (1e3, "ms"), (1e6, "us")) if seconds * s >= 1 or u == "us"
    )
    return f"{seconds * scale:.3g} {unit}"
