"""Find the numbers in a program that data could teach better, and say which are proposed and why."""

import ast
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from downslope.errors import Loc, UsageError
from downslope.read.resolve import number
from downslope.read.source import Source

Kind = Literal["default", "module constant", "assigned", "inline"]
FACTORS = frozenset({0, 1, 2, 0.5, 10, 12, 24, 60, 100, 365, 1000, 3600})
UNIT = re.compile(r"_PER_|MINUTES|SECONDS|HOURS|DAYS|PER_", re.IGNORECASE)


@dataclass(frozen=True)
class Constant:
    """A number in the source: its name, value and place, and whether learning it is proposed."""

    name: str
    value: float | int
    loc: Loc
    kind: Kind
    proposed: bool
    why: str
    symbol: str
    node: ast.expr = field(compare=False, repr=False)


def find_constants(source: Source) -> tuple[Constant, ...]:
    """The constants of a program, in source order.

    Proposed are keyword defaults, module constants, assigned numbers and inline numbers; not those
    that are structural (range bounds, integer exponents), only compared, the start of an
    accumulator, or a conversion of units.

    >>> from downslope.read.source import read_source
    >>> def trip(d, speed=30.0):
    ...     return 60 * d / speed
    >>> [(c.name, c.kind, c.proposed) for c in find_constants(read_source(trip))]
    [('speed', 'default', True), ('60@2', 'inline', False)]
    """
    finder = _Finder(source)
    found = sorted(finder.all(), key=lambda c: (c.loc.line, c.loc.col))
    return tuple(_unique(found))


def pick(constants: Sequence[Constant], names: Iterable[str]) -> tuple[Constant, ...]:
    """The constants of these names. Raises `UsageError`, with the closest name, for one not found."""
    by_name = {constant.name: constant for constant in constants}
    chosen = []
    for name in names:
        if name not in by_name:
            close = difflib.get_close_matches(name, by_name, 1)
            raise UsageError(
                f"the program has no constant {name!r}",
                why=f"it has: {', '.join(by_name) or 'none'}.",
                fix=f"did you mean {close[0]}?" if close else "list them with `downslope constants`.",
            )
        chosen.append(by_name[name])
    return tuple(chosen)


def literal(node: ast.expr) -> float | int | None:
    """The number a literal stands for, with an optional minus."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    return None


class _Finder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.node = source.node
        self.parents = {child: node for node in ast.walk(self.node) for child in ast.iter_child_nodes(node)}
        self.stores = [
            n.id for n in ast.walk(self.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        ]
        self.local = {*source.arguments, *self.stores}

    def all(self) -> Iterator[Constant]:
        yield from self.defaults()
        yield from self.module()
        yield from self.body()

    def defaults(self) -> Iterator[Constant]:
        args = self.node.args
        positional = [*args.posonlyargs, *args.args]
        pairs = list(zip(reversed(positional), reversed(args.defaults), strict=False))
        pairs += [(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is not None]
        for argument, node in pairs:
            value = literal(node)
            if value is not None:
                off = self.structural(argument.arg) or _unit(argument.arg)
                yield self.constant(argument.arg, value, node, "default", off, argument.arg)

    def module(self) -> Iterator[Constant]:
        used = {n.id for n in ast.walk(self.node) if isinstance(n, ast.Name)} - self.local
        for name in sorted(used):
            value = number(self.source.namespace.get(name))
            if value is None or isinstance(value, bool):
                continue
            assigned = [
                s.value
                for s in self.source.tree.body
                if isinstance(s, ast.Assign)
                and any(isinstance(t, ast.Name) and t.id == name for t in s.targets)
            ]
            if len(assigned) == 1 and literal(assigned[0]) == value:
                off = self.structural(name) or _unit(name)
                yield self.constant(name, value, assigned[0], "module constant", off, name)
            else:
                use = next(n for n in ast.walk(self.node) if isinstance(n, ast.Name) and n.id == name)
                off = "it is not set by one literal in this file, so it cannot be written back"
                yield self.constant(name, value, use, "module constant", off, name)

    def body(self) -> Iterator[Constant]:
        inside = self.node.body if isinstance(self.node, ast.FunctionDef) else [self.node.body]
        for top in inside:
            for node in ast.walk(top):
                if (
                    not isinstance(node, ast.expr)
                    or literal(node) is None
                    or literal_parent(node, self.parents)
                ):
                    continue
                yield self.number(node)

    def number(self, node: ast.expr) -> Constant:
        value = literal(node)
        assert value is not None
        parent = self.parents.get(node)
        if (
            isinstance(parent, ast.Assign)
            and len(parent.targets) == 1
            and isinstance(parent.targets[0], ast.Name)
        ):
            name = parent.targets[0].id
            off = "it starts a variable that changes" if self.stores.count(name) > 1 else ""
            off = off or self.structural(name) or _unit(name)
            label = (
                name if not self._assigned_elsewhere(name, node) else f"{name}@{self.source.loc(node).line}"
            )
            return self.constant(label, value, node, "assigned", off)
        off = self.context(node) or ("it looks like a conversion of units" if value in FACTORS else "")
        return self.constant(f"{value!r}@{self.source.loc(node).line}", value, node, "inline", off)

    def _assigned_elsewhere(self, name: str, node: ast.expr) -> bool:
        return any(
            isinstance(n, ast.Assign) and n.value is not node and literal(n.value) is not None
            and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)
            for n in ast.walk(self.node)
        )  # fmt: skip

    def structural(self, name: str) -> str:
        """Why a named number is structural, if every use of it is."""
        uses = [
            n
            for n in ast.walk(self.node)
            if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
        ]
        reasons = [self.context(use) for use in uses]
        return reasons[0] if reasons and all(reasons) else "" if uses else "it is not used"

    def context(self, node: ast.expr) -> str:
        """Why a number in this position cannot be learnt, or an empty text."""
        match self.parents.get(node):
            case ast.Compare():
                return "it is only compared: the derivative of a comparison is zero"
            case ast.Call(func=ast.Name(id="range")):
                return "it is a loop bound"
            case ast.Call(func=ast.Name(id="round"), args=[_, second]) if second is node:
                return "it is a number of digits"
            case ast.BinOp(op=ast.Pow(), right=right) if right is node and isinstance(literal(node), int):
                return "it is a whole exponent"
        return ""

    def constant(
        self, name: str, value: float | int, node: ast.expr, kind: Kind, off: str, symbol: str = ""
    ) -> Constant:
        loc = self.source.loc(node)
        symbol = symbol or f"c_{loc.line}_{loc.col}"
        return Constant(
            name, value, loc, kind, not off, off or f"{kind} that enters the result", symbol, node
        )


def literal_parent(node: ast.expr, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a number is the operand of a minus that makes one literal with it."""
    parent = parents.get(node)
    return isinstance(parent, ast.UnaryOp) and literal(parent) is not None


def _unit(name: str) -> str:
    return "its name says it is a conversion of units" if UNIT.search(name) else ""


def _unique(found: list[Constant]) -> Iterator[Constant]:
    names = [constant.name for constant in found]
    for constant in found:
        if names.count(constant.name) > 1:
            label = f"{constant.name}:{constant.loc.col}"
            yield Constant(
                label,
                constant.value,
                constant.loc,
                constant.kind,
                constant.proposed,
                constant.why,
                constant.symbol,
                constant.node,
            )
        else:
            yield constant
