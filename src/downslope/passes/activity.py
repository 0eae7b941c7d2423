"""Which values depend on which inputs (Griewank & Walther 2008, "varied")."""

from collections.abc import Callable, Mapping

from downslope.ir.nodes import Arg, Block, For, Function, If, Let, Load, Pop, Store, While
from downslope.rules import RULES

Seeds = frozenset[int]
NONE: Seeds = frozenset()
Through = Callable[[str, int], bool]
"""Whether a dependence passes through an op, from its argument at a position."""


def smooth(op: str, position: int) -> bool:
    """Whether a derivative passes through an op from one of its arguments."""
    return RULES[op].partials[position] != "0"


def varied(function: Function, seeds: Mapping[str, Seeds], through: Through = smooth) -> Mapping[str, Seeds]:
    """For each name, the set of seeds its derivative can be non-zero for; names left out have none.

    `seeds` gives each active parameter its number. Values of ops whose partials are all zero (floor,
    comparisons, conversions to int) depend on nothing, unless `through` says otherwise.
    """
    facts = dict(seeds)
    _block(function.body, facts, through)
    return facts


def of(arg: Arg, facts: Mapping[str, Seeds]) -> Seeds:
    """The seeds an argument depends on."""
    return facts.get(arg, NONE) if isinstance(arg, str) else NONE


def _block(block: Block, facts: dict[str, Seeds], through: Through) -> None:
    for stmt in block.body:
        match stmt:
            case Let(name=name, op=op, args=args):
                _set(facts, name, [arg for position, arg in enumerate(args) if through(op, position)])
            case Load(name=name, array=array):
                _set(facts, name, [array])
            case Store(name=name, array=array, value=value):
                _set(facts, name, [array, value])
            case If():
                _block(stmt.then, facts, through)
                _block(stmt.orelse, facts, through)
                for name, *sources in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    _set(facts, name, sources)
            case For() | While():
                _loop(stmt, facts, through)
            case Pop(names=names, pushed=pushed):
                for name, source in zip(names, pushed, strict=True):
                    _set(facts, name, [source])


def _loop(stmt: For | While, facts: dict[str, Seeds], through: Through) -> None:
    """Values flow from pass to pass until nothing new depends on anything."""
    for carry in stmt.carried:
        _set(facts, carry.name, [carry.init])
    while True:
        before = [facts.get(carry.name, NONE) for carry in stmt.carried]
        _block(stmt.body, facts, through)
        for carry, value in zip(stmt.carried, stmt.body.yields, strict=True):
            _set(facts, carry.name, [carry.name, value])
        if before == [facts.get(carry.name, NONE) for carry in stmt.carried]:
            break
    for name, carry in zip(stmt.results, stmt.carried, strict=True):
        _set(facts, name, [carry.name])


def _set(facts: dict[str, Seeds], name: str, sources: list[Arg]) -> None:
    seeds = frozenset[int]().union(*(of(source, facts) for source in sources))
    if seeds:
        facts[name] = seeds
