"""Table: forward or reverse, by the number of parameters: what `mode="auto"` is chosen by."""

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import agreeing, in_turns, one_core
from downslope.calculus.program import Program
from downslope.calculus.run import FEW
from downslope.ir.nodes import Function
from downslope.modes.forward import forward
from downslope.modes.reverse import reverse
from downslope.native.rows import TARGET, kernel
from downslope.passes.simplify import simplified
from downslope.read.lower import lower
from downslope.read.source import read_source

COUNTS = (1, 2, 4, 8, 16, 32)
ROWS, ROUNDS = 100_000, 7
SQUARED = ("0.5 * _residual", "_residual")


def straight(count: int) -> str:
    """A sum of bumps: every parameter is used once."""
    terms = "".join(f"    t += p{i} * x / (1.0 + p{i} * p{i} + {i}.5 * x * x)\n" for i in range(count))
    return f"    t = 0.0\n{terms}    return t\n"


def looping(count: int) -> str:
    """A recursion of data-dependent length in which every parameter takes part."""
    terms = "".join(f"        v = v * 0.9 + p{i} * x / (1.0 + v * v)\n" for i in range(count))
    return f"    v = 0.0\n    n = 0.0\n    while n < x:\n{terms}        n += 1.0\n    return v\n"


def loaded(kind: Callable[[int], str], count: int) -> Callable[..., Any]:
    """The program of so many parameters, with source that can be read."""
    arguments = ", ".join(f"p{i}" for i in range(count))
    text = f"def program(x, {arguments}):\n{kind(count)}"
    file = f"<{kind.__name__} {count}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {}
    exec(compile(text, file, "exec"), scope)  # our own text
    return scope["program"]  # type: ignore[no-any-return]


def cases(program: Callable[..., Any], count: int) -> dict[str, Callable[[], Any]]:
    """Cost and gradient over rows, by either mode."""
    source = read_source(program)
    read = Program(source, simplified(lower(source)))
    labels = [f"p{i}" for i in range(count)]
    names = {param.label: param.name for param in read.function.params}
    rng = np.random.default_rng(7)
    columns = {"x": rng.uniform(0.0, 6.0, ROWS), TARGET: rng.uniform(0.0, 1.0, ROWS)}
    x = rng.uniform(0.5, 1.5, count)

    def summing(function: Function) -> Callable[[], Any]:
        made = kernel(function, {"x": "f"}, labels, lambda dots: [SQUARED, *(("_residual", d) for d in dots)])
        return lambda: made.sums(x, columns, 1)

    wrt = [names[label] for label in labels]
    return {"forward": summing(forward(read.function, wrt)), "reverse": summing(reverse(read.function, wrt))}


def tables() -> str:
    """Measure and show: reverse as a multiple of forward."""
    lines = [
        f"reverse / forward, cost + gradient of {ROWS:,} rows; auto takes forward up to {FEW} parameters",
        f"  {'parameters':<18}" + "".join(f"{count:>9}" for count in COUNTS),
    ]
    with one_core():
        for kind in (straight, looping):
            ratios = []
            for count in COUNTS:
                both = cases(loaded(kind, count), count)
                agreeing({name: run() for name, run in both.items()})
                times = in_turns(both, ROUNDS)
                ratios.append(float(np.median(np.divide(times["reverse"], times["forward"]))))
            lines.append(f"  {kind.__name__:<18}" + "".join(f"{ratio:>8.2f}x" for ratio in ratios))
    return "\n".join(lines)
