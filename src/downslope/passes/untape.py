"""Turn a tape into ordinary arrays, so that a program with one can be read backwards once more.

What a push keeps goes to an element of an array, and the pop loads it: the same program without a
tape. Arrays have room for what is kept from when they are made: lengths of counted loops are known, other
loops are run once before, as far as that takes, to count their passes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from downslope.errors import DownslopeError, UnsupportedError
from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Carry,
    For,
    Function,
    If,
    Lit,
    Load,
    Loop,
    New,
    Pop,
    Push,
    Stmt,
    Store,
    While,
    names_of,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed
from downslope.ir.types import ArrayType, Kind
from downslope.passes.copies import on_copies
from downslope.passes.cuts import counts
from downslope.passes.pass_numbers import (
    Key,
    Site,
    Steps,
    carried_by,
    inside,
    left_of,
    loops_of,
    pass_of,
    sites,
    steady,
    yielding,
)
from downslope.passes.simplify import live_block, unfailing
from downslope.passes.types import inferred, type_of

Slot = tuple[object, ...]
"""What is threaded through loops and branches: ("kept", key, position), ("count", loop) or ("starts", loop)."""
State = dict[Slot, Arg]
START = Lit(0)


def taped(function: Function) -> bool:
    """Whether a function keeps values on a tape."""
    return any(isinstance(stmt, Push | Pop) for stmt in walk(function.body))


def untaped(function: Function) -> Function:
    """The same program with arrays in place of the tape; itself where it has none.

    >>> from downslope.ir.nodes import Let, Param
    >>> ahead = For("i", Lit(0), Lit(3), Lit(1), (Carry("v", "x"),), Block((Push(("v",)), Let("w", "sin", ("v",))), ("w",)), ("r",))
    >>> back = For("j", Lit(2), Lit(-1), Lit(-1), (Carry("s", Lit(0.0)),), Block((Pop(("u",), ("v",)),), ("u",)), ("t",))
    >>> taped(untaped(Function("f", (Param("x", "x"),), Block((ahead, back), ("t",)))))
    False
    """
    _check_calls(function)
    if not taped(function):
        return function
    whole = counts(function)
    given: dict[str, Kind] = {p.name: "i" for p in function.params if p.label in whole and p.array is None}
    rewriter = _Untape(Names(names_of(function)), inferred(function, given))
    result = replace(function, body=rewriter.block(function.body))
    if taped(result):
        raise fault(function, "a pop without a push")
    return result


def _check_calls(function: Function) -> None:
    """Raise `UnsupportedError` where a tape is shared with a function that is called."""
    for stmt in walk(function.body):
        if isinstance(stmt, Call) and stmt.callee.half:
            first = stmt.callee.origin or stmt.callee
            raise UnsupportedError(
                f"reverse mode twice through the calls of {first.name}",
                loc=stmt.loc,
                why="what it keeps for the way back depends on how deep it calls itself.",
                fix="use forward mode for one of the derivatives (hessian and hvp do).",
            )


def fault(function: Function | None, what: str) -> DownslopeError:
    """The error for a tape that is not used as the reverse sweep uses it."""
    name = function.name if function else "a program"
    return DownslopeError(f"the tape of {name} has {what}", why="a pass is wrong.", fix="report this.")


class _Untape:
    def __init__(self, names: Names, types: Mapping[str, Kind]) -> None:
        self.names, self.types = names, types

    def block(self, block: Block) -> Block:
        """The block without the tape that is used in it alone."""
        body = [with_blocks(stmt, self.block) for stmt in block.body]
        out: list[Stmt] = []
        for position, stmt in enumerate(body):
            rest = body[position + 1 :]
            popped = {site.key for later in rest for site in sites(later, Pop)}
            found = [site for site in sites(stmt, Push) if site.key in popped]
            if not found:
                out.append(stmt)
                continue
            kept = _Kept(self, stmt, found)
            out += kept.ahead()
            body[position + 1 :] = [new for later in rest for new in kept.back(later)]
            return self.block(replace(block, body=(*out, *body[position + 1 :])))
        return replace(block, body=tuple(out))


class _Kept:
    """What one statement pushes: the arrays for it, and the way there and back."""

    def __init__(self, owner: _Untape, stmt: Stmt, found: Sequence[Site]) -> None:
        self.names, self.types, self.stmt = owner.names, owner.types, stmt
        self.keys: dict[Key, tuple[Loop, ...]] = {site.key: site.loops for site in found}
        self.loops = loops_of(found)
        local = inside(stmt)
        self.even = {key for key, (loop, _) in self.loops.items() if steady(loop, local)}
        self.length: dict[int, Arg] = {}  # passes of one run of a loop, where that is always the same
        self.total: dict[int, Arg] = {}  # passes of all runs of a loop
        self.state: State = {}

    # ---- the way there -------------------------------------------------------------------------

    def ahead(self) -> list[Stmt]:
        """The arrays, then the statement that fills them."""
        steps = Steps(self.names)
        steps.out += self.counted()
        for key, (loop, around) in self.loops.items():
            before = self.total[id(around)] if around else Lit(1)
            if key in self.even:
                assert isinstance(loop, For)
                length = steps("range_length", loop.start, loop.stop, loop.step, hint="length")
                self.length[key], self.total[key] = length, steps("multiply", before, length, hint="length")
            elif around:
                self.state["starts", key] = self.fresh_array(steps, before, "i")
        for pushed, loops in self.keys.items():
            room = self.total[id(loops[-1])] if loops else Lit(1)
            for position, value in enumerate(pushed):
                kind = type_of(value, self.types) or "f"
                self.state["kept", pushed, position] = self.fresh_array(steps, room, kind)
        self.state |= {("count", key): Lit(0) for key in self.loops if key not in self.even}
        filled = self.threaded(self.stmt, self.state, Lit(0), counting=False)
        return [*steps.out, *filled]

    def fresh_array(self, steps: Steps, length: Arg, kind: Kind) -> str:
        assert not isinstance(kind, ArrayType)  # arrays are never put on the tape
        name = self.names.fresh("kept")
        steps.out.append(New(name, (length,), ArrayType(kind, 1), Lit(None), self.stmt.loc))
        return name

    def counted(self) -> list[Stmt]:
        """A run of the statement beforehand, as far as it takes to count passes; their totals are noted."""
        uneven = [key for key in self.loops if key not in self.even]
        if not uneven:
            return []
        state: State = {("count", key): Lit(0) for key in uneven}
        copy = Block(tuple(self.threaded(self.stmt, state, Lit(0), counting=True)))
        copy = replace(copy, yields=tuple(state["count", key] for key in uneven))
        spare = replace(copy, body=tuple(unfailing(copy.body)))
        live, _ = live_block(spare, frozenset())
        if any(
            isinstance(s, Load | While) or (isinstance(s, For) and s.until is not None) for s in walk(live)
        ):
            live, _ = live_block(copy, frozenset())  # what fails ends the count as well
        own = frozenset(name for s in live.body for name in inside(s))
        live = renamed(live, {name: self.names.fresh(name) for name in sorted(own)})
        own = frozenset(name for s in live.body for name in inside(s))
        live = on_copies(live, own, self.types, self.names)
        self.total |= dict(zip(uneven, live.yields, strict=True))
        return list(live.body)

    def threaded(self, stmt: Stmt, state: State, at: Arg, counting: bool) -> list[Stmt]:
        """The statement with stores in place of its pushes; `at` is the number of the pass around it."""
        match stmt:
            case Push(values=key) if key in self.keys:
                return [] if counting else self.stores(stmt, state, at)
            case If():
                return [self.branch(stmt, state, at, counting)]
            case For() | While() if id(stmt) in self.loops:
                return self.loop(stmt, state, at, counting)
        return [stmt]

    def stores(self, stmt: Push, state: State, at: Arg) -> list[Stmt]:
        out: list[Stmt] = []
        for position, value in enumerate(stmt.values):
            slot, name = ("kept", stmt.values, position), self.names.fresh("kept")
            out.append(Store(name, str(state[slot]), (at,), value, stmt.loc))
            state[slot] = name
        return out

    def branch(self, stmt: If, state: State, at: Arg, counting: bool) -> If:
        sides = [dict(state), dict(state)]
        new = [
            Block(
                tuple(s for one in block.body for s in self.threaded(one, side, at, counting)), block.yields
            )
            for block, side in zip((stmt.then, stmt.orelse), sides, strict=True)
        ]
        more = []
        for slot, before in state.items():
            if sides[0][slot] != before or sides[1][slot] != before:
                name = self.names.fresh(str(slot[0]))
                more.append((name, sides[0][slot], sides[1][slot]))
                state[slot] = name
        return yielding(stmt, new[0], new[1], more)

    def loop(self, stmt: Loop, state: State, around: Arg, counting: bool) -> list[Stmt]:
        key = id(stmt)
        steps = Steps(self.names)
        if ("starts", key) in state:
            name = self.names.fresh("starts")
            steps.out.append(Store(name, str(state["starts", key]), (around,), state["count", key], stmt.loc))
            state["starts", key] = name
        slots = [slot for slot in state if slot in self.touched(stmt)]
        carries = [Carry(self.names.fresh(str(slot[0])), state[slot]) for slot in slots]
        here = state | {slot: carry.name for slot, carry in zip(slots, carries, strict=True)}
        body = Steps(self.names)
        at = (
            here["count", key]
            if key not in self.even
            else Lit(0)
            if counting
            else self.number(stmt, around, body)
        )
        for inner in stmt.body.body:
            body.out += self.threaded(inner, here, at, counting)
        if key not in self.even:
            here["count", key] = body("add", here["count", key], Lit(1), hint="count")
        after = [self.names.fresh(str(slot[0])) for slot in slots]
        block = Block(tuple(body.out), stmt.body.yields)
        state |= dict(zip(slots, after, strict=True))
        return [*steps.out, carried_by(stmt, block, carries, [here[slot] for slot in slots], after)]

    def touched(self, stmt: Loop) -> frozenset[Slot]:
        """The slots that change inside a loop."""
        found = list(sites(stmt, Push))
        slots: set[Slot] = {("kept", s.key, i) for s in found for i in range(len(s.key))}
        slots |= {("starts", key) for key in loops_of(found) if key != id(stmt)}
        return frozenset(slots | {("count", key) for key in loops_of(found)})

    def number(self, stmt: Loop, around: Arg, steps: Steps) -> Arg:
        assert isinstance(stmt, For)  # a loop of known length
        before = steps("multiply", around, self.length[id(stmt)])
        return steps("add", before, pass_of(stmt, steps))

    # ---- and back --------------------------------------------------------------------------------

    def back(self, stmt: Stmt, at: Arg = START, depth: int = 0) -> list[Stmt]:
        """A later statement with loads in place of its pops."""
        if isinstance(stmt, Pop) and stmt.pushed in self.keys:
            if len(self.keys[stmt.pushed]) != depth:
                raise fault(None, "a pop at another depth than its push")
            arrays = [str(self.state["kept", stmt.pushed, i]) for i in range(len(stmt.names))]
            return [Load(n, a, (at,), stmt.loc) for n, a in zip(stmt.names, arrays, strict=True)]
        keys = [site.key for site in sites(stmt, Pop) if site.key in self.keys]
        if not keys:
            return [stmt]
        if isinstance(stmt, If):
            sides = [
                Block(tuple(s for one in block.body for s in self.back(one, at, depth)), block.yields)
                for block in (stmt.then, stmt.orelse)
            ]
            return [yielding(stmt, sides[0], sides[1], [])]
        partner = {id(self.keys[key][depth]) for key in keys if len(self.keys[key]) > depth}
        if not isinstance(stmt, For) or len(partner) != 1:
            raise fault(None, "a loop back that is not one loop's")
        return self.backwards(stmt, partner.pop(), at, depth)

    def backwards(self, stmt: For, key: int, around: Arg, depth: int) -> list[Stmt]:
        steps, body = Steps(self.names), Steps(self.names)
        if key in self.even:
            start = steps("multiply", around, self.length[key])
        else:
            start = steps.load(str(self.state["starts", key]), around) if depth else Lit(0)
        at = body("add", start, left_of(stmt, body))
        for inner in stmt.body.body:
            body.out += self.back(inner, at, depth + 1)
        return [*steps.out, replace(stmt, body=Block(tuple(body.out), stmt.body.yields))]
