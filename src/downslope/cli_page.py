"""The page on the command line, docs/cli.md, from the commands' own help.

Written here rather than by Typer, whose form changes from version to version: the page is compared with
what the commands say.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer

from downslope.cli import app

HEAD = """# The command line

This page is made from the commands' own help: `python -m downslope.cli_page > docs/cli.md`.

Exit codes: 0 ok, 1 ran but did not converge or a check failed, 2 wrong usage or bad data, 3 unsupported source.
`downslope --install-completion` sets up completion for your shell, `downslope --version` prints the version.
"""


def page() -> str:
    """All commands with their arguments, options and examples, as Markdown.

    >>> page().splitlines()[0]
    '# The command line'
    """
    command: Any = typer.main.get_command(app)
    return HEAD + "".join(f"\n{line}" for each in command.commands.values() for line in _section(each))


def _section(command: Any) -> Iterator[str]:
    text = re.sub(r"(?m)^(Example: |.*: )?(downslope .*)$", r"```\n\2\n```", inspect.cleandoc(command.help))
    yield f"## {command.name}\n\n{text}\n"
    yield "".join(f"{line}\n" for line in map(_parameter, command.params) if line)


def _parameter(parameter: Any) -> str:
    """One argument or option; nothing for `--help`."""
    if parameter.param_type_name == "argument":
        return f"- `{parameter.metavar or parameter.name.upper()}`: {parameter.help or ''}"
    default = parameter.default
    shown = f" Default: {default}." if default not in (None, False) and not callable(default) else ""
    return f"- `{', '.join(parameter.opts)}`: {parameter.help}{shown}" if parameter.name != "help" else ""


if __name__ == "__main__":
    print(page(), end="")
