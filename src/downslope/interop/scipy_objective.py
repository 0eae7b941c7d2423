"""A fit as the functions that `scipy.optimize` takes: cost, gradient, Hessian, residuals, Jacobian."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from downslope.errors import UsageError
from downslope.fitting.objective import Array
from downslope.fitting.pose import pose
from downslope.fitting.problem import Problem

if TYPE_CHECKING:
    from scipy.optimize import Bounds


@dataclass(frozen=True)
class ScipyObjective:
    """Functions of x, (p,) values of the constants in the order of `names`; n is the number of rows.

    All derivatives are exact, and each function is one pass of native code over the rows. `problem` is
    what the fit would solve. Each raises `UsageError` for an x of another shape, and `ProgramError`
    where the program stops on a row.
    """

    problem: Problem

    @property
    def names(self) -> tuple[str, ...]:
        """The constants that x holds, by name."""
        return self.problem.names

    @property
    def x0(self) -> Array:
        """(p,) the values in the source: a start."""
        return self.problem.start.copy()

    @property
    def bounds(self) -> "Bounds":
        """The bounds of x, infinite where there are none."""
        from scipy.optimize import Bounds  # slow to load

        return Bounds(self.problem.lower, self.problem.upper)

    def fun(self, x: npt.ArrayLike) -> float:
        """The cost ½ Σ ρ(prediction − target)."""
        return self.problem.cost(self._checked(x))

    def jac(self, x: npt.ArrayLike) -> Array:
        """(p,) gradient of the cost."""
        return self.problem.gradient(self._checked(x))[1]

    def hess(self, x: npt.ArrayLike) -> Array:
        """(p, p) Hessian of the cost."""
        return self.problem.hessian(self._checked(x))

    def residuals(self, x: npt.ArrayLike) -> Array:
        """(n,) prediction − target, whatever the loss."""
        return self.problem.jacobian(self._checked(x))[0]

    def residuals_jac(self, x: npt.ArrayLike) -> Array:
        """(n, p) Jacobian of the residuals."""
        return np.ascontiguousarray(self.problem.jacobian(self._checked(x))[1])

    def named(self, x: npt.ArrayLike) -> dict[str, float]:
        """The values in x by name."""
        return dict(zip(self.names, self._checked(x).tolist(), strict=True))

    def _checked(self, x: npt.ArrayLike) -> Array:
        values = np.asarray(x, dtype=float)
        if values.shape != (len(self.names),):
            raise UsageError(
                f"x has shape {values.shape}",
                why=f"it has one number for each of {', '.join(self.names)}.",
                fix=f"pass an array of shape ({len(self.names)},).",
            )
        return values


def objective(
    f: Callable[..., Any] | str,
    table: object,
    target: str,
    learn: Sequence[str] | None = None,
    *,
    loss: str = "squared",
    bounds: Mapping[str, tuple[float, float]] | None = None,
    missing: str = "error",
    threads: int | None = None,
) -> ScipyObjective:
    """What `fit` minimises, as functions for `scipy.optimize`, or any other solver.

    The arguments and errors are those of `fit`.

    >>> from scipy.optimize import minimize
    >>> def trip(d, speed=30.0):
    ...     return 60.0 * d / speed
    >>> cost = objective(trip, {"d": [1.0, 2.0, 3.0], "minutes": [3.0, 6.0, 9.0]}, "minutes")
    >>> found = minimize(cost.fun, cost.x0, jac=cost.jac, hess=cost.hess, method="trust-exact")
    >>> {name: round(value, 2) for name, value in cost.named(found.x).items()}
    {'speed': 20.0}
    """
    return ScipyObjective(
        pose(f, table, target, learn, loss=loss, bounds=bounds, missing=missing, threads=threads).problem
    )
