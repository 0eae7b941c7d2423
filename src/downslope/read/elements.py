"""The numbers in a structure one by one: what each is called, where it is written, and the structure with others."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from downslope.ir.structure import LEAF, built, holder_of, leaves, members, shape_of
from downslope.read.literals import literal
from downslope.read.resolve import is_array, number

Path = tuple[Any, ...]
"""The keys, positions, attributes and indices from a structure to one of its numbers."""


@dataclass(frozen=True)
class Element:
    """A number in a structure: its path, what it is called after the structure, and the literal that sets it."""

    path: Path
    suffix: str
    value: float | int
    node: ast.expr | None = None
    counted: bool = False  # it is in an array of whole numbers, which cannot vary


def elements(value: Any, node: ast.expr | None = None) -> tuple[Element, ...]:
    """The numbers in a list, tuple, dict, array, named tuple or object, in order; truth values are none.

    `node` is the expression that makes the value, in which the literals are looked for.

    >>> [(e.suffix, e.value) for e in elements({"day": 30.0, "night": [45, 50.0]})]
    [('[day]', 30.0), ('[night][0]', 45), ('[night][1]', 50.0)]
    """
    return tuple(_elements(value, node, (), "", False))


def _elements(value: Any, node: ast.expr | None, path: Path, suffix: str, counted: bool) -> Iterator[Element]:
    single = number(value)
    if single is not None:
        if not isinstance(single, bool):
            sets = node if node is not None and literal(node) == single else None
            yield Element(path, suffix, single, sets, counted)
        return
    if is_array(value):
        if value.dtype.kind not in "fi":
            return
        counted = value.dtype.kind == "i"
    parts = _parts(value)
    written = _written(node, value, tuple(parts))
    for key, part in parts.items():
        yield from _elements(part, written.get(key), (*path, key), suffix + _step(value, key), counted)


def _parts(value: Any) -> Mapping[Any, Any]:
    """What a value holds, by key; nothing for what holds no numbers."""
    if is_array(value):
        return dict(enumerate(value))
    holder = holder_of(type(value))
    return members(value, holder) if holder else {}


def _step(value: Any, key: object) -> str:
    return f".{key}" if holder_of(type(value)) in ("named", "object") else f"[{key}]"


def _written(node: ast.expr | None, value: Any, keys: Path) -> dict[Any, ast.expr]:
    """The expressions of a structure's parts, where the expression of the whole shows them."""
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if len(parts) == len(keys):
            return (
                {} if any(isinstance(p, ast.Starred) for p in parts) else dict(zip(keys, parts, strict=True))
            )
        case ast.Dict(keys=names, values=parts) if isinstance(value, dict):
            texts = [name.value if isinstance(name, ast.Constant) else None for name in names]
            return dict(zip(texts, parts, strict=True)) if tuple(texts) == keys else {}
        case ast.Call(args=[ast.List() | ast.Tuple() as inner, *_]) if is_array(value):
            return _written(inner, value, keys)
        case ast.Call(args=given, keywords=named) if holder_of(type(value)) in ("named", "object"):
            if any(isinstance(each, ast.Starred) for each in given):
                return {}
            by_name = {each.arg: each.value for each in named if each.arg}
            return {**dict(zip(keys, given, strict=False)), **by_name}
    return {}


def with_values(value: Any, new: Mapping[Path, float]) -> Any:
    """A copy of a structure with other numbers at some paths. No `__init__` runs.

    >>> with_values([1.0, (2.0, 3.0)], {(1, 0): 5.0})
    [1.0, (5.0, 3.0)]
    """
    return _with(value, new, ())


def _with(value: Any, new: Mapping[Path, float], path: Path) -> Any:
    if path in new:
        return new[path]
    if is_array(value):
        changed = value.copy()
        for at, number_there in new.items():
            if at[: len(path)] == path:
                changed[at[len(path) :]] = number_there
        return changed
    shape = shape_of(value)
    if shape == LEAF or holder_of(type(value)) is None:
        return value
    held = _parts(value)
    flat = [leaf for key, part in held.items() for leaf in _leaves(_with(part, new, (*path, key)))]
    return built(shape, iter(flat))


def _leaves(value: Any) -> list[Any]:
    return leaves(shape_of(value), value)


def can_be_made(value: Any) -> bool:
    """Whether an expression can make a structure anew from its numbers.

    Objects are made by their class: a dataclass whose fields are all arguments, with no `__post_init__`.
    """
    if number(value) is not None or value is None or isinstance(value, str):
        return True
    if is_array(value):
        return bool(value.dtype.kind in "fib")
    holder = holder_of(type(value))
    if holder is None:
        return False
    if holder == "object" and not _is_record(value):
        return False
    if holder == "dict" and not all(type(key) in (str, int) for key in value):
        return False
    return all(map(can_be_made, _parts(value).values()))


def _is_record(value: Any) -> bool:
    cls = type(value)
    if not is_dataclass(cls) or hasattr(cls, "__post_init__"):
        return False
    fields: Mapping[str, Any] = cls.__dataclass_fields__
    taken = [name for name, field in fields.items() if field.init]
    return bool(cls.__dataclass_params__.init) and taken == list(_parts(value)) == list(fields)  # type: ignore[attr-defined]  # it has them


class Maker:
    """Writes the expression that makes a structure, with symbols in place of some of its numbers.

    `scope` gets the objects that the expression names: classes, and arrays that do not vary.
    """

    def __init__(self, place: ast.AST, prefix: str) -> None:
        self.scope: dict[str, Any] = {}
        self._place, self._prefix = place, prefix

    def made(self, value: Any, symbols: Mapping[Path, str], path: Path = ()) -> ast.expr:
        """The expression for a value; `symbols` are the names to put at paths."""
        return ast.copy_location(self._made(value, symbols, path), self._place)

    def _made(self, value: Any, symbols: Mapping[Path, str], path: Path) -> ast.expr:
        if path in symbols:
            return ast.Name(symbols[path], ast.Load())
        single = number(value)
        if single is not None or value is None or isinstance(value, str):
            return self._constant(value if single is None else single)
        if is_array(value):
            if not any(at[: len(path)] == path for at in symbols):
                return self._named(value, "array")
            maker = self._named(sys.modules["numpy"].array, "array_of")
            return ast.Call(maker, [self._rows(value, symbols, path)], [])
        parts = {key: self.made(part, symbols, (*path, key)) for key, part in _parts(value).items()}
        match holder_of(type(value)):
            case "dict":
                return ast.Dict([self._constant(key) for key in parts], list(parts.values()))
            case "named" | "object":
                named = [ast.keyword(key, part) for key, part in parts.items()]
                return ast.Call(self._named(type(value), type(value).__name__), [], named)
            case "tuple":
                return ast.Tuple(list(parts.values()), ast.Load())
        return ast.List(list(parts.values()), ast.Load())

    def _rows(self, array: Any, symbols: Mapping[Path, str], path: Path) -> ast.expr:
        """An array as lists of lists."""
        parts = [
            self._rows(part, symbols, (*path, i)) if is_array(part) else self.made(part, symbols, (*path, i))
            for i, part in enumerate(array)
        ]
        return ast.copy_location(ast.List(parts, ast.Load()), self._place)

    def _named(self, target: Any, what: str) -> ast.expr:
        name = next((n for n, held in self.scope.items() if held is target), "")
        if not name:
            name = f"__{self._prefix}_{len(self.scope)}_{what}"
            self.scope[name] = target
        return ast.copy_location(ast.Name(name, ast.Load()), self._place)

    def _constant(self, value: Any) -> ast.expr:
        return ast.copy_location(ast.Constant(value), self._place)
