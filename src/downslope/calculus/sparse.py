"""Sparse Jacobians and Hessians: the pattern, a colouring, one run for each colour (Griewank & Walther 2008, ch. 8)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from downslope.calculus.chunks import Directions
from downslope.calculus.colouring import coloured
from downslope.calculus.makes import pulled
from downslope.calculus.pattern import pattern
from downslope.calculus.program import Program
from downslope.calculus.run import Engine
from downslope.calculus.shaped import (
    Transformed,
    one_number,
    positions,
    shaped_values,
    size,
)
from downslope.calculus.shaped_products import structured
from downslope.ir.nodes import Block, Function
from downslope.modes.dependence import dependence
from downslope.modes.reverse import reverse
from downslope.modes.snapshots import Checkpoints

Values = Sequence[Any]
Numbers = NDArray[np.float64]
PULL = 2.0
"""A run backwards costs about as much as so many runs forwards."""


class SparseJacobian:
    """All derivatives that can be other than zero, by the mode that needs less work."""

    def __init__(self, read: Program, names: tuple[str, ...], several: bool, engine: Engine) -> None:
        self._read, self._names, self._several = read, names, several
        self._pushed = Directions(read, names, engine)
        self._pulled = Transformed(read, names, pulled, engine)
        self._words = Transformed(read, names, _dependence, engine, "i")
        self._last = Plan.none()

    def __call__(self, args: Values, kwargs: Mapping[str, Any]) -> Any:
        """The derivatives at these arguments."""
        values, _ = shaped_values(self._read, args, kwargs, self._names)
        varied = [values[place] for place in positions(self._read, self._names)]
        form = self._pushed.form(values)
        outputs = self._pushed.primal(values, varied)
        plan = self._last = self._last.renewed(
            pattern(partial(_words, self._words, values, varied), size(varied), size(outputs)),
            both=True,
        )
        if plan.by_rows:
            found = plan.matrix(
                self._pulled(values, _shaped(bars, outputs))[len(outputs) :] for bars in plan.seeds()
            )
        else:
            seeds = (_shaped(dots, varied) for dots in plan.seeds())
            found = plan.matrix(self._pushed.pushed(values, seeds, plan.runs))
        if not any(isinstance(value, np.ndarray) for value in (*outputs, *varied)):
            return found
        return structured(_cut(found, outputs, varied), form.scalar, not self._several)


class SparseHessian:
    """Second derivatives that can be other than zero, a colour at a time (forward over reverse)."""

    def __init__(self, read: Program, names: tuple[str, ...], several: bool, engine: Engine) -> None:
        self._read, self._names, self._several = read, names, several
        self._run = Directions(read, names, engine, of_gradient=True)
        self._words = Transformed(read, names, _dependence_of_gradient, engine, "i")
        self._last = Plan.none()

    def __call__(self, args: Values, kwargs: Mapping[str, Any]) -> Any:
        """The second derivatives at these arguments."""
        values, _ = shaped_values(self._read, args, kwargs, self._names)
        one_number(self._read, values)
        varied = [values[place] for place in positions(self._read, self._names)]
        n = size(varied)
        plan = self._last = self._last.renewed(
            pattern(partial(_words, self._words, values, varied), n, n), both=False
        )
        seeds = (_shaped(dots, varied) for dots in plan.seeds())
        results = self._run.pushed(values, seeds, plan.runs)
        found = plan.matrix(result[1:] for result in results)  # the first is the value's tangent
        if not any(isinstance(value, np.ndarray) for value in varied):
            return found
        return structured(_cut(found, varied, varied), not self._several, not self._several)


@dataclass(frozen=True)
class Plan:
    """A pattern, and in which groups its rows or columns are found."""

    where: sparse.csc_array
    colours: NDArray[np.int64]
    by_rows: bool

    @classmethod
    def none(cls) -> "Plan":
        """A plan for an empty matrix."""
        return cls(sparse.csc_array((0, 0), dtype=np.int8), np.empty(0, np.int64), False)

    def renewed(self, where: sparse.csc_array, both: bool) -> "Plan":
        """The plan for a pattern: this one where the pattern is the same. `both`: rows may be cheaper."""
        if _same(where, self.where):
            return self
        columns = coloured(where)
        rows = coloured(where.T.tocsc()) if both else columns
        if both and PULL * rows.max(initial=0) < columns.max(initial=0):
            return Plan(where, rows, True)
        return Plan(where, columns, False)

    @property
    def runs(self) -> int:
        """How many seeds there are."""
        return int(self.colours.max(initial=-1)) + 1

    def seeds(self) -> Iterator[Numbers]:
        """For each colour, ones where a row (or column) has it."""
        return ((self.colours == colour).astype(float) for colour in range(self.runs))

    def matrix(self, results: Iterable[Values]) -> sparse.csr_array:
        """The derivatives, from what each seed gives."""
        entries = self.where.tocoo()
        mine, other = (entries.row, entries.col) if self.by_rows else (entries.col, entries.row)
        found = np.zeros(len(mine))
        for colour, result in enumerate(results):
            chosen = self.colours[mine] == colour
            found[chosen] = _flat(result)[other[chosen]]
        return sparse.csr_array((found, (entries.row, entries.col)), entries.shape)


def _same(one: sparse.csc_array, other: sparse.csc_array) -> bool:
    return (
        one.shape == other.shape
        and np.array_equal(one.indptr, other.indptr)
        and np.array_equal(one.indices, other.indices)
    )


def _dependence(function: Function, names: Sequence[str], _checkpoints: Checkpoints) -> Function:
    return dependence(function, names)


def _dependence_of_gradient(function: Function, names: Sequence[str], _checkpoints: Checkpoints) -> Function:
    gradient = reverse(function, names)
    body = Block(gradient.body.body, gradient.body.yields[1:])
    only = Function(gradient.name, gradient.params, body, False, gradient.loc)
    return dependence(only, names)


def _words(run: Transformed, values: Values, varied: Values, seeds: NDArray[np.int64]) -> NDArray[np.int64]:
    words: NDArray[np.int64] = _flat(run(values, _shaped(seeds, varied)), np.int64)
    return words


def _flat(results: Values, kind: Any = float) -> Any:
    """Numbers and arrays as one row of numbers."""
    return np.concatenate([np.ravel(np.asarray(result, kind)) for result in results])


def _shaped(flat: NDArray[Any], values: Values) -> list[Any]:
    """One row of numbers in the shapes of these values."""
    out, start = [], 0
    for value in values:
        part = flat[start : start + np.size(value)]
        start += np.size(value)
        out.append(part.reshape(value.shape) if isinstance(value, np.ndarray) else part[0].item())
    return out


def _cut(matrix: sparse.csr_array, outputs: Values, inputs: Values) -> list[list[Any]]:
    """The blocks of each output and input."""
    rows = np.cumsum([0, *map(np.size, outputs)])
    columns = np.cumsum([0, *map(np.size, inputs)])
    by_column = [matrix[:, a:b] for a, b in pairwise(columns)]
    return [[part[a:b] for part in by_column] for a, b in pairwise(rows)]
