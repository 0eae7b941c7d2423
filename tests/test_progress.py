"""A long fit in a terminal: its progress line, and Ctrl-C. A real process and a real pseudo-terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import MAIN, downslope, environment

SLOW = """\
def slow(x, a=1.0, b=1.0):
    total = 0.0
    for i in range(20000):
        total += a / (1.0 + b * i * x)
    return total
"""
WAY = ["--solver", "descent", "--step", "1e-9", "--holdout", "0"]  # a way that takes a long time
LINE = re.compile(rb"\b\d[\d,]+ iterations, cost [\d.e+-]+")  # ten or more


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "slow.py").write_text(SLOW)
    rows = "".join(f"{0.1 + k / 300},{3000 + k}\n" for k in range(300))
    (tmp_path / "t.csv").write_text(f"x,t\n{rows}")
    return ["tune", "slow.py:slow", "t.csv", "--target", "t", *WAY]


def seen(terminal: int, pattern: re.Pattern[bytes], seconds: float = 240.0) -> bytes:
    """What a terminal shows until a pattern is in it."""
    text, end = b"", time.monotonic() + seconds
    while not pattern.search(text):
        assert time.monotonic() < end, text
        if select.select([terminal], [], [], 1.0)[0]:
            text += os.read(terminal, 65536)
    return text


def rest(terminal: int) -> bytes:
    """What a terminal shows until its program ends."""
    text = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            return text
        if not more:
            return text
        text += more


def test_ctrl_c_shows_the_best_values_so_far(arguments: list[str], tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, text=True, env={**environment(), "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown = seen(ours, LINE)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=240)
    shown += rest(ours)
    os.close(ours)
    assert process.returncode == 1
    assert "did NOT converge: interrupted" in out
    before, after = re.search(r"^a +(\S+) +(\S+)", out, re.MULTILINE).groups()
    assert float(after) != float(before)
    assert b"the fit was interrupted" in shown
    assert b"Traceback" not in shown
    assert (tmp_path / "slow.py").read_text() == SLOW
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {"slow.py", "t.csv"}


def test_nothing_is_shown_when_the_output_is_piped(arguments: list[str], tmp_path: Path) -> None:
    """The same fit, cut off after it has taken longer than a second."""
    main = f"import downslope.fitting.progress as p; p.PATIENCE = 0.0; {MAIN}"
    ended = downslope(*arguments, "--max-iterations", "3", folder=tmp_path, main=main)
    assert ended.code == 1
    assert ended.err == ""
    assert "iterations, cost" not in ended.out
