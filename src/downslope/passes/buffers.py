"""Which versions of arrays share one buffer, and which are the last of it.

A store, a branch or a loop that hands an array on in place gives a new name to the same buffer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from downslope.errors import Loc
from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Dim,
    For,
    Function,
    Grow,
    If,
    Like,
    Lit,
    New,
    Stmt,
    Store,
    While,
    defined,
    walk,
)
from downslope.ir.types import ArrayType
from downslope.passes.types import arrays


def roots(function: Function, kinds: Mapping[str, object] | None = None) -> Mapping[str, str]:
    """For each array, the first name of its buffer: a parameter, a creation, or a rebound variable."""
    known = arrays(function) if kinds is None else kinds
    found = {name: name for name, kind in known.items() if isinstance(kind, ArrayType)}
    _block(function.body, found)
    return found


def _block(block: Block, found: dict[str, str]) -> None:
    for stmt in block.body:
        match stmt:
            case Store(name=name, array=array) | Grow(name=name, array=array):
                found[name] = found[array]
            case Call():
                found.update({name: found[array] for name, array in in_place(stmt)})
            case If():
                _block(stmt.then, found)
                _block(stmt.orelse, found)
                for name, left, right in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    same = _root(left, found) == _root(right, found)
                    if name in found and same:
                        found[name] = str(_root(left, found))
            case For() | While():
                _loop(stmt, found)


def in_place(stmt: Call) -> Iterator[tuple[str, str]]:
    """The results of a call that are arguments changed in place, each with that argument."""
    for name, place in zip(stmt.results, stmt.callee.memory, strict=True):
        if place is not None:
            yield name, str(stmt.args[place])


def _root(arg: Arg, found: Mapping[str, str]) -> Arg:
    return found.get(arg, arg) if isinstance(arg, str) else arg


def _loop(stmt: For | While, found: dict[str, str]) -> None:
    """A carry keeps its buffer where each pass yields the one it was given."""
    carried = [i for i, carry in enumerate(stmt.carried) if carry.name in found]
    rebound: set[int] = set()
    while True:
        for i in carried:
            carry = stmt.carried[i]
            kept = i not in rebound and isinstance(carry.init, str)
            found[carry.name] = found[str(carry.init)] if kept else carry.name
        if isinstance(stmt, While):
            _block(stmt.test, found)
        _block(stmt.body, found)
        moved = {i for i in carried if _root(stmt.body.yields[i], found) != found[stmt.carried[i].name]}
        if moved <= rebound:
            break
        rebound |= moved
    for i in carried:
        found[stmt.results[i]] = found[stmt.carried[i].name]


def replaced(function: Function) -> frozenset[str]:
    """Arrays that are not the last version of their buffer: what they hold may be overwritten later."""
    known = arrays(function)
    names: set[Arg] = set()
    for stmt in walk(function.body):
        match stmt:
            case Store(array=array) | Grow(array=array):
                names.add(array)
            case Call():
                names.update(array for _, array in in_place(stmt))
            case If():
                pairs = zip(stmt.then.yields, stmt.orelse.yields, strict=True)
                names.update(arg for pair in pairs for arg in pair)
            case For() | While():
                names.update(carry.init for carry in stmt.carried)
                names.update(stmt.body.yields)
                names.update(carry.name for carry in stmt.carried)
    return frozenset(name for name in names if isinstance(name, str) and name in known)


def stored(function: Function) -> frozenset[str]:
    """Parameters whose elements the function overwrites."""
    root = roots(function)
    written = {root[stmt.name] for stmt in walk(function.body) if isinstance(stmt, Store)}
    written |= {root[n] for s in walk(function.body) if isinstance(s, Call) for n, _ in in_place(s)}
    links = _links(function.body, root)
    while more := {before for before, after in links if after in written} - written:
        written |= more  # a rebound variable may still be the parameter
    return frozenset(param.name for param in function.params if param.name in written)


def growing(function: Function, root: Mapping[str, str]) -> frozenset[str]:
    """The buffers whose length is not the same for every version; those that a loop sets first are such too."""
    found: set[str] = set()
    for stmt in walk(function.body):
        if isinstance(stmt, Grow) or (isinstance(stmt, New) and stmt.fits):  # lists: two may differ in length
            found.add(root[stmt.name])
        elif isinstance(stmt, For | While):
            found.update(root[c.name] for c in stmt.carried if c.name in root and isinstance(c.init, Lit))
    links = _links(function.body, root) if found else []
    while more := {after for before, after in links if before in found} - found:
        found |= more
    return frozenset(found)


def _links(block: Block, root: Mapping[str, str]) -> list[tuple[str, str]]:
    """The buffers that a branch or a loop hands on, each with the one that it may become."""
    return [(root[a], root[b]) for a, b in _handed_on(block) if a in root and b in root]


def _handed_on(block: Block) -> Iterator[tuple[str, str]]:
    for stmt in walk(block):
        match stmt:
            case If():
                for result, *sides in zip(stmt.results, stmt.then.yields, stmt.orelse.yields, strict=True):
                    yield from ((side, result) for side in sides if isinstance(side, str))
            case For() | While():
                for carry, value in zip(stmt.carried, stmt.body.yields, strict=True):
                    for source in (carry.init, value):
                        if isinstance(source, str):
                            yield source, carry.name


def measured(function: Function, names: Names) -> Function:
    """The function with the lengths of arrays taken where they may be other ones than before.

    That is after a branch that gives one array or another, and wherever an array has grown.
    """
    known = arrays(function)
    root = roots(function, known)
    grown = growing(function, root)

    def taken(values: Iterable[str], loc: Loc | None, every: bool = False) -> list[Stmt]:
        own = [n for n in values if root.get(n) in grown or (every and root.get(n) == n)]
        return [Dim(names.fresh(f"{n}_len"), n, axis, loc) for n in own for axis in range(known[n].rank)]

    def inner(block: Block, carried: Iterable[str] = (), loc: Loc | None = None) -> Block:
        out: list[Stmt] = taken(carried, loc)
        for stmt in block.body:
            match stmt:
                case If():
                    out.append(replace(stmt, then=inner(stmt.then), orelse=inner(stmt.orelse)))
                case Call(callee=callee):
                    out.append(stmt)
                    fresh = zip(stmt.results, callee.memory, strict=True)
                    out += taken((n for n, place in fresh if place is None and n in known), stmt.loc, True)
                case For() | While():
                    carries = [carry.name for carry in stmt.carried]
                    out.append(replace(stmt, body=inner(stmt.body, carries, stmt.loc)))
                case _:
                    out.append(stmt)
            if isinstance(stmt, If | For | While | Grow):
                out += taken(defined(stmt), stmt.loc, every=isinstance(stmt, If))
        return Block(tuple(out), block.yields)

    return replace(function, body=inner(function.body))


class Shapes:
    """Where the shape of an array is known from: numbers, or a parameter."""

    def __init__(self, function: Function, *, by_lengths: bool = False) -> None:
        """With `by_lengths`, the lengths of parameters are numbers too, where the function takes them."""
        self._source: dict[str, str] = {}
        self._lengths: dict[str, tuple[Arg, ...]] = {}
        known = arrays(function)
        self._root = roots(function, known)
        self._rank = {name: kind.rank for name, kind in known.items()}
        self._params = set() if by_lengths else {param.name for param in function.params}
        self._dims: dict[str, dict[int, str]] = {}
        self._grown = growing(function, self._root)
        for stmt in walk(function.body):
            self._learn(stmt)

    def _learn(self, stmt: Stmt) -> None:
        match stmt:
            case New(name=name, shape=shape):
                self._lengths[name] = shape
            case Dim(name=name, array=array, axis=axis):
                self._dims.setdefault(array, {}).setdefault(axis, name)  # the first is right behind the array
            case Store(name=name, array=array) | Like(name=name, array=array):
                self._source[name] = array
            case Call():
                self._source.update(in_place(stmt))
            case If():
                for name, left in zip(stmt.results, stmt.then.yields, strict=True):
                    own = self._root.get(name, name)
                    if own != name and own not in self._grown and isinstance(left, str):
                        self._source[name] = left
            case For() | While():
                for carry, result in zip(stmt.carried, stmt.results, strict=True):
                    if isinstance(carry.init, str) and self._root.get(result) not in self._grown:
                        self._source[carry.name] = self._source[result] = carry.init

    def lengths(self, array: str) -> tuple[Arg, ...] | str:
        """The lengths of an array, or a parameter of its shape.

        Every version has them, and so has what a loop rebinds a variable to. Where that is not so,
        statements that take the lengths follow (`measured`).
        """
        while array in self._source:
            array = self._source[array]
        if array in self._lengths:
            return self._lengths[array]
        dims = self._dims.get(array, {})
        if array in self._params or len(dims) < self._rank[array]:
            return array
        return tuple(dims[axis] for axis in sorted(dims))
