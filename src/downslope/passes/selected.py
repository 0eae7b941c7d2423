"""Loops that look for the largest or smallest of their values: which pass has it is found first.

Then the value is computed once more from that pass alone. Its derivative is that of one pass, and nothing of the search
goes on the tape: the search itself has no derivative. The first of equals wins, as in the loop.
"""

from collections import Counter
from dataclasses import dataclass, replace

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Carry,
    Fail,
    For,
    Function,
    If,
    Let,
    Lit,
    Stmt,
    Store,
    While,
    blocks,
    defined,
    names_of,
    operands,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed
from downslope.passes.simplify import live_block, simplified, unfailing


def selected(function: Function) -> Function:
    """The function with such values computed from their own pass."""
    return simplified(replace(function, body=_block(function.body, Names(names_of(function)))))


def _block(block: Block, names: Names) -> Block:
    out: list[Stmt] = []
    for stmt in block.body:
        match stmt:
            case For():
                inner = replace(stmt, body=_block(stmt.body, names))
                choice = _choice(inner)
                out += [inner] if choice is None else _found(inner, choice, names)
            case While():
                out.append(replace(stmt, body=_block(stmt.body, names)))
            case _:
                out.append(with_blocks(stmt, lambda inner: _block(inner, names)))
    return replace(block, body=tuple(out))


@dataclass(frozen=True)
class _Choice:
    """What a loop looks for: in `value`, by the carry at `position`. `better` is true where a pass has a better one."""

    position: int
    value: str
    better: tuple[Let, ...]  # its last statement is the answer


def _choice(stmt: For) -> _Choice | None:
    if stmt.until is not None:
        return None
    uses = Counter(arg for s in walk(stmt.body) for arg in _read(s) if isinstance(arg, str))
    uses.update(arg for arg in stmt.body.yields if isinstance(arg, str))
    lets = {s.name: s for s in stmt.body.body if isinstance(s, Let)}
    for position, carry in enumerate(stmt.carried):
        end = stmt.body.yields[position]
        picked = _picked(stmt, carry.name, end, lets)
        if picked is None or not isinstance(picked.value, str) or uses[str(end)] != 1:
            continue
        compared = sum(arg == carry.name for s in _own(stmt, end, picked) for arg in _read(s))
        if uses[carry.name] == compared and _stands_alone(stmt, picked.value):
            return replace(picked, position=position)
    return None


def _own(stmt: For, end: Arg, picked: _Choice) -> list[Stmt]:
    """The statements that compare and choose."""
    names = {str(end), *(let.name for let in picked.better)}
    return [s for s in stmt.body.body if names & set(defined(s))]


def _read(stmt: Stmt) -> tuple[Arg, ...]:
    return (*operands(stmt), *(arg for block in blocks(stmt) for arg in block.yields))


def _picked(stmt: For, carry: str, end: Arg, lets: dict[str, Let]) -> _Choice | None:
    """The value that takes the carry's place where it is better."""
    if isinstance(end, str) and end in lets:
        match lets[end]:
            case Let(op="maximum" | "minimum" as op, args=(left, str() as value)) if left == carry:
                return _Choice(0, value, _better(op, carry, value))
            case Let(op="where", args=(str() as cond, str() as value, other)) if other == carry:
                return _compared(cond, carry, value, lets)
    for inner in stmt.body.body:
        match inner:
            case If(str() as cond, Block((), (str() as value,)), Block((), (other,)), (name,)):
                if name == end and other == carry:
                    return _compared(cond, carry, value, lets)
    return None


def _compared(cond: str, carry: str, value: str, lets: dict[str, Let]) -> _Choice | None:
    let = lets.get(cond)
    if let is None or let.op not in ("less", "greater") or set(let.args) != {carry, value}:
        return None
    return _Choice(0, value, (let,))


def _better(op: str, carry: str, value: str) -> tuple[Let, ...]:
    """Where `maximum` or `minimum` takes its second argument: NaN is taken, and stays."""
    stays = "greater_equal" if op == "maximum" else "less_equal"
    return (
        Let(f"{value}?stays", stays, (carry, value)),
        Let(f"{value}?number", "equal", (carry, carry)),
        Let(f"{value}?not", "logical_not", (f"{value}?stays",)),
        Let(f"{value}?better", "logical_and", (f"{value}?not", f"{value}?number")),
    )


def _stands_alone(stmt: For, value: str) -> bool:
    """Whether a pass computes the value from its index alone: again, at any time, with the same result."""
    inside = {carry.name for carry in stmt.carried}
    live, reads = live_block(Block(stmt.body.body, (value,)), frozenset())
    quiet = not any(
        isinstance(s, Fail | While | Call | Store) for s in walk(Block(tuple(unfailing(live.body))))
    )
    return not reads & inside and quiet and value in {n for s in stmt.body.body for n in defined(s)}


def _found(stmt: For, choice: _Choice, names: Names) -> list[Stmt]:
    """The search, then the value from the pass that was found."""
    search, found, place = _searched(stmt, choice, names)
    again, _ = live_block(Block(tuple(unfailing(stmt.body.body)), (choice.value,)), frozenset())
    new: dict[str, Arg] = {stmt.index: place}
    new |= {n: names.fresh(n) for s in walk(again) for n in defined(s)}
    new |= {s.index: names.fresh(s.index) for s in walk(again) if isinstance(s, For)}
    new |= {c.name: names.fresh(c.name) for s in walk(again) if isinstance(s, For) for c in s.carried}
    init, result = stmt.carried[choice.position].init, stmt.results[choice.position]
    return [*search, If(found, renamed(again, new), Block((), (init,)), (result,), stmt.loc)]


def _searched(stmt: For, choice: _Choice, names: Names) -> tuple[list[Stmt], str, str]:
    """The loop with the pass that has the best value so far."""
    fresh = {let.name: names.fresh("better") for let in choice.better if "?" in let.name}
    better = renamed(Block(tuple(choice.better)), fresh).body if fresh else ()
    answer = fresh.get(choice.better[-1].name, choice.better[-1].name)
    places = [names.fresh("place") for _ in range(3)]
    founds = [names.fresh("found") for _ in range(3)]
    body = (
        *stmt.body.body,
        *better,
        Let(places[1], "where", (answer, stmt.index, places[0]), stmt.loc),
        Let(founds[1], "logical_or", (founds[0], answer), stmt.loc),
    )
    results = list(stmt.results)
    results[choice.position] = names.fresh(results[choice.position])
    search = replace(
        stmt,
        carried=(*stmt.carried, Carry(places[0], stmt.start), Carry(founds[0], Lit(False))),
        body=Block(body, (*stmt.body.yields, places[1], founds[1])),
        results=(*results, places[2], founds[2]),
    )
    return [search], founds[2], places[2]
