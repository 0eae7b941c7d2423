"""`export`: value and gradient as a Python file of its own."""

from pathlib import Path
from typing import Annotated

import typer

from downslope.commands.options import Program, Wrt, out


def export(
    program: Program,
    output: Annotated[Path, typer.Option("--out", help="The Python file to write.")],
    wrt: Wrt = None,
    numba: Annotated[bool, typer.Option("--numba", help="Functions compiled by Numba.")] = False,
) -> None:
    """Write a program's value and gradient as a Python file that does not need downslope.

    Example: downslope export taxi.py:duration --wrt speed_kmh --out slopes.py
    """
    from downslope.interop.export import export as written

    written(program, wrt, output, numba=numba)
    out.print(f"wrote {output}")
