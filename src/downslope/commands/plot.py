"""`plot`: a program, its error or its cost against one number."""

from pathlib import Path
from typing import Annotated

import typer

from downslope.commands.options import Program, out, range_of, values_of
from downslope.errors import UsageError


def plot(
    program: Program,
    against: Annotated[str, typer.Option(metavar="NAME=LO:HI", help="Input or constant, and its range.")],
    output: Annotated[Path, typer.Option("--out", help="The picture: .png, .svg or .pdf.")],
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE… | TABLE]", help="The other inputs, or a table (with --target)."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The table's column to compare with.")] = None,
    observed: Annotated[float | None, typer.Option(help="The value to compare one call with.")] = None,
    curve: Annotated[
        list[str] | None, typer.Option(help="value, error or squared-error; repeat for several panels.")
    ] = None,
    tangent: Annotated[float | None, typer.Option(help="Draw the tangent at this point.")] = None,
    descent: Annotated[bool, typer.Option("--descent", help="Draw a gradient descent.")] = False,
    start: Annotated[float | None, typer.Option(help="Where it starts (default: as in the source).")] = None,
    step: Annotated[float | None, typer.Option(help="Its constant step (default: chosen).")] = None,
    steps: Annotated[int | None, typer.Option(help="At most so many steps (default: 50).")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the value, e.g. min (default: from names).")
    ] = None,
    missing: Annotated[
        str | None, typer.Option(help="A table's rows without a number: error or drop.")
    ] = None,
) -> None:
    """Draw a program, or its error, against one of its numbers.

    One call: downslope plot taxi.py:duration distance_km=6 --against speed_kmh=10:60 --out duration.png

    Its squared error: add --observed 12 --tangent 35

    A table: downslope plot taxi.py:duration trips.csv --target minutes --against speed_kmh=20:60 --descent --out cost.png
    """
    from downslope.report.line import drawn
    from downslope.report.sample import Walk
    from downslope.report.save import check_suffix, save

    check_suffix(output)
    if not descent and (start, step, steps) != (None, None, None):
        why = "--start, --step and --steps are those of a descent."
        raise UsageError("there is no descent", why=why, fix="add --descent.")
    walk = Walk(start, step, 50 if steps is None else steps) if descent else None
    fixed, table = _given(given or [])
    _one_of(table, target, observed, curve, missing)
    name, span = range_of(against)
    if table is not None and target is not None:
        from downslope.report.cost import cost_line

        kept = missing or "error"
        lines = [cost_line(program, table, target, name, span, fixed, tangent, walk, kept, unit)]
    else:
        from downslope.report.curve import curve_lines

        lines = list(curve_lines(program, name, span, fixed, observed, curve, tangent, walk, unit))
    said = "\n".join(filter(None, dict.fromkeys(map(str, lines))))
    save(drawn(lines), output, said)
    out.print("\n".join(filter(None, [said, f"wrote {output}"])))


def _given(texts: list[str]) -> tuple[dict[str, float | int], str | None]:
    """Inputs by name, and the table, if there is one: what is not NAME=VALUE."""
    tables = [text for text in texts if "=" not in text or not text.partition("=")[0].isidentifier()]
    if len(tables) > 1:
        why = f"{tables[0]} and {tables[1]} are no inputs, NAME=VALUE."
        raise UsageError("there are two tables", why=why, fix="give one.")
    return values_of([text for text in texts if text not in tables]), tables[0] if tables else None


def _one_of(
    table: str | None,
    target: str | None,
    observed: float | None,
    curve: list[str] | None,
    missing: str | None,
) -> None:
    """Raise `UsageError` where options of a table and of one call are mixed."""
    if table is None:
        for option, value in (("--target", target), ("--missing", missing)):
            if value is not None:
                why = "there is no table among the arguments."
                raise UsageError(f"{option} needs a table", why=why, fix="name one, e.g. trips.csv.")
        return
    if target is None:
        why = "the cost compares the program with a column."
        raise UsageError(f"{table} is compared with what?", why=why, fix="give --target COLUMN.")
    for option, given in (("--observed", observed), ("--curve", curve)):
        if given:
            why = "a table has many observed values; its cost is the mean squared error."
            raise UsageError(f"{option} is for one call", why=why, fix=f"leave out {option} or the table.")
