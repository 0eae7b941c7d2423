"""What a learner knows between batches, and how it is written as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from downslope.fitting.objective import Array


@dataclass(frozen=True)
class State:
    """The constants, and how sure the method is of them.

    `matrix` is the method's own: for rls the root R of the information R'R and the sum of squares below it,
    for ekf the covariance likewise, for sgd the sums of squared gradients in its first row.
    """

    x: Array  # (p,)
    size: Array  # (p,) of each constant at the start, 1 for zero
    matrix: Array  # (p + 1, p)
    weight: float  # rows, each counted by what is not forgotten of it

    def json(self) -> dict[str, Any]:
        """The state as numbers and lists; JSON keeps each float exactly.

        >>> state = State(np.ones(1), np.ones(1), np.zeros((2, 1)), 3.0)
        >>> read(state.json()).json() == state.json()
        True
        """
        return {
            "x": self.x.tolist(),
            "size": self.size.tolist(),
            "matrix": self.matrix.tolist(),
            "weight": self.weight,
        }


def read(json: Mapping[str, Any]) -> State:
    """The state that `State.json` wrote."""
    x, size, matrix = (np.array(json[name], dtype=float) for name in ("x", "size", "matrix"))
    return State(x, size, matrix, float(json["weight"]))
