"""downslope: an ordinary Python program that learns from data.

Names are loaded when they are first used, so that `import downslope` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from downslope.calculus import adjoint_source as adjoint_source
    from downslope.calculus import check as check
    from downslope.calculus import derivative as derivative
    from downslope.calculus import grad as grad
    from downslope.calculus import hessian as hessian
    from downslope.calculus import hvp as hvp
    from downslope.calculus import jacobian as jacobian
    from downslope.calculus import jvp as jvp
    from downslope.calculus import value_and_grad as value_and_grad
    from downslope.calculus import vjp as vjp
    from downslope.fitting.fit import constants as constants
    from downslope.fitting.fit import fit as fit
    from downslope.modes.dual import DualFloat as DualFloat
    from downslope.rules import rule as rule

_CALCULUS = (
    "adjoint_source",
    "check",
    "derivative",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
)
_HOMES = dict.fromkeys(_CALCULUS, "downslope.calculus") | {
    "constants": "downslope.fitting.fit",
    "fit": "downslope.fitting.fit",
    "DualFloat": "downslope.modes.dual",
    "rule": "downslope.rules",
}
__all__ = sorted(_HOMES)  # the names are those of the table above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'downslope' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
