"""`formula`: the derivative as a closed formula."""

from typing import Annotated

import typer

from downslope.commands.options import Program, Wrt, out, values_of


def formula(
    program: Program,
    wrt: Wrt = None,
    as_latex: Annotated[bool, typer.Option("--latex", help="LaTeX instead of text.")] = False,
    value: Annotated[bool, typer.Option("--value", help="The program's own formula as well.")] = False,
    order: Annotated[int, typer.Option(help="1 for slopes, 2 for second derivatives, …")] = 1,
    given: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of a fixed input; may be repeated.")
    ] = None,
) -> None:
    """Print the derivative as a closed formula.

    Example: downslope formula taxi.py:duration --wrt speed_kmh --latex
    """
    from downslope.calculus.formula import Formula
    from downslope.calculus.formula import formula as closed

    found = closed(program, wrt, order, given=values_of(given or []))
    several: tuple[Formula, ...] = found if isinstance(found, tuple) else (found,)
    name = several[0].program.source.name
    rows = [(name, several[0].value)] if value else []
    rows += [(_head(name, one.wrt, order), one) for one in several if order]
    for head, one in rows:
        out.print(f"{head} = {one.latex() if as_latex else one}")


def _head(name: str, wrt: str, order: int) -> str:
    """The derivative as Leibniz writes it: `d trip/d speed`."""
    power = "" if order == 1 else f"^{order}"
    return f"d{power} {name}/d {wrt}{power}"
