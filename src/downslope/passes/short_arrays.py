"""Short arrays of known length as values: a kernel over rows then makes no array for each row.

After its short loops are unrolled, a program often reads and sets such arrays at literal places only. A version of an
array never changes, so what is read at a place is what was stored there.
"""

import itertools
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Function,
    Let,
    Lit,
    Load,
    New,
    Stmt,
    Store,
    names_of,
    walk,
    with_blocks,
)
from downslope.ir.rename import renamed
from downslope.passes.simplify import simplified
from downslope.passes.unroll import unrolled

PASSES, STATEMENTS = 8, 400
"""The longest loop that is unrolled for this, and the most statements that it may become."""
MOST = 64
"""The most elements of such an array."""
Held = Mapping[tuple[int, ...], Arg]
"""What a version of an array holds, by place."""


def without_short_arrays(function: Function, floats: Collection[str] = ()) -> Function:
    """The function without dead code and, where all its arrays are short and read at known places, without arrays.

    Where an array is left, loops stay as they are, since lines would only be more then. `floats` are the labels of
    inputs that are floats whatever the table holds: a list has numbers of the least type that holds them all.

    >>> from downslope.ir.nodes import Param
    >>> from downslope.ir.types import ArrayType
    >>> made = New("w", (Lit(1),), ArrayType("f", 1), Lit(None))
    >>> steps = (made, Store("w_1", "w", (Lit(0),), "x"), Load("t", "w_1", (Lit(0),)))
    >>> found = without_short_arrays(Function("f", (Param("x", "x"),), Block(steps, ("t",))))
    >>> found.body.body, found.body.yields
    ((Let(name='x_1', op='to_float', args=('x',), loc=None),), ('x_1',))
    """
    kept = simplified(function)
    if not _has_arrays(kept):
        return kept
    flat = unrolled(kept, PASSES, STATEMENTS)
    sure = frozenset(param.name for param in flat.params if param.label in floats)
    values = _Values(Names(names_of(flat)), sure, _arrays(flat, sure))
    tried = simplified(replace(flat, body=values.block(flat.body, {})))
    return kept if _has_arrays(tried) else tried


def _has_arrays(function: Function) -> bool:
    made = any(isinstance(stmt, New) for stmt in walk(function.body))
    return made or any(param.array is not None for param in function.params)


@dataclass(frozen=True)
class _Arrays:
    """The arrays that a function makes: `first` is the name under which that of a version is made.

    The elements of `floats` surely are floats. `lists` hold the numbers that were put there, as they were.
    """

    first: Mapping[str, str]
    floats: frozenset[str]
    lists: frozenset[str]


def _arrays(function: Function, sure: frozenset[str]) -> _Arrays:
    first: dict[str, str] = {}
    floats, lists = set(), set()
    for stmt in walk(function.body):
        if isinstance(stmt, New):
            first[stmt.name] = stmt.name
            if stmt.fits:
                lists.add(stmt.name)
            elif stmt.type.element == "f":
                floats.add(stmt.name)
        elif isinstance(stmt, Store) and stmt.array in first:
            first[stmt.name] = first[stmt.array]
            literal = isinstance(stmt.value, Lit) and isinstance(stmt.value.value, float)
            if stmt.value in sure or (literal and first[stmt.name] in lists):
                floats.add(first[stmt.name])
    return _Arrays(first, frozenset(floats), frozenset(lists))


@dataclass(frozen=True)
class _Values:
    """Puts values in place of loads; `sure` are names of floats."""

    names: Names
    sure: frozenset[str]
    arrays: _Arrays

    def block(self, block: Block, known: Mapping[str, Held]) -> Block:
        """The block with loads from known places replaced; `known` are arrays from around it."""
        held: dict[str, Held] = dict(known)
        instead: dict[str, Arg] = {}
        out: list[Stmt] = []
        for stmt in block.body:
            match stmt:
                case New(name=name, shape=shape, fill=fill) if name in (
                    self.arrays.floats | self.arrays.lists
                ):
                    places = _places(shape)
                    if places is not None:
                        held[name] = {} if fill.value is None else dict.fromkeys(places, _float(fill))
                    out.append(stmt)
                case Store(array=array) if array in held and (at := _place(stmt.index)) is not None:
                    out += self._stored(stmt, at, held)
                case Load(name=name, array=array) if (at := _place(stmt.index)) in held.get(array, {}):
                    assert at is not None
                    instead[name] = held[array][at]
                case _:
                    out.append(with_blocks(stmt, lambda inner: self.block(inner, held)))
        done = Block(tuple(out), block.yields)
        return renamed(done, instead) if instead else done

    def _stored(self, stmt: Store, at: tuple[int, ...], held: dict[str, Held]) -> list[Stmt]:
        """The statements of a store; what the array holds from now on is noted, as numbers of its type."""
        value, array = stmt.value, self.arrays.first[stmt.name]
        if isinstance(value, Lit) or value in self.sure:
            held[stmt.name] = {**held[stmt.array], at: value if array in self.arrays.lists else _float(value)}
            return [stmt]
        if array not in self.arrays.floats:  # a list of numbers whose types follow from the table
            held[stmt.name] = {place: kept for place, kept in held[stmt.array].items() if place != at}
            return [stmt]
        name = self.names.fresh(value)
        held[stmt.name] = {**held[stmt.array], at: name}
        return [Let(name, "to_float", (value,), stmt.loc), stmt]


def _places(shape: tuple[Arg, ...]) -> list[tuple[int, ...]] | None:
    """Every place in an array; None where its lengths are not known, or it is long."""
    lengths = _place(shape)
    if lengths is None or math.prod(lengths) > MOST:
        return None
    return list(itertools.product(*map(range, lengths)))


def _place(index: tuple[Arg, ...]) -> tuple[int, ...] | None:
    """An index of literals."""
    found = tuple(each.value for each in index if isinstance(each, Lit) and type(each.value) is int)
    return found if len(found) == len(index) else None


def _float(value: Arg) -> Arg:
    return Lit(float(value.value)) if isinstance(value, Lit) and value.value is not None else value
