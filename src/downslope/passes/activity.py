"""Which values depend on which inputs (Griewank & Walther 2008, "varied")."""

from collections.abc import Callable, Mapping, Sequence

from downslope.ir.calls import varies, varying
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Callee,
    For,
    Function,
    Grow,
    If,
    Let,
    Load,
    Pop,
    Stmt,
    Store,
    While,
)
from downslope.rules import RULES

Seeds = frozenset[int]
NONE: Seeds = frozenset()
Sources = tuple[Seeds, ...]
Through = Callable[[str, int], bool]
"""Whether a dependence passes through an op, from its argument at a position."""


def smooth(op: str, position: int) -> bool:
    """Whether a derivative passes through an op from one of its arguments."""
    return RULES[op].partials[position] != "0"


def anything(op: str, position: int) -> bool:  # noqa: ARG001  # as `smooth`
    """Every dependence counts."""
    return True


TAPE = -1
"""Stands for the seeds of what is on the tape, in the body of a half (`Callee.half`)."""


def varied(
    function: Function,
    seeds: Mapping[str, Seeds],
    through: Through = smooth,
    popped: Seeds | None = None,
) -> Mapping[str, Seeds]:
    """For each name, the set of seeds its derivative can be non-zero for; names left out have none.

    `seeds` gives each active parameter its number. Values of ops whose partials are all zero (floor,
    comparisons, conversions to int) depend on nothing, unless `through` says otherwise. In the body of a
    half, `popped` are the seeds of all that it pops.
    """
    tape = NONE.union(*seeds.values()) if popped is None else popped
    flow = _Flow(through, tape, popped is not None, lambda callee: flows(callee, through))
    facts = dict(seeds)
    flow.block(function.body, facts)
    return facts


def flows(callee: Callee, through: Through = smooth) -> Sources:
    """For each output of a callee, the positions of the arguments that it depends on (or `TAPE`)."""
    if (key := ("flows", through)) in callee.made:
        found: Sources = callee.made[key]
        return found
    table: dict[Callee, Sources] = {}

    def lookup(inner: Callee) -> Sources:
        known: Sources | None = inner.made.get(key)
        return known or table.setdefault(inner, _stated(inner, through) or tuple(NONE for _ in inner.outputs))

    lookup(callee)
    while True:  # what calls itself is taken to depend on nothing, until its body shows on what
        before = dict(table)
        for one in before:
            if one.function is not None and _stated(one, through) is None:
                table[one] = _read(one, through, lookup)
        if table == before:
            break
    for one, result in table.items():
        one.made[key] = result
    return table[callee]


def _stated(callee: Callee, through: Through) -> Sources | None:
    """What a callee depends on where its body does not say it."""
    if through is smooth and callee.stops:
        return tuple(NONE for _ in callee.outputs)
    if callee.function is not None and not (through is smooth and callee.given):
        return None
    every = frozenset(varying(callee.params) if through is smooth else range(len(callee.params)))
    return tuple(every if varies(kind) or through is not smooth else NONE for kind in callee.outputs)


def _read(callee: Callee, through: Through, lookup: Callable[[Callee], Sources]) -> Sources:
    assert callee.function is not None
    facts = {param.name: frozenset({i}) for i, param in enumerate(callee.function.params)}
    _Flow(through, frozenset({TAPE}), bool(callee.half), lookup).block(callee.function.body, facts)
    return tuple(of(value, facts) for value in callee.function.body.yields)


def of(arg: Arg, facts: Mapping[str, Seeds]) -> Seeds:
    """The seeds an argument depends on."""
    return facts.get(arg, NONE) if isinstance(arg, str) else NONE


class _Flow:
    """How dependences spread through statements."""

    def __init__(
        self, through: Through, tape: Seeds, half: bool, lookup: Callable[[Callee], Sources]
    ) -> None:
        self.through, self.tape, self.half, self.lookup = through, tape, half, lookup

    def block(self, block: Block, facts: dict[str, Seeds]) -> None:
        """Add what the statements of a block make depend on seeds."""
        for stmt in block.body:
            self.statement(stmt, facts)

    def statement(self, stmt: Stmt, facts: dict[str, Seeds]) -> None:
        match stmt:
            case Let(name=name, op=op, args=args):
                _set(facts, name, [arg for position, arg in enumerate(args) if self.through(op, position)])
            case Load(name=name, array=array) | Grow(name=name, array=array):
                _set(facts, name, [array])
            case Store(name=name, array=array, value=value):
                _set(facts, name, [array, value])
            case Call():
                self.call(stmt, facts)
            case If():
                self.block(stmt.then, facts)
                self.block(stmt.orelse, facts)
                for name, *sources in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    _set(facts, name, sources)
            case For() | While():
                self.loop(stmt, facts)
            case Pop(names=names, pushed=pushed):
                for name, source in zip(names, pushed, strict=True):
                    _set(facts, name, [source], self.tape if self.half else NONE)

    def call(self, stmt: Call, facts: dict[str, Seeds]) -> None:
        """Through a call, as the callee's own body spreads them."""
        for name, sources in zip(stmt.results, self.lookup(stmt.callee), strict=True):
            more = self.tape if TAPE in sources else NONE
            _set(facts, name, [stmt.args[i] for i in sources if i != TAPE], more)

    def loop(self, stmt: For | While, facts: dict[str, Seeds]) -> None:
        """Values flow from pass to pass until nothing new depends on anything."""
        for carry in stmt.carried:
            _set(facts, carry.name, [carry.init])
        while True:
            before = [facts.get(carry.name, NONE) for carry in stmt.carried]
            self.block(stmt.body, facts)
            for carry, value in zip(stmt.carried, stmt.body.yields, strict=True):
                _set(facts, carry.name, [carry.name, value])
            if before == [facts.get(carry.name, NONE) for carry in stmt.carried]:
                break
        for name, carry in zip(stmt.results, stmt.carried, strict=True):
            _set(facts, name, [carry.name])


def _set(facts: dict[str, Seeds], name: str, sources: Sequence[Arg], more: Seeds = NONE) -> None:
    seeds = more.union(*(of(source, facts) for source in sources))
    if seeds:
        facts[name] = seeds
