"""Which values depend on which inputs (Griewank & Walther 2008, "varied")."""

from collections.abc import Mapping

from downslope.ir.nodes import Arg, Block, For, Function, If, Let, Pop, While
from downslope.rules import RULES

Seeds = frozenset[int]
NONE: Seeds = frozenset()


def varied(function: Function, seeds: Mapping[str, Seeds]) -> Mapping[str, Seeds]:
    """For each name, the set of seeds its derivative can be non-zero for; names left out have none.

    `seeds` gives each active parameter its number. Values of ops whose partials are all zero (floor,
    comparisons, conversions to int) depend on nothing.
    """
    facts = dict(seeds)
    _block(function.body, facts)
    return facts


def of(arg: Arg, facts: Mapping[str, Seeds]) -> Seeds:
    """The seeds an argument depends on."""
    return facts.get(arg, NONE) if isinstance(arg, str) else NONE


def _block(block: Block, facts: dict[str, Seeds]) -> None:
    for stmt in block.body:
        match stmt:
            case Let(name=name, op=op, args=args):
                partials = RULES[op].partials
                _set(facts, name, [a for a, p in zip(args, partials, strict=True) if p != "0"])
            case If():
                _block(stmt.then, facts)
                _block(stmt.orelse, facts)
                for name, *sources in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    _set(facts, name, sources)
            case For() | While():
                _loop(stmt, facts)
            case Pop(names=names):
                # The tape does not say what was pushed: it may depend on every seed.
                everything = frozenset[int]().union(*facts.values())
                facts.update(dict.fromkeys(names, everything))


def _loop(stmt: For | While, facts: dict[str, Seeds]) -> None:
    """Values flow from pass to pass until nothing new depends on anything."""
    for carry in stmt.carried:
        _set(facts, carry.name, [carry.init])
    while True:
        before = [facts.get(carry.name, NONE) for carry in stmt.carried]
        _block(stmt.body, facts)
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
