"""The type of each value, from the types of the arguments: bool, int, float, or an array of these.

Types decide what emitted code looks like: powers of integers, and the start of a variable that is
set inside a loop only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Callee,
    Dim,
    For,
    Function,
    Grow,
    If,
    Let,
    Like,
    Lit,
    Load,
    New,
    Pop,
    Stmt,
    Store,
    While,
    walk,
)
from downslope.ir.types import ArrayType, Kind, Type
from downslope.passes.sharing import sharing
from downslope.rules.result_types import joined, result_type

Kinds = tuple[Kind, ...]
Lookup = Callable[[Callee, Kinds], Kinds]
"""The types of what a callee gives for arguments of these types."""


def inferred(function: Function, given: Mapping[str, Kind]) -> Mapping[str, Kind]:
    """The type of every value; number parameters that are not `given` are floats."""
    return _facts((function.body,), _params(function, given), results_of)


def _facts(bodies: Sequence[Block], start: Mapping[str, Kind], lookup: Lookup) -> dict[str, Kind]:
    """The types of all values; arrays that fit what is stored in them are widened until they do."""
    every = [stmt for body in bodies for stmt in walk(body)]
    fitted = {s.name: ArrayType("b", s.type.rank) for s in every if isinstance(s, New) and s.fits}
    shared = sharing(every) if fitted else {}
    while True:
        facts = dict(start)
        for body in bodies:
            _block(body, facts, _Known(lookup, fitted))
        wider = _widened(every, facts, fitted, shared)
        if wider == fitted:
            return facts
        fitted = wider


@dataclass(frozen=True)
class _Known:
    """What is known from elsewhere: what callees give, and arrays that fit what is stored in them."""

    lookup: Lookup
    fitted: Mapping[str, ArrayType]


def _widened(
    every: Sequence[Stmt],
    facts: Mapping[str, Kind],
    fitted: Mapping[str, ArrayType],
    shared: Mapping[str, str],
) -> dict[str, ArrayType]:
    """Arrays that take the type of what is stored in them, with the types that they need for that."""
    needed: dict[str, list[Type | None]] = {
        shared.get(name, name): [kind.element] for name, kind in fitted.items()
    }
    for stmt in every:
        if isinstance(stmt, Store) and shared.get(stmt.array) in needed:
            needed[shared[stmt.array]].append(_number(type_of(stmt.value, facts)))
    return {
        name: ArrayType(joined(needed[shared.get(name, name)]), kind.rank) for name, kind in fitted.items()
    }


def inside(callee: Callee, kinds: Kinds) -> Mapping[str, Kind]:
    """The type of every value in a callee's body, for arguments of these types."""
    return _inside(callee, kinds, results_of)


def results_of(callee: Callee, kinds: Kinds) -> Kinds:
    """The types of a callee's results for arguments of these types.

    What calls itself is taken to give truth values at first, then what its body makes of that, and so
    on until nothing changes.
    """
    if (key := ("types", kinds)) in callee.made:
        found: Kinds = callee.made[key]
        return found
    table: dict[tuple[Callee, Kinds], Kinds] = {}

    def lookup(inner: Callee, given: Kinds) -> Kinds:
        known: Kinds | None = inner.made.get(("types", given))
        return known or table.setdefault((inner, given), tuple(kind or "b" for kind in inner.outputs))

    lookup(callee, kinds)
    while True:
        before = dict(table)
        for one, given in before:
            if one.function is not None and None in one.outputs:
                facts = _inside(one, given, lookup)
                yields = one.function.body.yields
                table[one, given] = tuple(type_of(value, facts) or "f" for value in yields)
        if table == before:
            break
    for (one, given), result in table.items():
        one.made["types", given] = result
    return table[callee, kinds]


def _inside(callee: Callee, kinds: Kinds, lookup: Lookup) -> Mapping[str, Kind]:
    assert callee.function is not None
    given = {param.name: kind for param, kind in zip(callee.function.params, kinds, strict=True)}
    ahead = callee.partner.function if callee.half == "back" and callee.partner else None
    if ahead is not None:  # what it pops is named as it was pushed there; numbers are passed to both
        start = {**_params(ahead, given), **_params(callee.function, given)}
        return _facts((ahead.body, callee.function.body), start, lookup)
    return _facts((callee.function.body,), _params(callee.function, given), lookup)


def _params(function: Function, given: Mapping[str, Kind]) -> dict[str, Kind]:
    return {param.name: param.array or given.get(param.name, "f") for param in function.params}


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


def _block(block: Block, facts: dict[str, Kind], known: _Known) -> None:
    for stmt in block.body:
        match stmt:
            case Let():
                facts[stmt.name] = _op(stmt, facts)
            case Load(name=name, array=array):
                facts[name] = _array(array, facts).element
            case Store(name=name, array=array) | Grow(name=name, array=array) | Like(name=name, array=array):
                facts[name] = facts[array]
            case New():
                facts[stmt.name] = known.fitted.get(stmt.name, stmt.type)
            case Dim(name=name):
                facts[name] = "i"
            case Call(results=results, callee=callee, args=args):
                kinds = tuple(type_of(arg, facts) or "f" for arg in args)
                facts.update(zip(results, known.lookup(callee, kinds), strict=True))
            case If():
                _block(stmt.then, facts, known)
                _block(stmt.orelse, facts, known)
                for name, a, b in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    facts[name] = _joined(type_of(a, facts), type_of(b, facts))
            case For() | While():
                _loop(stmt, facts, known)
            case Pop(names=names, pushed=pushed):
                facts.update({n: type_of(p, facts) or "f" for n, p in zip(names, pushed, strict=True)})


def _array(name: str, facts: Mapping[str, Kind]) -> ArrayType:
    kind = facts[name]
    assert isinstance(kind, ArrayType)  # the reader loads from arrays only
    return kind


def _loop(stmt: For | While, facts: dict[str, Kind], known: _Known) -> None:
    if isinstance(stmt, For):
        facts[stmt.index] = "i"
    for carry in stmt.carried:
        first = type_of(carry.init, facts)
        if first is not None:
            facts[carry.name] = first
    while True:
        before = [facts.get(carry.name) for carry in stmt.carried]
        if isinstance(stmt, While):
            _block(stmt.test, facts, known)
        _block(stmt.body, facts, known)
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
