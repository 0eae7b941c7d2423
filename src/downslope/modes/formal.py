"""Formal mode: IR -> closed formulas. Loops of known length are unrolled, branches become choices.

The program is run once on symbols. What is a number decides loops and branches at once; a condition
on symbols gives a formula by pieces. Derivatives come from the rows (`modes/jets.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy

from downslope.errors import Loc, UnsupportedError
from downslope.ir.nodes import Arg, Block, Call, Fail, For, Function, If, Let, Lit, Stmt, While
from downslope.modes.jets import Algebra, Jet, Value, entries, merged, seeded, value_of
from downslope.modes.sympy_values import Expr, literal, truth

PASSES = 1000
"""Loop passes that are unrolled, in all."""
SIZE = 200_000
"""Numbers, names and operations in one formula."""
DEPTH = 100
"""Operations inside one another in one formula."""


class UnknownTrips(UnsupportedError):
    """How often a loop runs depends on `inputs`."""

    def __init__(self, inputs: frozenset[str], loc: Loc | None, fix: str) -> None:
        self.inputs = inputs
        super().__init__(
            f"no closed formula: how often this loop runs depends on {', '.join(sorted(inputs))}",
            loc=loc,
            why="a formula has a fixed number of steps.",
            fix=fix,
        )


@dataclass(frozen=True)
class Formulas:
    """The value of a program, its derivatives, and where they hold, in `symbols` (one per input).

    `edges` are conditions that are true at single points only, where a row defines the slope.
    """

    symbols: Mapping[str, Expr]
    value: Expr
    slopes: tuple[Expr, ...]
    domain: Expr
    edges: frozenset[Expr]


def formulas(
    function: Function,
    levels: Sequence[Sequence[str]] = (),
    given: Mapping[str, float] | None = None,
    whole: frozenset[str] = frozenset(),
) -> Formulas:
    """The program's value and its derivatives as SymPy expressions; inputs go by their labels.

    `levels` names the inputs of each order: one entry gives slopes, two entries second derivatives (all
    pairs, the last name varying slowest). `given` fixes inputs to numbers; those in `whole` are integers.
    Raises `UnsupportedError` at the line for what has no closed formula, or too long a one.
    """
    run = _Formal(function, levels, given or {}, whole)
    try:
        run.block(function.body)
    except _Raised as raised:
        raise UnsupportedError(
            "the program raises whatever its inputs are",
            loc=raised.loc,
            why="so it has no value.",
            fix="check the condition before this line.",
        ) from raised
    (output,) = (run.value(out) for out in function.body.yields)
    counts = tuple(len(names) for names in levels)
    value, slopes = entries(value_of(output), ())[0], tuple(entries(output, counts))
    domain = sympy.And(*run.domain, evaluate=False) if run.domain else sympy.true
    return Formulas(run.symbols, value, slopes, domain, frozenset(run.algebra.edges - run.asked))


class _Raised(Exception):
    """Control has come to a `raise`."""

    def __init__(self, loc: Loc | None) -> None:
        self.loc = loc
        super().__init__("raised")


class _Formal:
    def __init__(
        self,
        function: Function,
        levels: Sequence[Sequence[str]],
        given: Mapping[str, float],
        whole: frozenset[str],
    ) -> None:
        self.algebra = Algebra()
        self.whole = whole
        self.env: dict[str, Value] = {}
        self.symbols: dict[str, Expr] = {}
        self.domain: list[Expr] = []
        self.asked: set[Expr] = set()
        self.path: list[Expr] = []
        self.place: Loc | None = function.loc
        self.passes = 0
        self.extents: dict[Expr, tuple[int, int]] = {}
        for param in function.params:
            if param.label in given:
                self.env[param.name] = literal(given[param.label])
                continue
            kind = {"integer": True} if param.label in whole else {"real": True}
            symbol = self.symbols[param.label] = sympy.Symbol(param.label, **kind)
            self.env[param.name] = seeded(symbol, param.label, levels)

    def value(self, arg: Arg) -> Value:
        """What an argument is now; a value that is never read is 0."""
        if isinstance(arg, str):
            return self.env[arg]
        return sympy.Integer(0) if arg.value is None else literal(arg.value)

    def condition(self, arg: Arg) -> Expr:
        return truth(value_of(self.value(arg)))

    def block(self, block: Block) -> tuple[Value, ...]:
        """Run the statements; the values that the block yields."""
        for stmt in block.body:
            self.place = stmt.loc or self.place
            self.statement(stmt)
        return tuple(map(self.value, block.yields))

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let(name=name, op=op, args=args):
                self.env[name] = self.measured(self.applied(op, args))
                if op in ("equal", "not_equal"):
                    asked = value_of(self.env[name])
                    self.asked |= {asked, sympy.Not(asked)}
            case Call(callee=callee):
                raise UnsupportedError(
                    f"no closed formula: {callee.name} is called, not written out here",
                    loc=stmt.loc,
                    why="it calls itself, its derivative is given, or it is a routine of NumPy's.",
                    fix="use another mode.",
                )
            case If():
                self.branch(stmt)
            case For():
                self.counted(stmt)
            case While():
                self.conditional(stmt)
            case Fail():
                raise _Raised(stmt.loc)
            case _:
                raise UnsupportedError(
                    "no closed formula: an array, or a derivative by a sweep back, is inside the program",
                    loc=self.place,
                    why="a formula is of single numbers.",
                    fix="use another mode.",
                )

    def applied(self, op: str, args: tuple[Arg, ...]) -> Value:
        try:
            return self.algebra.apply(op, tuple(map(self.value, args)))
        except UnsupportedError as error:
            raise UnsupportedError(
                error.problem.what,
                loc=self.place,
                why="the rule table has no formula for it.",
                fix="differentiate by another argument.",
            ) from error

    # ---- branches ----------------------------------------------------------------------------

    def branch(self, stmt: If) -> None:
        condition = self.condition(stmt.cond)
        if condition in (sympy.true, sympy.false):
            results: Sequence[Value] = self.block(stmt.then if condition else stmt.orelse)
        else:
            results = self.both(stmt, condition)
        self.env.update(zip(stmt.results, results, strict=True))

    def both(self, stmt: If, condition: Expr) -> Sequence[Value]:
        """Either side's values; a side that raises leaves the formula to the other, and its domain."""
        then = self.side(stmt.then, condition)
        orelse = self.side(stmt.orelse, sympy.Not(condition))
        if then is None and orelse is None:
            raise _Raised(stmt.loc)
        if then is None or orelse is None:
            return then or orelse or ()
        return [
            b if x == Lit(None) else a if y == Lit(None) else self.measured(merged(condition, a, b))
            for x, y, a, b in zip(stmt.then.yields, stmt.orelse.yields, then, orelse, strict=True)
        ]

    def side(self, block: Block, condition: Expr) -> tuple[Value, ...] | None:
        self.path.append(condition)
        try:
            return self.block(block)
        except _Raised:
            self.domain.append(sympy.Or(*map(sympy.Not, self.path)))
            return None
        finally:
            self.path.pop()

    # ---- loops -------------------------------------------------------------------------------

    def counted(self, stmt: For) -> None:
        bounds = [value_of(self.value(arg)) for arg in (stmt.start, stmt.stop, stmt.step)]
        if not all(bound.is_Integer for bound in bounds):
            raise self.unknown(stmt, bounds)
        if bounds[2] == 0:
            raise _Raised(stmt.loc)
        state = [self.value(carry.init) for carry in stmt.carried]
        for index in range(*map(int, bounds)):
            self.env[stmt.index] = sympy.Integer(index)
            state, left = self.once(stmt, state)
            if left:
                break
        self.env.update(zip(stmt.results, state, strict=True))

    def conditional(self, stmt: While) -> None:
        state = [self.value(carry.init) for carry in stmt.carried]
        while self.goes_on(stmt, state):
            state, left = self.once(stmt, state)
            if left:
                break
        self.env.update(zip(stmt.results, state, strict=True))

    def goes_on(self, stmt: While, state: list[Value]) -> bool:
        self.env.update(zip((carry.name for carry in stmt.carried), state, strict=True))
        self.block(stmt.test)
        return self.decided(stmt, self.condition(stmt.test.yields[0]))

    def once(self, stmt: For | While, state: list[Value]) -> tuple[list[Value], bool]:
        """One pass: the next state, and whether the loop is left after it."""
        self.passes += 1
        if self.passes > PASSES:
            raise _too_long(f"its loops make more than {PASSES} passes", stmt.loc)
        self.env.update(zip((carry.name for carry in stmt.carried), state, strict=True))
        state = list(self.block(stmt.body))
        if stmt.until is None:
            return state, False
        return state, self.decided(stmt, truth(value_of(state[stmt.until])))

    def decided(self, stmt: For | While, condition: Expr) -> bool:
        if condition not in (sympy.true, sympy.false):
            raise self.unknown(stmt, [condition])
        return bool(condition)

    def unknown(self, stmt: For | While, conditions: Sequence[Expr]) -> UnknownTrips:
        inputs = frozenset(str(symbol) for one in conditions for symbol in one.free_symbols)
        fix = "use another mode, or make the number of passes fixed."
        if inputs <= self.whole or isinstance(stmt, For):
            shown = ", ".join(f"'{name}': 3" for name in sorted(inputs))
            fix = f"fix it, as in formula(f, given={{{shown}}}), or use another mode."
        return UnknownTrips(inputs, stmt.loc, fix)

    # ---- size --------------------------------------------------------------------------------

    def measured(self, value: Value) -> Value:
        """The value, or a refusal where a formula becomes too long to print or to read."""
        for part in _parts(value):
            size, depth = extent(part, self.extents)
            if size > SIZE or depth > DEPTH:
                raise _too_long(
                    f"with this line it has more than {SIZE} terms"
                    if size > SIZE
                    else f"here operations nest more than {DEPTH} deep",
                    self.place,
                )
        return value


def extent(expression: Expr, known: dict[Expr, tuple[int, int]]) -> tuple[int, int]:
    """How many nodes the expression has, written out, and how deep they nest; `known` keeps what is found."""
    if expression not in known:
        inner = [extent(arg, known) for arg in expression.args]
        sizes, depths = [size for size, _ in inner], [depth for _, depth in inner]
        known[expression] = 1 + sum(sizes), 1 + max(depths, default=0)
    return known[expression]


def _too_long(why: str, loc: Loc | None) -> UnsupportedError:
    return UnsupportedError(
        "the closed formula is too long",
        loc=loc,
        why=f"{why}.",
        fix="use another mode, or fewer passes.",
    )


def _parts(value: Value) -> Iterator[Expr]:
    """The expressions in a value and its slopes."""
    if isinstance(value, Jet):
        for part in (value.value, *value.slopes):
            yield from _parts(part)
    else:
        yield value
