"""New objects: what the `__init__` of a class does, the user's or one that `dataclass` made."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

from downslope.ir.structure import holder_of, is_frozen
from downslope.read.classes import (
    attribute_of,
    has_init_only,
    init_fields,
    is_generated,
    is_readable,
)
from downslope.read.frames import Frame, Record, Thing, Value
from downslope.read.method_calls import MethodCalls


class Constructing(MethodCalls):
    """What the reader does with calls of classes."""

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
