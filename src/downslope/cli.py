"""The command line: which commands there are, and how errors end them."""

import sys
import warnings
from typing import Any

import typer

from downslope.commands.constants import constants
from downslope.commands.demo import demo
from downslope.commands.derivatives import check, grad, show
from downslope.commands.plot import plot
from downslope.commands.tune import tune
from downslope.errors import DownslopeError

app = typer.Typer(
    help="Make an ordinary Python program learn from data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (constants, grad, check, show, plot, tune, demo):
    app.command()(command)


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


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)
