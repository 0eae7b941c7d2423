"""Reads the nonlinear regression files of NIST (Statistical Reference Datasets)."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[Ee][-+]?\d+)?"
NAMES = {"arctan": "atan"}  # the files' names of functions that Python spells otherwise


@dataclass(frozen=True)
class Nist:
    """One data set: a model as Python text, data, two starts and the certified answer."""

    name: str
    formula: str  # right-hand side, Python syntax over math functions, b1 …, and the inputs
    inputs: tuple[str, ...]
    columns: dict[str, Array]
    target: Array
    starts: tuple[Array, Array]
    values: Array
    errors: Array
    squares: float  # certified residual sum of squares

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(f"b{index + 1}" for index in range(len(self.values)))

    def source(self, start: int) -> str:
        """A plain Python function with the start values as defaults."""
        first = self.starts[start]
        defaults = [f"{name}={float(value)!r}" for name, value in zip(self.parameters, first, strict=True)]
        arguments = ", ".join([*self.inputs, *defaults])
        return (
            "from math import atan, cos, exp, pi, sin\n\n\n"
            f"def model({arguments}):\n    return {self.formula}\n"
        )


def read(path: Path) -> Nist:
    """Parse one .dat file."""
    text = path.read_text()
    name = re.search(r"Dataset Name:\s+(\w+)", text)
    assert name is not None
    left, formula = _model(text)
    table = _parameters(text)
    header, *rows = text[text.rindex("Data:") :].splitlines()
    names = header.removeprefix("Data:").split()
    data = np.array([[float(cell) for cell in row.split()] for row in rows if row.strip()])
    columns = {column: data[:, index].copy() for index, column in enumerate(names)}
    target = columns.pop("y")
    return Nist(
        name=name[1],
        formula=formula,
        inputs=tuple(columns),
        columns=columns,
        target=np.log(target) if left == "log[y]" else target,
        starts=(table[:, 0], table[:, 1]),
        values=table[:, 2],
        errors=table[:, 3],
        squares=float(_field(text, "Residual Sum of Squares")),
    )


def _field(text: str, label: str) -> str:
    found = re.search(rf"{label}:\s*({NUMBER})", text)
    assert found is not None
    return found[1]


def _model(text: str) -> tuple[str, str]:
    """Left and right side of the model's equation."""
    block = text[text.index("Model:") : text.lower().index("starting values", text.index("Model:"))]
    equation = re.search(r"((?:log\[y\]|\by)\s*)=(.*?)\+\s*e\s*$", block, re.S | re.M)
    assert equation is not None
    right = " ".join(equation[2].split()).replace("[", "(").replace("]", ")")
    for old, new in NAMES.items():
        right = right.replace(old, new)
    return equation[1].strip(), right


def _parameters(text: str) -> Array:
    """(p, 4): start 1, start 2, certified value, certified standard deviation."""
    lines = re.findall(rf"^\s*b\d+\s*=\s*({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})\s*$", text, re.M)
    return np.array([[float(cell) for cell in line] for line in lines])
