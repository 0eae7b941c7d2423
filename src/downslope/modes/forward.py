"""Forward mode: IR -> IR that carries tangents along with the primal (Griewank & Walther 2008, ch. 3).

Several tangents travel at once. A tangent that is structurally zero is neither computed nor carried.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from downslope.ir.calls import bodies
from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Callee,
    Carry,
    Dim,
    Fail,
    For,
    Function,
    Grow,
    If,
    Let,
    Like,
    Load,
    New,
    Param,
    Pop,
    Push,
    Stmt,
    Store,
    While,
    names_of,
    walk,
)
from downslope.modes.forward_calls import CallTangents
from downslope.passes.activity import Seeds, of, varied
from downslope.passes.build import ONE, ZERO, Builder
from downslope.passes.simplify import simplified
from downslope.passes.types import arrays
from downslope.rules import RULES
from downslope.rules.kinds import is_mask

Tangents = dict[int, Arg]  # direction -> tangent; a missing direction is zero


def selecting(function: Function) -> bool:
    """Whether a zero derivative can meet an infinite partial: then a zero factor must win."""
    return any(
        isinstance(stmt, Let)
        and (RULES[stmt.op].singular or any(is_mask(partial) for partial in RULES[stmt.op].partials))
        for body in bodies(function)
        for stmt in walk(body.body)
    )


def forward(function: Function, wrt: Sequence[str], *, seeded: bool = False, directions: int = 1) -> Function:
    """The program with one tangent per name in `wrt`.

    Outputs are those of the program, then for each direction the tangent of each output. With
    `seeded`, there are as many directions as `directions` says, and in each of them every name in `wrt` gets
    a parameter `<name>_dot` with its tangent (Jacobian-vector products).
    """
    return simplified(Forward(function, wrt, seeded=seeded, directions=directions).run())


class Forward(CallTangents):
    """One forward sweep; `zero` is the tangent of what does not vary."""

    zero: Arg = ZERO

    def __init__(
        self, function: Function, wrt: Sequence[str], *, seeded: bool = False, directions: int = 1
    ) -> None:
        self.function = function
        self.build = Builder(Names(names_of(function)))
        self.careful = selecting(function)
        self.arrays = arrays(function)
        self.count = directions if seeded else len(wrt)
        self.tangents: dict[str, Tangents] = {name: {} for name in wrt}
        self.params = list(function.params)
        if seeded:
            for direction in range(directions):
                for name in wrt:
                    self.tangents[name][direction] = self.seed(name, direction)
        else:
            for position, name in enumerate(wrt):
                self.tangents[name][position] = ONE
        self.facts = varied(function, {name: frozenset(self.tangents[name]) for name in wrt})
        self.every = frozenset(range(self.count))
        self.half = False

    def inside(self, callee: Callee, seeds: Mapping[str, Seeds]) -> "Forward":
        """A sweep over the body of a callee, whose parameters have tangents in these directions."""
        assert callee.function is not None
        inner = type(self)(callee.function, [])
        inner.careful, inner.every, inner.half = self.careful, self.every, bool(callee.half)
        for name, directions in seeds.items():
            inner.tangents[name] = {
                direction: inner.seed(name, direction) for direction in sorted(directions)
            }
        inner.facts = varied(callee.function, seeds, popped=self.every if callee.half else None)
        return inner

    def seed(self, name: str, _direction: int) -> Arg:
        """A parameter with the tangent of an input."""
        dot = self.build.names.fresh(f"{name}_dot")
        self.params.append(Param(dot, dot, self.arrays.get(name)))
        return dot

    def run(self) -> Function:
        """The program with its tangents."""
        self.block(self.function.body)
        outputs = self.function.body.yields
        dots = [self.handed_on(out, k) for k in range(self.count) for out in outputs]
        body = Block(tuple(self.build.out), (*outputs, *dots))
        return Function(self.function.name, tuple(self.params), body, False, self.function.loc)

    def tangent(self, arg: Arg, direction: int) -> Arg:
        """The tangent of a value in one direction."""
        return self.tangents.get(arg, {}).get(direction, self.zero) if isinstance(arg, str) else self.zero

    def handed_on(self, arg: Arg, direction: int) -> Arg:
        """The tangent that leaves a block; one that is zero is an array too if the value is one."""
        dot = self.tangent(arg, direction)
        if dot != self.zero or not isinstance(arg, str) or arg not in self.arrays:
            return dot
        return self.zeros(arg)

    def zeros(self, array: str) -> str:
        """An array of zeros with the shape of another."""
        name = self.build.names.fresh(f"{array}_dot")
        self.build.keep(Like(name, array, self.build.place))
        return name

    def block(self, block: Block) -> None:
        """Emit the statements of a block and their tangents."""
        for stmt in block.body:
            self.statement(stmt)

    def inner(self, block: Block, hand_on: Callable[[], list[Arg]] = list) -> tuple[list[Stmt], list[Arg]]:
        """A block with its tangents, and the tangents that it hands on."""
        with self.build.scope() as out:
            self.block(block)
            dots = hand_on()
        return out, dots

    def statement(self, stmt: Stmt) -> None:
        """Emit a statement and its tangents."""
        self.build.place = stmt.loc
        match stmt:
            case Let():
                self.let(stmt)
            case Load():
                self.load(stmt)
            case Store():
                self.store(stmt)
            case Call():
                self.call(stmt)
            case Grow():
                self.grow(stmt)
            case If():
                self.branch(stmt)
            case For() | While():
                self.loop(stmt)
            case Push():
                self.push(stmt)
            case Pop():
                self.pop(stmt)
            case New() | Like() | Dim() | Fail():
                self.build.keep(stmt)

    def let(self, stmt: Let) -> None:
        """The chain rule."""
        self.build.keep(stmt)
        dots: Tangents = {}
        for direction in sorted(of(stmt.name, self.facts)):
            total: Arg = ZERO
            for position, (arg, formula) in enumerate(zip(stmt.args, RULES[stmt.op].partials, strict=True)):
                change = self.tangent(arg, direction)
                if formula == "0" or change == ZERO:
                    continue
                partial = self.build.partial(stmt, position)
                total = self.build.add(total, self.term(formula, partial, change), f"{stmt.name}_dot")
            if total != ZERO:
                dots[direction] = total
        self.tangents[stmt.name] = dots

    def term(self, formula: str, partial: Arg, change: Arg) -> Arg:
        """One partial times its tangent."""
        if is_mask(formula):
            return self.build.apply("where", (partial, change, ZERO))
        return self.build.product(partial, change, self.careful)

    def load(self, stmt: Load) -> None:
        """The tangent of an element is the element of the tangent."""
        self.build.keep(stmt)
        self.tangents[stmt.name] = {
            direction: self.build.load(
                str(self.tangent(stmt.array, direction)), stmt.index, f"{stmt.name}_dot"
            )
            for direction in sorted(of(stmt.name, self.facts))
        }

    def store(self, stmt: Store) -> None:
        """A store of the tangent; an array that had none before gets one of zeros."""
        dots: Tangents = {}
        for direction in sorted(of(stmt.name, self.facts)):
            array = str(self.handed_on(stmt.array, direction))
            change = self.tangent(stmt.value, direction)
            dots[direction] = self.build.store(array, stmt.index, change, f"{stmt.name}_dot")
        self.build.keep(stmt)
        self.tangents[stmt.name] = dots

    def grow(self, stmt: Grow) -> None:
        """The tangent of an array grows with it."""
        self.tangents[stmt.name] = {}
        for direction in sorted(of(stmt.name, self.facts)):
            array = str(self.handed_on(stmt.array, direction))
            self.tangents[stmt.name][direction] = self.build.grow(array, stmt.least, f"{stmt.name}_dot")
        self.build.keep(stmt)

    def branch(self, stmt: If) -> None:
        """Both sides yield their tangents too."""
        slots = [(i, d) for i, name in enumerate(stmt.results) for d in sorted(of(name, self.facts))]
        sides: list[Block] = []
        for block in (stmt.then, stmt.orelse):
            out, dots = self.inner(block, lambda b=block: [self.handed_on(b.yields[i], d) for i, d in slots])  # type: ignore[misc]
            sides.append(Block(tuple(out), (*block.yields, *dots)))
        results = self.named(stmt.results, slots)
        self.build.keep(If(stmt.cond, sides[0], sides[1], (*stmt.results, *results), stmt.loc))

    def named(self, names: Sequence[str], slots: Sequence[tuple[int, int]]) -> list[str]:
        """Fresh tangents of values, one per slot (position, direction)."""
        for name in names:
            self.tangents[name] = {}
        fresh = [self.build.names.fresh(f"{names[position]}_dot") for position, _ in slots]
        for (position, direction), dot in zip(slots, fresh, strict=True):
            self.tangents[names[position]][direction] = dot
        return fresh

    def loop(self, stmt: For | While) -> None:
        """Tangents of carried values are carried too."""
        slots = [(i, d) for i, carry in enumerate(stmt.carried) for d in sorted(of(carry.name, self.facts))]
        starts = [self.handed_on(stmt.carried[i].init, d) for i, d in slots]
        fresh = self.named([carry.name for carry in stmt.carried], slots)
        dots = [Carry(name, start) for name, start in zip(fresh, starts, strict=True)]
        carried = (*stmt.carried, *dots)
        test, _ = self.inner(stmt.test) if isinstance(stmt, While) else ([], [])
        body, ends = self.inner(stmt.body, lambda: [self.handed_on(stmt.body.yields[i], d) for i, d in slots])
        inside = Block(tuple(body), (*stmt.body.yields, *ends))
        results = (*stmt.results, *self.named(stmt.results, slots))
        if isinstance(stmt, For):
            self.build.keep(replace(stmt, carried=carried, body=inside, results=results))
        else:
            tested = Block(tuple(test), stmt.test.yields)
            self.build.keep(replace(stmt, carried=carried, test=tested, body=inside, results=results))

    def push(self, stmt: Push) -> None:
        """The tape of a reverse sweep: tangents are kept next to their values."""
        dots = [self.tangent(v, d) for v in stmt.values for d in sorted(self.taped(v))]
        self.build.keep(Push((*stmt.values, *dots), stmt.loc))

    def taped(self, value: Arg) -> Seeds:
        """The directions in which a value on the tape has tangents: all, where another body pops it."""
        return self.every if self.half else of(value, self.facts)

    def pop(self, stmt: Pop) -> None:
        """Tangents come back as they were put there."""
        slots = [(i, d) for i, value in enumerate(stmt.pushed) for d in sorted(self.taped(value))]
        dots_pushed = [self.tangent(stmt.pushed[i], d) for i, d in slots]
        names = self.named(stmt.names, slots)
        self.build.keep(Pop((*stmt.names, *names), (*stmt.pushed, *dots_pushed), stmt.loc))
