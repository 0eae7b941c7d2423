"""How many operations a program has, by kind, per pass of each loop; and what they come to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from downslope.errors import Loc
from downslope.ir.calls import recursive
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Callee,
    For,
    Function,
    Grow,
    If,
    Let,
    Like,
    Lit,
    Load,
    New,
    Pop,
    Push,
    Stmt,
    Store,
    While,
)
from downslope.rules.result_types import BOOLEAN

ARITHMETIC = frozenset("add subtract multiply negative positive absolute square mul0 muladd to_float".split())
DIVISION = frozenset("divide reciprocal remainder floor_divide fmod sqrt".split())
SELECTION = BOOLEAN | frozenset("where maximum minimum fmax fmin sign copysign".split())
WHOLE = frozenset(
    "segment_passes snapshot_room snapshot_split to_int floor_int ceil_int trunc_int round_int range_length bitwise_and bitwise_or bitwise_xor left_shift"
    " right_shift invert floor ceil trunc rint".split()
)
COSTS: Mapping[str, float] = {
    "arithmetic": 1.0, "division": 5.0, "function": 15.0, "selection": 1.0, "whole": 1.0, "tape": 1.0,
    "memory": 1.0, "array": 0.0, "routine": 1000.0,
}  # fmt: skip
"""What one operation of a kind takes, in additions: rough, for a processor of today. What a fresh array takes
depends on its size, which is not known here; so does what a routine of NumPy's takes."""
ASSUMED = 100
"""Passes of a loop whose number is not known beforehand."""


@dataclass(frozen=True, slots=True)
class Region:
    """The operations of a block by kind, without those of the blocks inside it (`inner`).

    `kind` is program, for, while, call, then or else; `passes` is the number of passes where it is known.
    """

    kind: str
    loc: Loc | None
    operations: Mapping[str, int]
    inner: tuple["Region", ...] = ()
    passes: int | None = None

    @property
    def cost(self) -> float:
        """One pass in additions; a loop whose number of passes is not known has `ASSUMED` of them."""
        own = sum(COSTS[kind] * count for kind, count in self.operations.items())
        loops = [region for region in self.inner if region.kind in ("for", "while")]
        loops += [region for region in self.inner if region.kind == "call"]
        branches = [region for region in self.inner if region.kind in ("then", "else")]
        for loop in loops:
            own += loop.cost * (ASSUMED if loop.passes is None else loop.passes)
        for then, orelse in zip(branches[::2], branches[1::2], strict=True):
            own += max(then.cost, orelse.cost)
        return own


def census(function: Function) -> Region:
    """The operations of a program, block by block.

    >>> from downslope.ir.nodes import Param
    >>> root = Let("y", "sqrt", ("x",))
    >>> counted = census(Function("f", (Param("x", "x"),), Block((root,), ("y",))))
    >>> dict(counted.operations), counted.cost
    ({'division': 1}, 5.0)
    """
    return _region("program", function.loc, (function.body,))


def kind_of_op(op: str) -> str:
    """The kind of an operation: what it costs depends on it."""
    kinds = {"arithmetic": ARITHMETIC, "division": DIVISION, "selection": SELECTION, "whole": WHOLE}
    return next((kind for kind, ops in kinds.items() if op in ops), "function")


def _region(kind: str, loc: Loc | None, blocks: tuple[Block, ...], passes: int | None = None) -> Region:
    counts: Counter[str] = Counter()
    inner: list[Region] = []
    for block in blocks:
        for stmt in block.body:
            match stmt:
                case Let(op=op):
                    counts[kind_of_op(op)] += 1
                case Load() | Store():
                    counts["memory"] += 1
                case New() | Like() | Grow():
                    counts["array"] += 1
                case Call(callee=callee):
                    inner.append(_called(callee, stmt.loc))
                case Push(values=moved) | Pop(names=moved):
                    counts["tape"] += len(moved)
                case _:
                    inner += _inside(stmt)
    return Region(kind, loc, counts, tuple(inner), passes)


def _called(callee: Callee, loc: Loc | None) -> Region:
    """What a call does; the calls of itself that a callee makes are not followed."""
    if callee.function is None:
        return Region("call", loc, {"routine": 1})
    if "counting" in callee.made:
        return Region("call", loc, {})
    callee.made["counting"] = True
    try:
        return _region("call", loc, (callee.function.body,), ASSUMED if recursive(callee) else 1)
    finally:
        del callee.made["counting"]


def _inside(stmt: Stmt) -> list[Region]:
    match stmt:
        case If():
            return [_region("then", stmt.loc, (stmt.then,)), _region("else", stmt.loc, (stmt.orelse,))]
        case For():
            return [_region("for", stmt.loc, (stmt.body,), _passes(stmt))]
        case While():
            return [_region("while", stmt.loc, (stmt.test, stmt.body))]
    return []


def _passes(stmt: For) -> int | None:
    bounds = [_whole(arg) for arg in (stmt.start, stmt.stop, stmt.step)]
    if stmt.until is not None or None in bounds:
        return None
    return len(range(*(bound for bound in bounds if bound is not None)))


def _whole(arg: Arg) -> int | None:
    return arg.value if isinstance(arg, Lit) and isinstance(arg.value, int) else None
