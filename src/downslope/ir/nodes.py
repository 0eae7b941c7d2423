"""The intermediate representation: A-normal form, structured control flow, each name assigned once.

Values flow explicitly: a branch yields the values that differ, a loop carries the values that
change. So activity, dead code and both sweeps of differentiation are exact per version of a
variable, and no pass needs a data-flow framework.

Arrays are values too: a store gives the array's next version a name of its own. Versions are linear
(nothing reads a version after a store has replaced it), so emitted code updates one buffer in place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from downslope.errors import Loc
from downslope.ir.types import ArrayType, Kind


@dataclass(frozen=True, slots=True)
class Lit:
    """A literal number. `None` stands for a value that is never read (its variable is unset here)."""

    value: float | int | bool | None


Arg: TypeAlias = str | Lit  # the name of a value, or a literal


@dataclass(frozen=True, slots=True)
class Let:
    """`name = op(*args)`; `op` names a row of the rule table."""

    name: str
    op: str
    args: tuple[Arg, ...]
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """`name = array[index]`: one element. The index is within bounds and not negative.

    Its derivative is a load of the tangent; its transpose adds to that element of the cotangent.
    """

    name: str
    array: str
    index: tuple[Arg, ...]
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """`array[index] = value`, in place; `name` is the array from now on. The index is as in `Load`.

    Its derivative is a store of the tangent; its transpose takes the element of the cotangent and sets
    it to zero.
    """

    name: str
    array: str
    index: tuple[Arg, ...]
    value: Arg
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class New:
    """A fresh array of this shape: every element is `fill`, or not set where `fill` is `Lit(None)`.

    Where it `fits`, its elements have the least type that holds what is stored in it (`passes.types`).
    """

    name: str
    shape: tuple[Arg, ...]
    type: ArrayType
    fill: Lit
    loc: Loc | None = None
    fits: bool = False


@dataclass(frozen=True, slots=True)
class Grow:
    """`array` with at least `least` places along its first axis; `name` is the array from now on.

    What it holds stays, and places that are new are not read before they are set. Its derivative is the same
    for the tangent; the cotangent has the size that the array has in the end, and passes through.
    """

    name: str
    array: str
    least: Arg
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Like:
    """A fresh array of zeros with the shape of `array`, whose elements are not read."""

    name: str
    array: str
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Dim:
    """`name = array.shape[axis]`; it is the same for every version of the array."""

    name: str
    array: str
    axis: int
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Statements in order, and the values the block hands to its owner."""

    body: tuple["Stmt", ...]
    yields: tuple[Arg, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """`results = then.yields if cond else orelse.yields`; only the branch taken is run."""

    cond: Arg
    then: Block
    orelse: Block
    results: tuple[str, ...]
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Carry:
    """A value that a loop changes: its name inside the body, and what it is before the loop."""

    name: str
    init: Arg


@dataclass(frozen=True, slots=True)
class For:
    """`for index in range(start, stop, step)`; `body` yields the next value of each carry.

    `results` names the carries after the loop. `until` is the position of a boolean carry: the loop
    ends after an iteration that sets it (a lowered `break` or `return`).
    """

    index: str
    start: Arg
    stop: Arg
    step: Arg
    carried: tuple[Carry, ...]
    body: Block
    results: tuple[str, ...]
    until: int | None = None
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class While:
    """`test` (which sees the carries and yields one bool) is run before each iteration."""

    carried: tuple[Carry, ...]
    test: Block
    body: Block
    results: tuple[str, ...]
    until: int | None = None
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """The program raises here: `exception` is the class name, for the message of last resort."""

    exception: str
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """Put `values` on top of the tape; the reverse sweep takes them back."""

    values: tuple[Arg, ...]
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Pop:
    """Take what the matching `Push` put there; `names` are in the order of its values, `pushed`."""

    names: tuple[str, ...]
    pushed: tuple[Arg, ...]
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """`results = callee(*args)`, numbers and arrays; see `ir.calls`."""

    results: tuple[str, ...]
    callee: "Callee"
    args: tuple[Arg, ...]
    loc: Loc | None = None


Simple: TypeAlias = Let | Load | Store | Grow | New | Like | Dim  # one value each, and no effect but it
Stmt: TypeAlias = Simple | Call | If | For | While | Fail | Push | Pop
Loop: TypeAlias = For | While


@dataclass(frozen=True, slots=True)
class Param:
    """An input. `label` is what the user calls it (an argument, or a constant's name)."""

    name: str
    label: str
    array: ArrayType | None = None  # None for a number


@dataclass(frozen=True, slots=True)
class Function:
    """A whole program; helpers are inlined, or called as a `Callee`. `body.yields` are the outputs."""

    name: str
    params: tuple[Param, ...]
    body: Block
    scalar: bool = True  # returns one number; otherwise a tuple of numbers
    loc: Loc | None = None


@dataclass(eq=False, slots=True)
class Callee:
    """A function that is called and not expanded where it is called (`ir.calls` tells how to use it).

    `params` and `outputs` are arrays of a type, numbers of a type, or None for a number whose type follows
    from the call. `memory` has, for each output, the position of the array argument that it is, changed in
    place, or None for a number and for a fresh array.

    `function` is its body, set when it has been read, for it may call itself. Without one, `routine` is the
    name by which emitted code calls it. `jvp` and `vjp` give its derivatives where they are not made from
    the body; `refused` says why there is none. `half` says that the body only pushes on the tape what its
    `partner` pops (ahead), or pops what that has pushed (back); both have the
    first ahead as their partner. `origin` is the function it was made from by a mode.
    """

    name: str
    params: tuple[Kind | None, ...]
    outputs: tuple[Kind | None, ...]
    memory: tuple[int | None, ...]
    function: Function | None = field(default=None, repr=False)
    routine: str = ""
    jvp: "Callable[[], Callee] | None" = None
    vjp: "Callable[[], Callee] | None" = None
    given: bool = False  # its derivatives are not made from the body
    refused: str = ""
    stops: bool = False  # it has no derivative: its outputs count as constants
    half: Literal["", "ahead", "back"] = ""
    partner: "Callee | None" = field(default=None, repr=False)
    origin: "Callee | None" = field(default=None, repr=False)
    made: dict[Any, Any] = field(default_factory=dict, repr=False)  # what passes and modes have made of it


def blocks(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks inside a statement, in the order they run."""
    match stmt:
        case If():
            return (stmt.then, stmt.orelse)
        case For():
            return (stmt.body,)
        case While():
            return (stmt.test, stmt.body)
        case _:
            return ()


def with_blocks(stmt: Stmt, each: Callable[[Block], Block]) -> Stmt:
    """The statement with what `each` makes of its blocks, in the order they run."""
    match stmt:
        case If():
            return replace(stmt, then=each(stmt.then), orelse=each(stmt.orelse))
        case For():
            return replace(stmt, body=each(stmt.body))
        case While():
            return replace(stmt, test=each(stmt.test), body=each(stmt.body))
        case _:
            return stmt


def defined(stmt: Stmt) -> tuple[str, ...]:
    """The names that a statement makes visible to what follows it."""
    match stmt:
        case Let() | Load() | Store() | Grow() | New() | Like() | Dim():
            return (stmt.name,)
        case If() | For() | While() | Call():
            return stmt.results
        case Pop():
            return stmt.names
        case _:
            return ()


def operands(stmt: Stmt) -> tuple[Arg, ...]:
    """What a statement itself reads (not what its blocks read)."""
    match stmt:
        case Let() | Call():
            return stmt.args
        case Load():
            return (stmt.array, *stmt.index)
        case Store():
            return (stmt.array, *stmt.index, stmt.value)
        case Grow():
            return (stmt.array, stmt.least)
        case New():
            return stmt.shape
        case Like() | Dim():
            return (stmt.array,)
        case If():
            return (stmt.cond,)
        case For():
            return (stmt.start, stmt.stop, stmt.step, *(carry.init for carry in stmt.carried))
        case While():
            return tuple(carry.init for carry in stmt.carried)
        case Push():
            return stmt.values
        case _:
            return ()


def walk(block: Block) -> Iterator[Stmt]:
    """Every statement in a block, outer before inner, in source order."""
    for stmt in block.body:
        yield stmt
        for inner in blocks(stmt):
            yield from walk(inner)


def names_of(function: Function) -> frozenset[str]:
    """Every name a function uses."""
    names = {param.name for param in function.params}
    for stmt in walk(function.body):
        names.update(defined(stmt))
        if isinstance(stmt, For | While):
            names.update(carry.name for carry in stmt.carried)
        if isinstance(stmt, For):
            names.add(stmt.index)
    return frozenset(names)
