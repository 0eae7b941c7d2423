"""Program + table + bounds -> cost, gradient and Jacobian. The residual is prediction - target."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from downslope.calculus.program import Program
from downslope.data.table import Table
from downslope.errors import UsageError, close_to
from downslope.fitting.faults import asked, stopped, suspects, unusable
from downslope.fitting.losses import KINKED, bend_text, loss_text, parsed, pull, sides
from downslope.fitting.objective import Array, Sums
from downslope.ir.nodes import Function, names_of
from downslope.ir.types import Type
from downslope.modes.forward import forward
from downslope.native.rows import TARGET, WEIGHTS, Kernel, RowError, RowKernel, Term, kernel, row_kernel
from downslope.native.sequence import SequenceKernel, Step, sequence_kernel
from downslope.passes.guard import TOO_LARGE

SQUARED = ("0.5 * _residual", "_residual")
Made = TypeVar("Made", bound="Problem")
COLUMNS = ("columns", "observed", "weight")
KERNELS = ("tangents", "_summing", "_sloping", "_costing", "_bending", "_rowwise", "_walks", "_sloped_rows")


@dataclass(frozen=True)
class Priors:
    """Normal priors: ½ s² Σ λ (x − mean)², with λ the inverse variance (0 for none) and s² that of the noise."""

    means: Array  # (p,)
    weights: Array  # (p,) inverse variances
    variance: float = 1.0

    def cost(self, x: Array) -> float:
        """What the priors add to the cost."""
        return 0.5 * self.variance * float(self.weights @ (x - self.means) ** 2)

    def gradient(self, x: Array) -> Array:
        """(p,) its gradient."""
        return np.asarray(self.variance * self.weights * (x - self.means))

    @property
    def hessian(self) -> Array:
        """(p, p) its second derivatives."""
        return np.diag(self.variance * self.weights)

    def rows(self, x: Array) -> tuple[Array, Array]:
        """Residuals (k,) and Jacobian (k, p) of the priors as k further rows."""
        some = np.flatnonzero(self.weights)
        root = np.sqrt(self.variance * self.weights[some])
        slopes = np.zeros((len(some), len(x)))
        slopes[np.arange(len(some)), some] = root
        return root * (x - self.means)[some], slopes


@dataclass(frozen=True)
class Weighing:
    """From the program's output and tangents on each row, (n, 1 + p), to residuals and gradients."""

    loss: str
    weighted: bool

    def residuals(self, out: Array, observed: Array, weight: Array) -> tuple[Array, Array]:
        """Residual (n,) and Jacobian (n, p), with √w inside for the squared loss, w for one with a kink."""
        residual, slopes = out[:, 0] - observed, out[:, 1:]
        if not self.weighted or not self._inside:
            return residual, slopes
        scale = np.sqrt(weight) if self.loss == "squared" else weight
        return residual * scale, slopes * scale[:, None]

    def gradients(self, out: Array, observed: Array, weight: Array) -> Array:
        """The gradient of each row's cost, (n, p)."""
        residual, slopes = self.residuals(out, observed, weight)
        pulls = pull(self.loss, np.ascontiguousarray(residual))
        return np.asarray(slopes * (pulls if self._inside else pulls * weight)[:, None])

    @property
    def _inside(self) -> bool:
        return self.loss == "squared" or parsed(self.loss)[0] in KINKED


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
    weights: str | None = None  # the column that says how much each row counts
    priors: Priors | None = None
    _cache: dict[bytes, Sums] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        parsed(self.loss)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.table.rows

    @property
    def held(self) -> npt.NDArray[np.bool_]:
        """(p,) which parameters keep their value."""
        return np.asarray(self.lower == self.upper)

    @property
    def costed(self) -> bool:
        """Whether the cost of a row is no function of a residual."""
        return False

    @property
    def squared(self) -> bool:
        """Whether the loss is the squared residual."""
        return self.loss == "squared"

    @property
    def weighted(self) -> bool:
        """Whether rows count differently."""
        return self.weights is not None

    @property
    def smooth(self) -> bool:
        """Whether the loss's derivative has no jump."""
        return parsed(self.loss)[0] not in KINKED

    @property
    def sides(self) -> tuple[float, float]:
        """By how much a kinked loss grows per unit below and above the target."""
        return sides(self.loss)

    def row_gradients(self, x: Array, /) -> Iterator[Array]:
        """The gradients of the rows' costs, in blocks of rows (n, p)."""
        out, _ = self._rows_of(self._sloped_rows, x)
        yield self.weighing.gradients(out, self.observed, self.weight)

    @property
    def weighing(self) -> "Weighing":
        """How a row's outputs become a residual, and its cost's gradient."""
        return Weighing(self.loss, self.weighted)

    @cached_property
    def columns(self) -> Mapping[str, Any]:
        """The columns that kernels read."""
        return {**{name: self.table.columns[name] for name in self.inputs}, TARGET: self.observed} | (
            {WEIGHTS: self.weight} if self.weighted else {}
        )

    @cached_property
    def observed(self) -> Array:
        """(n,) the target."""
        return np.ascontiguousarray(self.table.columns[self.target], dtype=np.float64)

    @cached_property
    def weight(self) -> Array:
        """(n,) how much each row counts."""
        if self.weights is None:
            return np.ones(self.rows)
        return np.ascontiguousarray(self.table.columns[self.weights], dtype=np.float64)

    @property
    def types(self) -> dict[str, Type]:
        """The types of the inputs, as kernels are compiled for them."""
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
        weight = "" if self.squared else "_weight * "

        def terms(dots: list[str]) -> list[Term]:
            return [*self._slopes(dots), *((f"{weight}{dots[i]}", dots[j]) for i, j in pairs)]

        return kernel(self.tangents, self.types, self.labels, terms, loss_text(self.loss), self.weighted)

    @cached_property
    def _sloping(self) -> Kernel:
        return kernel(
            self.tangents, self.types, self.labels, self._slopes, loss_text(self.loss), self.weighted
        )

    def _slopes(self, dots: list[str]) -> list[Term]:
        """The cost and its gradient as sums of products."""
        pull = "_residual" if self.squared else "_psi"
        return [self._cost_term, *((pull, dot) for dot in dots)]

    @property
    def _cost_term(self) -> Term:
        return SQUARED if self.squared else ("_rho", "1.0")

    @cached_property
    def _costing(self) -> Kernel:
        function, term = self.program.function, self._cost_term
        return kernel(
            function, self.types, self.labels, lambda _: [term], loss_text(self.loss), self.weighted
        )

    @cached_property
    def _bending(self) -> Kernel:
        """The second derivatives of the cost: ρ''(r) fᵢ fⱼ + ρ'(r) fᵢⱼ, summed, two terms for each pair."""
        count = len(self.labels)
        by_label = {param.label: param.name for param in self.program.function.params}
        twice = forward(self.tangents, [by_label[label] for label in self.labels])
        pairs = [(i, j) for i in range(count) for j in range(i, count)]
        bend, pull = ("", "_residual") if self.squared else ("_bend(_residual) * ", "_psi")

        def terms(dots: list[str]) -> list[Term]:
            second = [(pull, dots[count + i * (1 + count) + 1 + j]) for i, j in pairs]
            return [*((f"{bend}{dots[i]}", dots[j]) for i, j in pairs), *second]

        loss = "" if self.squared else f"{loss_text(self.loss)}\n\n@register_jitable\n{bend_text(self.loss)}"
        return kernel(twice, self.types, self.labels, terms, loss, self.weighted)

    @cached_property
    def _rowwise(self) -> RowKernel:
        primal = names_of(self.program.function)
        return row_kernel(self.tangents, self.types, self.labels, primal)

    @property
    def _sloped_rows(self) -> RowKernel:
        """The kernel whose outputs `weighing` understands: here the one that predicts too."""
        return self._rowwise

    @cached_property
    def _walks(self) -> dict[Step, SequenceKernel]:
        return {}

    def walk(self, step: Step, x: Array, state: Array, options: Array) -> tuple[Array, Array]:
        """Parameters and state after going through the rows with a step at each, see `native.sequence`."""
        if step not in self._walks:
            self._walks[step] = sequence_kernel(self.tangents, self.types, self.labels, step)
        try:
            return self._walks[step].walk(x, state, options, self.columns)
        except RowError as error:
            raise self._stopped(x, error) from error.__cause__

    def cost(self, x: Array, /) -> float:
        """Cost at x."""
        return float(self._run(self._costing, x)[0]) + (self.priors.cost(x) if self.priors else 0.0)

    def gradient(self, x: Array, /) -> tuple[float, Array]:
        """Cost and gradient at x, without J'J, in one pass over the rows."""
        known = self._cache.get(np.ascontiguousarray(x).tobytes())
        if known is not None:
            return known.cost, known.gradient
        out = self._run(self._sloping, x)
        if self.priors:
            return float(out[0]) + self.priors.cost(x), out[1:] + self.priors.gradient(x)
        return float(out[0]), out[1:].copy()

    def sums(self, x: Array, /) -> Sums:
        """Cost, gradient and J'J at x, in one pass over the rows."""
        key = np.ascontiguousarray(x).tobytes()
        if key not in self._cache:
            out = self._run(self._summing, x)
            count = len(self.labels)
            jtj = symmetric(out[1 + count :], count)
            self._remember(key, x, Sums(float(out[0]), out[1 : 1 + count].copy(), jtj, self.rows))
        return self._cache[key]

    def _remember(self, key: bytes, x: Array, sums: Sums) -> None:
        """Keep the sums of one point, with what the priors add."""
        if self.priors:
            cost, gradient = sums.cost + self.priors.cost(x), sums.gradient + self.priors.gradient(x)
            sums = Sums(cost, gradient, sums.jtj + self.priors.hessian, sums.rows)
        self._cache.clear()
        self._cache[key] = sums

    def hessian(self, x: Array, /) -> Array:
        """(p, p) exact second derivatives of the cost at x, in one pass over the rows (forward over forward)."""
        first, second = np.split(self._run(self._bending, x), 2)
        full = symmetric(first + second, len(self.labels))
        return full + self.priors.hessian if self.priors else full

    def _run(self, native: Kernel, x: Array) -> Array:
        try:
            return native.sums(np.ascontiguousarray(x, dtype=float), self.columns, self.threads)
        except RowError as error:
            raise self._stopped(x, error) from error.__cause__

    def _rows(self, x: Array) -> tuple[Array, npt.NDArray[np.uint8]]:
        return self._rows_of(self._rowwise, x)

    def _rows_of(self, native: RowKernel, x: Array) -> tuple[Array, npt.NDArray[np.uint8]]:
        try:
            return native.rows(np.ascontiguousarray(x, dtype=float), self.columns, self.threads)
        except RowError as error:
            raise self._stopped(x, error) from error.__cause__

    def _stopped(self, x: Array, error: RowError) -> Exception:
        return stopped(self.program.source, self.table, self._row(error.row, x), error)

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """Residual (n,) and Jacobian (n, p) at x.

        Priors are further rows. Weights w are inside: √w for the squared loss, w for the absolute one.
        """
        out, _ = self._rows_of(self._sloped_rows, x)
        residual, slopes = self.weighing.residuals(out, self.observed, self.weight)
        if self.priors:
            more, rows = self.priors.rows(x)
            residual, slopes = np.concatenate([residual, more]), np.vstack([slopes, rows])
        return residual, slopes

    def predictions(self, x: Array) -> Array:
        """The program's output for each row."""
        out, _ = self._rows(x)
        return np.ascontiguousarray(out[:, 0])

    def on(self, table: Table) -> "Problem":
        """The same problem on other rows; what is compiled is kept where the columns' types are the same."""
        return self.like(table=table)

    def like(self, **changes: Any) -> "Problem":
        """The same problem with another table, start or bounds; kernels of the same types are kept."""
        other = replace(self, _cache={}, **changes)
        if other.types == self.types:
            self._keeping(other)
            if "table" not in changes:
                other.__dict__.update(
                    {name: self.__dict__[name] for name in COLUMNS if name in self.__dict__}
                )
        return other

    def _keeping(self, other: Made) -> Made:
        """Another problem of the same types, with what was compiled for this one."""
        other.__dict__.update({name: self.__dict__[name] for name in KERNELS if name in self.__dict__})
        return other

    def check(self, x: Array) -> None:
        """Raise `ProgramError` or `DataError` with the first row that the program cannot predict at x.

        The kernels trade Python's errors for speed (infinity for a division by zero, integers that
        wrap); this pass finds what they pass over, also where a later step hides it.
        """
        out, faults = self._rows(x)
        source, table = self.program.source, self.table
        rows = suspects(out[:, 0], faults)
        for row in rows:
            error = asked(source, table, self._row(row, x), row)
            if error is not None:
                raise error
        bad = np.flatnonzero((faults & TOO_LARGE != 0) | ~np.isfinite(out[:, 0]))
        if bad.size:
            row = int(bad[0])
            raise unusable(source, table, self._row(row, x), row, int(faults[row]), bad.size)

    def _row(self, row: int, x: Array) -> dict[str, Any]:
        """The values of all inputs on a row, by name."""
        values = {name: self.columns[name][row].item() for name in self.inputs}
        return values | dict(zip(self.labels, map(float, x), strict=True))


def symmetric(upper: Array, count: int) -> Array:
    """The matrix (count, count) with this upper triangle, row after row.

    >>> symmetric(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    full = np.zeros((count, count))
    full[np.triu_indices(count)] = upper
    return full + np.triu(full, 1).T


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


def check_learnt(
    name: str, names: Sequence[str], what: str, fix: str = "check the name, or learn it too."
) -> None:
    """Raise `UsageError` for `what` is given for a constant that is not learnt."""
    if name not in names:
        raise UsageError(
            f"{what} for {name!r}, which is not learnt",
            why=f"learnt are {', '.join(names)}.",
            fix=close_to(name, names, fix),
        )


def _check_bound(name: str, pair: tuple[float, float], names: Sequence[str]) -> None:
    check_learnt(name, names, "bounds")
    try:
        low, high = map(float, pair)
    except (TypeError, ValueError):
        low = high = np.nan
    if not low <= high:  # NaN fails as well
        raise UsageError(
            f"the bounds of {name}, {pair!r}, are not a low and a high number",
            why="the low one comes first.",
            fix=f"give e.g. {{{name!r}: (0.0, 100.0)}} (--bounds {name}:0:100).",
        )
