"""What is kept of a fit: the contents of a model file, their form, and how they are checked."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from downslope.data.fingerprint import fingerprint
from downslope.fitting.objective import Array
from downslope.fitting.problem import Problem
from downslope.fitting.solution import Solution
from downslope.ir.data import plain, to_data
from downslope.read.constants import Constant
from downslope.read.files import files_of
from downslope.read.source import Source

FORMAT = "downslope model"
VERSION = 1
"""Of the form of the file: raised when an older downslope could not read it."""
PACKAGES = ("downslope", "numba", "numpy", "scipy")
CHECKSUM = "sha256"


def _to_text(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _from_text(value: Any) -> Any:
    return float(value) if isinstance(value, str) and value in ("nan", "inf", "-inf") else value


Number = Annotated[float, BeforeValidator(_from_text), PlainSerializer(_to_text)]
"""A float; JSON has no NaN and no infinity, so these are texts."""


class _Part(BaseModel):
    """A part of the file: exactly these fields, of exactly these types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Text(_Part):
    """A file of the program, to be read by people; it is never run."""

    path: str
    sha256: str
    text: str


class Kept(_Part):
    """The program: its name, its files, and its operations as data where they can be kept so."""

    name: str
    files: list[Text]
    operations: dict[str, Any] | None


class Learnt(_Part):
    """A constant: what the user calls it, the input that stands for it, and what was learnt."""

    name: str
    label: str
    place: str
    before: Number
    value: Number
    error: Number


class Data(_Part):
    """The rows it was learnt from: which columns, how many, and a fingerprint of their numbers."""

    target: str
    inputs: list[str]
    rows: int
    sha256: str
    weights: str | None = None


class Search(_Part):
    """How the fit went."""

    loss: str
    solver: str
    converged: bool
    reason: str
    cost_before: Number
    cost: Number
    undetermined: list[str]


class Record(_Part):
    """The whole file, but its checksum."""

    format: Literal["downslope model"]
    version: Literal[1]
    made_with: dict[str, str]
    program: Kept
    constants: list[Learnt]
    covariance: list[list[Number]]
    fixed: dict[str, int | float | bool]
    data: Data
    fit: Search


def record_of(
    solution: Solution,
    problem: Problem,
    source: Source,
    chosen: Sequence[Constant],
    fixed: Mapping[str, float],
) -> Record:
    """The record of a fit; `fixed` are the inputs that are no columns."""
    inputs = [name for name in problem.inputs if name not in fixed]
    return Record(
        format="downslope model",
        version=1,
        made_with={"python": python_version(), **{name: metadata.version(name) for name in PACKAGES}},
        program=_program(problem, source),
        constants=_constants(solution, chosen),
        covariance=np.asarray(solution.covariance, dtype=float).tolist(),
        fixed=dict(fixed),
        data=Data(
            target=problem.target,
            inputs=inputs,
            rows=problem.rows,
            sha256=fingerprint(
                problem.table, [*inputs, problem.target, *([problem.weights] if problem.weights else [])]
            ),
            weights=problem.weights,
        ),
        fit=Search(
            loss=problem.loss,
            solver=solution.solver,
            converged=solution.converged,
            reason=solution.reason,
            cost_before=float(solution.cost_before),
            cost=float(solution.cost),
            undetermined=list(solution.undetermined),
        ),
    )


def _program(problem: Problem, source: Source) -> Kept:
    function = problem.program.function
    files = [Text(path=f.path, sha256=digest(f.text), text=f.text) for f in files_of(source)]
    operations = to_data(function) if plain(function) else None
    return Kept(name=source.name, files=files, operations=operations)


def _constants(solution: Solution, chosen: Sequence[Constant]) -> list[Learnt]:
    rows: Sequence[Array] = (solution.start, solution.values, solution.errors)
    return [
        Learnt(
            name=constant.name,
            label=constant.symbol,
            place=f"{Path(constant.loc.file).name}:{constant.loc.line}:{constant.loc.col}",
            before=float(before),
            value=float(value),
            error=float(error),
        )
        for constant, before, value, error in zip(chosen, *rows, strict=True)
    ]


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def checksum(fields: Mapping[str, Any]) -> str:
    """SHA-256 over all fields but the checksum itself, whatever the layout of the file."""
    return digest(json.dumps({k: v for k, v in fields.items() if k != CHECKSUM}, sort_keys=True))


def to_json(record: Record) -> str:
    """The file's text: readable, and the same for the same fit."""
    fields = record.model_dump()
    return (
        json.dumps({**fields, CHECKSUM: checksum(fields)}, indent=1, ensure_ascii=False, allow_nan=False)
        + "\n"
    )
