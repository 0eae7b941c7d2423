"""What the class of an object says, as far as it is known when the program is read."""

import copy
import dataclasses
import inspect
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from downslope.ir.structure import DYNAMIC, Shape, Structure, holder_of, is_frozen
from downslope.read.resolve import row_of

MISSING = object()
BINARY: Mapping[str, tuple[str, str]] = {
    "add": ("__add__", "__radd__"), "subtract": ("__sub__", "__rsub__"), "multiply": ("__mul__", "__rmul__"),
    "divide": ("__truediv__", "__rtruediv__"), "floor_divide": ("__floordiv__", "__rfloordiv__"),
    "remainder": ("__mod__", "__rmod__"), "power": ("__pow__", "__rpow__"), "matmul": ("__matmul__", "__rmatmul__"),
    "less": ("__lt__", "__gt__"), "less_equal": ("__le__", "__ge__"), "greater": ("__gt__", "__lt__"),
    "greater_equal": ("__ge__", "__le__"), "equal": ("__eq__", "__eq__"), "not_equal": ("__ne__", "__ne__"),
}  # fmt: skip
"""Ops on two values -> the methods of the left and of the right one that do it."""
UNARY: Mapping[str, str] = {
    "negative": "__neg__", "positive": "__pos__", "absolute": "__abs__", "to_bool": "__bool__",
}  # fmt: skip
IN_PLACE: Mapping[str, str] = {
    op: f"__i{names[0][2:]}" for op, names in BINARY.items() if names[1].startswith("__r")
}

FUNCTIONS: Mapping[int, str] = {
    id(isinstance): "isinstance", id(type): "type", id(dict): "dict", id(list): "list", id(tuple): "tuple",
    id(dataclasses.replace): "replace", id(dataclasses.asdict): "asdict", id(dataclasses.astuple): "astuple",
    id(copy.copy): "copy", id(copy.deepcopy): "deepcopy", id(object.__setattr__): "setattr",
}  # fmt: skip
"""Functions on structures that the reader itself takes apart."""


def attribute_of(cls: type, name: str) -> Any:
    """What a class says an attribute of its objects is, as it is written there; `MISSING` where it says nothing."""
    return inspect.getattr_static(cls, name, MISSING)


def method_of(cls: type, name: str) -> FunctionType | None:
    """A method in the user's text; None where there is none, or it is Python's own."""
    found = attribute_of(cls, name)
    return found if isinstance(found, FunctionType) and not is_generated(found) else None


def is_generated(function: FunctionType) -> bool:
    """Whether a method was made by `dataclass` or `namedtuple`, and has no text."""
    return function.__code__.co_filename == "<string>" and function.__name__.startswith("__")


def next_in_line(cls: type, after: type, name: str) -> Any:
    """What `super().name` means in a method of the class `after`, for an object of the class `cls`."""
    line = cls.__mro__
    for owner in line[line.index(after) + 1 :]:
        if name in vars(owner):
            return vars(owner)[name]
    return MISSING


def init_fields(cls: type) -> "list[dataclasses.Field[Any]] | None":
    """The fields that a dataclass takes as arguments, those by keyword only last; None for other classes."""
    every = getattr(cls, "__dataclass_fields__", None)
    if every is None:
        return None
    taken = [field for field in dataclasses.fields(cls) if field.init]
    return [f for f in taken if not f.kw_only] + [f for f in taken if f.kw_only]


def has_init_only(cls: type) -> bool:
    """Whether a dataclass has an `InitVar`."""
    every = getattr(cls, "__dataclass_fields__", {})
    return any(field._field_type is dataclasses._FIELD_INITVAR for field in every.values())  # type: ignore[attr-defined]  # no public way


def is_readable(value: object) -> bool:
    """Whether a value is a class whose objects can be made and used in a program, and no function of the reader's."""
    return (
        isinstance(value, type)
        and holder_of(value) in ("named", "object")
        and type(value).__call__ is type.__call__
        and row_of(value) is None
    )


def is_lasting(shape: Shape) -> bool:
    """Whether a structure cannot change, so that a program may read it from outside."""
    return not isinstance(shape, Structure) or (is_frozen(shape.cls) and all(map(is_lasting, shape.parts)))


def why_unreadable(cls: type) -> str:
    """What in a class cannot be read."""
    if type(cls).__call__ is not type.__call__:
        return f"its metaclass {type(cls).__name__} decides what a call of it makes."
    dynamic = [name for name in DYNAMIC if vars(cls).get(name) is not None]
    if dynamic:
        return f"it has {dynamic[0]}, so what its attributes are depends on the run."
    return "it is not a class of the user's, or it extends one of Python's own."
