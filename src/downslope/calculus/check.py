"""`check`: every mode's derivatives side by side."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from downslope.calculus.derivative import MODES, made
from downslope.calculus.idle import idle
from downslope.calculus.program import Wrt, listed, program
from downslope.calculus.run import Engine
from downslope.errors import UnsupportedError


@dataclass(frozen=True)
class Check:
    """Every mode's derivatives side by side. `agree` is True where all are close to the dual numbers'.

    `refused` says of a mode without `slopes` why it does not apply to this program.
    """

    wrt: tuple[str, ...]
    slopes: Mapping[str, tuple[float, ...]]
    agree: bool
    refused: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        head = f"{'mode':<10}" + "".join(f"{name:>24}" for name in self.wrt)
        rows = [f"{mode:<10}" + "".join(f"{x:>24.15g}" for x in s) for mode, s in self.slopes.items()]
        rows += [f"{mode:<10} does not apply: {why}" for mode, why in self.refused.items()]
        which = "all modes" if not self.refused else "the other modes"
        return "\n".join([head, *rows, f"{which} agree" if self.agree else "the modes DISAGREE"])


def check(f: Callable[..., Any] | str, *args: Any, wrt: Wrt = None, engine: Engine = "native") -> Check:
    """Differentiate in every mode and compare: exact modes to 1e-9, numeric to 1e-6 (relative).

    The formal mode needs a closed formula: where there is none, the result says so and compares the others.

    >>> check(lambda x: x**3, 2.0, engine="python").agree
    True
    """
    every = _smooth(f, len(args)) if wrt is None else wrt
    read, names = program(f, every)  # without source all modes would be dual numbers, and agree
    idle(read, names)
    slopes: dict[str, tuple[float, ...]] = {}
    refused: dict[str, str] = {}
    for mode in MODES:
        run = made(f, every, mode, engine, quiet=True)
        try:
            result = run(*args)
        except UnsupportedError as error:
            if mode != "formal":
                raise
            refused[mode] = str(error).splitlines()[0]
            continue
        slopes[mode] = result if isinstance(result, tuple) else (result,)
    exact = slopes["dual"]
    agree = all(
        close(a, b, 1e-6 if mode == "numeric" else 1e-9)
        for mode, found in slopes.items()
        for a, b in zip(found, exact, strict=True)
    )
    asked = listed(every, ())
    labels = tuple(a if isinstance(a, str) else name for a, name in zip(asked, names, strict=True))
    return Check(labels, slopes, agree, refused)


def _smooth(f: Callable[..., Any] | str, count: int) -> list[str]:
    """The inputs that need not stay whole numbers."""
    read, _ = program(f)
    return [name for name in read.arguments[:count] if name not in read.counts]


def close(a: float, b: float, tolerance: float) -> bool:
    """Whether two derivatives agree; NaN agrees with nothing, infinity with itself."""
    return a == b or (
        math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))
    )
