"""`math`, whose functions take dual numbers as well: `from downslope import math`.

>>> from downslope.modes.dual import DualFloat
>>> sin(DualFloat(0.0, 1.0)).derivative()
1.0
>>> sqrt(9.0)
3.0
"""

import math as _math
from collections.abc import Callable
from typing import Any

from downslope.modes.dual import lifted_module_function


def _namesakes() -> dict[str, Callable[..., Any] | float]:
    """Every public name of `math`; its functions as ones for dual numbers where there is a row."""
    found: dict[str, Callable[..., Any] | float] = {}
    for name in dir(_math):
        value = getattr(_math, name)
        if not name.startswith("_"):
            found[name] = lifted_module_function(value) if callable(value) else value
    return found


globals().update(_namesakes())
__all__ = sorted(_namesakes())  # noqa: PLE0605  # the names are those of `math`


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'downslope.math' has no attribute {name!r}, for `math` has none")
