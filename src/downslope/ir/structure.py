"""Structures of values: tuples, lists, dicts, named tuples and objects, taken apart into their leaves and put together.

A structure is a part of a program's type, as the rank of an array is: two arguments of the same structure
run the same code. Only what is a number or an array is a leaf; text and None belong to the structure.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

from downslope.errors import UsageError

Holder: TypeAlias = Literal["tuple", "list", "dict", "named", "object"]
BUILTINS: Mapping[type, Holder] = {tuple: "tuple", list: "list", dict: "dict"}
KEYS = (str, int)
"""What the keys of a dict may be."""
DYNAMIC = ("__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__float__", "__array__")
"""Methods by which a class decides itself what its attributes are, or that make its objects numbers."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A number or an array."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that is part of the structure: text, None, a member of an enumeration."""

    value: object


@dataclass(frozen=True, slots=True)
class Structure:
    """What holds values: its class, and the keys, positions or attributes that it holds them under."""

    holder: Holder
    cls: type
    keys: tuple[Any, ...]
    parts: tuple["Shape", ...]


Shape: TypeAlias = Leaf | Fixed | Structure
LEAF = Leaf()


def holder_of(cls: type) -> Holder | None:
    """How values of a class hold others; None for a class whose values are leaves, or are not read.

    >>> holder_of(dict), holder_of(float)
    ('dict', None)
    """
    known: Any = cls  # for the cache, a class is only something that can be hashed
    return _holder_of(known)


@lru_cache(maxsize=4096)
def _holder_of(cls: Any) -> Holder | None:
    if cls in BUILTINS:
        return BUILTINS[cls]
    if issubclass(cls, tuple):
        return "named" if hasattr(cls, "_fields") and hasattr(cls, "_make") else None
    return "object" if is_plain(cls) else None


def is_plain(cls: type) -> bool:
    """Whether objects of a class are no more than their attributes: a class of the user's, nothing dynamic in it."""
    if getattr(cls, "__new__", None) is not object.__new__ or not cls.__flags__ & (
        1 << 9
    ):  # one that Python code defines
        return False
    module = cls.__module__.partition(".")[0]
    if module in sys.stdlib_module_names - {"__main__"} or module in ("numpy", "downslope"):
        return False
    return not any(_own(cls, name) for name in DYNAMIC)


def _own(cls: type, name: str) -> bool:
    """Whether a class defines a method itself; a frozen dataclass has one to refuse changes."""
    if name in ("__setattr__", "__delattr__") and is_frozen(cls):
        return False
    return getattr(cls, name, None) is not getattr(object, name, None)


def is_frozen(cls: type) -> bool:
    """Whether objects of a class cannot change: named tuples and frozen dataclasses."""
    return issubclass(cls, tuple) or (
        is_dataclass(cls) and bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined]  # it has them
    )


def shape_of(value: object, label: str = "") -> Shape:
    """The structure of a value. Raises `UsageError` for one that holds itself, or has keys that are no constants.

    >>> shape_of({"a": 1.0}) == Structure("dict", dict, ("a",), (LEAF,))
    True
    """
    return _shape(value, label, ())


def _shape(value: object, label: str, around: tuple[int, ...]) -> Shape:
    if value is None or isinstance(value, str | bytes | Enum):
        return Fixed(value)
    holder = holder_of(type(value))
    if holder is None:
        return LEAF
    if id(value) in around:
        raise UsageError(
            f"{label} holds itself",
            why="a structure has as many numbers as are in it, and this one has no end.",
            fix="leave the reference out.",
        )
    inside = (*around, id(value))
    held = members(value, holder)
    for key in held:
        if holder == "dict" and type(key) not in KEYS:
            raise UsageError(
                f"{label} has the key {key!r}",
                why="a key is a constant of the program: text or a whole number.",
                fix="use text.",
            )
    parts = tuple(_shape(part, label + step(holder, key), inside) for key, part in held.items())
    return Structure(holder, type(value), tuple(held), parts)


def members(value: Any, holder: Holder) -> dict[Any, Any]:
    """What a value holds, by key, position or attribute."""
    match holder:
        case "dict":
            return dict(value)
        case "named":
            return dict(zip(value._fields, value, strict=True))
        case "object":
            return _attributes(value)
    return dict(enumerate(value))


def _attributes(value: Any) -> dict[str, Any]:
    """The attributes of an object itself: fields in their order, then others in theirs."""
    known: Any = type(value)  # for the cache, a class is only something that can be hashed
    names, computed = _declared(known)
    own = [name for name in getattr(value, "__dict__", ()) if name not in names and name not in computed]
    found = {name: getattr(value, name, _UNSET) for name in (*names, *own)}
    return {name: part for name, part in found.items() if part is not _UNSET}


@lru_cache(maxsize=4096)
def _declared(cls: Any) -> tuple[tuple[str, ...], frozenset[str]]:
    """The fields and slots of a class, and the names of what it computes once and keeps."""
    names = [field.name for field in fields(cls)] if is_dataclass(cls) else []
    names += [name for each in reversed(cls.__mro__) for name in slots(each)]
    kept = {
        name for each in cls.__mro__ for name, said in vars(each).items() if isinstance(said, cached_property)
    }
    return tuple(name for name in dict.fromkeys(names) if name not in kept), frozenset(kept)


_UNSET = object()


def slots(cls: type) -> tuple[str, ...]:
    """The names that a class reserves in `__slots__`."""
    given = vars(cls).get("__slots__", ())
    names = (given,) if isinstance(given, str) else tuple(given)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def step(holder: Holder, key: object) -> str:
    """How a member is written: `.x`, `['x']` or `[0]`.

    >>> step("dict", "x") + step("object", "y")
    "['x'].y"
    """
    return f".{key}" if holder in ("named", "object") else f"[{key!r}]"


def labels(shape: Shape, name: str) -> tuple[str, ...]:
    """What each leaf is called, in order.

    >>> labels(shape_of({"a": (1.0, 2.0)}), "p")
    ("p['a'][0]", "p['a'][1]")
    """
    if isinstance(shape, Structure):
        named = zip(shape.keys, shape.parts, strict=True)
        return tuple(label for key, part in named for label in labels(part, name + step(shape.holder, key)))
    return (name,) if shape == LEAF else ()


def leaves(shape: Shape, value: Any, label: str = "", what: str = "value") -> list[Any]:
    """The numbers and arrays of a value of this structure. Raises `UsageError` for a value of another.

    >>> leaves(shape_of((1.0, {"a": 2.0})), (3.0, {"a": 4.0}))
    [3.0, 4.0]
    """
    if isinstance(shape, Fixed):
        return []
    if not isinstance(shape, Structure):
        if holder_of(type(value)) is not None:
            raise misfit(label, what, f"a {type(value).__name__} where there is a number or an array")
        return [value]
    if holder_of(type(value)) != shape.holder:
        raise misfit(label, what, f"a {type(value).__name__} where there is a {shape.cls.__name__}")
    held = members(value, shape.holder)
    if set(held) != set(shape.keys):
        raise misfit(label, what, f"{_listed(held)} where there are {_listed(shape.keys)}")
    named = zip(shape.keys, shape.parts, strict=True)
    return [
        leaf for key, part in named for leaf in leaves(part, held[key], label + step(shape.holder, key), what)
    ]


def misfit(label: str, what: str, why: str) -> UsageError:
    """The error for a value that has not the structure that it should have."""
    return UsageError(
        f"the {what} of {label or 'it'} has another structure",
        why=f"it has {why}.",
        fix="give it the same structure, with a number for each number.",
    )


def _listed(keys: Sequence[Any] | Mapping[Any, Any]) -> str:
    return ", ".join(map(str, keys)) or "nothing"


def built(shape: Shape, values: Iterator[Any], classes: Mapping[type, type] | None = None) -> Any:
    """A value of this structure with these leaves, in order. No `__init__` runs: leaves may be of any kind.

    `classes` are used in place of others.

    >>> built(shape_of({"a": 1.0, "b": "text"}), iter([5.0]))
    {'a': 5.0, 'b': 'text'}
    """
    if isinstance(shape, Fixed):
        return shape.value
    if not isinstance(shape, Structure):
        return next(values)
    parts = [built(part, values, classes) for part in shape.parts]
    cls = (classes or {}).get(shape.cls, shape.cls)
    match shape.holder:
        case "dict":
            return dict(zip(shape.keys, parts, strict=True))
        case "object":
            new: Any = object.__new__(cls)
            for key, part in zip(shape.keys, parts, strict=True):
                object.__setattr__(new, key, part)
            return new
        case "named":
            return tuple.__new__(cls, parts)
    return cls(parts)


def classes_of(shape: Shape) -> tuple[type, ...]:
    """The user's classes in a structure, each once."""
    if not isinstance(shape, Structure):
        return ()
    own = (shape.cls,) if shape.holder in ("named", "object") else ()
    return tuple(dict.fromkeys((*own, *(cls for part in shape.parts for cls in classes_of(part)))))
