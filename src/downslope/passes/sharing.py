"""Which arrays may be versions of one buffer, taken together wherever a branch or a loop hands one on."""

from collections.abc import Iterable, Iterator

from downslope.ir.nodes import Arg, Call, For, Grow, If, Stmt, Store, While


def sharing(every: Iterable[Stmt]) -> dict[str, str]:
    """For each value that is handed on, the name of its group.

    >>> from downslope.ir.nodes import Lit
    >>> found = sharing((Store("b", "a", (Lit(0),), Lit(1.0)), Grow("c", "b", Lit(9))))
    >>> found["a"] == found["b"] == found["c"]
    True
    """
    parent: dict[str, str] = {}

    def top(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for one, other in _pairs(every):
        if isinstance(one, str) and isinstance(other, str):
            parent[top(one)] = top(other)
    return {name: top(name) for name in list(parent)}


def _pairs(every: Iterable[Stmt]) -> Iterator[tuple[Arg, Arg]]:
    for stmt in every:
        match stmt:
            case Store(name=name, array=array) | Grow(name=name, array=array):
                yield name, array
            case Call():
                pairs = zip(stmt.results, stmt.callee.memory, strict=True)
                yield from ((name, stmt.args[place]) for name, place in pairs if place is not None)
            case If():
                for name, *sides in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    yield from ((name, side) for side in sides)
            case For() | While():
                for name, carry, value in zip(stmt.results, stmt.carried, stmt.body.yields, strict=True):
                    yield from ((name, carry.name), (carry.name, carry.init), (carry.name, value))
