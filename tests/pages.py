"""Runs a page of the documentation as a reader would, in one folder, and compares what it shows.

A `python` block that begins with `# name.py` is a file; a `pycon` block is a Python session; a `console`
block holds commands after `$ ` and what they print. In shown output `...` stands for anything.
To bring the outputs of a page up to date after a change: python tests/pages.py docs/tutorial.md
"""

import contextlib
import doctest
import io
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

from downslope import cli

FLAGS = doctest.ELLIPSIS


@dataclass
class Page:
    """A page while it is run: where, and what its blocks print."""

    path: Path
    printed: list[tuple[Example, str]]

    def parsers(self) -> list[CodeBlockParser]:
        return [
            CodeBlockParser("python", file),
            CodeBlockParser("pycon", self.session),
            CodeBlockParser("console", self.console),
        ]

    def examples(self) -> list[Example]:
        sybil = Sybil(parsers=self.parsers(), path=str(self.path.parent), pattern=self.path.name)
        return list(sybil.parse(self.path).examples())

    def session(self, example: Example) -> str | None:
        test = doctest.DocTestParser().get_doctest(
            example.parsed, example.namespace, self.path.name, str(self.path), example.line
        )
        runner, said = Session(optionflags=FLAGS), io.StringIO()
        runner.run(test, out=said.write, clear_globs=False)
        example.namespace.update(test.globs)
        self.printed.append((example, "".join(runner.shown)))
        return said.getvalue() or None

    def console(self, example: Example) -> str | None:
        shown, wrong = "", []
        for command, expected in commands(example.parsed):
            got = run(command)
            shown += f"$ {command}\n{got}"
            if not doctest.OutputChecker().check_output(expected, got, FLAGS):
                wrong.append(f"$ {command}\nexpected:\n{expected}\ngot:\n{got}")
        self.printed.append((example, shown))
        return "\n".join(wrong) or None


class Session(doctest.DocTestRunner):
    """Keeps what a session prints, as it would look in the page."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.shown: list[str] = []

    def report_success(self, out, test, example, got):
        self.shown.append(typed(example) + example.want)

    def report_failure(self, out, test, example, got):
        self.shown.append(typed(example) + got)
        super().report_failure(out, test, example, got)


def typed(example: doctest.Example) -> str:
    first, *rest = example.source.splitlines()
    return "\n".join([f">>> {first}", *(f"... {line}" for line in rest)]) + "\n"


def file(example: Example) -> str | None:
    """Write a block to the file that its first line names."""
    name = re.match(r"# (\w+\.py)\n", example.parsed)
    if name is None:
        return "a python block must begin with the name of its file: # name.py"
    Path(name[1]).write_text(example.parsed)
    return None


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with the output that is shown."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n?", part)[0]
        yield command.rstrip("\n"), part[len(command) :]


def run(command: str) -> str:
    """What a `downslope` command prints."""
    program, *args = shlex.split(command.replace("\\\n", ""))
    if program != "downslope":
        return f"{program} is not run here"
    out = io.StringIO()
    argv = mock.patch.object(sys, "argv", [program, *args])
    with (
        argv,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        contextlib.suppress(SystemExit),
    ):
        cli.main()
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


@contextlib.contextmanager
def reader(folder: Path) -> Iterator[None]:
    """A reader who works in a folder: files there can be imported, and are forgotten afterwards."""
    before = set(sys.modules)
    (folder / "figures").mkdir()
    try:
        with contextlib.chdir(folder), mock.patch.object(sys, "path", [str(folder), *sys.path]):
            yield
    finally:  # also after a page that fails, as some are meant to
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]


def check(path: Path, folder: Path) -> Page:
    """Run a page; raises `SybilFailure`, an AssertionError, at the first block that shows something else."""
    page = Page(path, [])
    with reader(folder):
        for example in page.examples():
            try:
                example.evaluate()
            except AssertionError as error:
                error.add_note(
                    f"If this change is meant: python tests/pages.py docs/{path.name}, and read the diff."
                )
                raise
    return page


def updated(path: Path, folder: Path) -> str:
    """The text of a page with the outputs that its blocks print now; blocks that match stay as they are."""
    page, text = Page(path, []), path.read_text()
    with reader(folder):
        for example in reversed([e for e in page.examples() if not agrees(e)]):
            shown = kept(example.parsed, next(shown for block, shown in page.printed if block is example))
            text = (
                text[: example.start]
                + text[example.start : example.end].replace(example.parsed, shown)
                + text[example.end :]
            )
    return text


def kept(old: str, new: str) -> str:
    """The new lines, each in the form with `...` that the old text has for it, if it has one."""
    loose = [line for line in old.splitlines() if "..." in line and line.strip(". ")]
    same = doctest.OutputChecker().check_output
    return "".join(
        next((form for form in loose if same(form, line, FLAGS)), line) + "\n" for line in new.splitlines()
    )


def agrees(example: Example) -> bool:
    try:
        example.evaluate()
    except AssertionError:
        return False
    return True


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        page = Path(sys.argv[1]).resolve()
        page.write_text(updated(page, Path(name)))
