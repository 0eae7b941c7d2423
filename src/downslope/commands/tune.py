"""`tune`: learn constants from a table, show the change, and write it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from downslope.commands.options import Program, bounds_of, out, priors_of, ties_of, values_of
from downslope.errors import NotConverged

if TYPE_CHECKING:
    from downslope.fitting.fit import Fit
    from downslope.fitting.intervals import Intervals


@dataclass(frozen=True)
class Asked:
    """Which intervals are wanted."""

    methods: tuple[str, ...]
    level: float
    draws: int


def tune(
    program: Program,
    table: Annotated[
        str, typer.Argument(help="CSV, TSV, Parquet, Arrow, file.duckdb:table or file.duckdb:query.")
    ],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    learn: Annotated[list[str] | None, typer.Option(help="Constant to learn; may be repeated.")] = None,
    bounds: Annotated[list[str] | None, typer.Option(help="NAME:LO:HI; may be repeated.")] = None,
    prior: Annotated[
        list[str] | None, typer.Option(help="NAME:MEAN:SPREAD, known before; may be repeated.")
    ] = None,
    fix: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, not learnt; may be repeated.")] = None,
    tie: Annotated[
        list[str] | None, typer.Option(help="NAME=EXPRESSION of other constants; may be repeated.")
    ] = None,
    constraint: Annotated[
        list[str] | None, typer.Option(help="What must hold, 'a + b <= 10'; may be repeated.")
    ] = None,
    starts: Annotated[int, typer.Option(help="Search from so many places.")] = 1,
    search: Annotated[str, typer.Option(help="How to get to them: sobol, basin, annealing.")] = "sobol",
    holdout: Annotated[float, typer.Option(help="Share of rows kept for judging.")] = 0.2,
    missing: Annotated[str, typer.Option(help="Rows without a number: error or drop.")] = "error",
    loss: Annotated[
        str,
        typer.Option(
            help="squared, absolute, huber, soft_l1, cauchy (huber:2.5 has a width), quantile:0.9, poisson, gaussian, or"
            " FILE.py:FUNCTION of the program's results and the target."
        ),
    ] = "squared",
    weights: Annotated[str | None, typer.Option(help="Column: how much each row counts.")] = None,
    solver: Annotated[
        str,
        typer.Option(help="auto, least_squares, reweighted, absolute, newton, lbfgsb, descent, adam."),
    ] = "auto",
    step: Annotated[float | None, typer.Option(help="Learning rate of descent and adam.")] = None,
    batch: Annotated[int | None, typer.Option(help="Rows in each step of adam.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the rows, with --batch.")] = None,
    max_iterations: Annotated[int | None, typer.Option(help="Stop after so many.")] = None,
    errors: Annotated[str, typer.Option(help="Standard errors: model or robust.")] = "model",
    group: Annotated[str | None, typer.Option(help="Column: rows of one value may go together.")] = None,
    intervals: Annotated[
        list[str] | None, typer.Option(help="Of the constants: wald, profile or bootstrap; may be repeated.")
    ] = None,
    level: Annotated[float, typer.Option(help="How sure the intervals are.")] = 0.95,
    draws: Annotated[int, typer.Option(help="Tables that the bootstrap draws.")] = 1000,
    stream: Annotated[
        bool, typer.Option("--stream", help="Read the table in batches: it need not fit into memory.")
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers read the table and sum."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the source.")] = False,
) -> None:
    """Learn a program's constants from a table, and show the change to its source.

    Example: downslope tune taxi.py:trip trips.csv --target minutes --write
    """
    asked = Asked(tuple(dict.fromkeys(intervals or ())), level, draws)
    done = tuned(
        program, _opened(table, stream, cluster), target, report, asked, write=write, learn=learn, bounds=bounds_of(bounds), holdout=holdout,
        priors=priors_of(prior), fixed=values_of(fix or []), tie=ties_of(tie), constraints=constraint or (), search=search, batch=batch, epochs=epochs, starts=starts,
        missing=missing, loss=loss, solver=solver, step=step, max_iterations=max_iterations, errors=errors,
        group=group, weights=weights,
    )  # fmt: skip
    raise typer.Exit(0 if done.converged else 1)


def _opened(table: str, in_batches: bool, cluster: str | None) -> object:
    """The table as `fit` takes it: by its name, as a stream, or on a cluster."""
    if cluster is not None:
        from downslope.fitting.distributed import table_on

        return table_on(cluster, table)
    if in_batches:
        from downslope.data.stream import stream

        return stream(table)
    return table


def tuned(
    program: str,
    table: object,
    target: str,
    report: Path | None,
    asked: Asked | None = None,
    *,
    write: bool = False,
    **options: Any,
) -> "Fit":
    """Fit with the options of `downslope.fit`, print what came of it, and write what was asked for."""
    from downslope.fitting.intervals import check_asked
    from downslope.report.place import check_place
    from downslope.report.tuned import changed, finish

    if report is not None:
        check_place(report)
    if asked:
        check_asked(asked.methods, asked.level, asked.draws)
    done = _fitted(program, table, target, options)
    if done.dropped:
        out.print(f"{done.dropped:,} rows without a finite number were left out")
    out.print(str(done))
    moved = "the prediction" if done.solution.measure != "cost" else "a row's cost"
    out.print(f"\nrms change of {moved} per 1 % of a constant:")
    for name, change in done.solution.sensitivities.items():
        out.print(f"  {name:<20} {change:.4g}")
    found = _intervals(done, asked) if asked else ()
    new, difference = changed(done)
    out.print(f"\n{difference}")
    files = finish(done, new, difference, report, write and done.converged, found)
    if report:
        out.print(f"wrote {report}")
    for file in files:
        out.print(f"changed {file}")
    if write and not done.converged:
        out.print("no file was changed: the fit has not converged")
    return done


def _intervals(done: "Fit", asked: Asked) -> "tuple[Intervals, ...]":
    """The intervals that were asked for, printed; none of a fit that has not converged."""
    if asked.methods and not done.converged:
        out.print("\nno intervals: the fit has not converged")
        return ()
    found = []
    for method in asked.methods:
        found.append(done.intervals(asked.level, method, draws=asked.draws))
        out.print(f"\n{found[-1]}")
    return tuple(found)


def _fitted(program: str, table: object, target: str, options: dict[str, Any]) -> "Fit":
    """The fit. Ctrl-C ends it with the best values so far, or says that there are none yet."""
    from downslope.fitting.fit import fit
    from downslope.fitting.solution import Interrupted

    try:
        return fit(program, table, target, **options)
    except Interrupted as stopped:
        out.print(str(stopped.solution))
        raise
    except KeyboardInterrupt as stopped:
        raise NotConverged(
            "interrupted before the search began",
            why="Ctrl-C while the program and the table were read.",
            fix="run it again; nothing was changed.",
        ) from stopped
