"""The type of each value, from the types of the arguments: bool, int, float, or an array of these.

Types decide what emitted code looks like: powers of integers, and the start of a variable that is
set inside a loop only.
"""

from collections.abc import Mapping

from downslope.ir.nodes import (
    Arg,
    Block,
    Dim,
    For,
    Function,
    If,
    Let,
    Like,
    Lit,
    Load,
    New,
    Pop,
    Store,
    While,
)
from downslope.ir.types import ArrayType, Kind, Type
from downslope.rules.result_types import joined, result_type


def inferred(function: Function, given: Mapping[str, Kind]) -> Mapping[str, Kind]:
    """The type of every value; number parameters that are not `given` are floats."""
    facts: dict[str, Kind] = {
        param.name: param.array or given.get(param.name, "f") for param in function.params
    }
    _block(function.body, facts)
    return facts


def type_of(arg: Arg, facts: Mapping[str, Kind]) -> Kind | None:
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


def arrays(function: Function) -> Mapping[str, ArrayType]:
    """The values that are arrays."""
    return {name: kind for name, kind in inferred(function, {}).items() if isinstance(kind, ArrayType)}


def _joined(*types: Kind | None) -> Kind:
    array = next((t for t in types if isinstance(t, ArrayType)), None)
    return array or joined([_number(t) for t in types])


def _block(block: Block, facts: dict[str, Kind]) -> None:
    for stmt in block.body:
        match stmt:
            case Let():
                facts[stmt.name] = _op(stmt, facts)
            case Load(name=name, array=array):
                facts[name] = _array(array, facts).element
            case Store(name=name, array=array) | Like(name=name, array=array):
                facts[name] = facts[array]
            case New():
                facts[stmt.name] = stmt.type
            case Dim(name=name):
                facts[name] = "i"
            case If():
                _block(stmt.then, facts)
                _block(stmt.orelse, facts)
                for name, a, b in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    facts[name] = _joined(type_of(a, facts), type_of(b, facts))
            case For() | While():
                _loop(stmt, facts)
            case Pop(names=names, pushed=pushed):
                facts.update({n: type_of(p, facts) or "f" for n, p in zip(names, pushed, strict=True)})


def _array(name: str, facts: Mapping[str, Kind]) -> ArrayType:
    kind = facts[name]
    assert isinstance(kind, ArrayType)  # the reader loads from arrays only
    return kind


def _loop(stmt: For | While, facts: dict[str, Kind]) -> None:
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


def _op(stmt: Let, facts: Mapping[str, Kind]) -> Kind:
    types = [_number(type_of(arg, facts)) for arg in stmt.args]
    return result_type(stmt.op, types, stmt.op == "power" and _whole_exponent(stmt.args[1]))


def _number(kind: Kind | None) -> Type | None:
    assert not isinstance(kind, ArrayType)  # the reader expands what works on whole arrays
    return kind


def _whole_exponent(arg: Arg) -> bool:
    return isinstance(arg, Lit) and isinstance(arg.value, int) and arg.value >= 0
