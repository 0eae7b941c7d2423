"""Builds IR statement by statement: folds what is known, and computes nothing twice."""

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from downslope.errors import Loc
from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Carry, Dim, For, Grow, Let, Lit, Load, Stmt, Store
from downslope.rules import RULES
from downslope.rules.kinds import interpret

ZERO = Lit(0.0)
ONE = Lit(1.0)
MINUS_ONE = Lit(-1.0)
_FOLDED: Mapping[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}


class Builder:
    """Appends statements to `out`. The same op on the same arguments is computed once per scope."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.out: list[Stmt] = []
        self.place: Loc | None = None
        self._known: dict[tuple[str, tuple[Arg, ...]], Arg] = {}
        self._negatives: dict[Arg, Arg] = {}
        self._inverses: dict[tuple[Arg, Arg], float] = {}  # y = number / b, by (y, b)
        self._products: dict[Arg, tuple[Arg, Arg]] = {}  # of derivatives: each may become part of a sum

    @contextmanager
    def scope(self) -> Iterator[list[Stmt]]:
        """Collect the statements of an inner block; what it computes is forgotten after it."""
        outer, self.out = self.out, []
        known, self._known = self._known, dict(self._known)
        try:
            yield self.out
        finally:
            self.out, self._known = outer, known

    def keep(self, stmt: Stmt) -> None:
        """Append a statement as it is, and remember what it computes."""
        self.out.append(stmt)
        if isinstance(stmt, Let):
            self._known.setdefault(_key(stmt.op, stmt.args), stmt.name)
            if stmt.op == "negative":
                self._negatives[stmt.name] = stmt.args[0]
            if stmt.op == "divide" and (number := _finite(stmt.args[0])):
                self._inverses[stmt.name, stmt.args[1]] = number

    def apply(self, op: str, args: tuple[Arg, ...], hint: str = "t") -> Arg:
        """`op(*args)`, simplified where an argument is a literal."""
        simple = _simplified(op, args)
        if simple is not None:
            return simple
        if op == "negative" and (inner := self._negated(args[0])) is not None:
            return inner
        if op == "divide" and args in self._inverses:
            # y / b of y = number / b is y * y / number: products cost less than another division, and in
            # this order they overflow only where the quotient does.
            return self.apply(
                "multiply", (self.apply("multiply", (args[0], Lit(1.0 / self._inverses[args]))), args[0])
            )
        key = _key(op, args)
        if key in self._known:
            return self._known[key]
        name = self.names.fresh(hint)
        self.keep(Let(name, op, args, self.place))
        return name

    def load(self, array: str, index: tuple[Arg, ...], hint: str = "t") -> str:
        """`array[index]`."""
        name = self.names.fresh(hint)
        self.out.append(Load(name, array, index, self.place))
        return name

    def inner(self, one: str, other: str, rank: int, start: Arg) -> Arg:
        """The inner product of two arrays of a shape, on top of `start`."""
        return self._inner(one, other, [], rank, start)

    def _inner(self, one: str, other: str, index: list[Arg], rank: int, start: Arg) -> Arg:
        if len(index) == rank:
            at = tuple(index)
            return self.add(start, self.product(self.load(one, at), self.load(other, at), True))
        length, counter, carry, total = (self.names.fresh(hint) for hint in ("length", "k", "total", "total"))
        self.out.append(Dim(length, one, len(index), self.place))
        with self.scope() as body:
            last = self._inner(one, other, [*index, counter], rank, carry)
        block = Block(tuple(body), (last,))
        carried = (Carry(carry, start),)
        self.out.append(For(counter, Lit(0), length, Lit(1), carried, block, (total,), None, self.place))
        return total

    def store(self, array: str, index: tuple[Arg, ...], value: Arg, hint: str) -> str:
        """The array after `array[index] = value`."""
        name = self.names.fresh(hint)
        self.out.append(Store(name, array, index, value, self.place))
        return name

    def grow(self, array: str, least: Arg, hint: str) -> str:
        """The array with at least so many places along its first axis."""
        name = self.names.fresh(hint)
        self.out.append(Grow(name, array, least, self.place))
        return name

    def _negated(self, arg: Arg) -> Arg | None:
        """What `arg` is the negative of, if it was made so."""
        return self._negatives.get(arg)

    def partial(self, let: Let, position: int) -> Arg:
        """The partial of a statement with respect to one of its arguments."""
        row = RULES[let.op]
        names: dict[str, Arg] = dict(zip(row.args, let.args, strict=True)) | {"y": let.name}
        return interpret(row.partials[position], names, self.apply, Lit)

    def product(self, partial: Arg, change: Arg, careful: bool, hint: str = "t") -> Arg:
        """`partial * change`; with `careful`, a zero factor wins over an infinite one."""
        if MINUS_ONE in (partial, change):
            return self.apply("negative", (change if partial == MINUS_ONE else partial,), hint)
        plain = not careful or isinstance(partial, Lit)
        result = self.apply("multiply" if plain else "mul0", (partial, change), hint)
        if plain and result not in (partial, change, ZERO):
            self._products[result] = partial, change
        return result

    def add(self, left: Arg, right: Arg, hint: str = "t") -> Arg:
        """The sum of two tangents or cotangents; of a product and another, rounded once.

        Only derivatives are rounded so: what the program itself computes keeps Python's bits.
        """
        if ZERO in (left, right):
            return self.apply("add", (left, right), hint)
        for product, other in ((right, left), (left, right)):
            if product in self._products:
                return self.apply("muladd", (*self._products[product], other), hint)
            if (positive := self._negated(product)) is not None:
                return self.apply("subtract", (other, positive), hint)
        return self.apply("add", (left, right), hint)


def _finite(arg: Arg) -> float:
    """A literal number whose inverse is finite; 0 for anything else."""
    value = arg.value if isinstance(arg, Lit) else None
    return float(value) if value and 1e-300 < abs(value) < 1e300 else 0.0


def _key(op: str, args: tuple[Arg, ...]) -> tuple[str, tuple[Arg, ...]]:
    """1, 1.0 and True are equal in Python but not the same literal."""
    typed = tuple(arg if isinstance(arg, str) else Lit(repr(arg.value)) for arg in args)  # type: ignore[arg-type]
    return op, typed


def _simplified(op: str, args: tuple[Arg, ...]) -> Arg | None:
    numbers = [arg.value if isinstance(arg, Lit) else None for arg in args]
    if op in _FOLDED and all(isinstance(n, float | int) for n in numbers):
        return Lit(_FOLDED[op](numbers[0], numbers[1]))  # type: ignore[arg-type]  # all are numbers here
    if op == "negative" and isinstance(numbers[0], float | int):
        return Lit(-numbers[0])
    if op == "where" and numbers[0] is not None:
        return args[1] if numbers[0] else args[2]
    match op, numbers:
        case ("add", [0.0, _]) | (("multiply" | "mul0"), [1.0, _]):
            return args[1]
        case ("add" | "subtract", [_, 0.0]) | (("multiply" | "divide" | "mul0" | "power"), [_, 1.0]):
            return args[0]
        case (("multiply" | "mul0"), [0.0, _] | [_, 0.0]):
            return ZERO
        case ("divide", [0.0, _]):
            return ZERO
    return None
