"""`demo`: the shipped programs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from downslope.commands.options import out
from downslope.commands.tune import tuned
from downslope.data.write import replace
from downslope.errors import UsageError, close_to


def demo(
    name: Annotated[str, typer.Argument(help="flights, taxi, or list to list them.")] = "flights",
    report: Annotated[Path | None, typer.Option(help="Write an HTML page.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Write the main picture: .png, .svg or .pdf.")] = None,
) -> None:
    """Show a shipped program learning.

    Example: downslope demo flights --report flights.html --figure flights.png
    """
    if name == "list":
        for known, (words, _) in DEMOS.items():
            out.print(f"{known:<8} {words}")
        return
    if name not in DEMOS:
        raise UsageError(
            f"there is no demo {name!r}",
            why=f"there are {', '.join(DEMOS)}.",
            fix=close_to(name, DEMOS, "see `downslope demo list`."),
        )
    from downslope.report.place import check_place

    if figure is not None:
        from downslope.report.save import check_suffix

        check_suffix(figure)
    for path in filter(None, (report, figure)):
        check_place(path)
    DEMOS[name][1](report, figure)


def _flights(report: Path | None, figure: Path | None) -> None:
    from downslope.demo import flights
    from downslope.demo.flights_data import flights_table

    place = f"{flights.__file__}:air_time"
    table = flights_table()
    done = tuned(place, table, "air_time", report, holdout=0.2, missing="drop", group="route")
    if figure is not None:
        from downslope.report.fitted import fitted
        from downslope.report.save import save

        save(fitted(done, unit="min"), figure, str(done))
        out.print(f"wrote {figure}")
    raise typer.Exit(0 if done.converged else 1)


def _taxi(report: Path | None, figure: Path | None) -> None:
    from downslope.demo.story import story
    from downslope.demo.story_page import story_page
    from downslope.report.save import save

    chapters = []
    for chapter in story():
        chapters.append(chapter)
        out.print(f"\n{chapter.title}\n{'-' * len(chapter.title)}\n{chapter.text}")
    if report is not None:
        replace(report, story_page("A taxi company learns", chapters).encode())
        out.print(f"\nwrote {report}")
    first = next(chapter for chapter in chapters if chapter.figure is not None)
    if figure is not None and first.figure is not None:
        save(first.figure, figure, first.text)
        out.print(f"\nwrote {figure}")


DEMOS: dict[str, tuple[str, Callable[[Path | None, Path | None], None]]] = {
    "flights": ("a flight-duration program learns from 336,776 real flights", _flights),
    "taxi": ("the tutorial's taxi: errors, slopes, descents, and a fit of made-up trips", _taxi),
}
