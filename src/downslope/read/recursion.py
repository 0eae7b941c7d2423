"""Functions that are read once and called: what calls itself, and what is too long to be expanded.

Such a function is read for each template of its arguments (`read.packing`). What it returns is not known
while it is read for the first time; then paths on which it calls itself are left out, and those
that end without it tell. It is read again until what it returns, and which arrays it changes, is settled.
"""

import ast
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Block, Call, Callee, Function, Lit
from downslope.ir.types import ArrayType
from downslope.read.callgraph import CallGraph
from downslope.read.calling import CallReader
from downslope.read.frames import Closure, Frame, Known, Value
from downslope.read.merging import leaves
from downslope.read.notyet import NotYet
from downslope.read.packing import Packed, Packer, Template, Unpackable, Unpacker
from downslope.read.source import Source
from downslope.read.views import Buffer, Lazy, View

READINGS = 6
"""How often a function is read before what it returns is taken to have no end of types."""


@dataclass(eq=False)
class Apart:
    """A function that is called: `shape` is what it returns, None while that is not known.

    Each leaf of what it returns is a number (None), a fresh array (its type), or the argument array at
    a position. `written` are the buffers that it stores into.
    """

    callee: Callee
    source: Source
    node: ast.FunctionDef | ast.Lambda
    shape: "Result | None" = None
    written: tuple[int, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a function returns: its form, and what each leaf is."""

    form: Template
    leaves: tuple[ArrayType | int | Known | None, ...]


@dataclass
class Table:
    """The functions that a program calls, and those that are being read."""

    graph: CallGraph = field(default_factory=CallGraph)
    found: dict[Template, Apart] = field(default_factory=dict)
    busy: list[Apart] = field(default_factory=list)
    left_out: list[Apart] = field(default_factory=list)  # whose callers' paths were not read


class ApartReader(CallReader):
    """The part of the reader for functions that are called."""

    def __init__(self, table: Table | None = None) -> None:
        super().__init__()
        self.table = table or Table()

    @abstractmethod
    def another(self) -> "ApartReader":
        """A reader of the same table, for the body of a function that is called."""

    @abstractmethod
    def function(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> Value:
        """What a function returns, its statements read."""

    @abstractmethod
    def apart(self, function: Function) -> Function:
        """The function with new names for variables called like a function that its code will call."""

    def leave_out(self, unknown: NotYet) -> None:
        """Take note of a path that is not read now."""
        self.table.left_out += [one for one in unknown.unknown if isinstance(one, Apart)]

    # ---- calls -----------------------------------------------------------------------------------

    def call_apart(
        self, node: ast.FunctionDef | ast.Lambda, source: Source, given: Mapping[str, Value], fixed: bool
    ) -> Value:
        """A call of a function with these variables; it is read if it is called for the first time so."""
        name = getattr(node, "name", "function")
        try:
            packed = Packer(self.arrays, fixed).pack(given)
        except Unpackable as error:
            raise self.unsupported(
                f"{error} passed to {name}, which is called and not expanded",
                "such a function takes numbers, arrays, tuples of them, and functions.",
                "pass the numbers and arrays in it.",
            ) from error
        written = source.written if node is source.node else node  # the same each time that it is read
        key = (id(written), *packed.key)
        if key not in self.table.found:
            self.read_apart(key, name, node, source, packed)
        entry = self.table.found[key]
        if entry.shape is None:
            raise NotYet({entry})
        return self.emitted(entry, entry.shape, packed)

    def emitted(self, entry: Apart, shape: Result, packed: Packed) -> Value:
        """The call statement, and what it gives."""
        args: list[Arg] = [self.arrays.current[buffer] for buffer in packed.buffers]
        args += packed.numbers
        results: list[str] = []
        values: list[Value] = []
        later: list[tuple[str, ArrayType]] = []
        for leaf in shape.leaves:
            if isinstance(leaf, int | Known):
                values.append(packed.views[leaf] if isinstance(leaf, int) else leaf)
                continue
            results.append(self.names.fresh(entry.callee.name))
            values.append(results[-1])
            if isinstance(leaf, ArrayType):
                later.append((results[-1], leaf))
        changed = [packed.buffers[group] for group in entry.written]
        versions = [self.names.fresh(buffer.label) for buffer in changed]
        self.out.append(Call((*results, *versions), entry.callee, tuple(args), self.place))
        arrays = {name: self.received(name, kind, entry.callee.name) for name, kind in later}
        for buffer, version in zip(changed, versions, strict=True):
            self.arrays.current[buffer] = version
            self.arrays.stores[buffer] += 1
        found = iter([arrays.get(v, v) if isinstance(v, str) else v for v in values])
        return _formed(shape.form, found)

    # ---- reading -----------------------------------------------------------------------------------

    def read_apart(
        self, key: Template, name: str, node: ast.FunctionDef | ast.Lambda, source: Source, packed: Packed
    ) -> None:
        """Read a function until what it returns is settled."""
        kinds = (*(buffer.type for buffer in packed.buffers), *(None for _ in packed.numbers))
        entry = Apart(Callee(name, kinds, (), ()), source, node)
        table = self.table
        first = len(table.left_out)
        table.found[key] = entry
        table.busy.append(entry)
        try:
            for _ in range(READINGS):
                before, left_out = set(table.found), len(table.left_out)
                function, shape, written = self.once(entry, packed)
                if (shape, written) == (entry.shape, entry.written):
                    self.check_complete(entry, table.left_out[left_out:])
                    entry.callee.function = function
                    return
                entry.shape, entry.written = shape, written
                kinds_out = tuple(leaf for leaf in shape.leaves if not isinstance(leaf, int | Known))
                buffers = tuple(packed.buffers[group].type for group in written)
                entry.callee.outputs = (*kinds_out, *buffers)
                entry.callee.memory = (*(None for _ in kinds_out), *written)
                for new in set(table.found) - before:  # they were read with what is not so
                    del table.found[new]
                del table.left_out[left_out:]
            raise self.unsettled_type(entry)
        except BaseException:
            table.found.pop(key, None)
            del table.left_out[first:]
            raise
        finally:
            table.busy.remove(entry)

    def once(self, entry: Apart, packed: Packed) -> tuple[Function, Result, tuple[int, ...]]:
        """One reading: the body, what it returns, and which buffers it stores into."""
        inner = self.another()
        inner.arrays.apart = self.arrays.apart
        inner.place = entry.source.loc(entry.node)
        unpacker = Unpacker(inner.arrays, packed)
        env = {name: unpacker.value(template) for name, template in packed.templates}
        names = {param.name for param in unpacker.params}
        try:
            value = inner.known(inner.function(entry.node, Frame(entry.source, env)))
        except NotYet as error:
            others = error.unknown - {entry}
            if others:
                raise NotYet(others) from error
            raise self.no_end(entry) from error
        outputs: list[Arg] = []
        found: list[ArrayType | int | Known | None] = []
        taken = {view.buffer for view in unpacker.views}
        for leaf in leaves(value):
            if isinstance(leaf, View) and leaf in unpacker.views:
                found.append(unpacker.views.index(leaf))
            elif isinstance(leaf, View | Lazy):
                own = leaf if isinstance(leaf, View) and leaf.whole else inner.whole.materialised(leaf)
                if own.buffer in taken:
                    own = inner.whole.materialised(own)
                self.check_own(entry, leaf, taken)
                taken.add(own.buffer)
                found.append(own.buffer.type)
                outputs.append(inner.arrays.current[own.buffer])
            elif isinstance(leaf, Known):
                found.append(leaf)
            elif isinstance(leaf, Closure):
                raise self.returns_function(entry)
            else:
                found.append(None)
                outputs.append(inner.argument(leaf))
        current = inner.arrays.current
        written = tuple(i for i, b in enumerate(unpacker.buffers) if current[b] not in names)
        outputs += [current[unpacker.buffers[group]] for group in written]
        form = self.form(entry, value)
        body = Block((*inner.tables.made, *inner.out), tuple(outputs))
        loc = entry.source.loc(entry.node)
        whole = Function(entry.callee.name, tuple(unpacker.params), body, False, loc)
        return inner.apart(whole), Result(form, tuple(found)), written

    def form(self, entry: Apart, value: Value) -> Template:
        """The form of a result: tuples of numbers and arrays."""
        if isinstance(value, tuple):
            return ("tuple", *(self.form(entry, part) for part in value))
        if isinstance(value, str | Lit | View | Lazy | Known):
            return ("leaf",)
        raise UnsupportedError(
            f"{entry.callee.name} returns what is neither a number nor an array",
            loc=entry.source.loc(entry.node),
            why="it is called and not expanded, so only numbers, arrays and tuples of them come out of it.",
            fix="return the numbers in it.",
        )

    # ---- refusals ----------------------------------------------------------------------------------

    def check_complete(self, entry: Apart, left_out: list[Apart]) -> None:
        """Refuse a function some path of which could not be read, unless that is read again later."""
        for one in left_out:
            if one.shape is None and one is not entry and one in self.table.busy:
                continue
            raise self.no_end(one)

    def check_own(self, entry: Apart, leaf: View | Lazy, taken: set[Buffer]) -> None:
        """Refuse a part of an argument, or of another result, as a result: the caller may store into either."""
        if isinstance(leaf, View) and leaf.buffer in taken:
            raise UnsupportedError(
                f"{entry.callee.name} returns a part of {leaf.buffer.label!r}, or it twice",
                loc=entry.source.loc(entry.node),
                why="which memory a result is must be known where the function is called.",
                fix="return a copy of it: .copy().",
            )

    def returns_function(self, entry: Apart) -> UnsupportedError:
        """The error for a result that is a function."""
        return UnsupportedError(
            f"{entry.callee.name} returns a function", loc=entry.source.loc(entry.node),
            why="it is called and not expanded, so only numbers and arrays come out of it.",
            fix="call the function inside.",
        )  # fmt: skip

    def no_end(self, entry: Apart) -> UnsupportedError:
        """The error for a function that always calls itself."""
        return UnsupportedError(
            f"{entry.callee.name!r} calls itself on every path", loc=entry.source.loc(entry.node),
            why="what it returns is known from a path that ends without a call of itself, and there is none.",
            fix="test with `if` for the case that needs no further call, and return there.",
        )  # fmt: skip

    def unsettled_type(self, entry: Apart) -> UnsupportedError:
        """The error for a function whose result changes with each depth."""
        return UnsupportedError(
            f"what {entry.callee.name!r} returns cannot be known when the program is read",
            loc=entry.source.loc(entry.node),
            why="each call of itself would return another form of value.",
            fix="return numbers, or arrays of one rank, on every path.",
        )  # fmt: skip


def _formed(form: Template, found: Iterator[Value]) -> Value:
    if form == ("leaf",):
        return next(found)
    return tuple(_formed(part, found) for part in form[1:])
