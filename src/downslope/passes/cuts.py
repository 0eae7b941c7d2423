"""Where integers and comparisons cut the derivative, and which inputs must stay integers."""

from collections.abc import Sequence

from downslope.errors import Loc
from downslope.ir.nodes import Arg, For, Function, If, Let, Load, New, Store, walk
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
    found = frozenset[int]().union(*(of(bound, facts) for bound in bounds))
    return frozenset(function.params[i].label for i in found)


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
    facts = varied(function, dict.fromkeys(names, frozenset({0})))
    places: dict[Loc | None, None] = {}
    for stmt in walk(function.body):
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
            places[stmt.loc] = None
    return tuple(places)
