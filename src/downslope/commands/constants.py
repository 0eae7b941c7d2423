"""`constants`: what could be learnt."""

from downslope.commands.options import Program, out


def constants(program: Program) -> None:
    """List the numbers in a program that could be learnt.

    Example: downslope constants taxi.py:trip
    """
    from downslope.fitting.fit import constants as find

    for c in find(program):
        mark = "learn" if c.proposed else "off"
        out.print(f"{mark:<6} {c.name:<20} {c.value!r:<12} line {c.loc.line:<5} {c.kind:<16} {c.why}")
