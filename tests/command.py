"""Runs the real command line, in a process for each command."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

MAIN = "from downslope.cli import main; main()"
DROP = (  # an administrator may read and write everything: give that up, so that permissions count
    "import ctypes, os, sys\n"
    "if os.geteuid() == 0:\n"
    "    for capability in (1, 2):\n"
    "        assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0\n"
    "os.execv(sys.executable, [sys.executable, '-c', *sys.argv[1:]])\n"
)
MANY = """\
import json, os, sys
import duckdb, pyarrow.csv
import downslope.cli, downslope.fitting.fit, downslope.report.tuned
for folder, *arguments in json.loads(sys.argv[1]):  # the imports are shared, nothing else is
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.chdir(folder)
        for stream, name in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(folder + name, os.O_WRONLY | os.O_CREAT, 0o600), stream)
        sys.argv = ["downslope", *arguments]
        code = 0
        try:
            downslope.cli.main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """The environment, with the package that is under test, and no colours or wrapping."""
    paths = [path for path in sys.path if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200", "NO_COLOR": "1"}


def downslope(*arguments: str, folder: Path, debug: bool = False, main: str = MAIN) -> Ended:
    """Run `downslope` with arguments in a folder, in a fresh interpreter."""
    extra = {"DOWNSLOPE_DEBUG": "1"} if debug else {}
    done = subprocess.run(
        [sys.executable, "-c", DROP, main, *arguments],
        cwd=folder, env={**environment(), **extra}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def many(jobs: Sequence[tuple[Path, Sequence[str]]]) -> list[Ended]:
    """Run a command in each folder, each in a process of its own, forked after the imports."""
    count = os.cpu_count() or 1
    shares = [jobs[first::count] for first in range(count)]
    with ThreadPoolExecutor(count) as pool:
        ends = list(pool.map(_share, shares))
    return [ends[index % count][index // count] for index in range(len(jobs))]


def _share(jobs: Sequence[tuple[Path, Sequence[str]]]) -> list[Ended]:
    listed = json.dumps([[str(folder), *arguments] for folder, arguments in jobs])
    done = downslope(listed, folder=Path.cwd(), main=MANY)
    assert done.code == 0, done
    codes = [int(line) for line in done.out.split()]
    return [
        Ended(code, Path(f"{folder}.out").read_text(), Path(f"{folder}.err").read_text())
        for code, (folder, _) in zip(codes, jobs, strict=True)
    ]
