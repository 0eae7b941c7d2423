"""A narrower tape: where several numbers are kept only to compute one from them, that one is kept.

A pass of the heat equation reads five elements, and its reverse needs but one combination of them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Function,
    Let,
    Lit,
    Pop,
    Push,
    Stmt,
    blocks,
    defined,
    names_of,
    operands,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed

Key = tuple[Arg, ...]


def narrowed(function: Function) -> Function:
    """The adjoint program with fewer numbers on its tape.

    >>> from downslope.ir.nodes import Param
    >>> steps = (Push(("a", "b")), Pop(("p", "q"), ("a", "b")), Let("s", "add", ("p", "q")), Let("r", "exp", ("s",)))
    >>> made = narrowed(Function("f", (Param("a", "a"), Param("b", "b")), Block(steps, ("r",))))
    >>> [type(s).__name__ for s in made.body.body]
    ['Let', 'Let', 'Push', 'Pop']
    """
    pushes = Counter(s.values for s in walk(function.body) if isinstance(s, Push))
    pops = Counter(s.pushed for s in walk(function.body) if isinstance(s, Pop))
    pairs = {key for key in pushes if pushes[key] == pops[key] == 1}
    made = _Narrower(function, pairs)
    body = made.back(function.body)
    return replace(function, body=made.ahead(body)) if made.plans else function


class _Narrower:
    def __init__(self, function: Function, pairs: set[Key]) -> None:
        self.names = Names(names_of(function))
        self.pairs = pairs
        self.plans: dict[Key, tuple[list[Let], Key]] = {}  # what is computed before a push, and then pushed
        self.uses = Counter(arg for arg in function.body.yields if isinstance(arg, str))
        for stmt in walk(function.body):
            read = (*operands(stmt), *(arg for block in blocks(stmt) for arg in block.yields))
            self.uses.update(arg for arg in read if isinstance(arg, str))
        self.common = _common(function)

    def back(self, block: Block) -> Block:
        """The block with narrower pops."""
        body = [with_blocks(stmt, self.back) for stmt in block.body]
        for pop in [s for s in body if isinstance(s, Pop) and s.pushed in self.pairs]:
            body = self._popped(pop, body)
        return replace(block, body=tuple(body))

    def ahead(self, block: Block) -> Block:
        """The block with the pushes that fit."""
        out: list[Stmt] = []
        for stmt in block.body:
            if isinstance(stmt, Push) and stmt.values in self.plans:
                steps, values = self.plans[stmt.values]
                out += [*steps, replace(stmt, values=values)]
            else:
                out.append(with_blocks(stmt, self.ahead))
        return replace(block, body=tuple(out))

    def _popped(self, pop: Pop, body: list[Stmt]) -> list[Stmt]:
        groups = self._groups(pop, body)
        names: list[str] = []
        dropped: list[Let] = []
        for popped, steps in groups:
            ends = self._ends(popped, steps)
            if len(ends) < len(popped):
                dropped += steps
                names += ends
            else:
                names += popped
        if not dropped or not names:
            return body
        given = dict(zip(pop.names, pop.pushed, strict=True))
        fresh = {step.name: self.names.fresh(step.name) for step in dropped}
        order = [s for s in body if s in dropped]
        copies = renamed(Block(tuple(order)), {**given, **fresh}).body
        values = tuple(given.get(name) or fresh[name] for name in names)
        self.plans[pop.pushed] = [s for s in copies if isinstance(s, Let)], values
        new = replace(pop, names=tuple(names), pushed=values)
        return [new if s is pop else s for s in body if s not in dropped]

    def _groups(self, pop: Pop, body: list[Stmt]) -> list[tuple[list[str], list[Let]]]:
        """What is popped, in groups that are computed with together, each with the steps that do."""
        group: dict[str, int] = {name: i for i, name in enumerate(pop.names)}
        steps: dict[str, Let] = {}
        for stmt in body:
            if not isinstance(stmt, Let):
                continue
            fits = all(isinstance(a, Lit) or a in group or a in self.common for a in stmt.args)
            own = {group[a] for a in stmt.args if isinstance(a, str) and a in group}
            if fits and own:
                first = min(own)
                group = {name: first if g in own else g for name, g in group.items()}
                group[stmt.name], steps[stmt.name] = first, stmt
        return [
            (
                [n for n in pop.names if group[n] == g],
                [step for name, step in steps.items() if group[name] == g],
            )
            for g in sorted({group[n] for n in pop.names})
        ]

    def _ends(self, popped: list[str], steps: list[Let]) -> list[str]:
        """Of these values, those that anything else reads."""
        own = Counter(a for step in steps for a in step.args if isinstance(a, str))
        return [name for name in (*popped, *(s.name for s in steps)) if self.uses[name] > own[name]]


def _common(function: Function) -> Mapping[str, int]:
    """Names that mean the same before every push and after: the inputs, and what stands before the first push."""
    found = {param.name: 0 for param in function.params}
    for position, stmt in enumerate(function.body.body):
        if any(isinstance(s, Push) for s in walk(Block((stmt,)))):
            break
        found |= dict.fromkeys(defined(stmt), position)
    return found
