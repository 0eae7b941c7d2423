"""The part of the reader for arrays: subscripts, attributes, stores, and what a loop goes over."""

import ast
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from downslope.errors import ArrayExpected, Loc, UnsupportedError
from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Lit, Stmt
from downslope.ir.types import Type
from downslope.read.array_calls import DTYPES, ArrayCalls
from downslope.read.array_names import METHODS
from downslope.read.array_table import called
from downslope.read.arrays import Arrays
from downslope.read.frames import Frame, Known, Literal, Record, Thing, Value
from downslope.read.list_calls import ListCalls
from downslope.read.resolve import resolve, row_of
from downslope.read.subscripts import Item, NewAxis, Rest, Slice, nth, subscripted, transposed
from downslope.read.tables import Tables
from downslope.read.views import Buffer, Index, Lazy, Listed, Mask, Picked, View, Word
from downslope.read.whole_arrays import WholeArrays


@dataclass(frozen=True)
class Passes:
    """What a `for` loop goes over: an index range, and the value of each pass given its index.

    `over` are the buffers that it reads: the loop holds on to them, whatever their variables become.
    `items` are the values of the passes, where what the loop goes over is known when the program is read.
    """

    start: Arg
    stop: Arg
    step: Arg
    item: Callable[[Arg], Value]
    is_range: bool = False
    over: tuple[Buffer, ...] = ()
    items: Sequence[Callable[[], Value]] | None = None


class ArrayReader:
    """What the reader does with arrays; the rest of the reader is `Lowerer`."""

    names: Names
    out: list[Stmt]

    def __init__(self) -> None:
        self.names = Names()
        self.out = []
        self._place: Loc | None = None
        self._pinned = 0  # inside a program of ours, the place is that of the call
        self.arrays = Arrays(self)
        self.tables = Tables(self.arrays)
        self.whole = WholeArrays(self.arrays)
        self.lists = ListCalls(self.arrays, self.whole)
        self.array_calls = ArrayCalls(self.arrays, self.whole, self.lists)
        self.picking = self.array_calls.picking

    @property
    def place(self) -> Loc | None:
        """Where in the user's source the reader is."""
        return self._place

    @place.setter
    def place(self, loc: Loc | None) -> None:
        if not self._pinned:
            self._place = loc

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Inside, the place stays as it is."""
        self._pinned += 1
        try:
            yield
        finally:
            self._pinned -= 1

    @abstractmethod
    def expression(self, node: ast.expr, frame: Frame, hint: str = "t") -> Value:
        """The value of an expression."""

    @abstractmethod
    def row(self, op: str, values: Sequence[Arg], hint: str = "t") -> Arg:
        """An op on numbers."""

    @abstractmethod
    def expanded(self, program: str, values: Sequence[Value]) -> Value:
        """What a program of ours gives for these arguments."""

    @abstractmethod
    def captured(self, run: Callable[[], None]) -> tuple[Stmt, ...]:
        """The statements that `run` emits."""

    @abstractmethod
    def argument(self, value: Value) -> Arg:
        """A value that must be a number."""

    def unsupported(self, what: str, why: str, fix: str) -> UnsupportedError:
        """An error at this place."""
        return UnsupportedError(what, loc=self.place, why=why, fix=fix)

    def unfit(self, values: Sequence[Value], what: str, why: str, fix: str) -> UnsupportedError:
        """An error at this place, which another kind of argument may avoid where one of the values is a number."""
        expected = any(isinstance(value, str) for value in values)
        return (ArrayExpected if expected else UnsupportedError)(what, loc=self.place, why=why, fix=fix)

    def no_array(self, what: str) -> ArrayExpected:
        """The error where a number is used as an array."""
        return ArrayExpected(
            what,
            loc=self.place,
            why="it is a number here: it was passed as one, or computed as one.",
            fix="pass an array, or leave this out.",
        )

    def settled(self, value: Value, hint: str) -> Value:
        """A value for a variable: a formula over arrays is computed now."""
        if isinstance(value, Lazy):
            return self.whole.materialised(value, hint)
        if isinstance(value, Literal):
            numbers = all(isinstance(part, str | Lit) for part in value)
            return self.lists.made(value, hint) if numbers else self.list_of(value, hint)
        if isinstance(value, tuple):
            return tuple(self.settled(part, hint) for part in value)
        if isinstance(value, Record):
            return replace(value, parts=tuple(self.settled(part, hint) for part in value.parts))
        return value

    # ---- subscripts and attributes ---------------------------------------------------------------

    def subscript(self, node: ast.Subscript, frame: Frame, hint: str) -> Value:
        """`value[index]` where it is read."""
        base = self.expression(node.value, frame)
        if isinstance(base, tuple | Record | Thing):
            return self.part_of(base, node, frame)
        if isinstance(base, Listed):
            return self.lists.part(base, self.items(node.slice, frame), hint)
        view = self.selected(base, node, frame)
        if isinstance(view, Picked):
            return self.picking.gathered(view)
        return view if view.rank else self.arrays.load(view, [], hint)

    @abstractmethod
    def part_of(self, base: Value, node: ast.Subscript, frame: Frame) -> Value:
        """A part of a structure, at a key or position that is known now."""

    def selected(self, base: Value, node: ast.Subscript, frame: Frame) -> View | Picked:
        """The view that a subscript of an array means; with index arrays, the elements that they pick."""
        if isinstance(base, Lazy):
            base = self.whole.materialised(base)
        if isinstance(base, Listed):
            return self.lists.element(base, self.items(node.slice, frame))
        if not isinstance(base, View):
            raise self.no_array(f"{ast.unparse(node)}: a number has no elements")
        items = self.items(node.slice, frame)
        if any(isinstance(item, Index | Mask) for item in items):
            return self.picking.picked(base, items)
        return subscripted(self.arrays, base, items)

    def items(self, node: ast.expr, frame: Frame) -> list[Item]:
        """What is in brackets; a variable that holds a tuple is as many indices."""
        if isinstance(node, ast.Tuple):
            return [self.item(part, frame) for part in node.elts]
        if isinstance(node, ast.Name | ast.Call):
            value = self.expression(node, frame)
            if isinstance(value, tuple):
                return [self.index_of(part, node) for part in value]
            return [self.index_of(value, node)]
        return [self.item(node, frame)]

    def item(self, node: ast.expr, frame: Frame) -> Item:
        """One of the items in brackets."""
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                bounds = [None if b is None else self.whole_index(b, frame) for b in (lower, upper, step)]
                return Slice(*bounds)
            case ast.Constant(value=value) if value is Ellipsis:
                return Rest()
            case ast.Constant(value=None):
                return NewAxis()
            case ast.Attribute(attr="newaxis"):
                return NewAxis()
            case ast.List(elts=elements):
                return self.index_of(
                    self.array_calls.made(tuple(self.expression(e, frame) for e in elements), None, "k"), node
                )
        return self.index_of(self.expression(node, frame), node)

    def whole_index(self, node: ast.expr, frame: Frame) -> Arg:
        """A bound of a slice: a whole number."""
        index = self.index_of(self.expression(node, frame), node)
        if isinstance(index, str | Lit):
            return index
        raise self.unsupported(
            f"the array {ast.unparse(node)} in a slice", "its bounds are numbers.", "use an int."
        )

    def index_of(self, value: Value, node: ast.expr) -> Item:
        """An index: a whole number, an array of them, or a mask."""
        if isinstance(value, View | Lazy):
            kind = self.whole.type_of(value)
            view = value if isinstance(value, View) else self.whole.materialised(value)
            if kind != "f":
                return Index(view) if kind == "i" else Mask(view)
        elif (isinstance(value, str) and value not in self.arrays.truths) or (
            isinstance(value, Lit) and type(value.value) is int
        ):
            return value
        raise self.unsupported(
            f"{ast.unparse(node)} as an index",
            "an index is a whole number, or an array of whole numbers or of truth values.",
            "use an int.",
        )

    def attribute(self, node: ast.Attribute, frame: Frame) -> "Value | None":
        """`array.shape` and the like; None where the value is no array."""
        if isinstance(node.value, ast.Name) and frame.find(node.value.id) is None:
            return None
        if isinstance(node.value, ast.Attribute) and not _is_local(node, frame):
            return None
        base = self.expression(node.value, frame)
        if isinstance(base, tuple | Record | Thing | Known):
            return self.member(base, node, frame)
        lengths = base.lengths if isinstance(base, View | Lazy) else ()
        if not isinstance(base, View | Lazy):
            self.place = frame.source.loc(node)
            raise self.no_array(f"{ast.unparse(node)}: a number has no such attribute")
        match node.attr:
            case "shape":
                return tuple(lengths)
            case "size":
                return self.arrays.product(lengths)
            case "ndim":
                return Lit(len(lengths))
            case "T":
                view = self.array_calls.view(base)
                return transposed(view, range(view.rank)[::-1])
        raise self.unsupported(
            f"the attribute {node.attr!r} of an array", "it is not read.", "use shape, size, ndim or T."
        )

    @abstractmethod
    def member(self, base: Value, node: ast.Attribute, frame: Frame) -> Value:
        """An attribute of a structure."""

    @abstractmethod
    def spread(self, value: Value) -> Value:
        """A list or named tuple as a tuple of its elements."""

    # ---- calls -----------------------------------------------------------------------------------

    def array_call(self, name: str, node: ast.Call, frame: Frame, hint: str) -> Value:
        """A call of a function that makes, measures or reduces arrays."""
        args = [self.operand(argument, frame) for argument in node.args]
        if name != "len":
            args = [self.spread(argument) for argument in args]
        keywords, dtype = self.options(node, frame)
        if name == "len" and len(args) == 1:
            return self.length(args[0])
        if name == "list" and len(args) < 2 and not keywords:
            return self.lists.of(args[0] if args else (), hint)
        return called(self.array_calls, name, args, keywords, dtype, hint)

    def operand(self, node: ast.expr, frame: Frame) -> Value:
        """An argument of an array function; a text names a mode."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return Word(node.value)
        if isinstance(node, ast.Constant) and node.value is None:
            return Lit(None)
        if isinstance(node, ast.List):
            return tuple(self.operand(element, frame) for element in node.elts)
        return self.expression(node, frame)

    def options(self, node: ast.Call, frame: Frame) -> tuple[dict[str, Value], Type | None]:
        """The keywords of a call, and what `dtype=` names."""
        given = {str(keyword.arg): keyword.value for keyword in node.keywords}
        kind = given.pop("dtype", None)
        dtype = None if kind is None else self.dtype(kind, frame)
        return {name: self.operand(value, frame) for name, value in given.items()}, dtype

    def method(self, node: ast.Call, frame: Frame, hint: str) -> "Value | None":
        """`array.sum()` and the like; None where the call is not one of a method."""
        if not isinstance(node.func, ast.Attribute) or not _is_local(node.func, frame):
            return None
        if _is_super(node.func.value):
            return self.of_super(node.func.attr, node, frame)
        base = self.expression(node.func.value, frame)
        if isinstance(base, Listed):
            return self.lists.method(
                base, node.func.attr, [self.expression(argument, frame) for argument in node.args], hint
            )
        if isinstance(base, tuple | Record | Thing | Known):
            return self.method_of_value(base, node, frame)
        if not isinstance(base, View | Lazy) or node.func.attr not in METHODS:
            raise self.no_array(
                f"{ast.unparse(node)}: {'an array' if isinstance(base, View | Lazy) else 'a number'} has no such method"
            )
        if node.func.attr == "astype":
            return self.array_calls.converted(base, self.dtype(node.args[0], frame), hint)
        args = [base, *(self.operand(argument, frame) for argument in node.args)]
        keywords, dtype = self.options(node, frame)
        return called(self.array_calls, node.func.attr, args, keywords, dtype, hint, method=True)

    @abstractmethod
    def method_of_value(self, base: Value, node: ast.Call, frame: Frame) -> Value:
        """A method of a structure."""

    @abstractmethod
    def of_super(self, name: str, node: ast.Call, frame: Frame) -> Value:
        """A method of the class above."""

    def dtype(self, node: ast.expr, frame: Frame) -> Type:
        """What `dtype=` names."""
        kind = resolve(node, frame.source.namespace)
        found = DTYPES.get(f"{getattr(kind, '__module__', '')}.{getattr(kind, '__name__', '')}")
        if found is None:
            raise self.unsupported(
                f"dtype={ast.unparse(node)}",
                "arrays made in a program hold float, int or bool, in 64 bits.",
                "use float, int or bool.",
            )
        return found

    def length(self, value: Value) -> Arg:
        """`len(value)`."""
        if isinstance(value, tuple):
            return Lit(len(value))
        if isinstance(value, Listed):
            return self.lists.count(value)
        if isinstance(value, View | Lazy) and value.rank:
            return value.lengths[0]
        raise self.no_array("len() of a number")

    # ---- stores ------------------------------------------------------------------------------------

    def store_at(self, target: ast.Subscript, value: Value, frame: Frame) -> None:
        """`array[index] = value`."""
        base = self.expression(target.value, frame)
        if isinstance(base, tuple | Record | Thing):
            self.put_item(target, base, value, frame)
            return
        view = self.selected(base, target, frame)
        value = self.spread(value)
        if isinstance(value, tuple):
            value = self.array_calls.made(value, None, "t")
        self.put(view, value)

    @abstractmethod
    def put_item(self, target: ast.Subscript, base: Value, value: Value, frame: Frame) -> None:
        """A store into a structure."""

    def put(self, view: View | Picked, value: Value) -> None:
        """A store of a number or of an array."""
        if isinstance(view, Picked):
            self.picking.scatter(view, self.array_calls.elements(value))
        elif view.rank:
            self.whole.assign(view, self.array_calls.elements(value))
        else:
            self.arrays.store(view, [], self.argument(value))

    def augmented(self, view: View | Picked, op: str, node: ast.expr, frame: Frame) -> None:
        """`view op= value`, in place."""
        buffer = view.view.buffer if isinstance(view, Picked) else view.buffer
        if isinstance(view, Picked):
            old: Value = self.picking.gathered(view)
        else:
            old = view if view.rank else self.arrays.load(view, [])
        right = self.expression(node, frame)
        new = self.apply(op, [old, right])
        if buffer.type.element != "f" and isinstance(old, View | Lazy) and self.whole.type_of(new) == "f":  # type: ignore[arg-type]
            raise self.unsupported(
                f"a float result stored in place into the whole-number array {buffer.label!r}",
                "NumPy refuses to round it.",
                "make the array one of floats.",
            )
        self.put(view, new)

    def apply(self, op: str, values: Sequence[Value], hint: str = "t") -> Value:
        """An op on numbers or, element by element, on arrays."""
        if not any(isinstance(value, View | Lazy) for value in values):
            if op == "invert" and values[0] in self.arrays.truths:
                raise self.unsupported(
                    "`~` of a truth value",
                    "it is -1 or -2 in Python, and the other truth value in NumPy.",
                    "write not.",
                )
            if any(isinstance(value, Listed | Literal) for value in values):
                return self.lists.operation(op, values, hint)
            return self.row(op, [self.argument(value) for value in values], hint)
        elements = [self.array_calls.elements(value) for value in values]
        last = elements[-1]
        whole = isinstance(last, Lit) and type(last.value) is int and last.value >= 0
        return self.whole.elementwise(op, elements, whole)

    # ---- iteration -----------------------------------------------------------------------------

    def passes(self, node: ast.expr, frame: Frame) -> Passes:
        """What a loop over an expression goes through."""
        row = row_of(resolve(node.func, frame.source.namespace)) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and row is not None:
            match row.name:
                case "range":
                    return self.range_of(node, frame)
                case "enumerate":
                    return self.enumerated(node, frame)
                case "zip":
                    return self.zipped([self.passes(argument, frame) for argument in node.args])
                case "reversed":
                    return self.backwards(self.passes(node.args[0], frame))
        value = self.settled(self.expression(node, frame), "t")
        known = self.passes_over(value)
        if known is not None:
            return known
        if isinstance(value, tuple):
            value = self.lists.made(value, "t")
        if isinstance(value, Listed):
            return self.elements_of(self.lists.view(value), (value.buffer, value.count))
        if not isinstance(value, View) or not value.rank:
            raise self.no_array(f"a loop over {ast.unparse(node)}: loops go over ranges and arrays")
        return self.elements_of(value, (value.buffer,))

    def elements_of(self, view: View, over: tuple[Buffer, ...]) -> Passes:
        """The passes of a loop over an array."""

        def item(index: Arg) -> Value:
            chosen = nth(self.arrays, view, index)
            return chosen if chosen.rank else self.arrays.load(chosen, [])

        return Passes(Lit(0), view.lengths[0], Lit(1), item, over=over)

    @abstractmethod
    def list_of(self, values: Sequence[Value], hint: str) -> Value:
        """A list of other values than numbers, of a length that is known now."""

    @abstractmethod
    def passes_over(self, value: Value) -> Passes | None:
        """The passes of a loop over a structure."""

    def range_of(self, node: ast.Call, frame: Frame) -> Passes:
        """`range(...)`."""
        bounds = [self.argument(self.expression(argument, frame)) for argument in node.args]
        start = bounds[0] if len(bounds) > 1 else Lit(0)
        stop = bounds[min(1, len(bounds) - 1)]
        step = bounds[2] if len(bounds) > 2 else Lit(1)
        if step == Lit(0):
            raise UnsupportedError(
                "range() with step 0",
                loc=frame.source.loc(node),
                why="it has no end.",
                fix="use another step.",
            )
        return Passes(start, stop, step, lambda index: index, is_range=True)

    def counted_from_zero(self, passes: Passes) -> Passes:
        """The same passes with an index that counts from 0."""
        if (passes.start, passes.step) == (Lit(0), Lit(1)):
            return passes
        whole = self.arrays.whole
        count = self.row("range_length", [passes.start, passes.stop, passes.step], "count")
        self.arrays.numbers.whole(str(count), Lit(0))

        def item(index: Arg) -> Value:
            return passes.item(whole("add", passes.start, whole("multiply", index, passes.step)))

        return Passes(Lit(0), count, Lit(1), item, over=passes.over)

    def enumerated(self, node: ast.Call, frame: Frame) -> Passes:
        """`enumerate(iterable, start)`."""
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        inner = self.counted_from_zero(self.passes(given[0], frame))
        first = self.argument(self.expression(given[1], frame)) if len(given) > 1 else Lit(0)
        whole = self.arrays.whole
        if inner.items is not None:
            return replace(
                inner, items=[_numbered(whole, k, first, one) for k, one in enumerate(inner.items)]
            )
        return Passes(
            Lit(0),
            inner.stop,
            Lit(1),
            lambda index: (whole("add", index, first), inner.item(index)),
            over=inner.over,
        )

    def zipped(self, parts: Sequence[Passes]) -> Passes:
        """`zip(...)`: as many passes as the shortest has."""
        inner = [self.counted_from_zero(part) for part in parts]
        if any(part.items is not None for part in inner):
            return self.side_by_side(inner)
        count = inner[0].stop
        for part in inner[1:]:
            if not self.arrays.numbers.equal(count, part.stop):
                bounds = (count, part.stop)
                count = self.row("where", [self.row("less", bounds), *bounds], "count")
                self.arrays.numbers.whole(str(count), None, bounds[1])
        over = tuple(buffer for part in inner for buffer in part.over)
        return Passes(
            Lit(0), count, Lit(1), lambda index: tuple(part.item(index) for part in inner), over=over
        )

    def side_by_side(self, parts: Sequence[Passes]) -> Passes:
        """`zip(...)` of structures, and of ranges whose length is known."""
        given: list[Sequence[Callable[[], Value]]] = []
        for part in parts:
            known = self.arrays.numbers.sum_of(part.stop)
            if part.items is None and (known is None or not known.known):
                raise self.unsupported(
                    "zip() of a structure and an array", "the length of the array is not known when the program is read.",
                    "loop over one of them by index.",
                )  # fmt: skip
            length = known.constant if known is not None else 0
            given.append(part.items or [_at(part, k) for k in range(length)])
        rows = [list(row) for row in zip(*given, strict=False)]  # as many as the shortest has
        return replace(parts[0], items=[lambda row=row: tuple(one() for one in row) for row in rows])  # type: ignore[misc]  # a default in a lambda

    def backwards(self, passes: Passes) -> Passes:
        """`reversed(...)`."""
        inner = self.counted_from_zero(passes)
        if inner.items is not None:
            return replace(inner, items=inner.items[::-1])
        whole = self.arrays.whole
        last = whole("subtract", inner.stop, Lit(1))
        return Passes(
            Lit(0),
            inner.stop,
            Lit(1),
            lambda index: inner.item(whole("subtract", last, index)),
            over=inner.over,
        )


def _numbered(
    whole: Callable[[str, Arg, Arg], Arg], k: int, first: Arg, item: Callable[[], Value]
) -> Callable[[], Value]:
    return lambda: (whole("add", first, Lit(k)), item())


def _at(passes: Passes, k: int) -> Callable[[], Value]:
    return lambda: passes.item(Lit(k))


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _is_local(node: ast.Attribute, frame: Frame) -> bool:
    """Whether an attribute is that of a variable or expression of the program, not of a module."""
    base: ast.expr = node.value
    while isinstance(base, ast.Attribute):
        base = base.value
    return not isinstance(base, ast.Name) or frame.find(base.id) is not None
