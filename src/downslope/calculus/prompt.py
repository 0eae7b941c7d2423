"""Calls with arguments of the types of an earlier call: what that one found out of them is not asked again.

A prompt answer is given only where all is plain: arrays and numbers as native code takes them, no fault and finite
results. Anything else is left to the careful way, which runs once more and says what is wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

Answer: TypeAlias = tuple[float, list[Any]]
Key: TypeAlias = tuple[object, ...]
PROMPT = "prompt"
"""Where a derivative keeps its prompt answers."""
LARGEST = 2**62
"""Whole numbers from here on are looked at more closely."""


@dataclass
class Prompt:
    """The compiled gradients of a program, by what tells the types of its arguments."""

    runs: dict[Key, Callable[..., tuple[Any, ...]]] = field(default_factory=dict)

    def __call__(self, args: Sequence[Any]) -> Answer | None:
        """Value and slopes; None where the careful way must be taken."""
        key = key_of(args)
        run = self.runs.get(key) if key is not None else None
        if run is None:
            return None
        try:
            value, *slopes, fault = run(*args)
        except Exception:  # noqa: BLE001  # the careful way raises it again, and explains it
            return None
        if fault or not finite((value, *slopes)) or shared(slopes, args):
            return None
        return float(value), slopes

    def learn(self, args: Sequence[Any], values: Sequence[Any], run: Callable[..., tuple[Any, ...]]) -> None:
        """Keep what a call ran, where it ran with the caller's arguments as they are."""
        key = key_of(args)
        same = len(args) == len(values) and all(a is v for a, v in zip(args, values, strict=True))
        if key is not None and same:
            self.runs[key] = run


def key_of(args: Sequence[Any]) -> Key | None:
    """What tells the types of arguments; None if one of them is not what native code takes."""
    key: list[object] = []
    for value in args:
        kind = type(value)
        if kind is np.ndarray and value.flags.c_contiguous:
            key.append((value.dtype, value.ndim))
        elif kind is float or kind is bool or (kind is int and -LARGEST < value < LARGEST):
            key.append(kind)
        else:
            return None
    return tuple(key)


def finite(results: Sequence[Any]) -> bool:
    """Whether all numbers are finite. A sum that is finite has finite terms, and is quicker to find."""
    with np.errstate(all="ignore"):
        return all(np.isfinite(np.add.reduce(r, axis=None)) or bool(np.isfinite(r).all()) for r in results)


def shared(results: Sequence[Any], values: Sequence[Any]) -> bool:
    """Whether a result may be an argument itself."""
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    return any(np.may_share_memory(r, a) for r in results if isinstance(r, np.ndarray) for a in arrays)
