"""IR as plain data, for JSON, and back: what is read is checked, and can do nothing but arithmetic.

A program in this form is no code: its ops are names of the rule table, its other words are names of
values. Emitted code reads only names that the program itself has defined (`ir.check`), so a file
from anywhere can be read without trust in who wrote it; it can be wrong, or slow, and no more.
"""

import json
import keyword
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from downslope.ir.check import faults
from downslope.ir.names import RESERVED
from downslope.ir.nodes import Fail, For, Function, If, Let, While, names_of, walk

KEPT = (Let, If, For, While, Fail)
"""Statements that can be kept as data: those whose native code touches no memory of its own."""
UNKEPT = "loc"
"""Places in the source, which only people read."""


class Damaged(ValueError):
    """The data are no program."""


def plain(function: Function) -> bool:
    """Whether a program has only statements that can be kept as data."""
    numbers = not any(param.array for param in function.params)
    return numbers and all(isinstance(stmt, KEPT) for stmt in walk(function.body))


def to_data(node: Any) -> Any:
    """A node of the IR as dicts, lists, texts and numbers, without places in the source.

    >>> from downslope.ir.nodes import Lit
    >>> to_data(Let("y", "multiply", ("x", Lit(2.0))))
    {'name': 'y', 'op': 'multiply', 'args': ['x', {'value': 2.0}]}
    """
    if is_dataclass(node):
        return {f.name: to_data(getattr(node, f.name)) for f in fields(node) if f.name != UNKEPT}
    if isinstance(node, tuple):
        return [to_data(part) for part in node]
    if isinstance(node, float) and not math.isfinite(node):
        return str(node)
    return node


def text_of(function: Function) -> str:
    """The program as JSON: the same text for the same program, whatever its comments and layout."""
    return json.dumps(to_data(function))


@cache
def _reader() -> Any:
    from pydantic import TypeAdapter  # slow to load

    return TypeAdapter(Function)


def from_data(data: Any, arity: Mapping[str, int]) -> Function:
    """The program that `to_data` made the data of. Raises `Damaged` for anything else.

    `arity` gives, for each op that there is, how many arguments it takes.

    >>> from downslope.ir.nodes import Block, Lit
    >>> twice = Function("f", (), Block((Let("y", "add", (Lit(1.0), Lit(1.0))),), ("y",)))
    >>> from_data(to_data(twice), {"add": 2}) == twice
    True
    """
    from pydantic import ValidationError

    try:
        function: Function = _reader().validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise Damaged(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if json.dumps(to_data(function)) != json.dumps(data):
        raise Damaged("it holds more than a program, or numbers of another type")
    wrong = [*_forbidden(function), *faults(function, arity)]
    if wrong:
        raise Damaged(wrong[0])
    return function


def _forbidden(function: Function) -> Iterator[str]:
    """What could make emitted code do more than arithmetic on its own values."""
    if any(param.array for param in function.params):
        yield "an input of a program that is kept is a number"
    for stmt in walk(function.body):
        if not isinstance(stmt, KEPT):
            yield f"a program that is kept has no {type(stmt).__name__}"
    for name in sorted(names_of(function)):
        odd = not name.isidentifier() or name.startswith("_") or keyword.iskeyword(name) or name in RESERVED
        if odd or unicodedata.normalize("NFKC", name) != name:
            yield f"{name!r} is no name of a value"
