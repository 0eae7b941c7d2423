"""Whether IR is well formed. Nothing else is emitted; tests ask after the reader, every pass and every mode."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Callee,
    Dim,
    Fail,
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
    operands,
)

Token: TypeAlias = tuple[object, ...]
"""What a statement leaves on the tape: pushed values, or those of each pass or of the branch taken."""
Tape: TypeAlias = tuple[tuple[Token, ...], tuple[Token, ...]]
"""What statements take from the tape (last token first), then what they leave on it."""
NOTHING: Tape = ((), ())


def faults(function: Function, arity: Mapping[str, int]) -> tuple[str, ...]:
    """What is wrong with a function; nothing if it is well formed.

    Each name is defined once, and before it is read, in a block that the reader can see. Branches
    yield, and loops carry, as many values as they give. Each op is in `arity` (its name -> how many
    arguments it takes). What is pushed on the tape is popped, in reverse order, by loops
    and branches of the same form (that they take the same turns is for tests of values to show).

    >>> from downslope.ir.nodes import Param
    >>> twice = Let("y", "add", ("x", "x"))
    >>> faults(Function("f", (Param("x", "x"),), Block((twice,), ("z",))), {"add": 2})
    ("'z' is read before it is defined",)
    """
    checker = _Checker(arity)
    return tuple(checker.function(function))


class _Checker:
    def __init__(self, arity: Mapping[str, int]) -> None:
        self.arity = arity
        self.found: list[str] = []
        self.defined: set[str] = set()

    def function(self, function: Function) -> list[str]:
        visible: set[str] = set()
        for param in function.params:
            self.define(param.name, visible)
        self.expect(
            len({p.label for p in function.params}) == len(function.params), "two inputs have one label"
        )
        if self.block(function.body, visible) != NOTHING:
            self.found.append("the tape is not empty at the end, or it was popped when it was empty")
        outputs = len(function.body.yields)
        self.expect(not function.scalar or outputs == 1, f"a scalar function has {outputs} outputs")
        return self.found

    def expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.found.append(fault)

    def define(self, name: str, visible: set[str]) -> None:
        self.expect(name not in self.defined, f"{name!r} is defined twice")
        self.defined.add(name)
        visible.add(name)

    def read(self, values: Iterable[Arg], visible: set[str]) -> None:
        for value in values:
            if isinstance(value, Lit):
                known = value.value is None or isinstance(value.value, bool | int | float)
                self.expect(known, f"the literal {value.value!r} is not a number")
            else:
                self.expect(value in visible, f"{value!r} is read before it is defined")

    def block(self, block: Block, outside: set[str]) -> Tape:
        """Check a block; what it does to the tape."""
        visible = set(outside)
        tape = NOTHING
        for stmt in block.body:
            tape = self.joined(tape, self.statement(stmt, visible))
        self.read(block.yields, visible)
        return tape

    def statement(self, stmt: Stmt, visible: set[str]) -> Tape:
        match stmt:
            case Let(name=name, op=op, args=args):
                self.read(args, visible)
                if op not in self.arity:
                    self.found.append(f"there is no op {op!r}")
                elif self.arity[op] != len(args):
                    self.found.append(f"{op} takes {self.arity[op]} arguments, not {len(args)}")
                self.define(name, visible)
            case (
                Load(name=name)
                | Store(name=name)
                | Grow(name=name)
                | New(name=name)
                | Like(name=name)
                | Dim(name=name)
            ):
                self.read(operands(stmt), visible)
                self.define(name, visible)
            case Call(callee=callee):
                return self.call(stmt, callee, visible)
            case If():
                return self.branch(stmt, visible)
            case For() | While():
                return self.loop(stmt, visible)
            case Push(values=values):
                self.read(values, visible)
                return (), (("values", values),)
            case Pop(names=names, pushed=pushed):
                self.expect(len(names) == len(pushed), f"{len(names)} names for {len(pushed)} popped values")
                for name in names:
                    self.define(name, visible)
                return (("values", pushed),), ()
            case Fail(exception=exception):
                self.expect(exception != "", "a failure without an exception")
        return NOTHING

    def call(self, stmt: Call, callee: Callee, visible: set[str]) -> Tape:
        self.read(stmt.args, visible)
        self.same(len(stmt.args), "arguments", len(callee.params), "parameters of a callee")
        self.same(len(stmt.results), "results", len(callee.outputs), "outputs of a callee")
        for name in stmt.results:
            self.define(name, visible)
        match callee.half:
            case "ahead":
                return (), (("call", callee.partner),)
            case "back":
                return (("call", callee.partner),), ()
        return NOTHING

    def branch(self, stmt: If, visible: set[str]) -> Tape:
        self.read((stmt.cond,), visible)
        then, orelse = self.block(stmt.then, visible), self.block(stmt.orelse, visible)
        for block in (stmt.then, stmt.orelse):
            self.same(len(block.yields), "yields", len(stmt.results), "results of a branch")
        for name in stmt.results:
            self.define(name, visible)
        popped, pushed = ((("branch", then[i], orelse[i]),) if then[i] or orelse[i] else () for i in (0, 1))
        return popped, pushed

    def loop(self, stmt: For | While, visible: set[str]) -> Tape:
        self.read((carry.init for carry in stmt.carried), visible)
        inside = set(visible)
        if isinstance(stmt, For):
            self.read((stmt.start, stmt.stop, stmt.step), visible)
            self.define(stmt.index, inside)
        for carry in stmt.carried:
            self.define(carry.name, inside)
        if isinstance(stmt, While):
            self.expect(self.block(stmt.test, inside) == NOTHING, "the test of a loop uses the tape")
            self.same(len(stmt.test.yields), "values", 1, "of a test")
        popped, pushed = self.block(stmt.body, inside)
        self.same(len(stmt.body.yields), "yields", len(stmt.carried), "carries of a loop")
        self.same(len(stmt.results), "results", len(stmt.carried), "carries of a loop")
        self.expect(stmt.until is None or 0 <= stmt.until < len(stmt.carried), "`until` names no carry")
        self.expect(not (popped and pushed), "a pass of a loop takes from the tape and leaves on it")
        for name in stmt.results:
            self.define(name, visible)
        return (("pass", popped),) if popped else (), (("pass", pushed),) if pushed else ()

    def same(self, left: int, what: str, right: int, of: str) -> None:
        self.expect(left == right, f"{left} {what} for {right} {of}")

    def joined(self, first: Tape, second: Tape) -> Tape:
        """Two effects on the tape, one after the other: what is pushed and then popped cancels."""
        pushed, popped = list(first[1]), list(second[0])
        while pushed and popped and _matches(pushed[-1], popped[0]):
            pushed.pop()
            popped.pop(0)
        self.expect(
            not (pushed and popped), f"{popped[:1]} is popped where {pushed[-1:]} is on top of the tape"
        )
        return (*first[0], *popped), (*pushed, *second[1])


def _matches(pushed: object, popped: object) -> bool:
    """Whether a pop takes exactly what a push left; within a pass, in reverse order."""
    if isinstance(pushed, tuple) and isinstance(popped, tuple) and pushed[:1] == popped[:1] == ("pass",):
        return _reversed(pushed[1], popped[1])
    if isinstance(pushed, tuple) and isinstance(popped, tuple) and pushed[:1] == popped[:1] == ("branch",):
        return all(_reversed(pushed[i], popped[i]) for i in (1, 2))
    return pushed == popped


def _reversed(pushed: object, popped: object) -> bool:
    assert isinstance(pushed, tuple)
    assert isinstance(popped, tuple)
    return len(pushed) == len(popped) and all(map(_matches, reversed(pushed), popped))
