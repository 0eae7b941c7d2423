"""Which versions of arrays share one buffer, and which are the last of it.

A store, a branch or a loop that hands an array on in place gives a new name to the same buffer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Call, Dim, For, Function, If, Like, New, Stmt, Store, While, walk
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
            case Store(name=name, array=array):
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
            case Store(array=array):
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
    links = [(root[a], root[b]) for a, b in _handed_on(function.body) if a in root and b in root]
    while more := {before for before, after in links if after in written} - written:
        written |= more  # a rebound variable may still be the parameter
    return frozenset(param.name for param in function.params if param.name in written)


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
    """The function with the lengths of arrays taken after each branch that gives one array or another."""
    known = arrays(function)
    root = roots(function, known)

    def inner(block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block.body:
            match stmt:
                case If():
                    out.append(replace(stmt, then=inner(stmt.then), orelse=inner(stmt.orelse)))
                    for name in stmt.results:
                        if root.get(name) == name:
                            axes = range(known[name].rank)
                            out += [Dim(names.fresh(f"{name}_len"), name, axis, stmt.loc) for axis in axes]
                case Call(callee=callee):
                    out.append(stmt)
                    for name, place in zip(stmt.results, callee.memory, strict=True):
                        if place is None and name in known:
                            axes = range(known[name].rank)
                            out += [Dim(names.fresh(f"{name}_len"), name, axis, stmt.loc) for axis in axes]
                case For():
                    out.append(replace(stmt, body=inner(stmt.body)))
                case While():
                    out.append(replace(stmt, body=inner(stmt.body)))
                case _:
                    out.append(stmt)
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
                    if self._root.get(name, name) != name and isinstance(left, str):
                        self._source[name] = left
            case For() | While():
                for carry, result in zip(stmt.carried, stmt.results, strict=True):
                    if isinstance(carry.init, str):
                        self._source[carry.name] = self._source[result] = carry.init

    def lengths(self, array: str) -> tuple[Arg, ...] | str:
        """The lengths of an array, or a parameter of its shape.

        Every version has them, and so has what a loop rebinds a variable to. A branch that gives one
        array or another is followed by statements that take the lengths.
        """
        while array in self._source:
            array = self._source[array]
        if array in self._lengths:
            return self._lengths[array]
        dims = self._dims.get(array, {})
        if array in self._params or len(dims) < self._rank[array]:
            return array
        return tuple(dims[axis] for axis in sorted(dims))
