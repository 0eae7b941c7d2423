"""`constants`: what could be learnt."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from downslope.commands.options import Program, out
from downslope.errors import UsageError
from downslope.read.constants import Constant

HEAD = ("learn", "name", "value", "place", "kind", "why")


def constants(
    program: Program,
    data: Annotated[str | None, typer.Argument(metavar="TABLE", help="Rank them by this table.")] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    missing: Annotated[str, typer.Option(help="Rows without a number: error or drop.")] = "error",
) -> None:
    """List the numbers in a program that could be learnt; with a table, by what learning them would gain.

    Example: downslope constants taxi.py:trip trips.csv --target minutes
    """
    if (data is None) != (target is None):
        raise UsageError(
            "a table and a target go together",
            why="constants are ranked by how much better the target would be predicted.",
            fix="give both, TABLE --target COLUMN, or neither.",
        )
    if data is not None and target is not None:
        _ranked(program, data, target, missing)
        return
    from downslope.fitting.fit import constants as find

    found = find(program)
    if not found:
        out.print("the program has no numbers")
        return
    for line in table([HEAD, *map(_row, found)]):
        out.print(line)


def _ranked(program: str, data: str, target: str, missing: str) -> None:
    from downslope.fitting.gain import gains

    rows = [
        (f"{100 * gain.alone:.2f} %", f"{100 * gain.given:.2f} %", *_row(gain.constant))
        for gain in gains(program, data, target, missing=missing)
    ]
    for line in table([("alone", "besides the others", *HEAD), *rows]):
        out.print(line)
    out.print("predicted: the share of the squared error that one Gauss-Newton step would remove")


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with their columns aligned; plain text, so that other tools can read it.

    >>> table([("a", "b"), ("cc", "d")])
    ['a   b', 'cc  d']
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _row(constant: Constant) -> tuple[str, ...]:
    place = f"{_short(constant.loc.file)}:{constant.loc.line}"
    mark = "yes" if constant.proposed else "off"
    return mark, constant.name, repr(constant.value), place, constant.kind, constant.why


def _short(file: str) -> str:
    """A path from the current folder where the file is in it."""
    path = Path(file).resolve() if Path(file).exists() else None
    here = Path.cwd()
    return (
        os.path.relpath(path, here)
        if path is not None and path.is_relative_to(here)
        else os.path.normpath(file)
    )
