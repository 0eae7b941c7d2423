"""Where integers and comparisons cut the derivative, and which inputs must stay integers."""

from collections.abc import Iterator, Sequence

from downslope.errors import Loc
from downslope.ir.nodes import Arg, Call, Callee, For, Function, Grow, If, Let, Load, New, Store, walk
from downslope.passes.activity import of, varied
from downslope.rules import RULES

CONVERSIONS = frozenset({"to_int", "floor_int", "ceil_int", "trunc_int", "round_int"})
"""Ops that make an integer of a float: what they are given need not be one."""
BITWISE = frozenset(
    {"bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "invert", "gcd", "range_length"}
)


def _whole(op: str, position: int) -> bool:
    """Whether a value can stay an integer through an op."""
    return op not in CONVERSIONS and position < len(RULES[op].args)


def counts(function: Function) -> frozenset[str]:
    """The labels of the inputs that bound a counted loop, index an array or meet an op on bits: they must be integers.

    >>> from downslope.ir.nodes import Block, Carry, Lit, Param
    >>> loop = For("i", Lit(0), "n", Lit(1), (Carry("s", "x"),), Block((), ("s",)), ("r",))
    >>> sorted(counts(Function("f", (Param("x", "x"), Param("n", "n")), Block((loop,), ("r",)))))
    ['n']
    """
    facts = varied(function, {p.name: frozenset({i}) for i, p in enumerate(function.params)}, _whole)
    bounds = _bounds(function)
    found = frozenset[int]().union(*(of(bound, facts) for bound in bounds))
    return frozenset(function.params[i].label for i in found)


def _bounds(function: Function) -> list[Arg]:
    """The values that must be integers."""
    bounds: list[Arg] = []
    for stmt in walk(function.body):
        match stmt:
            case For():
                bounds += (stmt.start, stmt.stop, stmt.step)
            case Let(op=op, args=args) if op in BITWISE:
                bounds += args
            case Load(index=index) | Store(index=index):
                bounds += index
            case New(shape=shape):
                bounds += shape
            case Grow(least=least):
                bounds.append(least)
            case Call(callee=callee, args=args):
                bounds += (args[i] for i in _whole_arguments(callee))
    return bounds


def _whole_arguments(callee: Callee) -> frozenset[int]:
    """The arguments of a callee that must be integers."""
    found: frozenset[int] = callee.made.get("whole", frozenset())
    if "whole" in callee.made or callee.function is None:
        return found
    callee.made["whole"] = found  # for a call of itself: it is done again until nothing changes
    seeds = {param.name: frozenset({i}) for i, param in enumerate(callee.function.params)}
    facts = varied(callee.function, seeds, _whole)
    while True:
        before = found
        found = frozenset[int]().union(*(of(bound, facts) for bound in _bounds(callee.function)))
        callee.made["whole"] = found
        if found == before:
            return found


def cuts(function: Function, name: str) -> tuple[Loc | None, ...] | None:
    """The places that cut every way from an input to the outputs; none if the outputs do not depend on it.

    None (not a tuple) where the derivative reaches an output. `function` has no dead code.
    """
    facts = varied(function, {name: frozenset({0})})
    if any(of(output, facts) for output in function.body.yields):
        return None
    return severed(function, (name,))


def severed(function: Function, names: Sequence[str]) -> tuple[Loc | None, ...]:
    """The places where a value that depends on inputs meets an op that stops its derivative.

    >>> from downslope.ir.nodes import Block, Param
    >>> step = Let("y", "floor", ("x",), Loc("f.py", 1, 1, 1, 2, "x"))
    >>> [place.line for place in severed(Function("f", (Param("x", "x"),), Block((step,), ("y",))), ("x",))]
    [1]
    """
    return tuple(dict.fromkeys(_severed(function, names, set())))


def _severed(
    function: Function, names: Sequence[str], done: set[tuple[Callee, tuple[str, ...]]]
) -> Iterator[Loc | None]:
    facts = varied(function, dict.fromkeys(names, frozenset({0})))
    for stmt in walk(function.body):
        if isinstance(stmt, Call) and stmt.callee.function is not None:
            pairs = zip(stmt.callee.function.params, stmt.args, strict=True)
            inner = tuple(param.name for param, arg in pairs if of(arg, facts))
            if inner and (stmt.callee, inner) not in done:
                done.add((stmt.callee, inner))
                yield from _severed(stmt.callee.function, inner, done)
        match stmt:
            case Let(op=op, args=args):
                partials = zip(args, RULES[op].partials, strict=True)
                cut = any(partial == "0" and of(arg, facts) for arg, partial in partials)
            case For() | If():
                heads = (stmt.cond,) if isinstance(stmt, If) else (stmt.start, stmt.stop, stmt.step)
                cut = any(of(head, facts) for head in heads)
            case _:
                cut = False
        if cut:
            yield stmt.loc
