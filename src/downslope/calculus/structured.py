"""Programs that take or return structures, as programs of the numbers and arrays in them.

A program of leaves is a program like any other: every mode, the checks and native code work on it
unchanged. What it is asked and what it answers is taken apart and put together here, and nowhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from downslope.calculus.program import (
    Kinds,
    Program,
    Wrt,
    arguments,
    by_position,
    kind_of,
    listed,
    number_of,
)
from downslope.errors import ArrayExpected, UsageError
from downslope.ir.structure import (
    LEAF,
    Shape,
    Structure,
    built,
    classes_of,
    holder_of,
    labels,
    leaves,
    members,
    shape_of,
    step,
)
from downslope.modes.inner import expanded
from downslope.passes.cuts import counts
from downslope.passes.simplify import simplified
from downslope.read.resolve import is_array


@dataclass(frozen=True)
class Leaves:
    """A program of the leaves of its arguments: itself a program to differentiate.

    `shapes` are the structures of the arguments; `values` the leaves of those of one call.
    """

    program: Program
    whole: Program
    shapes: tuple[Shape, ...]
    _fixed: dict[Kinds, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    def fixed(self, kinds: Kinds) -> frozenset[str]:
        """The leaves that stay whole numbers: they bound loops."""
        if kinds not in self._fixed:
            self._fixed[kinds] = frozenset(counts(self.program.form(kinds)))
        return self._fixed[kinds]

    def as_program(self, wrt: Wrt) -> tuple[Program, tuple[str, ...]]:
        """The program, and the names of the leaves asked for."""
        read = self.program
        return read, tuple(read.arguments[read.position(name)] for name in listed(wrt, [0]))

    def __call__(self, *values: Any) -> Any:
        """The program's result for leaves."""
        return self.program.source.function(*values)

    def in_duals(self, of: Callable[[Any], Any]) -> Any:
        """The function that takes dual numbers."""
        return of(self.program.source.function)

    def names(self, argument: str) -> tuple[str, ...]:
        """The leaves of an argument."""
        return labels(self.shape(argument), argument)

    def shape(self, argument: str) -> Shape:
        """The structure of an argument."""
        return self.shapes[self.whole.position(argument)]


@dataclass(frozen=True)
class Call:
    """One call of a program with structures: the program of leaves, their values, and which vary in which argument.

    `result` is the structure of what the program returns.
    """

    leaves: Leaves
    values: tuple[Any, ...]
    varied: Mapping[str, tuple[str, ...]]
    result: Shape

    @property
    def wrt(self) -> tuple[str, ...]:
        """All leaves that vary."""
        return tuple(name for names in self.varied.values() for name in names)

    def like_input(self, argument: str, found: Mapping[str, Any], none: Callable[[Any], Any]) -> Any:
        """A value for each leaf of an argument, in its structure; `none(leaf)` for those that do not vary."""
        given = dict(zip(self.leaves.program.arguments, self.values, strict=True))
        names = self.leaves.names(argument)
        return built(
            self.leaves.shape(argument), iter([found[n] if n in found else none(given[n]) for n in names])
        )

    def tangents(self, given: Sequence[Any], what: str) -> list[Any]:
        """The leaves of one tangent for each argument that varies."""
        if len(given) != len(self.varied):
            raise UsageError(
                f"{len(given)} {what}s for {len(self.varied)} arguments",
                why=f"there is one {what} for each of {', '.join(self.varied)}, in its structure.",
                fix="give as many.",
            )
        found: list[Any] = []
        for (argument, names), tangent in zip(self.varied.items(), given, strict=True):
            parts = leaves(self.leaves.shape(argument), tangent, argument, what)
            named = dict(zip(self.leaves.names(argument), parts, strict=True))
            found += [named[name] for name in names]
        return found


def is_structured(read: Program, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a program is called with structures."""
    given = (*args, *kwargs.values(), *read.source.defaults.values())
    return not read.source.leaves and any(holder_of(type(value)) is not None for value in given)


def call(read: Program, names: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
    """A call of a program with structures. Raises `UsageError` for values that cannot be read."""
    given = arguments(read.source, args, kwargs)
    shapes = tuple(
        shape_of(given[name], name) if holder_of(type(given[name])) is not None else LEAF
        for name in read.arguments
    )
    flat = program_of(read, shapes)
    values = tuple(
        leaf
        for name, shape in zip(read.arguments, shapes, strict=True)
        for leaf in leaves(shape, given[name], name)
    )
    kinds = kinds_of(flat.program, values)
    _check_shared(flat, kinds, [given[name] for name in read.arguments])
    fixed = flat.fixed(kinds)
    named = zip(flat.program.arguments, values, strict=True)
    can = {n: n not in fixed and _can_vary(value) for n, value in named}
    varied = {
        name: tuple(leaf for leaf in flat.names(name) if can[leaf] or flat.shape(name) == LEAF)
        for name in names
    }
    return Call(flat, values, varied, flat.program.lowered(kinds).result)


def program_of(read: Program, shapes: tuple[Shape, ...]) -> Leaves:
    """The program of leaves for arguments of these structures."""
    if shapes not in read._flat:
        flat = read.flat_of(shapes) if read.flat_of else _flattened(read, shapes)
        read._flat[shapes] = Leaves(flat, read, shapes)
    found: Leaves = read._flat[shapes]
    return found


def _flattened(read: Program, shapes: tuple[Shape, ...]) -> Program:
    source = read.source
    names = [n for a, s in zip(source.arguments, shapes, strict=True) for n in labels(s, a)]
    run = by_position(source, source.function)
    every = [cls for shape in shapes for cls in classes_of(shape)]
    flat = replace(
        source,
        function=OfLeaves(run, shapes, {cls: cls for cls in every}),
        arguments=tuple(names),
        defaults={},
        leaves=True,
    )
    whole = Program(flat, None, read.symbols, lowering=lambda kinds: expanded(source, kinds, shapes))
    numbers: Kinds = tuple("f" for _ in names)
    try:
        return replace(whole, given=simplified(whole.lowered(numbers).function))
    except ArrayExpected:  # some leaves are arrays, which is known when it is called
        return whole


@dataclass(frozen=True)
class OfLeaves:
    """The user's function of leaves; what it returns is taken apart into leaves too."""

    run: Callable[..., Any]
    shapes: tuple[Shape, ...]
    classes: Mapping[type, type]

    def __call__(self, *values: Any) -> Any:
        """The leaves of the result."""
        left = iter(values)
        return flat_result(self.run(*(built(shape, left, self.classes) for shape in self.shapes)))

    def in_duals(self, of: Callable[[Any], Any]) -> "OfLeaves":
        """The same with another function and other classes, which take dual numbers."""
        return OfLeaves(of(self.run), self.shapes, {cls: of(mine) for cls, mine in self.classes.items()})


def flat_result(value: Any) -> Any:
    """What a program returns, as a tuple of its leaves; a number or an array as it is."""
    shape = shape_of(value)
    return tuple(leaves(shape, value)) if isinstance(shape, Structure) else value


def kinds_of(read: Program, values: Sequence[Any]) -> Kinds:
    """The types of leaves; those of numbers alone are read as floats. Raises `UsageError` for other values."""
    if not any(map(is_array, values)):
        numbers = [number_of(v, n, False) for n, v in zip(read.arguments, values, strict=True)]
        return tuple(map(kind_of, numbers)) if read.given is None else tuple("f" for _ in numbers)
    from downslope.calculus.native_arrays import native_array  # NumPy is slow to load

    named = zip(read.arguments, values, strict=True)
    return tuple(
        kind_of(native_array(v, n, False) if is_array(v) else number_of(v, n, False)) for n, v in named
    )


def _can_vary(value: Any) -> bool:
    """Whether a leaf has a derivative: whole numbers in a structure are taken for floats, those in arrays are not."""
    if is_array(value):
        return bool(value.dtype.kind == "f")
    return not isinstance(value, bool)


def _check_shared(flat: Leaves, kinds: Kinds, given: Sequence[Any]) -> None:
    """Raise `UsageError` if an object that the program changes is in its arguments twice."""
    changed = flat.program.lowered(kinds).changed
    if not changed:
        return
    seen: dict[int, str] = {}
    for name, value in zip(flat.whole.arguments, given, strict=True):
        for label, one in _objects(value, name):
            if id(one) in seen:
                raise UsageError(
                    f"{seen[id(one)]} and {label} are one object",
                    why=f"the program changes {', '.join(sorted(changed))}, so its result depends on that.",
                    fix="pass a copy of one of them.",
                )
            seen[id(one)] = label


def _objects(value: Any, label: str) -> list[tuple[str, Any]]:
    """The objects that can change in a value, with what they are called."""
    holder = holder_of(type(value))
    if holder is None:
        return []
    own = [] if isinstance(value, tuple) else [(label, value)]
    inside = members(value, holder).items()
    return [*own, *(pair for key, part in inside for pair in _objects(part, label + step(holder, key)))]
