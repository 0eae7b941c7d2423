"""Calls of methods and classes: methods are helpers whose first argument is the object."""

import ast
import dataclasses
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

from downslope.ir.nodes import Arg
from downslope.ir.structure import holder_of, is_frozen
from downslope.read.classes import (
    MISSING,
    attribute_of,
    close_to,
    has_init_only,
    init_fields,
    is_generated,
    is_readable,
    next_in_line,
)
from downslope.read.fence import fence
from downslope.read.frames import Frame, Known, Record, Thing, Value
from downslope.read.source import Source, read_source
from downslope.read.unrolling import UnrollingReader

DEEPEST, CALLS = 40, 20_000
"""Calls of methods inside one another, and in all, that are read: a structure is as deep as it is."""


class MethodCalls(UnrollingReader):
    """What the reader does with calls on structures."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[object, Value]] = []  # the methods being read, each with its object
        self.count = 0
        self._methods: dict[object, Source] = {}

    @abstractmethod
    def bind(
        self, callee: ast.FunctionDef | ast.Lambda, node: ast.Call, frame: Frame,
        defaults: Mapping[str, Value], preset: Sequence[str] = (),
    ) -> dict[str, Value]:  # fmt: skip
        """A call's arguments by name."""

    @abstractmethod
    def inlined(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> Value:
        """What a function returns, read here."""

    @abstractmethod
    def constant_value(self, value: Any, shown: str) -> Value:
        """A value from outside the program."""

    @abstractmethod
    def article(self, held: Record) -> str:
        """What to call a structure."""

    @abstractmethod
    def items_of(self, value: Value) -> tuple[Value, ...]:
        """The elements of a tuple or list."""

    @abstractmethod
    def negated(self, value: Arg) -> Arg:
        """`not value`."""

    # ---- functions -------------------------------------------------------------------------------

    def invoked(self, function: FunctionType, values: Sequence[Value], shown: str) -> Value:
        """What a method gives for values that are read already."""
        source = self.text_of(function, shown)
        given = dict(zip(source.arguments, (self.settled(v, "t") for v in values), strict=False))
        missing = [n for n in source.arguments if n not in given and n not in source.defaults]
        if missing or len(values) > len(source.arguments):
            raise self.unsupported(
                f"{shown} does not take {len(values)} argument(s)",
                "it is called by Python itself.",
                "check it.",
            )
        defaults = {n: self.constant_value(v, n) for n, v in source.defaults.items() if n not in given}
        return self.run(function, source, defaults | given, values)

    def call_of(self, function: FunctionType, first: Sequence[Value], node: ast.Call, frame: Frame) -> Value:
        """What a call of a method gives; its first arguments are given."""
        source = self.text_of(function, ast.unparse(node.func))
        preset = source.arguments[: len(first)]
        names = [name for name in source.arguments if name not in preset]
        given = {*names[: len(node.args)], *(str(keyword.arg) for keyword in node.keywords)}
        left = {n: v for n, v in source.defaults.items() if n not in given and n not in preset}
        defaults = {name: self.constant_value(value, name) for name, value in left.items()}
        inner = self.bind(source.node, node, frame, defaults, preset)
        return self.run(function, source, dict(zip(preset, first, strict=True)) | inner, first)

    def run(
        self, function: FunctionType, source: Source, env: dict[str, Value], values: Sequence[Value]
    ) -> Value:
        """Read a method's body here."""
        this = (function, values[0] if values else Known(None))
        self.count += 1
        if this in self.calls or len(self.calls) > DEEPEST or self.count > CALLS:
            raise self.unsupported(
                f"{function.__qualname__!r} calls itself",
                "helpers are expanded where they are called; recursion ends only where each call is for"
                " a part of the object of the one before.",
                "write it as a loop.",
            )
        self.calls.append(this)
        try:
            return self.inlined(source.node, Frame(source, env))
        finally:
            self.calls.pop()

    def text_of(self, function: FunctionType, shown: str) -> Source:
        """The text of a method, checked as the program is. Raises `UnsupportedError` for what it may not hold."""
        if function not in self._methods:
            if not isinstance(function, FunctionType):
                raise self.unsupported(
                    f"{shown} is no function with text", "it cannot be read.", "write a method."
                )
            source = read_source(function)
            fence(source, procedure=True)
            self._methods[function] = source
        return self._methods[function]

    # ---- methods -----------------------------------------------------------------------------------

    def method_of_value(self, base: Value, node: ast.Call, frame: Frame) -> Value:
        """`base.name(...)` of a structure."""
        func = node.func
        assert isinstance(func, ast.Attribute)
        if isinstance(base, Known):
            return self.of_known(base, func.attr, node, frame)
        held = self.objects.held(base)
        assert held is not None
        if func.attr == "__class__":
            return self.called_value(Known(held.cls), node, frame)
        stored = held.find(func.attr) if held.holder in ("named", "object") else None
        said = attribute_of(held.cls, func.attr)
        if stored is not None:
            return self.called_value(self.known(stored), node, frame)
        if held.holder == "object" or (held.holder == "named" and func.attr not in ("_replace", "_asdict")):
            found = self.bound(said, base, held.cls, node, frame)
            if found is not None:
                return found
        own = getattr(self, f"_{held.holder}_{func.attr.strip('_')}", None)
        if own is None or func.attr.startswith("__"):
            raise self.unsupported(
                f"{ast.unparse(func)}: {self.article(held)} has no method {func.attr!r} that is read",
                "of dicts and lists, only methods that do not depend on the run are.",
                close_to(func.attr, dir(held.cls), "write it out."),
            )
        args = [self.expression(argument, frame) for argument in node.args]
        keywords = {
            str(k.arg): self.settled(self.expression(k.value, frame), str(k.arg)) for k in node.keywords
        }
        try:
            result: Value = own(base, *args, **keywords)
        except TypeError as error:
            raise self.unsupported(
                f"{ast.unparse(node)} with these arguments", "they do not fit.", "check them."
            ) from error
        return result

    def bound(self, said: object, base: Value, cls: type, node: ast.Call, frame: Frame) -> "Value | None":
        """A call of what a class says under a name; None for what has no text."""
        if isinstance(said, staticmethod):
            return self.call_of(said.__func__, [], node, frame)  # type: ignore[arg-type]  # text_of checks it
        if isinstance(said, classmethod):
            return self.call_of(said.__func__, [Known(cls)], node, frame)  # type: ignore[arg-type]  # text_of checks it
        if isinstance(said, FunctionType) and not is_generated(said):
            return self.call_of(said, [base], node, frame)
        return None

    def of_known(self, base: Known, name: str, node: ast.Call, frame: Frame) -> Value:
        """`Class.name(...)`: a static or class method, or a method with its object given."""
        cls = base.value
        said = attribute_of(cls, name) if isinstance(cls, type) else MISSING
        if isinstance(said, FunctionType):
            return self.call_of(said, [], node, frame)
        found = self.bound(said, base, cls, node, frame) if isinstance(cls, type) else None
        if found is None:
            raise self.unsupported(f"the call {ast.unparse(node)}", "it is not read.", "call a function.")
        return found

    def called_value(self, value: Value, node: ast.Call, frame: Frame) -> Value:
        """A call of a value: a class, or an object whose class has `__call__`."""
        if isinstance(value, Known) and is_readable(value.value):
            return self.constructed(value.value, node, frame)  # type: ignore[arg-type]  # a class
        held = self.objects.held(value)
        method = attribute_of(held.cls, "__call__") if held is not None else MISSING
        if not isinstance(method, FunctionType):
            raise self.unsupported(
                f"{ast.unparse(node.func)} is called, but it is no function",
                "only functions known when the program is read can be differentiated.",
                "call a function defined with `def`.",
            )
        return self.call_of(method, [value], node, frame)

    def of_super(self, name: str, node: ast.Call, frame: Frame) -> Value:
        """`super().name(...)`."""
        owner = frame.source.namespace.get("__class__")
        first = next(iter(frame.env.values()))
        held = self.objects.held(first)
        cls = first.value if isinstance(first, Known) else held.cls if held is not None else None
        if not isinstance(owner, type) or not isinstance(cls, type):
            raise self.unsupported("super() outside of a method", "it has no object.", "name the class.")
        said = next_in_line(cls, owner, name)
        if name == "__init__" and isinstance(first, Thing):
            self.initialised(first, said, node, frame)
            return Known(None)
        found = self.bound(said, first, cls, node, frame)
        if found is None:
            raise self.unsupported(f"{ast.unparse(node)}", "the method has no text.", "leave it out.")
        return found

    # ---- new objects -----------------------------------------------------------------------------------

    def constructed(self, cls: type, node: ast.Call, frame: Frame) -> Value:
        """`Class(...)`."""
        if holder_of(cls) == "named":
            return self.tupled(cls, node, frame)
        if has_init_only(cls):
            raise self.unsupported(f"{cls.__name__} has an InitVar", "it is not read.", "make it a field.")
        label = cls.__name__.lower()
        thing = self.objects.new(Record("object", cls, (), ()), label)
        self.objects.building = (*self.objects.building, thing)
        try:
            self.initialised(thing, attribute_of(cls, "__init__"), node, frame)
        finally:
            self.objects.building = self.objects.building[:-1]
        held = self.objects.held(thing)
        assert held is not None
        return held if is_frozen(cls) else thing

    def tupled(self, cls: Any, node: ast.Call, frame: Frame) -> Value:
        """A new named tuple."""
        if not is_generated(cls.__new__):
            raise self.unsupported(
                f"{cls.__name__} has a __new__ of its own", "it is not read.", "use a function."
            )
        defaults = {n: self.constant_value(v, n) for n, v in cls._field_defaults.items()}
        given = self.matched(cls._fields, (), defaults, node, frame)
        return self.objects.made(
            "named", cls, {name: given[name] for name in cls._fields}, cls.__name__.lower()
        )

    def initialised(self, thing: Thing, said: object, node: ast.Call, frame: Frame) -> None:
        """Run an `__init__`: the user's, or the one that `dataclass` made."""
        fields = init_fields(thing.cls)
        if isinstance(said, FunctionType) and not is_generated(said):
            self.call_of(said, [thing], node, frame)
        elif isinstance(said, FunctionType) and fields is not None:
            self.filled(thing, _fields_of(said, fields), node, frame)
        elif node.args or node.keywords:
            raise self.unsupported(
                f"{ast.unparse(node)}: {thing.cls.__name__} takes no arguments",
                "its class has no __init__.",
                "set the attributes in __init__.",
            )

    def filled(
        self, thing: Thing, fields: "Sequence[dataclasses.Field[Any]]", node: ast.Call, frame: Frame
    ) -> None:
        """What the `__init__` of a dataclass does."""
        positional = [field.name for field in fields if not field.kw_only]
        only = [field.name for field in fields if field.kw_only]
        defaults: dict[str, Value] = {}
        every = {field.name: field for field in dataclasses.fields(thing.cls)}
        for field in every.values():
            if field.default is not dataclasses.MISSING:
                defaults[field.name] = self.constant_value(field.default, field.name)
            elif field.default_factory is not dataclasses.MISSING and not self.is_given(
                field.name, positional, node
            ):
                defaults[field.name] = self.from_factory(field.default_factory, field.name, frame)
        given = self.matched(positional, only, defaults, node, frame)
        for name in every:
            if name in given or name in defaults:
                self.objects.put(thing, name, given.get(name, defaults.get(name)))  # type: ignore[arg-type]  # one is there
        after = attribute_of(thing.cls, "__post_init__")
        if isinstance(after, FunctionType):
            self.invoked(after, [thing], f"{thing.cls.__name__}.__post_init__")

    def is_given(self, name: str, positional: Sequence[str], node: ast.Call) -> bool:
        """Whether a call gives an argument."""
        return name in positional[: len(node.args)] or any(keyword.arg == name for keyword in node.keywords)

    def from_factory(self, factory: Any, name: str, frame: Frame) -> Value:
        """A default that is made anew for each object."""
        empty = ast.Call(ast.Name(name), [], [])
        if factory in (list, dict):
            return self.objects.made("list" if factory is list else "dict", factory, {}, name)
        if is_readable(factory):
            return self.constructed(factory, empty, frame)
        if isinstance(factory, FunctionType):
            return self.invoked(factory, [], name)
        raise self.unsupported(
            f"the default of {name} is made by {factory!r}", "it is not read.", f"give {name}."
        )

    def matched(
        self, positional: Sequence[str], only: Sequence[str], defaults: Mapping[str, Value], node: ast.Call,
        frame: Frame,
    ) -> dict[str, Value]:  # fmt: skip
        """A call's arguments by name, for a class without an `__init__` in the text."""
        names = ast.arguments(
            [], [ast.arg(name) for name in positional], None, [ast.arg(name) for name in only],
            [None] * len(only), None, [],
        )  # fmt: skip
        callee = ast.Lambda(names, ast.Constant(0))
        return self.bind(callee, node, frame, {n: defaults[n] for n in (*positional, *only) if n in defaults})


def _fields_of(
    init: FunctionType, fields: "Sequence[dataclasses.Field[Any]]"
) -> "list[dataclasses.Field[Any]]":
    """The fields that a generated `__init__` takes: those of the class that it was made for."""
    taken = init.__code__.co_varnames[: init.__code__.co_argcount + init.__code__.co_kwonlyargcount]
    return [field for field in fields if field.name in taken]
