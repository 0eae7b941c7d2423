"""`explain`: how a program is differentiated, and what that costs."""

from downslope.commands.options import Point, Program, Wrt, out, values_of


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
