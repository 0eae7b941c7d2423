"""Remove what no output needs: dead statements, and loop carries and branch results never read."""

from collections.abc import Iterable
from dataclasses import replace

from downslope.ir.calls import fails
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Dim,
    Fail,
    For,
    Function,
    Grow,
    If,
    Let,
    Like,
    Load,
    New,
    Pop,
    Push,
    Stmt,
    Store,
    While,
    defined,
    operands,
    walk,
    with_blocks,
)


def simplified(function: Function) -> Function:
    """The same program without dead code."""
    body, _ = live_block(function.body, frozenset())
    return Function(function.name, function.params, body, function.scalar, function.loc)


def names_in(args: Iterable[Arg]) -> frozenset[str]:
    """The names among arguments."""
    return frozenset(arg for arg in args if isinstance(arg, str))


def live_block(block: Block, needed: frozenset[str]) -> tuple[Block, frozenset[str]]:
    """The block without statements whose values are not needed, and the names it then reads."""
    live = needed | names_in(block.yields)
    kept: list[Stmt] = []
    for stmt in reversed(block.body):
        new, live = _live_stmt(stmt, live)
        if new is not None:
            kept.append(new)
    return Block(tuple(reversed(kept)), block.yields), live


def unfailing(body: Iterable[Stmt]) -> list[Stmt]:
    """The statements without their `Fail`s: for a replay of what has already run without failing."""

    def inner(block: Block) -> Block:
        return Block(tuple(unfailing(block.body)), block.yields)

    return [with_blocks(stmt, inner) for stmt in body if not isinstance(stmt, Fail)]


def _live_stmt(stmt: Stmt, live: frozenset[str]) -> tuple[Stmt | None, frozenset[str]]:
    match stmt:
        case (
            Let(name=name)
            | Load(name=name)
            | Store(name=name)
            | Grow(name=name)
            | New(name=name)
            | Like(name=name)
            | Dim(name=name)
        ):
            return (stmt, (live - {name}) | names_in(operands(stmt))) if name in live else (None, live)
        case Call(callee=callee, results=results):
            if live.isdisjoint(results) and not fails(callee):
                return None, live
            return stmt, (live - frozenset(results)) | names_in(stmt.args)
        case If():
            return _live_if(stmt, live)
        case For() | While():
            return _live_loop(stmt, live)
        case Push() | Pop() | Fail():
            return stmt, (live - frozenset(defined(stmt))) | names_in(operands(stmt))


def _live_if(stmt: If, live: frozenset[str]) -> tuple[Stmt | None, frozenset[str]]:
    used = [i for i, name in enumerate(stmt.results) if name in live]
    then, then_live = live_block(_only(stmt.then, used), frozenset())
    orelse, else_live = live_block(_only(stmt.orelse, used), frozenset())
    if not used and not then.body and not orelse.body:
        return None, live
    results = tuple(stmt.results[i] for i in used)
    new = If(stmt.cond, then, orelse, results, stmt.loc)
    return new, (live - set(stmt.results)) | then_live | else_live | names_in((stmt.cond,))


def _live_loop(stmt: For | While, live: frozenset[str]) -> tuple[Stmt | None, frozenset[str]]:
    """A carry is needed if its result is, or if a needed value of the next pass depends on it."""
    used = {i for i, name in enumerate(stmt.results) if name in live}
    effects = any(
        isinstance(inner, Fail | Push | Pop) or (isinstance(inner, Call) and fails(inner.callee))
        for inner in walk(stmt.body)
    )
    if not used and not effects:
        return None, live
    if stmt.until is not None:
        used.add(stmt.until)
    test, test_live = (
        (None, frozenset[str]()) if isinstance(stmt, For) else live_block(stmt.test, frozenset())
    )
    while True:
        body, body_live = live_block(_only(stmt.body, sorted(used)), frozenset())
        reads = body_live | test_live
        more = {i for i, carry in enumerate(stmt.carried) if carry.name in reads} | used
        if more == used:
            break
        used = more
    kept = sorted(used)
    carried = tuple(stmt.carried[i] for i in kept)
    results = tuple(stmt.results[i] for i in kept)
    until = None if stmt.until is None else kept.index(stmt.until)
    inner = reads - {carry.name for carry in carried}
    outside = (live - set(stmt.results)) | inner | names_in(carry.init for carry in carried)
    if isinstance(stmt, For):
        new: Stmt = replace(stmt, carried=carried, body=body, results=results, until=until)
        return new, (outside - {stmt.index}) | names_in((stmt.start, stmt.stop, stmt.step))
    assert test is not None
    return replace(stmt, carried=carried, test=test, body=body, results=results, until=until), outside


def _only(block: Block, positions: list[int]) -> Block:
    return Block(block.body, tuple(block.yields[i] for i in positions))
