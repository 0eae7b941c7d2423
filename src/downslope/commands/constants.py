"""`constants`: what could be learnt."""

import os
from collections.abc import Sequence
from pathlib import Path

from downslope.commands.options import Program, out
from downslope.read.constants import Constant

HEAD = ("learn", "name", "value", "place", "kind", "why")


def constants(program: Program) -> None:
    """List the numbers in a program, and in its helpers, that could be learnt.

    Example: downslope constants taxi.py:trip
    """
    from downslope.fitting.fit import constants as find

    found = find(program)
    if not found:
        out.print("the program has no numbers")
        return
    for line in table([HEAD, *map(_row, found)]):
        out.print(line)


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
