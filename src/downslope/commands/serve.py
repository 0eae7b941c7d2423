"""`serve`: predictions over HTTP, and feedback to learn from."""

import os
from pathlib import Path
from typing import Annotated

import typer

from downslope.commands.learn import Url
from downslope.commands.options import Program, out
from downslope.errors import UsageError

TOKEN = "DOWNSLOPE_TOKEN"
SHORTEST = 8


def serve(
    program: Program,
    registry: Url,
    target: Annotated[str, typer.Option(help="The column to learn, for the first feedback.")] = "",
    method: Annotated[str, typer.Option(help="rls, ekf or sgd.")] = "rls",
    forgetting: Annotated[float, typer.Option(help="Weight of a row after the next one.")] = 1.0,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(help=f"File with the bearer token (default: the variable {TOKEN}).")
    ] = None,
    max_body: Annotated[int, typer.Option(help="Largest body, in bytes.")] = 1_000_000,
) -> None:
    """Serve predictions of a registry's current version, and learn from feedback, over HTTP.

    POST /predict and /feedback take {"rows": [{"km": 2.0}]}; GET /constants, /metrics and /health. Every request
    but /health needs the header Authorization: Bearer TOKEN.

    Example: downslope serve taxi.py:trip --registry sqlite:///learnt.db
    """
    token = _token(token_file)
    try:
        import uvicorn

        from downslope.serve.app import application
    except ImportError as error:
        raise UsageError(
            "the packages of the service are not installed",
            why=str(error),
            fix="pip install 'downslope[serve]'.",
        ) from error
    if max_body < 1:
        raise UsageError(f"max-body is {max_body}", why="it is a number of bytes.", fix="leave it out.")
    from downslope.learn.learner import Learner

    learner = Learner(program, registry, target, method=method, forgetting=forgetting)
    out.print(f"serving {program} at http://{host}:{port}; stop with Ctrl-C")
    try:
        uvicorn.run(application(learner, token, most=max_body), host=host, port=port, log_level="warning")
    except SystemExit as stopped:
        raise UsageError(
            f"cannot listen at {host}:{port}",
            why="the port is taken or not allowed.",
            fix="choose another --port.",
        ) from stopped
    finally:
        learner.close()


def _token(file: Path | None) -> str:
    """The bearer token: from a file, or from the environment; never from the command line, which others see."""
    try:
        token = os.environ.get(TOKEN, "") if file is None else file.read_text().strip()
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{file} cannot be read", why=str(error), fix="check the file.") from error
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"the token has {len(token)} characters"
            if len(token) < SHORTEST
            else "the token has other characters",
            why=f"it is a secret of at least {SHORTEST} printable characters without spaces.",
            fix=f"set {TOKEN}, or give --token-file.",
        )
    return token
