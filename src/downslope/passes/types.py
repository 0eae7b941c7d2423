"""The type of each value, from the types of the arguments: bool, int or float.

Types decide what emitted code looks like: powers of integers, and the start of a variable that is
set inside a loop only.
"""

from collections.abc import Mapping
from typing import Literal

from downslope.ir.nodes import Arg, Block, For, Function, If, Let, Lit, Pop, While

Type = Literal["b", "i", "f"]
_ORDER: Mapping[str, int] = {"b": 0, "i": 1, "f": 2}
BOOLEAN = frozenset(
    "less less_equal greater greater_equal equal not_equal logical_and logical_or logical_not logical_xor both either"
    " to_bool isnan isinf isfinite signbit".split()
)
_INTEGER = frozenset({"to_int", "floor_int", "ceil_int", "trunc_int", "round_int", "gcd", "range_length"})
_BITWISE = frozenset({"bitwise_and", "bitwise_or", "bitwise_xor"})
_SHIFTS = frozenset({"left_shift", "right_shift", "invert"})
_ARITHMETIC = frozenset(
    {
        "add",
        "subtract",
        "multiply",
        "negative",
        "positive",
        "absolute",
        "remainder",
        "floor_divide",
        "power",
        "square",
    }
)


def inferred(function: Function, given: Mapping[str, Type]) -> Mapping[str, Type]:
    """The type of every value; parameters that are not `given` are floats."""
    facts: dict[str, Type] = {param.name: given.get(param.name, "f") for param in function.params}
    _block(function.body, facts)
    return facts


def type_of(arg: Arg, facts: Mapping[str, Type]) -> Type | None:
    """The type of an argument; None for a value that is not set."""
    if isinstance(arg, str):
        return facts.get(arg)
    match arg.value:
        case bool():
            return "b"
        case int():
            return "i"
        case float():
            return "f"
    return None


def _joined(*types: Type | None) -> Type:
    known = [t for t in types if t is not None]
    return max(known, key=lambda t: _ORDER[t]) if known else "f"


def _block(block: Block, facts: dict[str, Type]) -> None:
    for stmt in block.body:
        match stmt:
            case Let():
                facts[stmt.name] = _op(stmt, facts)
            case If():
                _block(stmt.then, facts)
                _block(stmt.orelse, facts)
                for name, a, b in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    facts[name] = _joined(type_of(a, facts), type_of(b, facts))
            case For() | While():
                _loop(stmt, facts)
            case Pop(names=names, pushed=pushed):
                facts.update({n: type_of(p, facts) or "f" for n, p in zip(names, pushed, strict=True)})


def _loop(stmt: For | While, facts: dict[str, Type]) -> None:
    if isinstance(stmt, For):
        facts[stmt.index] = "i"
    for carry in stmt.carried:
        first = type_of(carry.init, facts)
        if first is not None:
            facts[carry.name] = first
    while True:
        before = [facts.get(carry.name) for carry in stmt.carried]
        if isinstance(stmt, While):
            _block(stmt.test, facts)
        _block(stmt.body, facts)
        for carry, value in zip(stmt.carried, stmt.body.yields, strict=True):
            facts[carry.name] = _joined(facts.get(carry.name), type_of(value, facts))
        if before == [facts.get(carry.name) for carry in stmt.carried]:
            break
    for name, carry in zip(stmt.results, stmt.carried, strict=True):
        facts[name] = facts[carry.name]


def _op(stmt: Let, facts: Mapping[str, Type]) -> Type:
    types = [type_of(arg, facts) for arg in stmt.args]
    if stmt.op in BOOLEAN:
        return "b"
    if stmt.op in _INTEGER or stmt.op in _SHIFTS:
        return "i"
    if stmt.op in _BITWISE:
        return _joined(*types)
    if stmt.op == "where":
        return _joined(*types[1:])
    if stmt.op == "power" and not _whole_exponent(stmt.args[1]):
        return "f"
    if stmt.op in _ARITHMETIC:
        return "f" if _joined(*types) == "f" else "i"
    return "f"


def _whole_exponent(arg: Arg) -> bool:
    return isinstance(arg, Lit) and isinstance(arg.value, int) and arg.value >= 0
