"""Calls of NumPy that make, measure or reduce arrays, as loops."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NoReturn

from downslope.errors import ArrayExpected, UnsupportedError
from downslope.ir.nodes import Arg, Lit
from downslope.ir.types import Type
from downslope.read.arrays import Arrays
from downslope.read.frames import Value
from downslope.read.list_calls import ListCalls
from downslope.read.picking import Picking
from downslope.read.views import Lazy, Listed, View
from downslope.read.whole_arrays import Elements, WholeArrays, in_rows, zero
from downslope.rules.result_types import result_type

Keywords = Mapping[str, Value]
DTYPES: Mapping[str, Type] = {
    "builtins.float": "f", "numpy.float64": "f", "builtins.int": "i", "numpy.int64": "i", "builtins.bool": "b",
    "numpy.bool": "b", "numpy.bool_": "b",
}  # fmt: skip
"""What `dtype=` may be."""


class ArrayCalls:
    """One method per NumPy function; each takes the values of its arguments."""

    def __init__(self, arrays: Arrays, whole: WholeArrays, lists: ListCalls) -> None:
        self.arrays, self.whole, self.lists = arrays, whole, lists
        self.picking = Picking(whole)
        self._of_number = False  # whether the call that is read has a number for an argument

    def call(
        self, name: str, args: Sequence[Value], keywords: Keywords, dtype: Type | None, hint: str
    ) -> Value:
        """What a call gives. Raises `UnsupportedError` for arguments that are not supported."""
        self.of_numbers(args)
        match name, list(args):
            case (("zeros" | "ones" | "empty"), [shape]) if not keywords:
                fill = {"zeros": Lit(0.0), "ones": Lit(1.0), "empty": Lit(None)}[name]
                return self.created(dtype or "f", self.shape(shape), typed(fill, dtype or "f"), hint)
            case "full", [shape, fill] if not keywords:
                return self.filled(self.shape(shape), fill, dtype, hint)
            case (("zeros_like" | "ones_like" | "empty_like"), [model]) if not keywords:
                like = self.whole.lazy(self.elements(model))
                fill = {"zeros_like": Lit(0.0), "ones_like": Lit(1.0), "empty_like": Lit(None)}[name]
                kind = dtype or like.type
                return self.arrays.new(kind, like.lengths, typed(fill, kind), hint)
            case "full_like", [model, fill] if not keywords:
                like = self.whole.lazy(self.elements(model))
                return self.filled(like.lengths, fill, dtype or like.type, hint)
            case (("array" | "asarray" | "copy"), [value]) if not keywords:
                return self.made(value, dtype, hint, copied=name != "asarray")
            case "arange", _ if not keywords:
                return self.arange(args, dtype, hint)
            case "linspace", [start, stop, *count] if len(count) < 2 and not keywords:
                return self.linspace(
                    self.number(start), self.number(stop), self.number([*count, Lit(50)][0]), hint
                )
            case (("dot" | "matmul" | "inner"), [left, right]) if not keywords:
                return self.product(name, left, right)
            case "outer", [left, right] if not keywords:
                return self.outer(left, right)
            case "size", [value] if not keywords:
                return self.arrays.product(self.whole.lazy(self.elements(value)).lengths)
            case "ndim", [value] if not keywords:
                return Lit(self.whole.lazy(self.elements(value)).rank)
            case "shape", [value] if not keywords:
                return tuple(self.whole.lazy(self.elements(value)).lengths)
            case (("sum" | "mean" | "prod" | "max" | "min" | "amax" | "amin"), [value, *axis]) if (
                len(axis) < 2
            ):
                given = dict(keywords) | ({"axis": axis[0]} if axis else {})
                if set(given) <= {"axis", "keepdims"}:
                    return self.reduction(name.removeprefix("a"), value, given)
        return self.refused(f"numpy.{name} with these arguments")

    def of_numbers(self, args: Sequence[Value]) -> None:
        """Remember whether the call that is read has a number where it may need an array."""
        self._of_number = any(isinstance(leaf, str | Lit) for value in args for leaf in leaves_of(value))

    # ---- arguments -------------------------------------------------------------------------------

    def refused(self, what: str) -> NoReturn:
        """Raise `UnsupportedError` at this place."""
        raise (ArrayExpected if self._of_number else UnsupportedError)(
            f"{what} is not supported",
            loc=self.arrays.host.place,
            why="the reader has no loop for it.",
            fix="write it as a loop over the elements.",
        )

    def expected(self, what: str) -> NoReturn:
        """Raise `ArrayExpected` at this place."""
        raise ArrayExpected(
            what, loc=self.arrays.host.place, why="it works on arrays.", fix="pass an array, or leave it out."
        )

    def number(self, value: Value) -> Arg:
        """A value that must be a number."""
        if isinstance(value, str | Lit):
            return value
        return self.refused("an array or tuple where a number is needed")

    def known_int(self, value: Value, what: str) -> int:
        """A whole number that is in the source."""
        if isinstance(value, Lit) and type(value.value) is int:
            return value.value
        return self.refused(f"{what} that is not a whole number in the source")

    def axis(self, value: Value, rank: int) -> int:
        """One axis, counted from the end where it is negative."""
        axis = self.known_int(value, "an axis")
        if not -rank <= axis < rank:
            self.refused(f"axis {axis} of an array of rank {rank}")
        return axis % rank

    def elements(self, value: Value) -> Arg | Elements:
        """A value that must be an array, a formula over arrays or a number."""
        if isinstance(value, str | Lit | View | Lazy):
            return value
        if isinstance(value, Listed):
            return self.lists.view(value)
        if isinstance(value, tuple):
            return self.made(value, None, "t")
        return self.refused("a function where an array is needed")

    def view(self, value: Value) -> View:
        """A value as an array in memory."""
        if isinstance(value, str | Lit):
            self.expected("a number where an array is needed")
        found = self.elements(value)
        return found if isinstance(found, View) else self.whole.materialised(self.whole.lazy(found))

    def shape(self, value: Value) -> tuple[Arg, ...]:
        """A shape: a number or a tuple of numbers."""
        lengths = value if isinstance(value, tuple) else (value,)
        return tuple(self.number(length) for length in lengths)

    # ---- creation --------------------------------------------------------------------------------

    def created(self, kind: Type, shape: Sequence[Arg], fill: Lit, hint: str) -> View:
        """A fresh array in C order."""
        view = self.arrays.new(kind, shape, fill, hint)
        view.buffer.rows = True
        return view

    def filled(self, shape: Sequence[Arg], fill: Value, dtype: Type | None, hint: str) -> View:
        """An array of one number."""
        number = self.number(fill)
        kind = dtype or self.whole.type_of(number)
        if isinstance(number, Lit):
            return self.created(kind, shape, typed(number, kind), hint)
        view = self.created(kind, shape, Lit(None), hint)
        self.whole.assign(view, number)
        return view

    def made(self, value: Value, dtype: Type | None, hint: str, copied: bool = True) -> View:
        """An array of nested tuples of numbers, or a copy of an array or a list."""
        if isinstance(value, Listed):
            return self.lists.array(value, dtype, hint)
        if isinstance(value, View | Lazy):
            if isinstance(value, View) and not copied and dtype in (None, self.whole.type_of(value)):
                return value
            part = self.whole.lazy(value)
            view = self.arrays.new(dtype or part.type, part.lengths, Lit(None), hint)
            self.whole.assign(view, part)
            view.buffer.rows = all(map(in_rows, part.views))
            return view
        if not isinstance(value, tuple):
            self.expected("an array of a number")
        shape = self.nested_shape(value)
        numbers = leaves_of(value)
        kinds = [self.whole.type_of(self.number(number)) for number in numbers]
        kind = dtype or ("f" if "f" in kinds or not kinds else max(kinds))
        view = self.created(kind, [Lit(length) for length in shape], Lit(None), hint)
        for place, number in zip(product(*map(range, shape)), numbers, strict=True):
            self.arrays.store(view, [Lit(i) for i in place], self.number(number))
        return view

    def nested_shape(self, value: Value) -> tuple[int, ...]:
        """The shape of nested tuples."""
        if not isinstance(value, tuple):
            return ()
        inner = {self.nested_shape(part) for part in value}
        if len(inner) > 1:
            self.refused("an array of rows of different lengths")
        return (len(value), *(inner.pop() if inner else ()))

    def arange(self, args: Sequence[Value], dtype: Type | None, hint: str) -> View:
        """Numbers from start to stop in equal steps, without the stop."""
        numbers = [self.number(arg) for arg in args]
        if not 1 <= len(numbers) <= 3:
            self.refused("numpy.arange with these arguments")
        if any(self.arrays.numbers.sum_of(number) is None for number in numbers):
            return self.spaced(numbers, dtype, hint)
        start = numbers[0] if len(numbers) > 1 else Lit(0)
        stop = numbers[min(1, len(numbers) - 1)]
        step = numbers[2] if len(numbers) > 2 else Lit(1)
        if (start, step) == (Lit(0), Lit(1)) and self.arrays.numbers.at_least(stop, Lit(0)):
            count = stop
        else:
            count = self.arrays.host.row("range_length", [start, stop, step], "count")
            self.arrays.numbers.whole(str(count), Lit(0))
        whole = self.arrays.whole

        def element(index: Sequence[Arg]) -> Arg:
            return whole("add", start, whole("multiply", index[0], step))

        return self.cast(Lazy((count,), element, "i"), dtype or "i", hint)

    def spaced(self, numbers: Sequence[Arg], dtype: Type | None, hint: str) -> View:
        """`arange` of numbers that may not be whole. How many there are does not vary."""
        row = self.arrays.host.row
        start = numbers[0] if len(numbers) > 1 else Lit(0.0)
        step = numbers[2] if len(numbers) > 2 else Lit(1.0)
        span = row("subtract", [numbers[min(1, len(numbers) - 1)], start])
        count = row("ceil_int", [row("divide", [span, step])], "count")
        count = row("where", [row("less", [count, Lit(0)]), Lit(0), count], "count")
        self.arrays.numbers.whole(str(count), Lit(0))
        width = row("subtract", [row("add", [start, step]), start])

        def element(index: Sequence[Arg]) -> Arg:
            return row("add", [row("multiply", [row("to_float", [index[0]]), width]), start])

        return self.cast(Lazy((count,), element, "f"), dtype or "f", hint)

    def linspace(self, start: Arg, stop: Arg, count: Arg, hint: str) -> View:
        """Numbers at equal distances, both ends included."""
        row = self.arrays.host.row
        gaps = self.arrays.whole("subtract", count, Lit(1))
        width = row("subtract", [stop, start])
        step = row("divide", [width, row("where", [row("greater", [gaps, Lit(0)]), gaps, Lit(1)])])
        view = self.arrays.new("f", [count], Lit(None), hint)

        def store(index: list[Arg]) -> None:
            value = row("add", [row("multiply", [row("to_float", index), step]), start])
            self.arrays.store(view, index, value)

        self.arrays.counted([count], store)
        return view

    def converted(self, value: Value, kind: Type, hint: str) -> View:
        """`array.astype(kind)`: a copy."""
        part = self.whole.lazy(self.elements(value))
        view = self.cast(part, kind, hint)
        view.buffer.rows = all(map(in_rows, part.views))
        return view

    def cast(self, part: Lazy, kind: Type, hint: str) -> View:
        """The elements as a fresh array of a type."""
        view = self.arrays.new(kind, part.lengths, Lit(None), hint)
        self.whole.assign(view, part)
        return view

    # ---- reductions and products ---------------------------------------------------------------

    def reduction(self, name: str, value: Value, options: Keywords) -> Value:
        """sum, mean, prod, max or min over all axes or some."""
        part = self.whole.lazy(self.elements(value))
        axes = self.axes(options.get("axis", Lit(None)), part.rank)
        keepdims = options.get("keepdims", Lit(False)) == Lit(True)
        row = self.arrays.host.row
        op = {"sum": "add", "mean": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}[name]
        kind: Type = "i" if part.type == "b" and op in ("add", "multiply") else part.type
        start: Mapping[str, Arg | None] = {"add": zero(kind), "multiply": Lit(1.0 if kind == "f" else 1)}
        step: Callable[[Arg, Arg], Arg] = lambda total, x: row(op, [total, x])  # noqa: E731
        if name != "mean":
            return self.whole.reduced(part, axes, keepdims, start.get(op), step, kind)
        total = self.whole.reduced(part, axes, keepdims, Lit(0.0), step, "f")
        count = self.arrays.product([part.lengths[axis] for axis in axes])
        if isinstance(total, View):
            return self.whole.materialised(self.whole.elementwise("divide", [total, count]))
        return row("divide", [total, count])

    def axes(self, value: Value, rank: int) -> list[int]:
        """The axes that `axis=` names, in order; all for None."""
        if value == Lit(None):
            return list(range(rank))
        found: list[int] = []
        for axis in value if isinstance(value, tuple) else (value,):
            if not isinstance(axis, Lit) or not isinstance(axis.value, int):
                self.refused("an axis that is not a number in the source")
            if not -rank <= axis.value < rank:
                self.refused(f"axis {axis.value} of an array of rank {rank}")
            found.append(axis.value % rank)
        return sorted(set(found))

    def product(self, name: str, left: Value, right: Value) -> Value:
        """dot, matmul and inner; with a number, dot is a product of numbers."""
        one, other = self.elements(left), self.elements(right)
        if isinstance(one, View | Lazy) and isinstance(other, View | Lazy):
            if name == "inner" and (one.rank, other.rank) != (1, 1):
                self.refused("numpy.inner of matrices")
            return self.whole.product(one, other)
        if name == "dot":
            return self.whole.elementwise("multiply", [one, other])
        return self.expected(f"numpy.{name} of a number")

    def outer(self, left: Value, right: Value) -> View:
        """All products of two vectors' elements."""
        one, other = self.view(left), self.view(right)
        if (one.rank, other.rank) != (1, 1):
            self.refused("numpy.outer of matrices")
        row, load = self.arrays.host.row, self.arrays.load
        kind = result_type("multiply", [self.whole.type_of(one), self.whole.type_of(other)])
        part = Lazy(
            (one.lengths[0], other.lengths[0]),
            lambda index: row("multiply", [load(one, index[:1]), load(other, index[1:])]),
            kind,
        )
        return self.whole.materialised(part)

    def running(self, name: str, value: Value, hint: str) -> View:
        """Cumsum and cumprod of a vector."""
        view = self.view(value)
        if view.rank != 1:
            self.refused(f"numpy.{name} of a matrix")
        op = "add" if name == "cumsum" else "multiply"
        kind: Type = "f" if view.buffer.type.element == "f" else "i"
        start = zero(kind) if op == "add" else Lit(1.0 if kind == "f" else 1)
        out = self.arrays.new(kind, view.lengths, Lit(None), hint)
        last = self.arrays.new(kind, [Lit(1)], start, hint)

        def step(index: list[Arg]) -> None:
            total = self.arrays.host.row(
                op, [self.arrays.load(last, [Lit(0)]), self.arrays.load(view, index)]
            )
            self.arrays.store(last, [Lit(0)], total)
            self.arrays.store(out, index, total)

        self.arrays.counted(view.lengths, step)
        return out


def typed(fill: Lit, kind: Type) -> Lit:
    """A literal as an element of this type."""
    if fill.value is None:
        return fill
    return Lit({"f": float, "i": int, "b": bool}[kind](fill.value))


def leaves_of(value: Value) -> list[Value]:
    """The numbers and arrays in nested tuples."""
    if isinstance(value, tuple):
        return [leaf for part in value for leaf in leaves_of(part)]
    return [value]
