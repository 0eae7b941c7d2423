"""`explain` and `trace`: how a program is differentiated, and where what is not finite arises."""

import typer

from downslope.commands.options import Inputs, Point, Program, Wrt, out, values_of


def explain(program: Program, inputs: Point = None, wrt: Wrt = None) -> None:
    """Say what is active, where derivatives are cut, which mode is taken, what is kept, and what it costs.

    With the inputs given, time and tape are measured there.

    Example: downslope explain taxi.py:duration distance_km=6 --wrt speed_kmh
    """
    from downslope.calculus.explain import explain as explained
    from downslope.calculus.program import bound
    from downslope.read.source import read_source

    at = bound(read_source(program), (), values_of(inputs), ()) if inputs else None
    out.print(str(explained(program, wrt, at=at)))


def trace(program: Program, inputs: Inputs, wrt: Wrt = None) -> None:
    """Say where the first NaN or infinity of a program or its derivative arises; exit code 1 if there is one.

    Example: downslope trace taxi.py:duration distance_km=6 speed_kmh=0
    """
    from downslope.calculus.trace import trace as traced

    found = traced(program, wrt=wrt, **values_of(inputs))
    out.print(str(found))
    raise typer.Exit(0 if found.finite else 1)
