"""Marks what native code cannot say by itself: where Python would raise, and where an integer outgrows 64 bits.

Native arithmetic gives infinity or NaN where Python raises, and a later `min` or comparison may absorb
it; integers wrap. The guarded program has one more output: 0, or the sum of the codes below.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from downslope.errors import Loc, UnsupportedError, UsageError
from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Callee,
    Carry,
    For,
    Function,
    If,
    Let,
    Lit,
    Stmt,
    While,
    names_of,
    walk,
)
from downslope.ir.rename import renamed
from downslope.ir.types import Kind
from downslope.passes.magnitude import bounds
from downslope.passes.types import inferred, inside, type_of
from downslope.rules.elementwise import ROWS

SUSPECT = 1
"""A step gave infinity or NaN where Python may raise: the program itself is asked."""
TOO_LARGE = 2
"""An integer is, or comes close to, 2**63."""
MOST = 9.2e18

RAISING = frozenset(
    "divide reciprocal floor_divide remainder fmod ieee_remainder power float_power square sqrt hypot ldexp exp exp2 exp10"
    " expm1 log log2 log10 log1p sin cos tan arcsin arccos sinh cosh arccosh arctanh gamma lgamma".split()
)
"""Ops that raise in Python (or overflow to an error) for some finite arguments."""
WHOLE = frozenset({"to_int", "floor_int", "ceil_int", "trunc_int", "round_int"})
GROWING = frozenset({"add", "subtract", "multiply", "negative", "absolute", "power", "square"})
SHIFTS = frozenset({"left_shift", "right_shift"})
_OURS = frozenset(row.name for row in ROWS)


def guarded(function: Function, primal: frozenset[str], given: Mapping[str, Kind]) -> Function:
    """The function with the fault code of one run as a last output; only names in `primal` are watched.

    Raises `UnsupportedError` for a literal integer that does not fit 64 bits, `UsageError` for a range of floats.
    """
    guard = _Guard(function, primal, inferred(function, given))
    body, fault = guard.block(function.body, Lit(0))
    return replace(function, body=replace(body, yields=(*body.yields, fault)), scalar=False)


class _Guard:
    def __init__(self, function: Function, primal: frozenset[str], types: Mapping[str, Kind]) -> None:
        self.types = types
        self.primal = primal
        self.names = Names(names_of(function))
        self.bounds = bounds(function)

    def check_bounds(self, stmt: For) -> None:
        """Python refuses a range of floats; native code would round them."""
        if any(type_of(bound, self.types) == "f" for bound in (stmt.start, stmt.stop, stmt.step)):
            raise UsageError(
                "range() of a number that is not an integer", loc=stmt.loc,
                why="Python's range takes integers only.", fix="pass an integer, or write range(int(n)).",
            )  # fmt: skip

    def block(self, block: Block, fault: Arg) -> tuple[Block, Arg]:
        """The block with its checks, and the fault code at its end."""
        out: list[Stmt] = []
        for stmt in block.body:
            if isinstance(stmt, For):
                self.check_bounds(stmt)
            match stmt:
                case Let():
                    out.append(stmt)
                    fault = self.let(stmt, fault, out)
                case Call():
                    fault = self.call(stmt, fault, out)
                case If():
                    fault = self.branch(stmt, fault, out)
                case For() | While() if self.watched(stmt):
                    fault = self.loop(stmt, fault, out)
                case _:
                    out.append(stmt)
        return replace(block, body=tuple(out)), fault

    # ---- one step ------------------------------------------------------------------------------

    def let(self, stmt: Let, fault: Arg, out: list[Stmt]) -> Arg:
        _check_literals(stmt)
        if not self.risky(stmt):
            return fault
        build = _Steps(self.names, out, stmt.loc)
        if self.types[stmt.name] == "f":
            fine = build("isfinite", stmt.name)
            return build("bitwise_or", fault, build("where", fine, Lit(0), Lit(SUSPECT)))
        values: list[Arg] = [build("to_float", arg) for arg in stmt.args]
        fine = build("less", build("absolute", _grown(stmt.op, values, build)), Lit(MOST))
        return build("bitwise_or", fault, build("where", fine, Lit(0), Lit(SUSPECT | TOO_LARGE)))

    def risky(self, stmt: Let) -> bool:
        if stmt.name not in self.primal or self.bounds.get(stmt.name, math.inf) < MOST:
            return False
        if self.types[stmt.name] != "f":
            return (stmt.op in WHOLE and type_of(stmt.args[0], self.types) == "f") or (
                self.types[stmt.name] == "i" and stmt.op in GROWING | SHIFTS
            )
        if stmt.op in ("divide", "remainder", "floor_divide") and isinstance(stmt.args[1], Lit):
            return not stmt.args[1].value
        return stmt.op in RAISING or stmt.op not in _OURS

    def watched(self, stmt: Stmt) -> bool:
        """Whether anything inside needs a check."""
        return any(
            (isinstance(inner, Let) and self.risky(inner))
            or (isinstance(inner, Call) and guards(inner.callee, self.kinds(inner)))
            for inner in walk(Block((stmt,)))
        )

    # ---- calls -----------------------------------------------------------------------------------

    def kinds(self, stmt: Call) -> tuple[Kind, ...]:
        """The types of a call's arguments."""
        return tuple(type_of(arg, self.types) or "f" for arg in stmt.args)

    def call(self, stmt: Call, fault: Arg, out: list[Stmt]) -> Arg:
        """A call of the callee with its checks, which gives its own fault code."""
        kinds = self.kinds(stmt)
        if not guards(stmt.callee, kinds):
            out.append(stmt)
            return fault
        inner = self.names.fresh("fault")
        out.append(replace(stmt, results=(*stmt.results, inner), callee=guarded_callee(stmt.callee, kinds)))
        return _Steps(self.names, out, stmt.loc)("bitwise_or", fault, inner)

    # ---- branches and loops --------------------------------------------------------------------

    def branch(self, stmt: If, fault: Arg, out: list[Stmt]) -> Arg:
        then, left = self.block(stmt.then, fault)
        orelse, right = self.block(stmt.orelse, fault)
        if left == right:
            out.append(replace(stmt, then=then, orelse=orelse))
            return left
        name = self.names.fresh("fault")
        then, orelse = (
            replace(then, yields=(*then.yields, left)),
            replace(orelse, yields=(*orelse.yields, right)),
        )
        out.append(replace(stmt, then=then, orelse=orelse, results=(*stmt.results, name)))
        return name

    def loop(self, stmt: For | While, fault: Arg, out: list[Stmt]) -> Arg:
        carry, result = Carry(self.names.fresh("fault"), fault), self.names.fresh("fault")
        first, inside = self.tested(stmt, {}, carry.name) if isinstance(stmt, While) else ((), carry.name)
        body, last = self.block(stmt.body, inside)
        body = Block((*first, *body.body), (*body.yields, last))
        out.append(replace(stmt, carried=(*stmt.carried, carry), body=body, results=(*stmt.results, result)))
        if not isinstance(stmt, While):
            return result
        after = {c.name: r for c, r in zip(stmt.carried, stmt.results, strict=True)}
        steps, end = self.tested(stmt, after, result)
        out += steps
        return end

    def tested(self, stmt: While, names: Mapping[str, str], fault: Arg) -> tuple[tuple[Stmt, ...], Arg]:
        """A copy of the loop's test with its checks: the test itself hands on nothing but its answer."""
        if not any(self.watched(inner) for inner in stmt.test.body):
            return (), fault
        fresh = {n: self.names.fresh(n) for n in sorted(names_of(Function("", (), stmt.test)))}
        copy = renamed(stmt.test, {**names, **fresh})
        self.types = {**self.types, **{new: self.types[old] for old, new in fresh.items()}}
        self.primal |= {new for old, new in fresh.items() if old in self.primal}
        block, end = self.block(copy, fault)
        return block.body, end


def guards(callee: Callee, kinds: tuple[Kind, ...]) -> bool:
    """Whether a callee, or what it calls, has a step that is watched."""
    key = ("guards", kinds)
    if key not in callee.made:
        callee.made[key] = any(_risky(*one) for one in _called(callee, kinds))
    found: bool = callee.made[key]
    return found


def _called(callee: Callee, kinds: tuple[Kind, ...]) -> Iterator[tuple[Function, _Guard]]:
    """The callee's body and those of all that it calls, each with what watches it."""
    todo, done = [(callee, kinds)], set[tuple[Callee, tuple[Kind, ...]]]()
    while todo:
        one = todo.pop()
        function = one[0].function
        if one in done or function is None or one[0].half == "back":
            continue
        done.add(one)
        guard = _Guard(function, _own_names(one[0]), inside(*one))
        yield function, guard
        todo += [(s.callee, guard.kinds(s)) for s in walk(function.body) if isinstance(s, Call)]


def _risky(function: Function, guard: _Guard) -> bool:
    return any(isinstance(stmt, Let) and guard.risky(stmt) for stmt in walk(function.body))


def guarded_callee(callee: Callee, kinds: tuple[Kind, ...]) -> Callee:
    """The callee for arguments of these types, with the fault code of its run as a last output."""
    key = ("guarded", kinds)
    if key not in callee.made:
        assert callee.function is not None
        new = replace(
            callee, outputs=(*callee.outputs, "i"), memory=(*callee.memory, None), function=None, made={}
        )
        callee.made[key] = new
        guard = _Guard(callee.function, _own_names(callee), inside(callee, kinds))
        body, fault = guard.block(callee.function.body, Lit(0))
        whole = replace(body, yields=(*body.yields, fault))
        new.function = replace(callee.function, body=whole, scalar=False)
    found: Callee = callee.made[key]
    return found


def _own_names(callee: Callee) -> frozenset[str]:
    """The names that the program itself computes in a callee."""
    first = callee.origin or callee
    return names_of(first.function) if first.function is not None else frozenset()


class _Steps:
    """Appends ops to a list of statements."""

    def __init__(self, names: Names, out: list[Stmt], loc: Loc | None) -> None:
        self.names, self.out, self.loc = names, out, loc

    def __call__(self, op: str, *args: Arg) -> Arg:
        name = self.names.fresh("fault" if op == "bitwise_or" else "check")
        self.out.append(Let(name, op, args, self.loc))
        return name


def _grown(op: str, values: list[Arg], build: _Steps) -> Arg:
    """The integer that an op gives, in floating point, which does not wrap; infinity for a bad shift."""
    if op in WHOLE:
        return values[0]
    if op in SHIFTS:
        shifted = build("multiply", values[0], build("exp2", values[1])) if op == "left_shift" else values[0]
        return build(
            "where",
            build("less", build("absolute", build("subtract", values[1], Lit(31.5))), Lit(32.0)),
            shifted,
            Lit(math.inf),
        )
    return build(op, *values)


def _check_literals(stmt: Let) -> None:
    for arg in stmt.args:
        if isinstance(arg, Lit) and isinstance(arg.value, int) and abs(arg.value) >= 2**63:
            raise UnsupportedError(
                f"the integer {arg.value} does not fit 64 bits",
                loc=stmt.loc,
                why="native integers have 64 bits.",
                fix=f"write it as a number with a point, {float(arg.value)!r}.",
            )
