"""The proof that a changed program gives what was fitted: it is run, in a process of its own."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from downslope.errors import WriteError
from downslope.fitting.fit import Fit
from downslope.read.callables import plain
from downslope.read.lift import lifted
from downslope.read.origin import DERIVED
from downslope.read.wholes import settled
from downslope.report import rerun
from downslope.report.replace import CHECKING

MOST = 50
"""So many rows are compared."""
CLOSE = 1e-9
SECONDS = 600


def prove(fit: Fit, written: Sequence[float], new: Mapping[str, str]) -> None:
    """Raise `WriteError` unless the changed program predicts what the fit does with the written values.

    `written` are the values of the learnt constants in the new text; `new` gives, for each file that
    changes, the copy that holds its new text. A function that no name of its module stands for (it is
    made inside another one) is run with its numbers replaced, since nothing else can call it.
    """
    problem = fit.problem
    rows = range(0, problem.rows, max(1, problem.rows // MOST))
    inputs = [name for name in problem.inputs if name in fit.source.arguments]
    calls = [{name: problem.columns[name][row].item() for name in inputs} for row in rows]
    expected = problem.predictions(np.asarray(written, dtype=float))[list(rows)]
    name = _name(fit)
    found = _rerun(fit, name, calls, new) if name else _inner(fit, written, calls)
    for row, value, wanted in zip(rows, found, expected, strict=True):
        if not abs(value - wanted) <= CLOSE * max(1.0, abs(wanted)):
            raise WriteError(
                f"the changed program predicts {value!r} on row {row + 1}, the fit {wanted!r}",
                why="another value is computed from a learnt constant when its module loads, or the program "
                "does not give the same result twice.",
                fix="compute such values inside the function; no file was changed.",
            )


def _name(fit: Fit) -> str:
    """The name of the function in its module; empty where it has none."""
    function: Any = fit.source.function
    scope = plain(function).__globals__  # type: ignore[attr-defined]  # a function that was read
    return next((n for n, v in scope.items() if getattr(v, "py_func", v) is function), "")


def _rerun(fit: Fit, name: str, calls: list[dict[str, Any]], new: Mapping[str, str]) -> list[float]:
    function: Any = plain(fit.source.function)
    job = {
        "path": [entry or "." for entry in sys.path], "new": dict(new), "file": fit.source.file,
        "module": function.__module__, "name": name, "rows": calls,
    }  # fmt: skip
    command = [sys.executable, rerun.__file__]
    environment = {**os.environ, CHECKING: "1"}
    try:
        done = subprocess.run(
            command, input=json.dumps(job), capture_output=True, text=True, env=environment,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        reply = json.loads(done.stdout or "{}")
    except subprocess.TimeoutExpired as error:
        raise _failed(f"it did not end within {SECONDS} s.") from error
    if "values" not in reply:
        last = done.stderr.strip().rpartition("\n")[2]
        raise _failed(str(reply.get("error") or last or f"it ended with code {done.returncode}"))
    return [float(value) for value in reply["values"]]


def _failed(why: str) -> WriteError:
    return WriteError(
        "the changed program could not be run", why=why, fix="no file was changed; report this."
    )


def _inner(fit: Fit, written: Sequence[float], calls: list[dict[str, Any]]) -> list[float]:
    for constant in fit.constants:
        if constant.why == DERIVED:
            raise WriteError(
                f"{constant.name} cannot be written back safely", loc=constant.loc, why=f"{DERIVED}.",
                fix="define the program at the top level of its file, so that it can be run.",
            )  # fmt: skip
    source = lifted(fit.source, fit.constants, settled(fit.source, fit.inputs))
    values = {c.symbol: float(v) for c, v in zip(fit.constants, written, strict=True)}
    bind = inspect.signature(source.function)
    names = [p.name for p in bind.parameters.values() if p.kind is inspect.Parameter.POSITIONAL_ONLY]
    found = []
    for call in calls:
        given = {**call, **values}
        first = [given.pop(name) for name in names if name in given]
        found.append(float(source.function(*first, **given)))
    return found
