"""Functions that are called and not expanded: recursion, derivatives given by hand, NumPy's own routines.

A `Call` statement is `results = callee(*args)`. Numbers and arrays go in and come out. A `Callee` is
one of

- a function with a body, read from the program: it may call itself. Every mode transforms the body:
  the tangent of a call is a call of the tangent function, and in reverse mode the callee becomes a pair
  of halves that share the tape (`modes.adjoint_calls`);
- a function with a body whose derivative is given (`given`): programs `jvp` and `vjp`, called instead;
- a `routine`: emitted code calls NumPy's or Numba's own function by that name; `jvp` and `vjp` are
  programs as well. `rules.whole` lists these operations; a new one is one entry there, and one function
  in `native.whole`.

`jvp()` is a callee that takes the arguments, the results, and a tangent for each argument that can have
one (`varies`), and returns a tangent for each result that can. `vjp()` takes the arguments, the results
and a cotangent for each such result, and returns a cotangent for each such argument. As these are
programs again, all orders of derivatives exist.

An array argument is passed as it is; a callee that stores into it gives its next version as one of the
results (`Callee.memory`). No two arguments of a callee with a body share memory.
"""

from collections.abc import Iterator

from downslope.ir.nodes import Call, Callee, Dim, Fail, Function, Like, Pop, Push, blocks, operands, walk
from downslope.ir.types import ArrayType, Kind


def varies(kind: Kind | None) -> bool:
    """Whether a value of this kind can have a derivative (None: a number, whole or not).

    >>> varies(None), varies("i"), varies(ArrayType("f", 2))
    (True, False, True)
    """
    return (kind.element if isinstance(kind, ArrayType) else kind) in (None, "f")


def varying(kinds: tuple[Kind | None, ...]) -> tuple[int, ...]:
    """The positions of the kinds that can have a derivative."""
    return tuple(position for position, kind in enumerate(kinds) if varies(kind))


def callees(function: Function) -> Iterator[Callee]:
    """The callees of a function's own calls."""
    return (stmt.callee for stmt in walk(function.body) if isinstance(stmt, Call))


def reachable(function: Function) -> tuple[Callee, ...]:
    """Every callee that a run of the function may call."""
    found: dict[Callee, None] = {}
    todo = list(callees(function))
    while todo:
        one = todo.pop(0)
        if one not in found:
            found[one] = None
            if one.function is not None:
                todo += callees(one.function)
    return tuple(found)


def bodies(function: Function) -> Iterator[Function]:
    """The function itself and the bodies of all that it calls."""
    yield function
    yield from (one.function for one in reachable(function) if one.function is not None)


def recursive(callee: Callee) -> bool:
    """Whether a callee may call itself, directly or through others."""
    return callee.function is not None and callee in reachable(callee.function)


def own_callees(callee: Callee) -> tuple[Callee, ...]:
    """What a callee's own body calls."""
    return () if callee.function is None else tuple(callees(callee.function))


def tapes(callee: Callee) -> bool:
    """Whether a call uses the tape."""
    return _has(callee, (Push, Pop))


def fails(callee: Callee) -> bool:
    """Whether a call has an effect besides its results: it may raise, or use the tape."""
    return _has(callee, (Push, Pop, Fail))


def _has(callee: Callee, kinds: tuple[type, ...]) -> bool:
    every = (callee,) if callee.function is None else (callee, *reachable(callee.function))
    if any(one.function is None and not one.routine for one in every):  # it is still being made
        return True
    every_body = [one.function.body for one in every if one.function is not None]
    return any(isinstance(stmt, kinds) for body in every_body for stmt in walk(body))


def measured_only(callee: Callee) -> frozenset[int]:
    """The array arguments of which a callee reads the shape, and no element."""
    if callee.function is None:
        return frozenset()
    read: set[object] = set(callee.function.body.yields)
    for stmt in walk(callee.function.body):
        read.update(end for block in blocks(stmt) for end in block.yields)
        if isinstance(stmt, Call):
            unread = measured_only(stmt.callee) if stmt.callee is not callee else ()
            read.update(arg for place, arg in enumerate(stmt.args) if place not in unread)
        elif not isinstance(stmt, Dim | Like):
            read.update(operands(stmt))
    return frozenset(i for i, p in enumerate(callee.function.params) if p.array and p.name not in read)
