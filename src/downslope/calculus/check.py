"""`check`: every mode's derivatives side by side."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from downslope.calculus.derivative import MODES, made
from downslope.calculus.direction import Direction, direction
from downslope.calculus.idle import idle
from downslope.calculus.program import Wrt, listed, program, with_arrays
from downslope.calculus.run import Engine
from downslope.calculus.structured import call, is_structured
from downslope.errors import UnsupportedError
from downslope.read.resolve import is_array


@dataclass(frozen=True)
class Check:
    """Every mode's derivatives side by side. `agree` is True where all are close to the dual numbers'.

    `refused` says of a mode without `slopes` why it does not apply to this program. An input that is an
    array has one derivative per element, named in `elements` as `a[0, 1]`. `direction` is the dot-product
    test over all inputs at once; None where a derivative is not finite.
    """

    wrt: tuple[str, ...]
    slopes: Mapping[str, tuple[float, ...]]
    agree: bool
    refused: Mapping[str, str] = field(default_factory=dict)
    elements: tuple[str, ...] = ()
    direction: Direction | None = None

    def __str__(self) -> str:
        head = f"{'mode':<10}" + "".join(f"{name:>24}" for name in self.wrt)
        rows = [f"{mode:<10}" + "".join(f"{x:>24.15g}" for x in s) for mode, s in self.slopes.items()]
        if self.elements != self.wrt:
            head = f"{'element':<16}" + "".join(f"{mode:>24}" for mode in self.slopes)
            columns = zip(self.elements, *self.slopes.values(), strict=True)
            rows = [f"{label:<16}" + "".join(f"{x:>24.15g}" for x in slopes) for label, *slopes in columns]
        rows += [f"{mode:<10} does not apply: {why}" for mode, why in self.refused.items()]
        rows += [str(self.direction)] if self.direction else []
        which = "all modes" if not self.refused else "the other modes"
        return "\n".join([head, *rows, f"{which} agree" if self.agree else "the modes DISAGREE"])


def check(f: Callable[..., Any] | str, *args: Any, wrt: Wrt = None, engine: Engine = "native") -> Check:
    """Differentiate in every mode and compare: exact modes to 1e-9, numeric to 1e-6 (relative).

    Also compare `jvp` and `vjp` in a random direction of all inputs, which tests both sweeps with seeds.
    The formal mode needs a closed formula: where there is none, the result says so and compares the others.

    >>> check(lambda x: x**3, 2.0, engine="python").agree
    True
    """
    every = _smooth(f, args) if wrt is None else wrt
    read, names = program(f, every)  # without source all modes would be dual numbers, and agree
    if is_structured(read, args, {}):
        one = call(read, names, args, {})
        smooth = [name for name in _smooth(one.leaves, one.values) if name in one.wrt]
        return check(one.leaves, *one.values, wrt=smooth, engine=engine)
    if not read.source.leaves:
        idle(read, names)
    slopes: dict[str, tuple[float, ...]] = {}
    refused: dict[str, str] = {}
    parts: tuple[Any, ...] = ()
    for mode in MODES:
        run = made(f, every, mode, engine, quiet=True)
        try:
            result = run(*args)
        except UnsupportedError as error:
            if mode != "formal":
                raise
            refused[mode] = str(error).splitlines()[0]
            continue
        parts = result if isinstance(result, tuple) else (result,)
        slopes[mode] = tuple(float(x) for part in parts for x in (part.flat if is_array(part) else (part,)))
    exact = slopes["dual"]
    agree = all(
        close(a, b, 1e-6 if mode == "numeric" else 1e-9)
        for mode, found in slopes.items()
        for a, b in zip(found, exact, strict=True)
    )
    asked = listed(every, ())
    labels = tuple(a if isinstance(a, str) else name for a, name in zip(asked, names, strict=True))
    elements = tuple(e for label, part in zip(labels, parts, strict=True) for e in _elements(label, part))
    finite = all(map(math.isfinite, exact))
    tested = direction(f, args, asked, parts, engine) if finite and asked else None
    return Check(labels, slopes, agree and (tested is None or tested.agree), refused, elements, tested)


def _elements(label: str, part: Any) -> list[str]:
    """The names of an input's elements."""
    if not is_array(part):
        return [label]
    return [f"{label}[{', '.join(map(str, index))}]" for index in product(*map(range, part.shape))]


def _smooth(f: Callable[..., Any] | str, args: Sequence[Any]) -> list[str]:
    """The inputs that need not stay whole numbers."""
    read, _ = program(f)
    named = list(zip(read.arguments, args, strict=False))
    if is_structured(read, args, {}):
        return [n for n, value in named if not is_array(value) or value.dtype.kind == "f"]
    if with_arrays(read, args, {}):
        return [
            name
            for name, value in named
            if (value.dtype.kind == "f" if is_array(value) else isinstance(value, float))
        ]
    return [name for name, _ in named if name not in read.counts]


def close(a: float, b: float, tolerance: float) -> bool:
    """Whether two derivatives agree; NaN agrees with nothing, infinity with itself."""
    return a == b or (
        math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))
    )
