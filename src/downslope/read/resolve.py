"""What a name or dotted name in the user's source stands for: a number, a row, a helper, a module."""

import ast
import builtins
import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from downslope.rules import SPELLINGS

STRUCTURAL = ("range", "max", "min", "sum", "divmod")
"""Builtins that the reader itself takes apart; all other callables are rows or helpers."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that stands for nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A callable that is a row of the rule table, or one the reader expands (`builtin`)."""

    name: str
    builtin: bool = False


def resolve(node: ast.expr, namespace: Mapping[str, object]) -> object:
    """The Python object that `name` or `module.attribute` stands for; `Missing()` where it is unknown."""
    match node:
        case ast.Name(id=name):
            return namespace.get(name, getattr(builtins, name, Missing()))
        case ast.Attribute(value=value, attr=attr):
            owner = resolve(value, namespace)
            return getattr(owner, attr, Missing()) if isinstance(owner, ModuleType) else Missing()
    return Missing()


def number(value: object) -> float | int | bool | None:
    """A Python number for a Python or NumPy scalar, else None."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)
    return None


@cache
def _rows_by_object() -> dict[int, Row]:
    found: dict[int, Row] = {}
    for spelling, row in SPELLINGS.items():
        module, _, attribute = spelling.rpartition(".")
        target = getattr(importlib.import_module(module), attribute, None)
        if target is not None:
            found[id(target)] = Row(row)
    for name in STRUCTURAL:
        found[id(getattr(builtins, name))] = Row(name, builtin=True)
    for target, name in (
        (math.log, "log"),
        (math.hypot, "hypot"),
        (np.clip, "clip"),
        (np.float64, "float64"),
    ):
        found[id(target)] = Row(name, builtin=True)
    return found


def row_of(value: object) -> Row | None:
    """The row that a callable stands for."""
    return _rows_by_object().get(id(value))


def is_helper(value: object) -> bool:
    """Whether a value is a Python function that can be read (a Numba dispatcher counts)."""
    return isinstance(unwrapped(value), FunctionType)


def unwrapped(value: Any) -> object:
    """The plain Python function under a Numba dispatcher or `functools.wraps`."""
    return getattr(value, "py_func", value)
