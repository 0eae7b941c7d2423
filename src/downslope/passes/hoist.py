"""What every pass of a loop would do alike, done once before it: checks of indices, and loads.

A check that fails for some pass fails for the first or the last one, where the index is the loop's own plus or
minus something fixed. So the loop itself has none, and becomes SIMD code. A load that each pass repeats is done once;
then the reverse sweep keeps it once, and adds up its cotangent in a register.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Fail,
    For,
    Function,
    If,
    Let,
    Lit,
    Load,
    Stmt,
    While,
    defined,
    names_of,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed
from downslope.passes.simplify import simplified

MOVABLE = frozenset({"add", "subtract", "multiply"})
COMPARED = frozenset({"less", "greater_equal"})


def hoisted(function: Function) -> Function:
    """The function with such checks and loads before their loops, from the innermost loop outwards."""
    names = Names(names_of(function))
    return simplified(replace(function, body=_block(function.body, names)))


def _block(block: Block, names: Names) -> Block:
    out: list[Stmt] = []
    for stmt in block.body:
        match stmt:
            case For():
                inner = replace(stmt, body=_block(stmt.body, names))
                out += _Loop(inner, names).split() if inner.until is None else [inner]
            case While():
                out.append(replace(stmt, body=_block(stmt.body, names)))
            case _:
                out.append(with_blocks(stmt, lambda inner: _block(inner, names)))
    return replace(block, body=tuple(out))


@dataclass
class _Loop:
    """A loop that is split into what is done before it and what is left."""

    stmt: For
    names: Names
    before: list[Stmt] = field(default_factory=list)
    inside: set[str] = field(default_factory=set)  # what differs from pass to pass
    shared: dict[str, str] = field(default_factory=dict)  # what was done before, by its name in there

    def split(self) -> list[Stmt]:
        """What stands before the loop, then the loop."""
        stmt = self.stmt
        if stmt.step not in (Lit(1), Lit(-1)):
            return [stmt]
        self.inside = {stmt.index, *(carry.name for carry in stmt.carried)}
        self.inside |= {name for s in stmt.body.body for name in defined(s)}
        left, clean = [], True
        lets = {s.name: s for s in stmt.body.body if isinstance(s, Let)}
        for inner in stmt.body.body:
            if self.check(inner, lets) or (clean and self.load(inner, lets)):
                continue
            left.append(inner)
            clean &= not _may_fail(inner)
        if not self.before:
            return [stmt]
        return self.joined(replace(stmt, body=replace(stmt.body, body=tuple(left))))

    def joined(self, loop: For) -> list[Stmt]:
        """The statements before, if there is a first pass at all, and the loop that reads their results."""
        stmt, enters = self.stmt, self.names.fresh("enters")
        forwards = stmt.step == Lit(1)
        bounds = (stmt.start, stmt.stop) if forwards else (stmt.stop, stmt.start)
        results = tuple(self.shared.values())
        first = If(
            enters,
            Block(tuple(self.before), tuple(self.shared)),
            Block((), (Lit(None),) * len(results)),
            results,
            stmt.loc,
        )
        body = renamed(loop.body, self.shared)
        if isinstance(stmt.start, Lit) and isinstance(stmt.stop, Lit):
            passes = range(int(stmt.start.value or 0), int(stmt.stop.value or 0), int(forwards) or -1)
            straight = renamed(first.then, self.shared).body if passes else ()
            return [*straight, replace(loop, body=body)] if passes else [stmt]
        return [Let(enters, "less", bounds, stmt.loc), first, replace(loop, body=body)]

    def load(self, stmt: Stmt, lets: Mapping[str, Let]) -> bool:
        """Move a load that is the same in each pass. The array is not stored into: its next version would be inside."""
        if not isinstance(stmt, Load) or stmt.array in self.inside:
            return False
        copies = self.copied(stmt.index, lets, {})
        if copies is None:
            return False
        self.before.append(replace(stmt, index=copies))
        self.shared[stmt.name] = self.names.fresh(stmt.name)
        return True

    def check(self, stmt: Stmt, lets: Mapping[str, Let]) -> bool:
        """Move a check that holds for all passes if it holds for the first and the last."""
        if not isinstance(stmt, If) or stmt.results or stmt.orelse.body:
            return False
        if len(stmt.then.body) != 1 or not isinstance(stmt.then.body[0], Fail):
            return False
        shape = _Shape(lets, self.stmt.index, self.inside)
        if not shape.test(stmt.cond):
            return False
        ends: list[Arg] = [self.stmt.start]
        if shape.moves:
            last = self.names.fresh("last")
            self.before.append(Let(last, "subtract", (self.stmt.stop, self.stmt.step), stmt.loc))
            ends.append(last)
        for end in ends:
            copies = self.copied((stmt.cond,), lets, {self.stmt.index: end})
            assert copies is not None  # the test is made of such steps
            self.before.append(replace(stmt, cond=copies[0]))
        return True

    def copied(
        self, args: tuple[Arg, ...], lets: Mapping[str, Let], known: dict[str, Arg]
    ) -> tuple[Arg, ...] | None:
        """The arguments before the loop, with copies of the steps that make them; None where they vary."""
        found: list[Arg] = []
        for arg in args:
            if not isinstance(arg, str) or arg not in self.inside:
                found.append(arg)
            elif arg in known:
                found.append(known[arg])
            elif arg in self.shared:
                found.append(arg)
            elif arg in lets and lets[arg].op in MOVABLE | COMPARED | {"where", "logical_or"}:
                inner = self.copied(lets[arg].args, lets, known)
                if inner is None:
                    return None
                if lets[arg].op == "subtract" and inner[0] == inner[1]:
                    known[arg] = Lit(0)
                elif lets[arg].op == "add" and Lit(0) in inner:
                    known[arg] = inner[inner[0] == Lit(0)]
                else:
                    known[arg] = self.names.fresh(arg)
                    self.before.append(replace(lets[arg], name=str(known[arg]), args=inner))
                found.append(known[arg])
            else:
                return None
        return tuple(found)


class _Shape:
    """What a test is made of: comparisons of the index, moved by something fixed, with something fixed."""

    def __init__(self, lets: Mapping[str, Let], index: str, inside: set[str]) -> None:
        self.lets, self.index, self.inside = lets, index, inside
        self.moves = False  # with the index

    def fixed(self, arg: Arg) -> bool:
        """Whether an argument is the same in each pass."""
        if arg == self.index or not isinstance(arg, str) or arg not in self.inside:
            return arg != self.index
        let = self.lets.get(arg)
        return let is not None and let.op in MOVABLE and all(map(self.fixed, let.args))

    def test(self, arg: Arg) -> bool:
        """Whether the values that pass a test lie side by side."""
        let = self.lets.get(arg) if isinstance(arg, str) else None
        if let is None:
            return False
        if let.op == "logical_or":
            return all(map(self.test, let.args))
        return let.op in COMPARED and self.wrapped(let.args[0]) and self.fixed(let.args[1])

    def wrapped(self, arg: Arg) -> bool:
        """An index, or one that counts from the end where it is negative."""
        let = self.lets.get(arg) if isinstance(arg, str) else None
        if let is not None and let.op == "where":
            cond, end, same = let.args
            below, moved = (self.lets.get(a) if isinstance(a, str) else None for a in (cond, end))
            if below is None or moved is None:
                return False
            counted = moved.op == "add" and moved.args[0] == same and self.fixed(moved.args[1])
            return counted and below.op == "less" and below.args == (same, Lit(0)) and self.moved(same)
        return self.moved(arg)

    def moved(self, arg: Arg) -> bool:
        """The index plus or minus something fixed, or something fixed."""
        if self.fixed(arg):
            return True
        if arg == self.index:
            self.moves = True
            return True
        let = self.lets.get(arg) if isinstance(arg, str) else None
        if let is None or let.op not in ("add", "subtract"):
            return False
        left, right = let.args
        return (self.moved(left) and self.fixed(right)) or (self.fixed(left) and self.moved(right))


def _may_fail(stmt: Stmt) -> bool:
    """Whether what follows a statement may not be reached."""
    return any(isinstance(inner, Fail | While | Call) for inner in walk(Block((stmt,))))
