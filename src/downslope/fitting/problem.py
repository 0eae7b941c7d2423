"""Program + table + bounds -> cost, gradient and Jacobian. The residual is prediction - target."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from downslope.calculus.program import Program
from downslope.calculus.run import raised_at
from downslope.data.table import Table
from downslope.errors import DataError, ProgramError, UsageError
from downslope.fitting.losses import KINKED, loss_text, parsed, pull
from downslope.fitting.objective import Array, Sums
from downslope.ir.nodes import Function
from downslope.modes.forward import forward
from downslope.native.rows import Kernel, RowKernel, kernel, row_kernel
from downslope.passes.types import Type

SQUARED = "0.5 * _residual * _residual"


@dataclass(frozen=True)
class Problem:
    """The parameters of a program against a table."""

    program: Program
    table: Table
    inputs: tuple[str, ...]
    target: str
    labels: tuple[str, ...]  # the program's names of the parameters
    names: tuple[str, ...]  # what the user calls them
    start: Array
    lower: Array
    upper: Array
    loss: str = "squared"
    threads: int | None = None
    _cache: dict[bytes, Sums] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        parsed(self.loss)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.table.rows

    @property
    def squared(self) -> bool:
        """Whether the loss is the squared residual."""
        return self.loss == "squared"

    @property
    def smooth(self) -> bool:
        """Whether the loss's derivative has no jump."""
        return self.loss not in KINKED

    def pull(self, residual: Array, /) -> Array:
        """The loss's derivative at each residual."""
        return pull(self.loss, np.ascontiguousarray(residual))

    @cached_property
    def columns(self) -> Mapping[str, Any]:
        """The columns that kernels read."""
        target = np.ascontiguousarray(self.table.columns[self.target], dtype=np.float64)
        return {**{name: self.table.columns[name] for name in self.inputs}, "target": target}

    @property
    def _types(self) -> dict[str, Type]:
        kinds: dict[str, Type] = {"f": "f", "i": "i", "b": "b"}
        return {name: kinds[self.table.columns[name].dtype.kind] for name in self.inputs}

    @cached_property
    def tangents(self) -> Function:
        """Prediction and its tangents."""
        by_label = {param.label: param.name for param in self.program.function.params}
        return forward(self.program.function, [by_label[label] for label in self.labels])

    @cached_property
    def _summing(self) -> Kernel:
        count = len(self.labels)
        pairs = [(i, j) for i in range(count) for j in range(i, count)]

        cost, pull, weight = (
            ("_rho", "_psi", "_weight * ") if not self.squared else (SQUARED, "_residual", "")
        )

        def terms(dots: list[str]) -> list[str]:
            slopes = [f"{pull} * {dot}" for dot in dots]
            return [cost, *slopes, *(f"{weight}{dots[i]} * {dots[j]}" for i, j in pairs)]

        return kernel(self.tangents, self._types, self.labels, terms, loss_text(self.loss))

    @cached_property
    def _costing(self) -> Kernel:
        cost = SQUARED if self.squared else "_rho"
        return kernel(self.program.function, self._types, self.labels, lambda _: [cost], loss_text(self.loss))

    @cached_property
    def _rowwise(self) -> RowKernel:
        return row_kernel(self.tangents, self._types, self.labels)

    def cost(self, x: Array, /) -> float:
        """Cost at x."""
        return float(self._run(self._costing, x)[0])

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and J'J at x, in one pass over the rows."""
        key = np.ascontiguousarray(x).tobytes()
        if key not in self._cache:
            out = self._run(self._summing, x)
            count = len(self.labels)
            jtj = np.zeros((count, count))
            jtj[np.triu_indices(count)] = out[1 + count :]
            jtj = jtj + np.triu(jtj, 1).T
            self._cache.clear()
            self._cache[key] = Sums(float(out[0]), out[1 : 1 + count].copy(), jtj, self.rows)
        return self._cache[key]

    def _run(self, native: Kernel, x: Array) -> Array:
        try:
            return native.sums(np.ascontiguousarray(x, dtype=float), self.columns, self.threads)
        except Exception as error:
            raise self._fault(x, error) from error

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual (n,) and Jacobian (n, p) at x."""
        try:
            out = self._rowwise.rows(np.ascontiguousarray(x, dtype=float), self.columns, self.threads)
        except Exception as error:
            raise self._fault(x, error) from error
        return out[:, 0] - self.columns["target"], out[:, 1:]

    def predictions(self, x: Array) -> Array:
        """The program's output for each row."""
        residual, _ = self.jacobian(x)
        return np.asarray(residual + self.columns["target"])

    def on(self, table: Table) -> "Problem":
        """The same problem on other rows."""
        return replace(self, table=table, _cache={})

    def check_start(self) -> None:
        """Raise `DataError` or `ProgramError` with the first row that has no finite prediction."""
        residual, _ = self.jacobian(self.start)
        bad = ~np.isfinite(residual)
        if not bad.any():
            return
        row = int(np.argmax(bad))
        error = self._row_error(row, self.start)
        if error is not None:
            raise error
        raise DataError(
            f"the prediction is not finite in row {self.table.number(row)} of {self.table.source}",
            why=f"with the starting values, for {int(bad.sum())} of {self.rows} rows; that row is {self._shown(row)}.",
            fix="start from other values, or guard the operation in the program.",
        )

    def _fault(self, x: Array, error: Exception) -> Exception:
        """The first row on which the program raises, found by running ever fewer rows."""
        low, high = 0, self.rows
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._raises(low, middle, x) else (middle, high)
        if isinstance(error, StopIteration):
            return ProgramError(
                f"a `while` loop does not end on row {self.table.number(low)} of {self.table.source}",
                why=f"it was stopped after 100,000,000 passes; the row is {self._shown(low)}.",
                fix="check the loop's condition for these inputs.",
            )
        return self._row_error(low, x) or error

    def _raises(self, first: int, last: int, x: Array) -> bool:
        part = {name: column[first:last] for name, column in self.columns.items()}
        try:
            self._costing.sums(np.ascontiguousarray(x, dtype=float), part, 1)
        except Exception:  # noqa: BLE001  # whatever the program raises
            return True
        return False

    def _row_error(self, row: int, x: Array) -> ProgramError | None:
        values = {name: self.columns[name][row].item() for name in self.inputs}
        values |= dict(zip(self.labels, map(float, x), strict=True))
        source = self.program.source
        try:
            source.function(**values)
        except Exception as error:  # noqa: BLE001  # whatever the program raises
            return ProgramError(
                f"{source.name} raised {type(error).__name__} on row {self.table.number(row)} of {self.table.source}: {error}",
                loc=raised_at(source, error), why=f"the row is {self._shown(row)}.", fix="guard the operation, or drop the row.",
            )  # fmt: skip
        return None

    def _shown(self, row: int) -> str:
        return ", ".join(f"{name}={self.columns[name][row].item()!r}" for name in self.inputs)


def bounded(
    names: Sequence[str], bounds: Mapping[str, tuple[float, float]], start: Array
) -> tuple[Array, Array]:
    """Bounds by name as arrays. Raises `UsageError` for unknown names, bad pairs, or a start outside."""
    for name, pair in bounds.items():
        _check_bound(name, pair, names)
    lower, upper = (
        np.array([bounds.get(name, (-np.inf, np.inf))[side] for name in names], dtype=float)
        for side in (0, 1)
    )
    outside = (start < lower) | (start > upper)
    if outside.any():
        i = int(np.argmax(outside))
        raise UsageError(
            f"{names[i]} = {start[i]:g} is not within its bounds, {lower[i]:g} to {upper[i]:g}",
            why="a fit starts inside the bounds.",
            fix="widen them, or change the value in the program.",
        )
    return lower, upper


def _check_bound(name: str, pair: tuple[float, float], names: Sequence[str]) -> None:
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        raise UsageError(
            f"bounds for {name!r}, which is not learnt",
            why=f"learnt are {', '.join(names)}.",
            fix=f"did you mean {close[0]}?" if close else "check the name, or learn it too.",
        )
    if len(pair) != 2 or not float(pair[0]) <= float(pair[1]):  # NaN fails as well
        raise UsageError(
            f"the bounds of {name}, {pair!r}, are not a low and a high number",
            why="the low one comes first.",
            fix=f"give e.g. {{{name!r}: (0.0, 100.0)}} (--bounds {name}:0:100).",
        )
