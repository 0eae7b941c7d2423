"""A program ready to be differentiated: read, its constants lifted, lowered; and its arguments."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias, runtime_checkable

from downslope.errors import ArrayExpected, UsageError, close_to
from downslope.ir.nodes import Function
from downslope.ir.structure import Shape
from downslope.ir.types import ArrayType, Kind, Type
from downslope.modes.inner import expanded
from downslope.passes.buffers import stored
from downslope.passes.cuts import counts
from downslope.passes.indices import with_whole_indices
from downslope.passes.simplify import simplified
from downslope.passes.types import arrays
from downslope.read.guess import guessed
from downslope.read.lower import Lowered
from downslope.read.resolve import is_array, is_numpy_scalar
from downslope.read.source import Source, read_source

Kinds: TypeAlias = tuple[Kind, ...]
Wrt = str | int | Sequence[str | int] | None


@runtime_checkable
class Differentiated(Protocol):
    """A derivative, which is a program in turn."""

    def as_program(self, wrt: Wrt) -> "tuple[Program, tuple[str, ...]]":
        """The derivative as a program, and the names of the inputs asked for."""


@dataclass(frozen=True)
class Program:
    """A program ready to be differentiated: its source (constants lifted), and its IR.

    `given` is its IR for numbers, where it takes numbers; `form` is that for arguments of given types,
    and `make` how to get it, where it is not read from the source.
    """

    source: Source
    given: Function | None = None
    symbols: Mapping[str, str] = field(default_factory=dict)
    """The names of lifted constants -> the names of their inputs."""
    make: Callable[[Kinds], Function] | None = None
    lowering: Callable[[Kinds], Lowered] | None = None
    """How to read it for arguments of given types, where they are the leaves of structures."""
    flat_of: "Callable[[tuple[Shape, ...]], Program] | None" = None
    """How to get the program of leaves, where it is not read from the source."""
    _forms: dict[Kinds, Function] = field(default_factory=dict, compare=False, repr=False)
    _written: dict[Kinds, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    _read: dict[Kinds, Lowered] = field(default_factory=dict, compare=False, repr=False)
    _flat: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was made of it for arguments that are structures."""
    _counts: dict[Kinds, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    _single: set[Kinds] = field(default_factory=set, compare=False, repr=False)

    @cached_property
    def function(self) -> Function:
        """The IR where arguments are arrays if the text shows that they are, and floats otherwise."""
        return self.given or self.form(guessed(self.source))

    def form(self, kinds: Kinds) -> Function:
        """The IR for arguments of these types. Raises `UnsupportedError` for what they do not allow."""
        if self.given is not None and not any(isinstance(kind, ArrayType) for kind in kinds):
            return self.given
        if kinds not in self._forms:
            whole = self.make(kinds) if self.make else self.lowered(kinds).function
            self._written[kinds] = stored(whole)
            self._forms[kinds] = with_whole_indices(simplified(whole), kinds)
        return self._forms[kinds]

    def lowered(self, kinds: Kinds) -> Lowered:
        """The program as it is read for arguments of these types."""
        if kinds not in self._read:
            self._read[kinds] = self.lowering(kinds) if self.lowering else expanded(self.source, kinds)
        return self._read[kinds]

    def written(self, kinds: Kinds) -> frozenset[str]:
        """The arguments of these types that the program stores into."""
        form = self.form(kinds)
        names = self._written.get(kinds, frozenset())
        return frozenset(param.label for param in form.params if param.name in names)

    @cached_property
    def counts(self) -> frozenset[str]:
        """The inputs that bound loops: they stay integers, whatever is differentiated."""
        return counts(self.function)

    def counts_for(self, kinds: Kinds) -> frozenset[str]:
        """The inputs that bound loops or index arrays, for arguments of these types."""
        if kinds not in self._counts:
            self._counts[kinds] = counts(self.form(kinds))
        return self._counts[kinds]

    def one_number(self, kinds: Kinds) -> None:
        """Raise `UsageError` unless the program returns one number for arguments of these types."""
        if kinds not in self._single:
            one_output(self, self.form(kinds))
            self._single.add(kinds)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the inputs, lifted constants last."""
        return self.source.arguments

    def position(self, which: str | int) -> int:
        """The position of an input, by its name, a constant's name, or a number."""
        if isinstance(which, int) and -len(self.arguments) <= which < len(self.arguments):
            return which % len(self.arguments)
        named = self.symbols.get(which, which) if isinstance(which, str) else which
        if named in self.arguments:
            return self.arguments.index(str(named))
        raise UsageError(
            f"{which!r} is not an input of {self.source.name}",
            why=f"its inputs are {', '.join(self.arguments)}.",
            fix="name one of them, or a constant that `constants(f)` lists.",
        )


def program(f: Callable[..., Any] | str, wrt: Wrt = None) -> tuple[Program, tuple[str, ...]]:
    """Read a program; constants named in `wrt` become inputs. Also the names of the inputs asked for."""
    if isinstance(f, Differentiated):
        return f.as_program(wrt)
    source = read_source(f)
    asked = listed(wrt, [0])
    constants = [name for name in asked if isinstance(name, str) and name not in source.arguments]
    symbols: dict[str, str] = {}
    if constants:
        # Loaded only where constants are asked for: they take a third of the time to a first gradient.
        from downslope.read.constants import find_constants, pick
        from downslope.read.lift import lifted

        chosen = pick(find_constants(source), constants)
        source = lifted(source, chosen)
        symbols = {constant.name: constant.symbol for constant in chosen}
    try:
        read = Program(source, simplified(expanded(source).function), symbols)
    except ArrayExpected:  # what its arguments are is known when it is called
        read = Program(source, None, symbols)
    return read, tuple(read.arguments[read.position(name)] for name in asked)


def listed(wrt: Wrt, default: Sequence[str | int]) -> list[str | int]:
    """What is asked for as a list."""
    if isinstance(wrt, str | int):
        return [wrt]
    return list(default if wrt is None else wrt)


def several(wrt: Wrt) -> bool:
    """Whether the answer is a tuple: one derivative for each of several inputs."""
    return wrt is not None and not isinstance(wrt, str | int)


def by_position(source: Source, run: Callable[..., Any]) -> Callable[..., Any]:
    """The user's function taking every input by position (lifted constants are keywords)."""
    parameters = inspect.signature(source.function).parameters
    keyword_only = [n for n, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    if not keyword_only:
        return run
    count = len(source.arguments) - len(keyword_only)

    def ordered(*values: Any) -> Any:
        return run(*values[:count], **dict(zip(keyword_only, values[count:], strict=True)))

    return ordered


def params_of(function: Function, labels: Sequence[str]) -> list[str]:
    """The IR's names of inputs."""
    by_label = {param.label: param.name for param in function.params}
    return [by_label[label] for label in labels]


def one_output(read: Program, function: Function | None = None) -> None:
    """Raise `UsageError` unless the program returns one number; `function` is its IR for given arguments."""
    if function is None and read.given is None:
        return  # it is checked when the arguments are known
    function = function or read.function
    outputs = function.body.yields
    array = any(output in arrays(function) for output in outputs)
    if not function.scalar or array:
        raise UsageError(
            f"{read.source.name} returns {'an array' if array else f'{len(outputs)} numbers'}",
            why="a gradient is that of one number.",
            fix="use downslope.jacobian, or return one number.",
        )


def kind_of(value: Any) -> Kind:
    """The type that emitted code gives an argument."""
    if is_array(value):
        return ArrayType({"f": "f", "i": "i", "b": "b"}[value.dtype.kind], value.ndim)  # type: ignore[arg-type]
    return number_kind(value)


def number_kind(value: Any) -> Type:
    """The type of a number."""
    return "b" if isinstance(value, bool) else "i" if isinstance(value, int) else "f"


def values_of(read: Program, args: Sequence[Any], kwargs: Mapping[str, Any], wrt: Sequence[str]) -> list[Any]:
    """The program's inputs in order; those of `wrt` as floats, but integers that bound loops as they are."""
    values = bound(read.source, args, kwargs, ())
    floats = set(wrt) - read.counts
    return [
        number_of(value, name, name in floats or (name in wrt and isinstance(value, float)))
        for name, value in zip(read.arguments, values, strict=True)
    ]


def bound(source: Source, args: Sequence[Any], kwargs: Mapping[str, Any], wrt: Sequence[str]) -> list[Any]:
    """The program's inputs in order, as Python numbers; those of `wrt` as floats.

    Raises `UsageError` for missing, unknown or non-numeric arguments.
    """
    call = arguments(source, args, kwargs)
    return [number_of(call[name], name, name in wrt) for name in source.arguments]


def arguments(source: Source, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The program's inputs by name, defaults filled in. Raises `UsageError` where they do not fit."""
    if source.leaves:
        return dict(zip(source.arguments, args, strict=True))
    try:
        call = inspect.signature(source.function).bind(*args, **kwargs)
    except TypeError as error:
        unknown = next((name for name in kwargs if name not in source.arguments), "")
        raise UsageError(
            f"the arguments do not fit {source.name}",
            why=f"{error}.",
            fix=close_to(unknown, source.arguments, f"it takes {', '.join(source.arguments)}."),
        ) from error
    call.apply_defaults()
    return call.arguments


def with_arrays(read: Program, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a program is called with arrays, or does not work on numbers alone."""
    defaults = read.source.defaults.values()
    return read.given is None or any(map(is_array, (*args, *kwargs.values(), *defaults)))


def number_of(value: Any, name: str, as_float: bool) -> Any:
    """A Python number for a Python or NumPy scalar, or an array of no dimensions. Raises `UsageError`."""
    if is_numpy_scalar(value) or getattr(value, "shape", None) == ():
        value = value.item()
    if not isinstance(value, int | float):
        shape = f" of shape {value.shape}" if hasattr(value, "shape") else ""
        raise UsageError(
            f"the argument {name} is a {type(value).__name__}{shape}, not a number",
            why="a program works on real numbers.",
            fix="call it once for each element." if shape else "pass a float or an int.",
        )
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise UsageError(
            f"the argument {name} is an integer of {value.bit_length()} bits",
            why="native code has integers of 64 bits.",
            fix="pass a float.",
        )
    return float(value) if as_float else value
