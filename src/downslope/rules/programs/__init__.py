"""Programs that stand for functions of libraries, in the language that downslope reads.

They are loaded where a program of the user's needs one, since they load NumPy.
"""

import importlib
from collections.abc import Callable
from functools import cache


@cache
def named(name: str) -> Callable[..., object]:
    """The program called `module:function`.

    >>> named("ordering:places_of").__name__
    'places_of'
    """
    module, _, function = name.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    return found
