"""Calls of methods and classes: methods are helpers whose first argument is the object."""

import ast
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

from downslope.errors import close_to
from downslope.ir.nodes import Arg
from downslope.read.classes import (
    MISSING,
    attribute_of,
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

    @abstractmethod
    def constructed(self, cls: type, node: ast.Call, frame: Frame) -> Value:
        """`Class(...)`."""

    @abstractmethod
    def initialised(self, thing: Thing, said: object, node: ast.Call, frame: Frame) -> None:
        """Run an `__init__`."""

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
