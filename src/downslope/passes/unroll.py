"""Short loops over literal ranges as straight lines: coordinates, quaternions, small matrices.

Their values stay in registers, in the reverse sweep too, and their indices are literals.
"""

from dataclasses import replace

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Fail,
    For,
    Function,
    If,
    Let,
    Lit,
    Load,
    Stmt,
    Store,
    defined,
    names_of,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed

PASSES, STATEMENTS = 4, 120
"""The longest loop that is unrolled, and the most statements that it may become."""


def unrolled(function: Function, passes: int = PASSES, statements: int = STATEMENTS) -> Function:
    """The function without loops of at most so many passes and statements, the innermost first.

    >>> from downslope.ir.nodes import Carry, Param
    >>> step = Block((Let("next", "add", ("t", "i")),), ("next",))
    >>> loop = For("i", Lit(1), Lit(3), Lit(1), (Carry("t", "x"),), step, ("end",))
    >>> [s.args for s in unrolled(Function("f", (Param("x", "x"),), Block((loop,), ("end",)))).body.body]
    [('x', Lit(value=1)), ('next_1', Lit(value=2))]
    """
    return replace(function, body=_block(function.body, Names(names_of(function)), (passes, statements)))


def _block(block: Block, names: Names, most: tuple[int, int]) -> Block:
    out: list[Stmt] = []
    ends: dict[str, Arg] = {}  # what the results of unrolled loops are
    for stmt in block.body:
        match stmt:
            case For():
                inner = replace(stmt, body=_block(stmt.body, names, most))
                passes = _passes(inner, most)
                out += [inner] if passes is None else _copies(inner, passes, ends, names)
            case _:
                out.append(with_blocks(stmt, lambda inner: _block(inner, names, most)))
    done = Block(tuple(out), block.yields)
    return renamed(done, {name: _end(name, ends) for name in ends}) if ends else done


def _end(arg: Arg, ends: dict[str, Arg]) -> Arg:
    while isinstance(arg, str) and arg in ends:
        arg = ends[arg]
    return arg


def _passes(stmt: For, most: tuple[int, int]) -> range | None:
    """The passes of a loop that is to be unrolled."""
    bounds = [bound.value for bound in (stmt.start, stmt.stop, stmt.step) if isinstance(bound, Lit)]
    if stmt.until is not None or len(bounds) < 3 or not all(type(bound) is int for bound in bounds):
        return None
    passes = range(*bounds)  # type: ignore[arg-type]  # all are whole numbers
    simple = all(isinstance(s, Let | Load | Store | If | Fail) for s in walk(stmt.body))
    size = len(passes) * sum(1 for _ in walk(stmt.body))
    return passes if simple and len(passes) <= most[0] and size <= most[1] else None


def _copies(stmt: For, passes: range, ends: dict[str, Arg], names: Names) -> list[Stmt]:
    """The passes one after the other; `ends` is told what the loop's results are."""
    out: list[Stmt] = []
    carried: tuple[Arg, ...] = tuple(carry.init for carry in stmt.carried)
    made = [name for s in walk(stmt.body) for name in defined(s)]
    for index in passes:
        new: dict[str, Arg] = {stmt.index: Lit(index)}
        new |= {carry.name: arg for carry, arg in zip(stmt.carried, carried, strict=True)}
        new |= {name: names.fresh(name) for name in made}
        copy = renamed(stmt.body, new)
        out += copy.body
        carried = copy.yields
    ends |= dict(zip(stmt.results, carried, strict=True))
    return out
