"""Whole numbers that cannot be negative: their indices need no look at the end of the array."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from downslope.ir.nodes import Arg, Block, Dim, For, Function, If, Let, Lit, While, walk, with_blocks
from downslope.ir.rename import renamed


def unsigned(function: Function) -> Function:
    """The function without choices that depend on the sign of a number that is not negative.

    >>> from downslope.ir.nodes import Param
    >>> steps = (
    ...     Dim("n", "a", 0), Let("below", "less", ("n", Lit(0))), Let("end", "add", ("n", "n")),
    ...     Let("k", "where", ("below", "end", "n")), Let("twice", "add", ("k", "k")),
    ... )
    >>> unsigned(Function("f", (Param("a", "a"),), Block(steps, ("twice",)))).body.body[-1].args
    ('n', 'n')
    """
    signs = _Signs(function)
    never = {s.name for s in walk(function.body) if isinstance(s, Let) and signs.false(s)}
    same: dict[str, str] = {}
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and (other := _chosen(stmt, never)) is not None:
            same[stmt.name] = same.get(other, other)
    if not same:
        return function
    return replace(function, body=renamed(_without(function.body, same), same))


def _chosen(stmt: Let, never: Iterable[str]) -> str | None:
    """The argument that a step gives, where others never count."""
    match stmt:
        case Let(op="where", args=(str() as cond, _, str() as other)) if cond in never:
            return other
        case Let(op="logical_or", args=(str() as cond, str() as other)) if cond in never:
            return other
        case Let(op="logical_or", args=(str() as other, str() as cond)) if cond in never:
            return other
    return None


def _without(block: Block, names: Mapping[str, str]) -> Block:
    left = (stmt for stmt in block.body if not (isinstance(stmt, Let) and stmt.name in names))
    return replace(
        block, body=tuple(with_blocks(stmt, lambda inner: _without(inner, names)) for stmt in left)
    )


class _Signs:
    """The names of numbers that are not negative: at first all carries are taken for such, then fewer."""

    def __init__(self, function: Function) -> None:
        loops = [s for s in walk(function.body) if isinstance(s, For | While)]
        self.wrong: set[str] = set()
        while True:
            self.known: set[str] = set()
            self._block(function.body)
            found = {
                carry.name
                for loop in loops
                for carry, value in zip(loop.carried, loop.body.yields, strict=True)
                if not (self.has(carry.init) and self.has(value))
            }
            if found <= self.wrong:
                return
            self.wrong |= found

    def has(self, arg: Arg) -> bool:
        """Whether an argument cannot be negative."""
        if isinstance(arg, str):
            return arg in self.known
        return isinstance(arg.value, int) and arg.value >= 0

    def false(self, stmt: Let) -> bool:
        """Whether a step asks if a number that is not negative is below zero."""
        return stmt.op == "less" and stmt.args[1] == Lit(0) and self.has(stmt.args[0])

    def _block(self, block: Block) -> None:
        for stmt in block.body:
            match stmt:
                case Dim(name=name):
                    self.known.add(name)
                case Let(name=name):
                    if self._made(stmt):
                        self.known.add(name)
                case If():
                    self._block(stmt.then)
                    self._block(stmt.orelse)
                    for name, *sides in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                        if all(map(self.has, sides)):
                            self.known.add(name)
                case For() | While():
                    self._loop(stmt)

    def _loop(self, stmt: For | While) -> None:
        good = [c.name not in self.wrong and self.has(c.init) for c in stmt.carried]
        self.known.update(c.name for c, fine in zip(stmt.carried, good, strict=True) if fine)
        self.known.update(r for r, fine in zip(stmt.results, good, strict=True) if fine)
        if isinstance(stmt, While):
            self._block(stmt.test)
        elif isinstance(stmt.step, Lit) and stmt.step.value is not None:
            upwards = stmt.step.value > 0
            # Downwards, the last index is above `stop`, which may be -1.
            if self.has(stmt.start) and (upwards or self.has(stmt.stop) or stmt.stop == Lit(-1)):
                self.known.add(stmt.index)
        self._block(stmt.body)

    def _made(self, stmt: Let) -> bool:
        match stmt.op:
            case "add" | "multiply" | "floor_divide":
                return all(map(self.has, stmt.args))
            case "remainder":
                return self.has(stmt.args[1])
            case "where":
                return all(map(self.has, stmt.args[1:]))
            case "range_length":
                return True
        return False
