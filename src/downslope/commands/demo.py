"""`demo`: the shipped programs."""

from pathlib import Path
from typing import Annotated

import typer

from downslope.commands.options import out
from downslope.commands.tune import tuned
from downslope.errors import UsageError


def demo(
    name: Annotated[str, typer.Argument(help="flights or taxi.")] = "flights",
    report: Annotated[Path | None, typer.Option(help="Write an HTML page.")] = None,
) -> None:
    """Tune a shipped program on real data.

    Example: downslope demo flights --report flights.html
    """
    from downslope.demo import flights, taxi

    if name == "taxi":
        from downslope.calculus.check import check as compare

        out.print(f"duration(6 km at 30 km/h) = {taxi.duration(6.0)} minutes")
        out.print(
            str(
                compare(
                    taxi.trip,
                    5.5,
                    8,
                    30.0,
                    0.5,
                    0.4,
                    1.0,
                    0.3,
                    wrt=("speed", "jam", "stop", "dwell", "decay"),
                )
            )
        )
        return
    if name != "flights":
        raise UsageError(
            f"there is no demo {name!r}", why="there are flights and taxi.", fix="use one of them."
        )
    place = f"{flights.__file__}:air_time"
    tuned(
        place, flights.flights_table(), "air_time", None, None, 0.2, "drop", "squared", "auto", report, False
    )
