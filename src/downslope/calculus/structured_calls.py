"""Derivatives of programs with structures: asked of the program of leaves, and put into the structures again."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from downslope.calculus.program import Program
from downslope.calculus.structured import Call, call
from downslope.errors import UsageError
from downslope.ir.structure import Shape, Structure, built, leaves
from downslope.read.resolve import is_array

Numbers = Sequence[Any]


def zeros(*shapes: tuple[int, ...]) -> Any:
    """The derivative in what does not vary: zero, or an array of zeros."""
    shape = tuple(length for part in shapes for length in part)
    if not shape:
        return 0.0
    import numpy as np  # slow to load, and there are no arrays without it

    return np.zeros(shape)


def shape_in(value: Any) -> tuple[int, ...]:
    """The shape of an array; that of a number has no lengths."""
    return tuple(value.shape) if is_array(value) else ()


def gradient_of(one: Call, several: bool, slopes: Numbers) -> Any:
    """The slope of each leaf, in the structure of its argument; a tuple of these for several arguments."""
    found = dict(zip(one.wrt, slopes, strict=True))
    parts = tuple(one.like_input(name, found, lambda leaf: zeros(shape_in(leaf))) for name in one.varied)
    return parts if several else parts[0]


def jacobian_of(one: Call, several: bool, blocks: Any) -> Any:
    """For each leaf of the result, in its structure, what `gradient_of` gives for a gradient."""
    result = one.result
    rows = _rows(blocks, isinstance(result, Structure))
    return built(result, iter([_row(one, several, row) for row in rows]))


def hessian_of(one: Call, several: bool, blocks: Any) -> Any:
    """For each leaf that varies, in the structure of its argument, what `gradient_of` gives for a gradient."""
    rows = dict(zip(one.wrt, _rows(blocks, True), strict=True))

    def none(leaf: Any) -> Any:
        return _row(one, several, [zeros(shape_in(leaf), shape_in(v)) for v in _varied(one)])

    found = {name: _row(one, several, row) for name, row in rows.items()}
    parts = tuple(one.like_input(name, found, none) for name in one.varied)
    return parts if several else parts[0]


def _rows(blocks: Any, many: bool) -> list[list[Any]]:
    """Derivatives by output and input, from an array of numbers or from tuples of arrays."""
    if is_array(blocks):
        return [[float(entry) for entry in row] for row in blocks]
    return [list(row) for row in (blocks if many else (blocks,))]


def _row(one: Call, several: bool, row: Sequence[Any]) -> Any:
    """The derivatives of one output."""
    found = dict(zip(one.wrt, row, strict=True))
    given = dict(zip(one.leaves.program.arguments, one.values, strict=True))
    output = shape_in(row[0])[: len(shape_in(row[0])) - len(shape_in(given[one.wrt[0]]))] if row else ()
    plain = {name: part if shape_in(part) else float(part) for name, part in found.items()}
    parts = tuple(
        one.like_input(name, plain, lambda leaf: zeros(output, shape_in(leaf))) for name in one.varied
    )
    return parts if several else parts[0]


def _varied(one: Call) -> list[Any]:
    given = dict(zip(one.leaves.program.arguments, one.values, strict=True))
    return [given[name] for name in one.wrt]


def result_of(one: Call, values: Any) -> Any:
    """The leaves of a result, in its structure."""
    result = one.result
    return built(result, iter(values)) if isinstance(result, Structure) else values


def pulling(one: Call, pull: Callable[..., Numbers]) -> Callable[..., tuple[Any, ...]]:
    """What takes cotangents in the structure of the result, and gives them in those of the arguments."""
    result = one.result

    def pulled(*bars: Any) -> tuple[Any, ...]:
        """The cotangent of each input."""
        flat = _cotangents(result, bars)
        found: tuple[Any, ...] = gradient_of(one, True, pull(*flat))
        return found

    return pulled


def _cotangents(result: Shape, bars: Sequence[Any]) -> list[Any]:
    """The leaves of cotangents; a program that returns a tuple has one for each of its parts."""
    parts = result.parts if isinstance(result, Structure) and result.holder == "tuple" else (result,)
    if len(parts) != len(bars):
        raise UsageError(
            f"{len(bars)} cotangents for {len(parts)} results",
            why="there is one for each result, in its structure.",
            fix="give as many.",
        )
    return [
        leaf
        for i, (part, bar) in enumerate(zip(parts, bars, strict=True))
        for leaf in leaves(part, bar, f"result {i}" if len(parts) > 1 else "the result", "cotangent")
    ]


def returns_structure(read: Program, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a program returns more than numbers, arrays and tuples of these."""
    if read.source.leaves or read.make is not None:
        return False
    result = call(read, (), args, kwargs).result
    return isinstance(result, Structure) and _named(result)


def _named(shape: Shape) -> bool:
    return isinstance(shape, Structure) and (shape.holder != "tuple" or any(map(_named, shape.parts)))
