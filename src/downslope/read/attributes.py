"""Attributes of structures: properties, what an object holds, constants of its class; and constants from outside."""

import ast
from functools import cached_property
from types import FunctionType
from typing import Any

from downslope.errors import close_to
from downslope.ir.nodes import Lit
from downslope.ir.structure import Fixed, Leaf, Shape, is_frozen, shape_of, step
from downslope.read.classes import (
    MISSING,
    attribute_of,
    is_lasting,
    is_readable,
)
from downslope.read.containers import ContainerCalls
from downslope.read.frames import Frame, Known, Record, Thing, Value
from downslope.read.resolve import is_array, number
from downslope.read.tables import is_table


class AttributeReader(ContainerCalls):
    """What the reader does with attributes."""

    def member(self, base: Value, node: ast.Attribute, frame: Frame) -> Value:
        """`base.name`: a property, what the object holds, or a constant of its class."""
        self.place, place = frame.source.loc(node), self.place
        try:
            return self.attribute_in(base, node.attr, ast.unparse(node))
        finally:
            self.place = place

    def attribute_in(self, base: Value, name: str, shown: str) -> Value:
        """An attribute of a structure."""
        if isinstance(base, Known):
            return self.of_class(base, name, shown)
        held = self.objects.held(base)
        if held is None:
            raise self.no_array(f"{shown}: a number has no such attribute")
        if name == "__class__":
            return Known(held.cls)
        said = attribute_of(held.cls, name)
        found = held.find(name) if held.holder in ("named", "object") else None
        if isinstance(said, property) and isinstance(said.fget, FunctionType):
            return self.invoked(said.fget, [base], shown)
        if found is not None:
            return self.known(found)
        if isinstance(said, cached_property) and is_frozen(held.cls):
            return self.invoked(said.func, [base], shown)  # type: ignore[arg-type]  # a function
        if said is not MISSING and held.holder in ("named", "object"):
            return self.constant_value(said, shown)
        raise self.unsupported(
            f"{shown}: {self.article(held)} has no attribute {name!r}",
            f"it holds {', '.join(map(str, held.keys)) or 'nothing'}.",
            f"write {step('dict', name)}."
            if held.holder == "dict" and held.find(name) is not None
            else close_to(name, held.keys, "check the name."),
        )

    def of_class(self, base: Known, name: str, shown: str) -> Value:
        """A constant of a class."""
        said = attribute_of(base.value, name) if isinstance(base.value, type) else MISSING
        if said is MISSING:
            raise self.unsupported(
                f"the attribute {name!r} of {base.value!r}", "it is not read.", "use a variable."
            )
        return self.constant_value(said, shown)

    def constant_value(self, value: Any, shown: str) -> Value:
        """A value from outside the program: a number, text, or a structure of them that cannot change."""
        known = number(value)
        if known is not None:
            return Lit(known)
        if is_readable(value) or value is NotImplemented:
            return Known(value)
        if is_table(value):
            return self.tables.view(value, shown)
        shape = shape_of(value, shown)
        if isinstance(shape, Leaf) or not is_lasting(shape):
            what = "an array" if is_array(value) else f"a {type(value).__name__}"
            raise self.unsupported(
                f"{shown} is {what}",
                "what can change between two calls is not read into a program.",
                "pass it as an argument, or make it a tuple or a frozen object of numbers.",
            )
        return self.lifted(shape, value, shown)

    def lifted(self, shape: Shape, value: Any, shown: str) -> Value:
        """A constant structure as a value of the program."""
        if isinstance(shape, Fixed):
            return Known(shape.value)
        if isinstance(shape, Leaf):
            return self.constant_value(value, shown)
        parts = dict(zip(shape.keys, shape.parts, strict=True))
        held = {
            key: self.lifted(
                part, value[i] if shape.holder in ("tuple", "named") else getattr(value, key), shown
            )
            for i, (key, part) in enumerate(parts.items())
        }
        return self.objects.made(shape.holder, shape.cls, held, shown)

    def put_attribute(self, target: ast.Attribute, base: Value, value: Value, frame: Frame) -> None:
        """`base.name = value`."""
        self.place = frame.source.loc(target)
        held = self.objects.held(base)
        shown, name = ast.unparse(target), target.attr
        if held is None:
            raise self.no_array(f"{shown} = …: a number has no attributes")
        said = attribute_of(held.cls, name)
        if isinstance(said, property):
            if not isinstance(said.fset, FunctionType):
                raise self.unsupported(
                    f"{shown} is a property without a setter", "it cannot be set.", "set another."
                )
            self.invoked(said.fset, [base, value], shown)
            return
        if not isinstance(base, Thing) or is_frozen(held.cls) or held.holder != "object":
            raise self.unsupported(
                f"{shown} = …: {self.article(held)} does not change",
                "its class says so: it is frozen, or a tuple."
                if held.holder != "dict"
                else "a dict has keys.",
                "make a new one: dataclasses.replace(…), or ._replace(…)."
                if held.holder != "dict"
                else f"write {step('dict', name)}.",
            )
        if held.find(name) is None and base not in self.objects.building:
            raise self.unsupported(
                f"{shown} = …: {self.article(held)} has no attribute {name!r}",
                f"it holds {', '.join(held.keys)}, and a structure must stay what it is.",
                close_to(name, held.keys, "set it in __init__."),
            )
        self.objects.put(base, name, self.settled(value, name))

    def article(self, held: Record) -> str:
        """What to call a structure in a message."""
        name = held.cls.__name__
        return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
