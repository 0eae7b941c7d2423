"""The command line: which commands there are, and how errors end them."""

import os
import sys
import warnings
from importlib import metadata
from typing import Annotated, Any

import typer

from downslope.commands.constants import constants
from downslope.commands.debugging import explain, trace
from downslope.commands.demo import demo
from downslope.commands.derivatives import check, grad, show
from downslope.commands.export import export
from downslope.commands.formula import formula
from downslope.commands.learn import history, learn, rollback
from downslope.commands.plot import plot
from downslope.commands.serve import serve
from downslope.commands.tune import tune
from downslope.errors import DownslopeError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"downslope {metadata.version('downslope')}")
        raise typer.Exit()


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version)] = False,
) -> None:
    """Make an ordinary Python program learn from data."""
    del version  # its callback has answered


for command in (
    constants,
    grad,
    formula,
    check,
    explain,
    trace,
    show,
    export,
    plot,
    tune,
    learn,
    history,
    rollback,
    serve,
    demo,
):
    app.command()(command)


FAULT = 70  # EX_SOFTWARE of sysexits.h: a fault of downslope itself


def main() -> None:
    """Run the command line; errors are printed in five parts, never as a traceback.

    A fault of downslope itself is one plain message and exit code 70; with the environment variable
    DOWNSLOPE_DEBUG set, its traceback is shown instead.
    """
    warnings.showwarning = _show_warning
    try:
        app(standalone_mode=True)
    except DownslopeError as error:
        sys.exit(_ended(str(error), error.exit_code))
    except KeyboardInterrupt:
        sys.exit(_ended("interrupted; nothing was changed", 1))
    except Exception as error:  # the last resort: whatever it is, no traceback
        if os.environ.get("DOWNSLOPE_DEBUG"):
            raise
        sys.exit(_ended(_unforeseen(error), FAULT))


def _ended(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _unforeseen(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return (
        f"downslope failed: {type(error).__name__}{': ' if text else ''}{text}\n"
        "  why: this is a fault of downslope, not of your program or table; nothing was changed.\n"
        "  fix: run it again with DOWNSLOPE_DEBUG=1 for the traceback, and report it."
    )


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)
