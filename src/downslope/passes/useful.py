"""Which values the outputs depend on (Griewank & Walther 2008, "useful"): the way back of `varied`."""

from collections.abc import Iterator, Set

from downslope.ir.nodes import Arg, Call, For, Function, Grow, If, Let, Load, Pop, Stmt, Store, While, walk
from downslope.passes.activity import TAPE, Through, flows, smooth


def useful(function: Function, through: Through = smooth) -> frozenset[str]:
    """The names whose derivative can reach an output; with another `through`, those that an output reads.

    >>> from downslope.ir.nodes import Block, Param
    >>> steps = (Let("a", "floor", ("x",)), Let("b", "sin", ("x",)), Let("c", "add", ("a", "b")))
    >>> sorted(useful(Function("f", (Param("x", "x"),), Block(steps, ("c",)))))
    ['a', 'b', 'c', 'x']
    """
    names = {arg for arg in function.body.yields if isinstance(arg, str)}
    every = tuple(walk(function.body))[::-1]
    size = -1
    while size != len(names):  # values flow back from pass to pass of a loop
        size = len(names)
        for stmt in every:
            names.update(arg for arg in _sources(stmt, names, through) if isinstance(arg, str))
    return frozenset(names)


def _sources(stmt: Stmt, names: Set[str], through: Through) -> Iterator[Arg]:
    """What the useful values that a statement defines are made of."""
    match stmt:
        case Let(name=name, op=op, args=args) if name in names:
            yield from (arg for position, arg in enumerate(args) if through(op, position))
        case Load() | Grow() if stmt.name in names:
            yield stmt.array
        case Store() if stmt.name in names:
            yield from (stmt.array, stmt.value)
        case Call():
            for name, sources in zip(stmt.results, flows(stmt.callee, through), strict=True):
                yield from (stmt.args[i] for i in sources if i != TAPE and name in names)
        case If():
            for name, *sides in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                yield from sides if name in names else ()
        case For() | While():
            for name, carry, value in zip(stmt.results, stmt.carried, stmt.body.yields, strict=True):
                yield from (carry.name, carry.init, value) if names & {name, carry.name} else ()
        case Pop():
            yield from (pushed for name, pushed in zip(stmt.names, stmt.pushed, strict=True) if name in names)
