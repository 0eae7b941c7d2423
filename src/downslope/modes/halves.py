"""A callee in reverse mode: one half runs ahead and pushes on the tape, the other comes back and pops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from downslope.errors import DownslopeError
from downslope.ir.calls import varies, varying
from downslope.ir.names import Names
from downslope.ir.nodes import (
    Arg,
    Block,
    Callee,
    Dim,
    Function,
    Param,
    Pop,
    Push,
    Stmt,
    defined,
    names_of,
)
from downslope.ir.types import ArrayType, Kind
from downslope.modes.reverse_arrays import Bars
from downslope.modes.sweep import Sweep
from downslope.passes.activity import TAPE, flows
from downslope.passes.buffers import Shapes, measured, roots
from downslope.passes.simplify import live_block, simplified
from downslope.passes.types import arrays

Make = Callable[[Function, Sequence[str], Names], Sweep]


@dataclass(frozen=True)
class Pair:
    """The two halves of a callee.

    `ahead` takes the arguments and gives the results. `back` takes the numbers among the arguments, the
    arrays that are `intact` by then, a cotangent for each output in `outputs`, and for each array in
    `added` the cotangent that it adds to. It gives the cotangents of `inputs`; those of arrays in place.
    """

    ahead: Callee
    back: Callee
    numbers: tuple[int, ...]
    intact: tuple[int, ...]
    outputs: tuple[int, ...]
    added: tuple[int, ...]
    inputs: tuple[int, ...]


def halves(callee: Callee, active: frozenset[int], intact: frozenset[int], careful: bool, make: Make) -> Pair:
    """The halves of a callee, of which the arguments `active` vary.

    `intact` are the array arguments that nothing stores into before the way back: their elements are
    loaded again, those of the others are kept on the tape.
    """
    key = ("reverse", active, intact, careful)
    if key not in callee.made:
        pair = callee.made[key] = _pair(callee, active, intact)
        _fill(callee, pair, active, careful, make)
    found: Pair = callee.made[key]
    return found


def _pair(callee: Callee, active: frozenset[int], intact: frozenset[int]) -> Pair:
    """The halves without their bodies, which may call them."""
    written = {place for place in callee.memory if place is not None}
    is_array = [isinstance(kind, ArrayType) for kind in callee.params]
    numbers = tuple(i for i, array in enumerate(is_array) if not array)
    kept = tuple(i for i in sorted(intact) if is_array[i])
    outputs = tuple(k for k in varying(callee.outputs) if flows(callee)[k] & (active | {TAPE}))
    inputs = tuple(i for i in sorted(active) if varies(callee.params[i]))
    added = tuple(i for i in inputs if is_array[i] and i not in written)
    params: list[Kind | None] = [callee.params[i] for i in (*numbers, *kept)]
    first = len(params)
    params += [callee.outputs[k] for k in outputs] + [callee.params[i] for i in added]
    place = {i: first + len(outputs) + position for position, i in enumerate(added)}
    place |= {i: first + n for n, k in enumerate(outputs) if (i := callee.memory[k]) is not None}
    memory = tuple(place[i] if is_array[i] else None for i in inputs)
    ahead = replace(callee, name=f"{callee.name}_ahead", half="ahead", function=None, made={})
    ahead.origin, ahead.partner = callee.origin or callee, ahead
    back = Callee(
        f"{callee.name}_back", tuple(params), tuple(callee.params[i] for i in inputs), memory, half="back",
        partner=ahead, origin=ahead.origin,
    )  # fmt: skip
    return Pair(ahead, back, numbers, kept, outputs, added, inputs)


def _fill(callee: Callee, pair: Pair, active: frozenset[int], careful: bool, make: Make) -> None:
    assert callee.function is not None
    names = Names(names_of(callee.function))
    function = measured(_with_lengths(callee.function, names), names)
    labels = [param.name for param in function.params]
    sweep = make(function, [labels[i] for i in sorted(active)], names)
    root = roots(function)
    sweep.careful = careful
    sweep.replaced |= {name for name in root if root[name] not in {labels[i] for i in pair.intact}}
    sweep.arrays.shapes = Shapes(function, by_lengths=True)
    params, bars = [function.params[i] for i in (*pair.numbers, *pair.intact)], Bars()
    with sweep.build.scope() as seeding:
        for k in pair.outputs:
            bar = sweep.build.names.fresh("bar")
            params.append(Param(bar, bar, _array(callee.outputs[k])))
            sweep.accumulate(bars, function.body.yields[k], bar)
        for i in pair.added:
            bars[labels[i]] = bar = sweep.build.names.fresh(f"{labels[i]}_bar")
            params.append(Param(bar, bar, _array(callee.params[i])))
    ahead, back = sweep.block(function.body, bars)
    with sweep.build.scope() as missing:
        slopes = tuple(sweep.handed_on(bars, labels[i], labels[i]) for i in pair.inputs)
    again, reads = live_block(Block((*seeding, *back, *missing), slopes), frozenset())
    kept = tuple(sorted(reads & {name for stmt in ahead for name in defined(stmt)}))
    _only_numbers(function, kept)
    push: tuple[Stmt, ...] = (Push(kept, function.loc),) if kept else ()
    pop: tuple[Stmt, ...] = (Pop(kept, kept, function.loc),) if kept else ()
    pair.ahead.function = simplified(replace(function, body=Block((*ahead, *push), function.body.yields)))
    whole = Block((*pop, *again.body), again.yields)
    pair.back.function = simplified(Function(pair.back.name, tuple(params), whole, False, function.loc))


def _array(kind: Kind | None) -> ArrayType | None:
    return kind if isinstance(kind, ArrayType) else None


def _with_lengths(function: Function, names: Names) -> Function:
    """The function with the lengths of its arrays taken first: the way back has other arrays."""
    taken = [
        Dim(names.fresh(f"{param.name}_len"), param.name, axis, function.loc)
        for param in function.params
        if param.array
        for axis in range(param.array.rank)
    ]
    return replace(function, body=replace(function.body, body=(*taken, *function.body.body)))


def _only_numbers(function: Function, kept: Sequence[Arg]) -> None:
    known = arrays(function)
    if wrong := [name for name in kept if name in known]:
        raise DownslopeError(
            f"the reverse of {function.name} reads arrays {wrong}, which are gone by then",
            loc=function.loc,
            why="a pass is wrong.",
            fix="report this.",
        )
