"""How large whole numbers can get: those made of lengths and of indices need no check for 64 bits."""

import math
from collections.abc import Mapping

from downslope.ir.nodes import Arg, Block, Dim, For, Function, If, Let, Lit, blocks

LENGTH = 2.0**44
"""No axis is longer: an element has eight bytes, and addresses have 47 bits."""
PASSES = 2.0**56
"""No loop runs through more passes: two years, if each takes a nanosecond."""

Bounds = dict[str, float]


def bounds(function: Function) -> Mapping[str, float]:
    """The largest size of each whole number for which one is known.

    >>> from downslope.ir.nodes import Param
    >>> twice = Let("m", "add", ("n", "n"))
    >>> bounds(Function("f", (Param("a", "a"),), Block((Dim("n", "a", 0), twice), ("m",))))["m"] == 2 * LENGTH
    True
    """
    found: Bounds = {}
    _block(function.body, found)
    return found


def _block(block: Block, found: Bounds) -> None:
    for stmt in block.body:
        match stmt:
            case Dim(name=name):
                found[name] = LENGTH
            case Let(name=name):
                found[name] = _made(stmt, found)
            case For(index=index):
                found[index] = _index(stmt, found)
        for inner in blocks(stmt):
            _block(inner, found)
        if isinstance(stmt, If):
            for name, *sides in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                found[name] = max(_size(side, found) for side in sides)


def _index(stmt: For, found: Bounds) -> float:
    start, stop, step = (_size(arg, found) for arg in (stmt.start, stmt.stop, stmt.step))
    return min(max(start, stop), start + PASSES * step)


def _size(arg: Arg, found: Bounds) -> float:
    if isinstance(arg, str):
        return found.get(arg, math.inf)
    return 0.0 if arg.value is None else abs(float(arg.value)) if isinstance(arg, Lit) else math.inf


def _made(stmt: Let, found: Bounds) -> float:
    sizes = [_size(arg, found) for arg in stmt.args]
    match stmt.op:
        case "add" | "subtract":
            return sum(sizes)
        case "multiply":
            return math.prod(sizes) if math.inf not in sizes else math.inf
        case "negative" | "absolute":
            return sizes[0]
        case "where":
            return max(sizes[1:])
        case "range_length":
            return max(sizes[0] + sizes[1], 1.0)
    return math.inf
