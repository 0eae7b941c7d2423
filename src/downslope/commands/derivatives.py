"""`grad`, `check` and `show`: the derivative as a number, in every mode, as text."""

from typing import Annotated

import typer

from downslope.commands.options import Inputs, Program, Wrt, out, values_of
from downslope.errors import UsageError


def grad(program: Program, inputs: Inputs, wrt: Wrt = None) -> None:
    """Print the derivative at a point.

    Example: downslope grad taxi.py:duration distance_km=6 --wrt speed_kmh
    """
    from downslope.calculus.derivative import grad as gradient

    names = wrt or [inputs[0].partition("=")[0]]
    for name, slope in zip(names, gradient(program, names)(**values_of(inputs)), strict=True):
        out.print(f"{name} {slope!r}")


def check(program: Program, inputs: Inputs, wrt: Wrt = None) -> None:
    """Compare all modes of differentiation at a point; exit code 1 where they disagree.

    Example: downslope check taxi.py:duration distance_km=6 speed_kmh=30
    """
    from downslope.calculus.check import check as compare
    from downslope.calculus.program import bound
    from downslope.read.source import read_source

    values = bound(read_source(program), (), values_of(inputs), ())
    result = compare(program, *values, wrt=wrt)
    out.print(str(result))
    raise typer.Exit(0 if result.agree else 1)


def show(
    program: Program,
    wrt: Wrt = None,
    adjoint: Annotated[bool, typer.Option("--adjoint", help="Reverse mode.")] = False,
    tangent: Annotated[bool, typer.Option("--tangent", help="Forward mode.")] = False,
    ir: Annotated[bool, typer.Option("--ir", help="As IR, one operation a line.")] = False,
) -> None:
    """Print a program as downslope reads it, or its derivative program, as Python or IR.

    Example: downslope show taxi.py:trip --adjoint --wrt speed
    """
    from downslope.calculus.sources import adjoint_source, ir_text, program_source, tangent_source

    if adjoint and tangent:
        raise UsageError("show which?", why="--adjoint and --tangent are two programs.", fix="leave one out.")
    if ir:
        out.print(ir_text(program, wrt, "adjoint" if adjoint else "tangent" if tangent else "program"))
    elif adjoint or tangent:
        out.print(adjoint_source(program, wrt) if adjoint else tangent_source(program, wrt))
    else:
        out.print(program_source(program))
