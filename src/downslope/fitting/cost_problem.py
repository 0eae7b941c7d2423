"""The sum over rows of a cost that is no function of a residual, as an objective."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from downslope.fitting.objective import Array, Sums
from downslope.fitting.problem import Problem, Weighing, symmetric
from downslope.ir.nodes import Function, names_of
from downslope.ir.types import Type
from downslope.modes.forward import forward
from downslope.native.rows import TARGET, Kernel, RowKernel, Term, kernel, row_kernel


@dataclass(frozen=True)
class CostWeighing(Weighing):
    """The program gives each row's cost itself."""

    def residuals(self, out: Array, observed: Array, weight: Array) -> tuple[Array, Array]:  # noqa: ARG002
        """Costs (n,) and their derivatives (n, p)."""
        return out[:, 0], out[:, 1:]

    def gradients(self, out: Array, observed: Array, weight: Array) -> Array:  # noqa: ARG002
        """The gradient of each row's cost, (n, p)."""
        return np.asarray(out[:, 1:] * weight[:, None])


@dataclass(frozen=True)
class CostProblem(Problem):
    """The parameters of a program against a table, with any cost of a row.

    Its second derivatives are exact: there is no residual, so no Gauss-Newton matrix.
    """

    row_cost: Function = field(kw_only=True)

    def __post_init__(self) -> None:
        """There is no width to check."""

    @property
    def costed(self) -> bool:
        """Whether the cost of a row is no function of a residual."""
        return True

    @property
    def smooth(self) -> bool:
        """A cost is taken to be smooth."""
        return True

    @property
    def row_types(self) -> dict[str, Type]:
        """The types of the columns that the cost reads."""
        return {**self.types, TARGET: "f"}

    @cached_property
    def tangents(self) -> Function:
        """Cost of a row and its tangents."""
        return self._pushed(self.row_cost)

    def _pushed(self, function: Function) -> Function:
        by_label = {param.label: param.name for param in self.row_cost.params}
        return forward(function, [by_label[label] for label in self.labels])

    def _kernel(self, function: Function, wanted: Sequence[int] = ()) -> Kernel:
        """A pass that adds up the first result, and those of the others, counted from 0, that are wanted."""

        def terms(rest: list[str]) -> list[Term]:
            return [("_first", "1.0"), *((rest[k], "1.0") for k in wanted)]

        return kernel(function, self.row_types, self.labels, terms, weighted=self.weighted, residual=False)

    @cached_property
    def _summing(self) -> Kernel:
        return self._bending

    @cached_property
    def _sloping(self) -> Kernel:
        return self._kernel(self.tangents, range(len(self.labels)))

    @cached_property
    def _costing(self) -> Kernel:
        return self._kernel(self.row_cost)

    @cached_property
    def _bending(self) -> Kernel:
        """Cost, gradient and second derivatives: results are g, gᵢ, then for each i its tangents gᵢ, gᵢⱼ."""
        count = len(self.labels)
        second = [count + i * (1 + count) + 1 + j for i in range(count) for j in range(i, count)]
        return self._kernel(self._pushed(self.tangents), [*range(count), *second])

    def sums(self, x: Array, /) -> Sums:
        """Cost and gradient, and in place of J'J the second derivatives, which may curve down."""
        key = np.ascontiguousarray(x).tobytes()
        if key not in self._cache:
            out, count = self._run(self._bending, x), len(self.labels)
            bent = symmetric(out[1 + count :], count)
            self._remember(key, x, Sums(float(out[0]), out[1 : 1 + count].copy(), bent, self.rows))
        return self._cache[key]

    def hessian(self, x: Array, /) -> Array:
        """(p, p) exact second derivatives of the cost at x."""
        return self.sums(x).jtj

    @cached_property
    def _rowwise(self) -> RowKernel:
        primal = self.program.function
        return row_kernel(primal, self.types, self.labels, names_of(primal))

    @cached_property
    def _sloped_rows(self) -> RowKernel:
        return row_kernel(self.tangents, self.row_types, self.labels, names_of(self.row_cost))

    def jacobian(self, x: Array, /) -> tuple[Array, Array]:
        """The cost of each row (n,) and its derivatives (n, p), not weighted."""
        out, _ = self._rows_of(self._sloped_rows, x)
        return out[:, 0], out[:, 1:]

    @property
    def weighing(self) -> "CostWeighing":
        """How a row's cost becomes its gradient."""
        return CostWeighing(self.loss, self.weighted)
