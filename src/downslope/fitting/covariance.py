"""Covariances of learnt values, by what they assume of the rows.

Sources: Bates and Watts (1988) for the model's own; Huber (1967) and White (1980) for the sandwich,
with the factor n / (n − p) (HC1); Liang and Zeger (1986) for rows in groups.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from downslope.errors import UsageError
from downslope.fitting.curvature import Curvature
from downslope.fitting.normal import row_blocks
from downslope.fitting.objective import Array, Objective
from downslope.fitting.search import Mask, Search
from downslope.fitting.spectrum import Spectrum

KINDS = ("model", "robust")
SMALL = 1e-8  # eigenvalues of the scaled second derivatives below this part of the largest are zero
MODEL = "independent rows, noise of one size, and a program that is right but for its constants"
ROBUST = "independent rows; noise of any size, and a program that need not be exact"
JUMPING = (
    "no standard errors: for this loss they need the density of the noise at zero, "
    "which the rows tell poorly; use the huber loss for some"
)
GROUPED = "independent groups of rows ({}); within a group residuals may go together"


@runtime_checkable
class Pulled(Protocol):
    """An objective that tells the gradient of each row's cost."""

    @property
    def smooth(self) -> bool:
        """Whether the derivative has no jump."""

    def row_gradients(self, x: Array, /) -> Iterator[Array]:
        """Those gradients, in blocks of rows (n, p)."""


@dataclass(frozen=True)
class Errors:
    """Which standard errors are asked for: `kind`, and the group (n,) of each row and its name, if any."""

    kind: str = "model"
    groups: npt.NDArray[np.intp] | None = None
    by: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(
                f"there are no {self.kind!r} standard errors",
                why=f"there are {' and '.join(KINDS)} ones.",
                fix="use one of them.",
            )

    def assumes(self, objective: Objective) -> str:
        """What the standard errors assume; empty where there are none."""
        if self.groups is not None:
            return GROUPED.format(f"by {self.by}")
        if self.kind == "robust" or not objective.squared:
            return ROBUST
        return MODEL


def covariance(
    errors: Errors, search: Search, z: Array, found: Spectrum, moving: Mask, curved: Curvature | None
) -> tuple[Array, tuple[str, ...]]:
    """(m, m) covariance of the moving parameters, NaN where not determined, and why it is missing.

    For the squared loss s² (J'J)⁻¹ by default. Otherwise the sandwich A⁻¹ B A⁻¹, with A the second
    derivatives of the cost and B = Σ ψ² J'J over rows (or over the sums of groups of rows).
    """
    objective, m = search.objective, int(moving.sum())
    none = np.full((m, m), np.nan)
    if objective.squared and errors.kind == "model" and errors.groups is None:
        return found.covariance(), ()
    if not objective.squared and not isinstance(objective, Pulled):
        return none, ("no standard errors: this loss does not tell its derivative",)
    if isinstance(objective, Pulled) and not objective.smooth:
        return none, (JUMPING,)
    if found.freedom <= 0:
        return none, () if objective.squared else ("no standard errors: no row is left to measure the noise",)
    if curved is None or not (curved.moving == moving).all():
        return none, ("no standard errors: the cost has no second derivatives here",)
    bread = _inverse(curved)
    if bread is None:
        return none, ("no standard errors: the cost does not curve up in every direction here",)
    result = bread @ meat(errors, search, z, moving) @ bread
    result[found.loose, :] = np.nan
    result[:, found.loose] = np.nan
    return result, ()


def _inverse(curved: Curvature) -> Array | None:
    """The second derivatives' inverse, over the directions that have any."""
    values, vectors = np.linalg.eigh(curved.scaled)
    kept = values > SMALL * values[-1]
    if not kept.any() or (values < -SMALL * values[-1]).any():
        return None
    half = curved.scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])
    return np.asarray(half @ half.T)


def _row_gradients(objective: Objective, x: Array) -> Iterator[Array]:
    if isinstance(objective, Pulled):
        yield from objective.row_gradients(x)
        return
    for residual, jacobian in row_blocks(objective, x):
        yield jacobian * residual[:, None]


def meat(errors: Errors, search: Search, z: Array, moving: Mask) -> Array:
    """B: the spread of the gradient's parts, one for each row or group, with its small-sample factor."""
    objective, m = search.objective, int(moving.sum())
    total = np.zeros((m, m))
    groups = errors.groups
    count = objective.rows if groups is None else int(groups.max()) + 1
    sums = np.zeros((0 if groups is None else count, m))
    first = 0
    for gradients in _row_gradients(objective, search.full(z)):
        parts = gradients[:, search.free][:, moving]
        if groups is None:
            total += parts.T @ parts
        else:
            np.add.at(sums, groups[first : first + len(parts)], parts)
        first += len(parts)
    if groups is None:
        return np.asarray(total * count / (count - m))
    factor = count / max(1, count - 1) * (objective.rows - 1) / (objective.rows - m)
    return np.asarray(sums.T @ sums * factor)
