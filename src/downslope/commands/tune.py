"""`tune`: learn constants from a table, show the change, and write it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from downslope.commands.options import Program, bounds_of, out

if TYPE_CHECKING:
    from downslope.fitting.fit import Fit


def tune(
    program: Program,
    table: Annotated[str, typer.Argument(help="CSV, Parquet, Arrow, or file.duckdb:query.")],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    learn: Annotated[list[str] | None, typer.Option(help="Constant to learn; may be repeated.")] = None,
    bounds: Annotated[list[str] | None, typer.Option(help="NAME:LO:HI; may be repeated.")] = None,
    holdout: Annotated[float, typer.Option(help="Share of rows kept for judging.")] = 0.2,
    missing: Annotated[str, typer.Option(help="error or drop.")] = "error",
    loss: Annotated[str, typer.Option(help="squared, absolute, huber, soft_l1, cauchy.")] = "squared",
    solver: Annotated[str, typer.Option(help="auto, least_squares, lbfgsb, descent, adam.")] = "auto",
    report: Annotated[Path | None, typer.Option(help="Write an HTML page.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the source.")] = False,
) -> None:
    """Learn a program's constants from a table, and show the change to its source.

    Example: downslope tune taxi.py:trip trips.csv --target minutes --write
    """
    done = tuned(program, table, target, learn, bounds, holdout, missing, loss, solver, report, write)
    raise typer.Exit(0 if done.converged else 1)


def tuned(
    program: str, table: object, target: str, learn: list[str] | None, bounds: list[str] | None, holdout: float,
    missing: str, loss: str, solver: str, report: Path | None, write: bool,
) -> "Fit":  # fmt: skip
    """Fit, print what came of it, and write what was asked for."""
    from downslope.fitting.fit import fit
    from downslope.fitting.solution import Interrupted
    from downslope.report.tuned import changed, finish

    try:
        done = fit(
            program,
            table,
            target,
            learn,
            loss=loss,
            bounds=bounds_of(bounds),
            solver=solver,
            holdout=holdout,
            missing=missing,
        )
    except Interrupted as stopped:
        out.print(str(stopped.solution))
        raise
    if done.dropped:
        out.print(f"{done.dropped:,} rows without a finite number were left out")
    out.print(str(done))
    out.print("\nrms change of the prediction per 1 % of a constant:")
    for name, change in done.solution.sensitivities.items():
        out.print(f"  {name:<20} {change:.4g}")
    new, difference = changed(done)
    out.print(f"\n{difference}")
    files = finish(done, new, difference, report, write)
    if report:
        out.print(f"wrote {report}")
    for file in files:
        out.print(f"changed {file}")
    return done
