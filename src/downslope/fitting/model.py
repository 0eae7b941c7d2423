"""A fit read back from its file: its values, and its predictions."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from downslope.errors import DataError, DownslopeError, UsageError
from downslope.fitting.objective import Array
from downslope.fitting.predict import Predictor
from downslope.fitting.record import CHECKSUM, FORMAT, VERSION, Record, checksum, digest
from downslope.ir.data import Damaged, from_data, text_of
from downslope.ir.nodes import Function
from downslope.modes.inner import expanded
from downslope.passes.short_arrays import without_short_arrays
from downslope.read.constants import find_constants, pick
from downslope.read.files import files_of
from downslope.read.lift import lifted
from downslope.read.source import Source, read_source
from downslope.read.wholes import settled
from downslope.rules import arity


@dataclass(frozen=True)
class Model:
    """A program with its learnt constants, from a file. `record` is all that the file holds.

    >>> import tempfile
    >>> from downslope.fitting.fit import fit
    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> done = fit(trip, {"d": [1.0, 2.0, 3.0], "minutes": [3.0, 6.0, 9.0]}, "minutes")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done.save(f"{folder}/trip.json")
    ...     model = load(f"{folder}/trip.json")
    >>> model, model.predict({"d": [4.0]}).round(9).tolist()
    (<model of trip: speed = 20 ± 0>, [12.0])
    """

    record: Record
    predictor: Predictor | None

    def __repr__(self) -> str:
        values = ", ".join(f"{c.name} = {c.value:.6g} ± {c.error:.2g}" for c in self.record.constants)
        return f"<model of {self.record.program.name}: {values}>"

    def __getitem__(self, name: str) -> float:
        """The learnt value of a constant."""
        return self.values[name]

    @property
    def values(self) -> dict[str, float]:
        """Learnt values by name."""
        return {constant.name: constant.value for constant in self.record.constants}

    @property
    def errors(self) -> dict[str, float]:
        """Standard errors by name; NaN where the data do not determine the value."""
        return {constant.name: constant.error for constant in self.record.constants}

    @property
    def covariance(self) -> Array:
        """(p, p) covariance of the learnt values, in the order of `values`."""
        return np.array(self.record.covariance, dtype=float)

    @property
    def source(self) -> dict[str, str]:
        """The program's files by path, to be read; they are never run."""
        return {file.path: file.text for file in self.record.program.files}

    def predict(self, table: object, missing: str = "error") -> Array:
        """(n,) the program's results with the learnt values, one for each row of a table.

        As `Fit.predict`. Raises `UsageError` where the file does not hold the program as data.
        """
        if self.predictor is None:
            raise UsageError(
                f"this model of {self.record.program.name} needs its program",
                why="the program does more than arithmetic on numbers, which no file is trusted to do.",
                fix="load(path, program=…), with the function or 'file.py:function'.",
            )
        return self.predictor(table, missing)


def load(path: str | Path, program: Callable[..., Any] | str | None = None) -> Model:
    """Read a model that `Fit.save` wrote. Nothing in the file is ever run.

    The program is kept as data: operations of the rule table on named numbers, checked one by one. So
    a file from a stranger may predict nonsense or take long, and can do nothing else. Its texts of
    source files are for people. With `program`, your own function predicts, which must compute the
    same as the saved one (its constants' values aside); then errors also say where it fails on a row.
    Raises `DataError` for a file that is damaged, foreign or newer, `UsageError` for another program.
    """
    file = Path(path)
    record = _record(file, _fields(file))
    return Model(record, _predictor(file, record, program))


def _fields(file: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        fields = json.loads(file.read_bytes())
    except OSError as error:
        fix = "check the path."
        raise DataError(f"{file} cannot be read", why=f"{error.strerror or error}.", fix=fix) from error
    except (ValueError, RecursionError) as error:
        raise _unfit(file, f"it is no JSON: {error}", "it was cut short or damaged") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise _unfit(file, f"it has no format {FORMAT!r}", "name a file that fit.save(path) wrote")
    return fields


def _record(file: Path, fields: dict[str, Any]) -> Record:
    version = fields.get("version")
    if isinstance(version, int) and version > VERSION:
        made = fields.get("made_with")
        by = f" by downslope {made.get('downslope')}" if isinstance(made, dict) else ""
        raise DataError(
            f"{file} is newer than this downslope",
            why=f"it was written{by} in version {version} of the form, and this one reads {VERSION}.",
            fix="upgrade downslope.",
        )
    if fields.pop(CHECKSUM, None) != checksum(fields):
        raise _unfit(file, "its contents do not match its checksum", "it was damaged or changed by hand")
    try:
        record = Record.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _unfit(file, f"{place}: {first['msg']}", "it was not written by downslope") from error
    count = len(record.constants)
    if [len(row) for row in record.covariance] != [count] * count:
        raise _unfit(file, f"its covariance is not {count} by {count}", "it was not written by downslope")
    return record


def _unfit(file: Path, why: str, fix: str) -> DataError:
    return DataError(f"{file} is not a model that can be read", why=f"{why}.", fix=f"{fix}.")


def _predictor(file: Path, record: Record, program: Callable[..., Any] | str | None) -> Predictor | None:
    source: Source | None = None
    if program is not None:
        source, function = _given(file, record, program)
    elif record.program.operations is None:
        return None
    else:
        function = _operations(file, record)
    labels = {constant.label: constant.value for constant in record.constants}
    wanted = {*record.data.inputs, *record.fixed, *labels}
    if {param.label for param in function.params} != wanted or not function.scalar:
        raise _unfit(file, "its program does not fit its inputs", "it was not written by downslope")
    return Predictor(function, tuple(record.data.inputs), record.fixed, labels, source)


def _operations(file: Path, record: Record) -> Function:
    try:
        return from_data(record.program.operations, arity())
    except Damaged as error:
        fix = "if it names an op of your own, add its rule first (downslope.rule)"
        raise _unfit(file, f"its program is not sound: {error}", fix) from error


def _given(file: Path, record: Record, program: Callable[..., Any] | str) -> tuple[Source, Function]:
    """The user's own program, if it is the one that the model was learnt with."""
    source = read_source(program)
    try:
        chosen = pick(find_constants(source), [c.name for c in record.constants])
        raised = lifted(source, chosen, settled(source, record.data.inputs))
    except DownslopeError as error:
        raise _another(file, record, source, error.problem.what) from error
    function = without_short_arrays(expanded(raised).function, [constant.symbol for constant in chosen])
    texts = [digest(each.text) for each in files_of(source)]
    same_files = source.name == record.program.name and texts == [f.sha256 for f in record.program.files]
    if not same_files and text_of(function) != _text(record):
        raise _another(file, record, source, "its operations differ from the saved ones")
    return raised, function


def _text(record: Record) -> str:
    return json.dumps(record.program.operations)


def _another(file: Path, record: Record, source: Source, why: str) -> UsageError:
    return UsageError(
        f"{source.name} is not the program that {file} was learnt with",
        why=f"{why}.",
        fix=f"give the program as it was ({record.program.name}), or learn again.",
    )
