"""A function called inside a program, and its derivatives there: read as a program of its own, and expanded.

What the function reads from around it are further inputs that do not vary for it. So its derivative is
one in its own arguments alone, and what the program around it differentiates is ordinary statements.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from downslope.errors import UnsupportedError
from downslope.ir.calls import reachable
from downslope.ir.nodes import (
    Arg,
    Block,
    Dim,
    Function,
    Lit,
    Param,
    blocks,
    defined,
    names_of,
    operands,
    walk,
)
from downslope.ir.rename import renamed
from downslope.ir.types import ArrayType
from downslope.read.control import ControlReader
from downslope.read.frames import UNSET, Thing, Value, shown
from downslope.read.merging import leaves, with_leaves
from downslope.read.views import Buffer, Cell, Lazy, View, whole_view
from downslope.read.whole_numbers import Sum

How: TypeAlias = Literal["forward", "pushed", "reverse", "pulled"]
"""Tangents in every input, or along given ones; cotangents of the one output, or of given ones."""
Differentiate: TypeAlias = Callable[[Function, Sequence[str], How], Function]
"""The program with its derivative in the inputs named, as `modes.inner` makes it."""
Run: TypeAlias = Callable[[Mapping[str, Value]], Value]
"""A function of its arguments, which emits its statements."""


def not_here(function: Function, names: Sequence[str], how: How) -> Function:
    """Where no mode is at hand. Raises `UnsupportedError`."""
    raise UnsupportedError(
        f"a derivative ({how}, in {', '.join(names)}) inside a program",
        loc=function.loc,
        why="this part of downslope reads programs without differentiating them.",
        fix="take the derivative outside.",
    )


@dataclass(frozen=True)
class Body:
    """A function as a block: its inputs that vary, what they are here, and what it returns.

    `arrays` are the types of the arrays that it may read, by name.
    """

    params: tuple[Param, ...]
    args: tuple[Arg, ...]
    block: Block
    result: Value
    arrays: Mapping[str, ArrayType]


class DifferentiatingReader(ControlReader):
    """What the reader does with functions that are differentiated where they are called."""

    def __init__(self) -> None:
        super().__init__()
        self.differentiate: Differentiate = not_here

    def differentiated(
        self, run: Run, given: Mapping[str, Value], wrt: Sequence[str], how: How, seeds: Sequence[Value] = ()
    ) -> tuple[Value, list[Value]]:
        """What `run` returns, and its derivatives in some of its arguments.

        Those of "forward" and "pushed" have the shapes of the results, those of "reverse" and "pulled" the
        shapes of the arguments. `seeds` are tangents of the arguments, or cotangents of the results.
        """
        body = self.body(run, given, wrt)
        block, inside = self.swept(body, how, [self.seed(seed) for seed in seeds])
        self.out += block.body
        here = {name for stmt in block.body for name in defined(stmt)}
        hidden = inside - here
        count = len(body.block.yields)
        shapes = leaves(body.result)
        values = with_leaves(body.result, iter(self.results(shapes, block.yields[:count], hidden)))
        if how in ("reverse", "pulled"):
            shapes = tuple(given[name] for name in wrt)
        else:
            shapes *= (len(block.yields) - count) // count
        return values, self.results(shapes, block.yields[count:], hidden)

    def swept(self, body: Body, how: How, seeds: Sequence[Arg]) -> tuple[Block, frozenset[str]]:
        """The statements of a function and its derivatives; and the names that the function itself has."""
        inputs = {param.name for param in body.params}
        outer = [Param(name, name, body.arrays.get(name)) for name in sorted(free_names(body.block) - inputs)]
        single = len(body.block.yields) == 1
        program = Function("inner", (*body.params, *outer), body.block, single, self.place)
        self.check_read(program)
        made = self.differentiate(program, [param.name for param in body.params], how)
        new: dict[str, Arg] = {p.name: arg for p, arg in zip(body.params, body.args, strict=True)}
        extra = [param.name for param in made.params[len(program.params) :]]
        new |= dict(zip(extra, seeds, strict=True))
        mine = names_of(program)
        new |= {name: self.names.fresh(name) for name in sorted(names_of(made) - mine - set(extra))}
        return renamed(made.body, new), mine

    def body(self, run: Run, given: Mapping[str, Value], wrt: Sequence[str]) -> Body:
        """A function as a block whose arguments in `wrt` are inputs of its own."""
        before, place = dict(self.arrays.current), self.place
        held, changes = dict(self.objects.state), Counter(self.objects.changes)
        inside = dict(given)
        params: list[Param] = []
        views: dict[str, View] = {}
        for name in wrt:
            value = given[name]
            fresh = self.names.fresh(name)
            inside[name] = fresh
            if isinstance(value, View | Lazy):
                views[fresh] = view = self.own(value)
                buffer = Buffer(ArrayType("f", view.rank), view.lengths, name)
                self.arrays.current[buffer] = fresh
                inside[name] = whole_view(buffer)
            params.append(Param(fresh, fresh, ArrayType("f", views[fresh].rank) if fresh in views else None))
        found: list[tuple[Value, tuple[Arg, ...]]] = []
        inputs = {buffer for buffer in self.arrays.current if buffer not in before}
        stmts = self.captured(lambda: found.append(self.returned(run(inside), frozenset(before))))
        changed = [buffer for buffer in before if self.arrays.current[buffer] != before[buffer]]
        stored = {name for name in views if all(self.arrays.current[b] != name for b in inputs)}
        arrays = self.tables.types()
        for now in (before, self.arrays.current):
            arrays |= {name: b.type for b, name in now.items() if not isinstance(b, Cell)}
        self.arrays.current, self.place, self.objects.state = before, place, held
        self.check_pure(changed, [one for one in held if self.objects.changes[one] > changes[one]])
        result, yields = found[0]
        args = [
            self.input(given[name], views.get(param.name), param.name in stored or param.name in yields)
            for name, param in zip(wrt, params, strict=True)
        ]
        return Body(tuple(params), tuple(args), Block(stmts, yields), result, arrays)

    def check_pure(self, changed: Sequence[Buffer], objects: Sequence[Thing]) -> None:
        """Raise `UnsupportedError` for a function that changes something around it."""
        for label in [*(buffer.label for buffer in changed), *(thing.label for thing in objects)]:
            raise self.unsupported(
                f"a function that is differentiated here changes {shown(label)!r}, which is around it",
                "its derivative would make the change again.",
                "let the function work on a copy, or pass it as an argument.",
            )

    def check_read(self, program: Function) -> None:
        """Raise `UnsupportedError` for a call of a function that is not read to its end."""
        for callee in reachable(program):
            if callee.function is None and not callee.routine:
                raise self.unsupported(
                    f"a derivative inside {callee.name!r} of {callee.name!r} itself",
                    "each call of it would need the derivative of the next: there is no end.",
                    "take the derivative outside, or of a function that does not lead back to it.",
                )

    def own(self, value: View | Lazy) -> View:
        """An array as a whole buffer of floats."""
        view = value if isinstance(value, View) and value.whole else self.whole.materialised(value)
        if view.buffer.type.element != "f":
            raise self.unsupported(
                "a derivative in an array of whole numbers",
                "whole numbers do not vary.",
                "make it one of floats: x.astype(float).",
            )
        return view

    def input(self, value: Value, view: View | None, changed: bool) -> Arg:
        """What an input is here: a float, or an array; a copy of one that the function changes or returns."""
        if view is not None:
            whole = self.whole.materialised(view) if changed else view
            return self.arrays.current[whole.buffer]
        number = self.argument(value)
        if isinstance(number, Lit):
            return Lit(float(number.value or 0.0))
        return self.row("to_float", [number])

    def returned(self, value: Value, outside: frozenset[Buffer]) -> tuple[Value, tuple[Arg, ...]]:
        """What a function returns, each array in a buffer of its own; and the names that hold it."""
        settled: list[Value] = []
        names: list[Arg] = []
        for leaf in self.plain_parts(self.settled(value, "t")):
            if isinstance(leaf, View):
                known = outside | {v.buffer for v in settled if isinstance(v, View)}
                leaf = leaf if leaf.whole and leaf.buffer not in known else self.whole.materialised(leaf)
                names.append(self.arrays.current[leaf.buffer])
            else:
                names.append(self.argument(self.known(leaf)))
            settled.append(leaf)
        return with_leaves(value, iter(settled)), tuple(names)

    def plain_parts(self, value: Value) -> tuple[Value, ...]:
        """The numbers and arrays in a tuple. Raises `UnsupportedError` for what holds anything else."""
        if isinstance(value, tuple):
            return tuple(part for one in value for part in self.plain_parts(one))
        if not isinstance(value, str | Lit | View | Lazy) or value == UNSET:
            raise self.unsupported(
                "a function that is differentiated here returns what is no number, array or tuple of these",
                "a derivative inside a program is one of numbers and arrays.",
                "return the numbers in it.",
            )
        return (value,)

    def seed(self, value: Value) -> Arg:
        """A tangent or cotangent; an array is copied, for the sweep changes it in place."""
        if isinstance(value, View | Lazy):
            copy = self.whole.materialised(value)
            return self.arrays.current[copy.buffer]
        return self.argument(value)

    def results(self, shapes: Sequence[Value], names: Sequence[Arg], hidden: frozenset[str]) -> list[Value]:
        """Values of these shapes by these names, as the program around goes on with them.

        `hidden` are names that it does not see.
        """
        return [
            self.named(shape, name, hidden) if isinstance(shape, View | Lazy) else name
            for shape, name in zip(shapes, names, strict=True)
        ]

    def named(self, shape: View | Lazy, name: Arg, hidden: frozenset[str]) -> View:
        """An array that expanded statements made; its lengths are known as before, or taken now."""
        lengths: list[Arg] = []
        for axis, length in enumerate(shape.lengths):
            if length in hidden:
                length = self.names.fresh("length")
                self.out.append(Dim(length, str(name), axis, self.place))
                self.arrays.numbers.whole(length, Sum(0))
            lengths.append(length)
        kind = shape.buffer.type if isinstance(shape, View) else ArrayType(shape.type, shape.rank)
        buffer = Buffer(ArrayType(kind.element, shape.rank), tuple(lengths), "t")
        self.arrays.current[buffer] = str(name)
        return whole_view(buffer)


def free_names(block: Block) -> set[str]:
    """What a block reads from around it."""
    read: set[Arg] = set(block.yields)
    for stmt in walk(block):
        read.update(operands(stmt))
        for inner in blocks(stmt):
            read.update(inner.yields)
    own = names_of(Function("", (), block))
    return {arg for arg in read if isinstance(arg, str)} - own
