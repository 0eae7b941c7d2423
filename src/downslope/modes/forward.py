"""Forward mode: IR -> IR that carries tangents along with the primal (Griewank & Walther 2008, ch. 3).

Several tangents travel at once. A tangent that is structurally zero is neither computed nor carried.
"""

from collections.abc import Sequence

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Carry,
    Fail,
    For,
    Function,
    If,
    Let,
    Param,
    Pop,
    Push,
    Stmt,
    While,
    names_of,
    walk,
)
from downslope.passes.activity import of, varied
from downslope.passes.build import ONE, ZERO, Builder
from downslope.passes.simplify import simplified
from downslope.rules import RULES
from downslope.rules.kinds import is_mask

Tangents = dict[int, Arg]  # direction -> tangent; a missing direction is zero


def selecting(function: Function) -> bool:
    """Whether a zero derivative can meet an infinite partial: then a zero factor must win."""
    return any(
        isinstance(stmt, Let)
        and (RULES[stmt.op].singular or any(is_mask(partial) for partial in RULES[stmt.op].partials))
        for stmt in walk(function.body)
    )


def forward(function: Function, wrt: Sequence[str], *, seeded: bool = False) -> Function:
    """The program with one tangent per name in `wrt`.

    Outputs are those of the program, then for each direction the tangent of each output. With
    `seeded`, there is one direction, and each name in `wrt` gets a parameter `<name>_dot` with its
    tangent (a Jacobian-vector product).
    """
    sweep = _Forward(function, wrt, seeded)
    return simplified(sweep.run())


class _Forward:
    def __init__(self, function: Function, wrt: Sequence[str], seeded: bool) -> None:
        self.function = function
        self.build = Builder(Names(names_of(function)))
        self.careful = selecting(function)
        self.count = 1 if seeded else len(wrt)
        self.tangents: dict[str, Tangents] = {}
        self.params = list(function.params)
        for position, name in enumerate(wrt):
            if seeded:
                dot = self.build.names.fresh(f"{name}_dot")
                self.params.append(Param(dot, dot))
                self.tangents[name] = {0: dot}
            else:
                self.tangents[name] = {position: ONE}
        seeds = {name: frozenset({0 if seeded else i}) for i, name in enumerate(wrt)}
        self.facts = varied(function, seeds)

    def run(self) -> Function:
        self.block(self.function.body)
        outputs = self.function.body.yields
        dots = [self.tangent(out, k) for k in range(self.count) for out in outputs]
        body = Block(tuple(self.build.out), (*outputs, *dots))
        return Function(self.function.name, tuple(self.params), body, False, self.function.loc)

    def tangent(self, arg: Arg, direction: int) -> Arg:
        return self.tangents.get(arg, {}).get(direction, ZERO) if isinstance(arg, str) else ZERO

    def block(self, block: Block) -> None:
        for stmt in block.body:
            self.statement(stmt)

    def inner(self, block: Block) -> list[Stmt]:
        with self.build.scope() as out:
            self.block(block)
        return out

    def statement(self, stmt: Stmt) -> None:
        self.build.place = stmt.loc
        match stmt:
            case Let():
                self.let(stmt)
            case If():
                self.branch(stmt)
            case For() | While():
                self.loop(stmt)
            case Push():
                self.push(stmt)
            case Pop():
                self.pop(stmt)
            case Fail():
                self.build.keep(stmt)

    def let(self, stmt: Let) -> None:
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
        if is_mask(formula):
            return self.build.apply("where", (partial, change, ZERO))
        return self.build.product(partial, change, self.careful)

    def branch(self, stmt: If) -> None:
        then, orelse = self.inner(stmt.then), self.inner(stmt.orelse)
        results, left, right = list(stmt.results), list(stmt.then.yields), list(stmt.orelse.yields)
        for name, a, b in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
            dots: Tangents = {}
            for direction in sorted(of(name, self.facts)):
                dots[direction] = self.build.names.fresh(f"{name}_dot")
                results.append(str(dots[direction]))
                left.append(self.tangent(a, direction))
                right.append(self.tangent(b, direction))
            self.tangents[name] = dots
        self.build.keep(
            If(
                stmt.cond,
                Block(tuple(then), tuple(left)),
                Block(tuple(orelse), tuple(right)),
                tuple(results),
                stmt.loc,
            )
        )

    def loop(self, stmt: For | While) -> None:
        carried = list(stmt.carried)
        slots: list[tuple[int, int]] = []
        for position, carry in enumerate(stmt.carried):
            dots: Tangents = {}
            for direction in sorted(of(carry.name, self.facts)):
                dots[direction] = self.build.names.fresh(f"{carry.name}_dot")
                carried.append(Carry(str(dots[direction]), self.tangent(carry.init, direction)))
                slots.append((position, direction))
            self.tangents[carry.name] = dots
        test = self.inner(stmt.test) if isinstance(stmt, While) else []
        body = self.inner(stmt.body)
        yields = [*stmt.body.yields, *(self.tangent(stmt.body.yields[p], d) for p, d in slots)]
        results = [*stmt.results, *(self.build.names.fresh(f"{stmt.results[p]}_dot") for p, _ in slots)]
        for name in stmt.results:
            self.tangents[name] = {}
        for (position, direction), dot in zip(slots, results[len(stmt.results) :], strict=True):
            self.tangents[stmt.results[position]][direction] = dot
        inside = Block(tuple(body), tuple(yields))
        if isinstance(stmt, For):
            self.build.keep(
                For(
                    stmt.index,
                    stmt.start,
                    stmt.stop,
                    stmt.step,
                    tuple(carried),
                    inside,
                    tuple(results),
                    stmt.until,
                    stmt.loc,
                )
            )
        else:
            tested = Block(tuple(test), stmt.test.yields)
            self.build.keep(While(tuple(carried), tested, inside, tuple(results), stmt.until, stmt.loc))

    def push(self, stmt: Push) -> None:
        """The tape of a reverse sweep: tangents are kept next to their values."""
        dots = [self.tangent(v, d) for v in stmt.values for d in range(self.count)]
        self.build.keep(Push((*stmt.values, *dots), stmt.loc))

    def pop(self, stmt: Pop) -> None:
        names = list(stmt.names)
        for name in stmt.names:
            dots: Tangents = {d: self.build.names.fresh(f"{name}_dot") for d in range(self.count)}
            names += [str(dot) for dot in dots.values()]
            self.tangents[name] = dots
        dots_pushed = [self.tangent(value, d) for value in stmt.pushed for d in range(self.count)]
        self.build.keep(Pop(tuple(names), (*stmt.pushed, *dots_pushed), stmt.loc))
