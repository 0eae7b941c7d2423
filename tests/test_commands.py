"""The command line: help with examples, completion, the page on it, and what wrong input is told."""

import os
import re
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from downslope.cli import app
from downslope.cli_page import page
from downslope.commands.options import programs

COMMAND = typer.main.get_command(app)
COMMANDS = COMMAND.commands  # type: ignore[attr-defined]  # it is a group
PROGRAM = """
def trip(km, speed=30.0, n=3):
    t = 0.0
    for i in range(n):
        if km > i:
            t += 60.0 * km / speed
    return t


def cut(x):
    return int(x) * 2.0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trips.py"
    path.write_text(PROGRAM)
    return path


def ran(*arguments: object) -> tuple[int, str, str]:
    """Exit code, output and errors of the command in a new process, as a user runs it."""
    code = "from downslope.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_each_command_can_be_parsed(name: str) -> None:
    text = COMMANDS[name].help or ""
    examples = re.findall(r"^ *(?:Example: |\w+ calls?: )?downslope (.+)$", text, re.M)
    assert examples, f"{name} has no example"
    for example in examples:
        first, *rest = shlex.split(example)
        assert first == name
        COMMANDS[name].make_context(name, rest)  # raises for an option that does not exist
        with pytest.raises(Exception, match=r"[Nn]o such option"):
            COMMANDS[name].make_context(name, [*rest, "--no-such-option"])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_the_example(name: str) -> None:
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert f"downslope {name}" in done.output


def test_the_page_on_the_command_line_is_current() -> None:
    written = Path(__file__).parent.parent / "docs" / "cli.md"
    assert written.read_text() == page(), "run python -m downslope.cli_page > docs/cli.md"
    for name in COMMANDS:
        assert f"## {name}\n" in page()


def test_version_and_help() -> None:
    assert ran("--version") == (0, f"downslope {metadata.version('downslope')}\n", "")
    code, shown, errors = ran()
    assert "tune" in shown + errors
    assert code in (0, 2)  # click 8.2 says 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell: str) -> None:
    environment = os.environ | {"_DOWNSLOPE_COMPLETE": f"source_{shell}"}
    code = "import sys; sys.argv[0] = 'downslope'; from downslope.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert "_DOWNSLOPE_COMPLETE" in done.stdout


def test_completion_of_a_command() -> None:
    environment = os.environ | {
        "_DOWNSLOPE_COMPLETE": "complete_bash", "COMP_WORDS": "downslope sh", "COMP_CWORD": "1",
    }  # fmt: skip
    code = "import sys; sys.argv[0] = 'downslope'; from downslope.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["show"]


def test_completion_of_programs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert programs("tr") == ["trips.py:"]
    assert programs("trips.py:") == ["trips.py:trip", "trips.py:cut"]
    assert programs("missing.py:") == []


def test_grad_with_whole_numbers(file: Path) -> None:
    code, shown, errors = ran("grad", f"{file}:trip", "km=6", "n=2", "--wrt", "speed")
    assert (code, errors) == (0, "")
    assert float(shown.split()[1]) == pytest.approx(-2 * 60 * 6 / 30**2)
    code, shown, errors = ran("check", f"{file}:trip", "km=6", "n=2")
    assert (code, errors) == (0, "")
    assert "all modes agree" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grad", "{}:trip", "km=six"), "'km=six' is not NAME=NUMBER"),
        (("grad", "{}:trip", "km"), "'km' is not NAME=NUMBER"),
        (("grad", "{}:trip", "km=6", "km=7"), "km is given twice"),
        (("grad", "{}:trip", "km=6", "sped=3"), "did you mean speed?"),
        (("grad", "{}:trip", "speed=3"), "missing a required argument: 'km'"),
        (("grad", "{}:trip", "km=6", "--wrt", "sped"), "did you mean speed?"),
        (("check", "{}:trip", "speed=3"), "missing a required argument: 'km'"),
        (("grad", "{}:trap", "km=6"), "did you mean trip?"),
        (("grad", "{}.not:trip", "km=6"), "does not exist"),
        (("grad", "{}", "km=6"), "names no program"),
        (("grad", "{}:trip"), "Missing argument"),
        (("grad",), "Missing argument"),
        (("show", "{}:trip", "--adjoint", "--tangent"), "show which?"),
        (("grade", "x"), "No such command"),
    ],
)  # fmt: skip
def test_wrong_input_is_told_what_to_do(file: Path, arguments: tuple[str, ...], said: str) -> None:
    code, shown, errors = ran(*(argument.format(file) for argument in arguments))
    assert code == 2
    assert said in errors
    assert shown == ""


def test_a_cut_derivative_is_said_with_its_line(file: Path) -> None:
    code, shown, errors = ran("grad", f"{file}:cut", "x=2.5")
    assert (code, shown) == (0, "x 0.0\n")
    assert f"{file}:11:12: the derivative in x is 0 everywhere" in errors


def test_show(file: Path) -> None:
    program = f"{file}:trip"
    runner = CliRunner()
    plain = runner.invoke(app, ["show", program]).output
    assert plain.startswith("def trip(km, speed, n):")
    assert "# 6: t += 60.0 * km / speed" in runner.invoke(app, ["show", program, "--ir"]).output
    for option in ("--adjoint", "--tangent"):
        text = runner.invoke(app, ["show", program, option, "--wrt", "speed"]).output
        assert "# 5: if km > i:" in text
        assert "speed" in text.splitlines()[-1] + text
        ir = runner.invoke(app, ["show", program, option, "--ir", "--wrt", "speed"]).output
        assert ir.startswith("function trip(km, speed, n)")
        assert len(ir) > len(runner.invoke(app, ["show", program, "--ir"]).output)
