"""What a name or dotted name in the user's source stands for: a number, a row, a helper, a module."""

import ast
import builtins
import importlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import BuiltinFunctionType, ModuleType

from downslope.read.array_names import ARRAY_FUNCTIONS, UFUNC_METHODS
from downslope.rules import SPELLINGS
from downslope.rules.composites import COMPOSITES

STRUCTURAL = ("range", "max", "min", "sum", "any", "all", "divmod")
"""Builtins that the reader itself takes apart; all other callables are rows or helpers."""
EXPANDED: Mapping[str, tuple[str, ...]] = {
    "math.log": ("x",),
    "math.hypot": ("x", "y"),
    "numpy.clip": ("x", "low", "high"),
    "numpy.float64": ("x",),
    "builtins.max": ("a", "b"),
    "builtins.min": ("a", "b"),
}
"""Functions that the reader writes with rows -> the arguments they have as programs of their own."""
ITERATORS = ("range", "enumerate", "zip", "reversed")
"""Builtins that a loop may go over."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that stands for nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A callable that is a row of the rule table, or one the reader expands.

    `builtin` is one on numbers, `array` one on arrays, `library` one that is a program of ours.
    """

    name: str
    builtin: bool = False
    array: bool = False
    library: bool = False


def resolve(node: ast.expr, namespace: Mapping[str, object]) -> object:
    """The Python object that `name` or `module.attribute` stands for; `Missing()` where it is unknown."""
    match node:
        case ast.Name(id=name):
            return namespace.get(name, getattr(builtins, name, Missing()))
        case ast.Attribute(value=value, attr=attr):
            owner = resolve(value, namespace)
            return owner if isinstance(owner, Missing) else _member(owner, attr)
    return Missing()


def _member(owner: object, attr: str) -> object:
    """An attribute of a module or object; a property itself, for its value is computed at each reading."""
    if isinstance(owner, ModuleType):
        return getattr(owner, attr, Missing())
    static = inspect.getattr_static(owner, attr, Missing())
    return static if isinstance(static, Missing | property) else getattr(owner, attr, Missing())


def root(node: ast.expr) -> str:
    """The name that a dotted name starts with; empty for other expressions."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def number(value: object) -> float | int | bool | None:
    """A Python number for a Python or NumPy scalar, else None."""
    if is_numpy_scalar(value):
        value = value.item()  # type: ignore[attr-defined]  # it has one
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    return None


def is_numpy_scalar(value: object) -> bool:
    """Whether a value is a number of NumPy's, which is slow to load and has none before it is loaded."""
    np = sys.modules.get("numpy")
    return np is not None and isinstance(value, np.generic)


def is_parallel(value: object) -> bool:
    """Whether a value is Numba's `prange`, which is none before Numba is loaded."""
    numba = sys.modules.get("numba")
    return numba is not None and value is getattr(numba, "prange", numba)


def is_array(value: object) -> bool:
    """Whether a value is a NumPy array with dimensions; there is none before NumPy is loaded."""
    np = sys.modules.get("numpy")
    return np is not None and isinstance(value, np.ndarray) and value.ndim > 0


def _module(spelling: str) -> str:
    return spelling.rpartition(".")[0]


@cache
def _rows_by_object(modules: frozenset[str]) -> dict[int, Row]:
    """The rows of the functions in these modules."""
    found: dict[int, Row] = {}
    for spelling, row in SPELLINGS.items():
        target = spelled(spelling) if _module(spelling) in modules else None
        if target is not None:
            found[id(target)] = Row(row)
    for name in STRUCTURAL:
        found[id(getattr(builtins, name))] = Row(name, builtin=True)
    if "numba" in modules:
        found[id(spelled("numba.prange"))] = Row("range", builtin=True)
    for name in ("len", "list", "enumerate", "zip", "reversed"):
        found[id(getattr(builtins, name))] = Row(name, array=True)
    for name in ARRAY_FUNCTIONS if "numpy" in modules else ():
        module, _, attribute = f"numpy.{name}".rpartition(".")
        found[id(getattr(sys.modules[module], attribute))] = Row(attribute, array=True)
    for spelling in COMPOSITES:
        if _module(spelling) in modules:
            found[id(spelled(spelling))] = Row(spelling, library=True)
    for spelling in EXPANDED:
        if _module(spelling) in modules:
            found[id(spelled(spelling))] = Row(spelling.rpartition(".")[2], builtin=True)
    return found


def spelled(spelling: str) -> object:
    """The object that a dotted name such as `numpy.sin` means."""
    module, _, attribute = spelling.rpartition(".")
    return getattr(importlib.import_module(module), attribute, None)


def row_of(value: object) -> Row | None:
    """The row that a callable stands for; `numpy.add.at` and its like are array functions of that name."""
    if isinstance(value, BuiltinFunctionType) and value.__name__ in UFUNC_METHODS:
        owner = row_of(value.__self__)
        return Row(f"{owner.name}.{value.__name__}", array=True) if owner else None
    modules = {"numba"} | {_module(spelling) for spelling in (*SPELLINGS, *EXPANDED, *COMPOSITES)}
    return _rows_by_object(frozenset(modules & sys.modules.keys())).get(id(value))
