"""The command line: arguments and exit codes only."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from downslope.errors import DownslopeError, UsageError

app = typer.Typer(
    help="Make an ordinary Python program learn from data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False, soft_wrap=True, markup=False)

Program = Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION", help="The program.")]
Inputs = Annotated[list[str], typer.Argument(metavar="NAME=VALUE…", help="The inputs.")]
Wrt = Annotated[list[str] | None, typer.Option("--wrt", help="Input or constant; may be repeated.")]


def main() -> None:
    """Run the command line; errors are printed in five parts, never as a traceback."""
    warnings.showwarning = _show_warning
    try:
        app(standalone_mode=True)
    except DownslopeError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted; nothing was changed", file=sys.stderr)
        sys.exit(1)


def _show_warning(message: Any, *_: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)


@app.command()
def constants(program: Program) -> None:
    """List the numbers in a program that could be learnt.

    Example: downslope constants taxi.py:trip
    """
    from downslope.fitting.fit import constants as find

    for c in find(program):
        mark = "learn" if c.proposed else "off"
        out.print(f"{mark:<6} {c.name:<20} {c.value!r:<12} line {c.loc.line:<5} {c.kind:<16} {c.why}")


@app.command()
def grad(program: Program, inputs: Inputs, wrt: Wrt = None) -> None:
    """Print the derivative at a point.

    Example: downslope grad taxi.py:duration distance_km=6 --wrt speed_kmh
    """
    from downslope.calculus import grad as gradient

    names = wrt or [inputs[0].partition("=")[0]]
    for name, slope in zip(names, gradient(program, names)(**_values(inputs)), strict=True):
        out.print(f"{name} {slope!r}")


@app.command()
def check(program: Program, inputs: Inputs, wrt: Wrt = None) -> None:
    """Compare all modes of differentiation at a point; exit code 1 where they disagree.

    Example: downslope check taxi.py:duration distance_km=6 speed_kmh=30
    """
    from downslope.calculus import bound
    from downslope.calculus import check as compare
    from downslope.read.source import read_source

    values = bound(read_source(program), (), _values(inputs), ())
    result = compare(program, *values, wrt=wrt)
    out.print(str(result))
    raise typer.Exit(0 if result.agree else 1)


@app.command()
def show(
    program: Program,
    wrt: Wrt = None,
    adjoint: Annotated[bool, typer.Option("--adjoint", help="Reverse mode.")] = False,
    tangent: Annotated[bool, typer.Option("--tangent", help="Forward mode.")] = False,
) -> None:
    """Print the derivative program as readable Python (or the program itself).

    Example: downslope show taxi.py:trip --adjoint --wrt speed
    """
    from downslope.calculus import adjoint_source, tangent_source

    if adjoint == tangent:
        raise UsageError("show what?", why="give one of --adjoint and --tangent.", fix="add --adjoint.")
    out.print(adjoint_source(program, wrt) if adjoint else tangent_source(program, wrt))


@app.command()
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
    _tuned(program, table, target, learn, bounds, holdout, missing, loss, solver, report, write)


@app.command()
def demo(
    name: Annotated[str, typer.Argument(help="flights or taxi.")] = "flights",
    report: Annotated[Path | None, typer.Option(help="Write an HTML page.")] = None,
) -> None:
    """Tune a shipped program on real data.

    Example: downslope demo flights --report flights.html
    """
    from downslope.demo import flights, taxi

    if name == "taxi":
        from downslope.calculus import check as compare

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
    _tuned(
        place, flights.flights_table(), "air_time", None, None, 0.2, "drop", "squared", "auto", report, False
    )


def _tuned(
    program: str, table: object, target: str, learn: list[str] | None, bounds: list[str] | None, holdout: float,
    missing: str, loss: str, solver: str, report: Path | None, write: bool,
) -> None:  # fmt: skip
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
            bounds=_bounds(bounds),
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
    text, difference = changed(done)
    out.print(f"\n{difference}")
    finish(done, text, difference, report, write)
    if report:
        out.print(f"wrote {report}")
    if write:
        out.print(f"changed {done.source.file}")
    raise typer.Exit(0 if done.converged else 1)


def _values(inputs: list[str]) -> dict[str, float | int]:
    return dict(_pair(text) for text in inputs)


def _pair(text: str) -> tuple[str, float | int]:
    name, sign, value = text.partition("=")
    number = _parsed(value, (int, float))
    if not sign or number is None:
        raise UsageError(
            f"{text!r} is not NAME=NUMBER", why="inputs are given by name.", fix="e.g. distance_km=6"
        )
    return name, number


def _parsed(text: str, kinds: tuple[Callable[[str], Any], ...]) -> Any:
    for kind in kinds:
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _bounds(texts: list[str] | None) -> dict[str, tuple[float, float]]:
    found = {}
    for text in texts or ():
        parts = text.rsplit(":", 2)
        ends = [_parsed(part, (float,)) for part in parts[1:]]
        if len(parts) != 3 or None in ends:
            raise UsageError(
                f"{text!r} is not NAME:LO:HI", why="bounds are two numbers.", fix="e.g. speed:5:120"
            )
        found[parts[0]] = (ends[0], ends[1])
    return found
