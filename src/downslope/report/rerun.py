"""Run a changed program in a process of its own, before its files are replaced.

A script that imports nothing but the standard library: it reads a job as JSON from its input, lets
Python's import system read the new text in place of each file that is to change, loads the program's
module, calls the function, and prints the results as JSON.
"""

import importlib
import importlib.util
import inspect
import json
import sys
import traceback
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any


def overlay(new: dict[str, str]) -> None:
    """Let Python's loader of source files read the new text of each file that is to change."""
    get_data, path_stats = SourceFileLoader.get_data, SourceFileLoader.path_stats

    def changed_data(loader: SourceFileLoader, path: str) -> bytes:
        return get_data(loader, new.get(str(Path(path).resolve()), path))

    def changed_stats(loader: SourceFileLoader, path: str) -> Any:
        if str(Path(path).resolve()) in new:
            raise OSError(path)  # so that no bytecode of the old text is taken for current
        return path_stats(loader, path)

    loader: Any = SourceFileLoader
    loader.get_data, loader.path_stats = changed_data, changed_stats


def load(file: str, module: str) -> ModuleType:
    """The program's module: by its name where Python finds this file under it, else from the file."""
    sys.path.insert(0, str(Path(file).parent))
    if module and module != "__main__":
        with suppress(ImportError, ValueError):
            found = importlib.util.find_spec(module)
            if found is not None and found.origin and Path(found.origin).resolve() == Path(file).resolve():
                return importlib.import_module(module)
    name = "_downslope_changed"
    spec = importlib.util.spec_from_file_location(name, file, loader=SourceFileLoader(name, file))
    assert spec is not None  # a loader was given
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def results(job: dict[str, Any]) -> list[float]:
    """The program's values on the job's rows."""
    sys.path[:] = job["path"]
    sys.dont_write_bytecode = True
    overlay(job["new"])
    function = getattr(load(job["file"], job["module"]), job["name"])
    function = getattr(function, "py_func", function)
    parameters = inspect.signature(function).parameters.values()
    by_position = [p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_ONLY]
    found = []
    for row in job["rows"]:
        first = [row[name] for name in by_position if name in row]
        found.append(float(function(*first, **{n: v for n, v in row.items() if n not in by_position})))
    return found


def main() -> None:
    """Read the job, print the answer. What the user's program prints goes to the error stream."""
    answer, sys.stdout = sys.stdout, sys.stderr
    try:
        reply: dict[str, Any] = {"values": results(json.load(sys.stdin))}
    except BaseException as error:  # noqa: BLE001  # whatever the user's program raises is the answer
        reply = {"error": traceback.format_exception_only(error)[-1].strip()}
    json.dump(reply, answer)
    answer.flush()


if __name__ == "__main__":
    main()
