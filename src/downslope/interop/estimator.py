"""A program as a regressor of scikit-learn."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from downslope.errors import UsageError
from downslope.fitting.fit import fit
from downslope.fitting.objective import Array
from downslope.fitting.statement import learnable
from downslope.read.source import Source, read_source


class ProgramRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Learns constants of a program; `predict` runs it with the learnt values.

    Columns of a data frame are the program's arguments of their names; those of an array are its
    arguments in order, without the learnt ones. `learn`, `loss`, `bounds`, `solver` and `max_iterations`
    are those of `downslope.fit`; `target` is what messages call `y`. After `fit`: `values_` and `errors_`
    by name, `n_iter_`, and `fit_`, the whole `Fit` (which is left out when the regressor is pickled).
    A fit that did not converge warns with scikit-learn's `ConvergenceWarning`.

    >>> def trip(km, speed=30.0, wait=0.0):
    ...     return wait + 60.0 * km / speed
    >>> model = ProgramRegressor(trip).fit([[1.0], [2.0], [3.0], [4.0]], [4.0, 7.0, 10.0, 13.0])
    >>> {name: round(value, 6) for name, value in model.values_.items()}
    {'speed': 20.0, 'wait': 1.0}
    >>> model.predict([[10.0]]).round(6).tolist(), round(model.score([[5.0], [6.0]], [16.0, 19.0]), 6)
    ([31.0], 1.0)
    """

    def __init__(
        self,
        program: Callable[..., Any] | str,
        learn: Sequence[str] | None = None,
        *,
        loss: str = "squared",
        bounds: Mapping[str, tuple[float, float]] | None = None,
        solver: str = "auto",
        max_iterations: int | None = None,
        target: str | None = None,
    ) -> None:
        self.program = program
        self.learn = learn
        self.loss = loss
        self.bounds = bounds
        self.solver = solver
        self.max_iterations = max_iterations
        self.target = target

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803  # the name that scikit-learn asks for
        """Learn from (n, k) inputs and (n,) targets. Raises as `downslope.fit`, and as scikit-learn does."""
        values, y = validate_data(self, X, y, y_numeric=True)
        source = read_source(self.program)
        self._arguments = self._named(source)
        name = self._target(source)
        done = fit(
            self.program,
            {**self._table(X, values), name: y},
            name,
            self.learn,
            loss=self.loss,
            bounds=self.bounds,
            solver=self.solver,
            max_iterations=self.max_iterations,
        )
        if not done.converged:
            warnings.warn(
                f"the fit did not converge: {done.solution.reason}", ConvergenceWarning, stacklevel=2
            )
        self.fit_, self._predictor = done, done.predictor
        self.values_, self.errors_ = done.values, done.errors
        self.n_iter_ = done.solution.iterations
        return self

    def predict(self, X: Any) -> Array:  # noqa: N803  # as above
        """(n,) the program's results with the learnt values. Raises as `Fit.predict`."""
        check_is_fitted(self)
        return self._predictor(self._table(X, validate_data(self, X, reset=False)))

    def _named(self, source: Source) -> tuple[str, ...]:
        """The name of each column."""
        if hasattr(self, "feature_names_in_"):
            return tuple(self.feature_names_in_)
        learnt = {constant.symbol for constant in learnable(source, self.learn, ())}
        open_ = [name for name in source.arguments if name not in learnt]
        if len(open_) < self.n_features_in_:
            raise UsageError(
                f"X has {self.n_features_in_} columns, and {source.name} {len(open_)} arguments for them",
                why=f"they are {', '.join(open_) or 'none'}; learnt are {', '.join(sorted(learnt))}.",
                fix="leave columns out, or pass a data frame, whose columns are found by name.",
            )
        return tuple(open_[: self.n_features_in_])

    def _target(self, source: Source) -> str:
        """The name of `y`: as given, or one that no argument has."""
        name = self.target or "y"
        while self.target is None and name in (*source.arguments, *self._arguments):
            name += "_"
        return name

    def _table(self, X: Any, values: Any) -> dict[str, Any]:  # noqa: N803  # as above
        """The columns by name; a data frame's own, so that whole numbers stay whole."""
        if hasattr(self, "feature_names_in_") and hasattr(X, "columns"):
            return {name: X[name] for name in self._arguments}
        return {name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(self._arguments)}

    def __getstate__(self) -> dict[str, Any]:
        """Without the whole fit, which holds the user's module."""
        return {name: value for name, value in super().__getstate__().items() if name != "fit_"}
